"""Metrics of other routing benchmarks as their code computes them, where it differs from the definition."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, Linearised, Range

from .cost_quality import OfPlane
from .hull import area_under, upper_hull
from .two_models import CallsNeeded, Duel, OfDuel

Cuts = Annotated[int, Range(least=2, most=1000)]


def cut_at_quantiles(score: FloatArray, results: int) -> NDArray[np.bool_]:
    """Return which questions go to the strong model at each of RouteLLM's cuts, (results + 1, n), the fewest first.

    Its thresholds are quantiles of the scores, the lowest of which lets all through, and the highest none.

    Raises:
        ValueError: two thresholds are equal, at which its code breaks off.
    """
    thresholds = np.quantile(score, np.linspace(0, 1, results + 1))
    if (np.diff(thresholds) == 0).any():
        raise ValueError(
            f"so many scores are equal that they have no {results} parts of one size, where RouteLLM's code breaks off "
            "('apgr' and 'cpt' do not)"
        )
    chosen = score[None, :] >= thresholds[::-1, None]
    chosen[0] = False
    return np.asarray(chosen)


class GapRecoveredAsPublished(OfDuel):
    """APGR of RouteLLM's code: trapezoids over its few cuts, at quantiles of the scores, rather than over all.

    Args:
        results: Parts that the scores are cut into (``--num-results``).
        strong: Label of the strong model, as of `apgr`.
        weak: Label of the weak one.
    """

    description = "recovered share of the gap of two models over ten cuts at quantiles, as RouteLLM's code has it"
    bounds = None
    chance: ClassVar[float] = 0.5

    def __init__(self, results: Cuts = 10, strong: str = "", weak: str = "") -> None:
        super().__init__(strong, weak)
        self.results = results

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, with influences through outcomes and thresholds, which move with the scores.

        How a moved threshold changes the gain needs the mean gain at it, which is taken from the parts on both sides.

        Raises:
            ValueError: scores are equal, or both models equally good.
        """
        duel = self.duel(columns)
        chosen = cut_at_quantiles(duel.score, self.results)
        calls, gap = chosen.mean(axis=1), float(duel.gain.mean())
        widths = np.diff(calls)
        weights = np.zeros(len(calls))
        weights[:-1] += widths / 2
        weights[1:] += widths / 2
        parts = (weights @ chosen) * duel.gain
        value = float(parts.mean()) / gap
        beside = chosen[2:] & ~chosen[:-2]  # of each inner cut, the questions of the two parts that it lies between
        at_cut = (beside @ duel.gain) / beside.sum(axis=1)
        moved = (weights[1:-1] * at_cut) @ (calls[1:-1, None] - chosen[1:-1])
        return Linearised(value, (parts + moved - value * duel.gain) / gap)


class CallsNeededAsPublished(CallsNeeded):
    """CPT of RouteLLM's code: quality interpolated between its few cuts, as if it rose with every one of them.

    Where quality falls between cuts, the interpolation (of numpy, which asks for rising points) has no meaning; a note
    says so. Below the first cut's quality, or above the last one's, it gives that cut's share of calls.

    Args:
        recovered: Share of the gap.
        strong: Label of the strong model, as of `apgr`.
        weak: Label of the weak one.
        results: Parts that the scores are cut into (``--num-results``).
    """

    description = "share of strong calls that recovers a share of the gap, interpolated as RouteLLM's code does"

    def __init__(
        self,
        recovered: Annotated[float, Range(above=0, most=1)] = 0.5,
        strong: str = "",
        weak: str = "",
        results: Cuts = 10,
    ) -> None:
        super().__init__(recovered, strong, weak)
        self.results = results

    def needed(self, duel: Duel) -> float:
        """Return the share of calls, interpolated.

        Raises:
            ValueError: scores are equal.
        """
        return float(self.needed_of(duel, np.ones((1, len(duel.gain))))[0])

    def needed_of(self, duel: Duel, weights: FloatArray) -> FloatArray:
        """Return the same of resamples, (r,), the cuts as they were."""
        chosen = cut_at_quantiles(duel.score, self.results).astype(np.float64)
        calls = weights @ chosen.T / weights.sum(axis=1, keepdims=True)
        gains, total = (weights * duel.gain) @ chosen.T, weights @ duel.gain
        same_sign = np.sign(total) == np.sign(duel.gain.sum())
        found = [
            np.interp(self.recovered, gained / whole, share) if whole and fine else np.nan
            for gained, whole, share, fine in zip(gains, total, calls, same_sign, strict=True)
        ]
        return np.array(found, dtype=np.float64)

    def remark(self, duel: Duel) -> str:
        """Say that quality falls between cuts, where it does."""
        gains = cut_at_quantiles(duel.score, self.results) @ duel.gain * np.sign(duel.gain.sum())
        falls = int((np.diff(gains) < 0).sum())
        return (
            f"quality falls between {falls} of {self.results} cuts, where the interpolation has no meaning"
            if falls
            else ""
        )


class ImprovementAsPublished(OfPlane):
    """AIQ of RouterBench's code: the area under the hull over the dearest cost, not over the range of costs.

    Nothing lies below the cheapest point, so that the value is less than `aiq` by the share of the range that is
    missing. The dearest cost is the greatest on the hulls that are compared: here the router's and that of mixing
    single models. The script itself stops at a name that is not defined; this is what its functions compute.
    """

    description = "area under the router's hull over the dearest cost, as RouterBench's code has it"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the area over the dearest cost, with influences.

        Raises:
            ValueError: all models cost the same.
        """
        found = self.plane(columns)
        single = upper_hull(found.model_costs, found.model_qualities)
        dearest = int(single[-1])
        own = bool(found.hull_costs[-1] >= found.model_costs[dearest])
        until = float(found.hull_costs[-1] if own else found.model_costs[dearest])
        area, by_cost, by_quality, by_until = area_under(found.hull_costs, found.hull_qualities, until)
        value = area / until
        by_until -= value
        if own:
            by_cost[-1] += by_until
        influence = found.through(by_cost / until, by_quality / until)
        if not own:
            influence = influence + by_until / until * columns.values["cost"][:, dearest]
        return Linearised(value, influence - influence.mean())


class LargestGain(OfPlane):
    """Relative gain of the best cost weight over the best single model of the evaluated questions (PerfGain).

    LLMRouterBench says "maximum performance improvement over the best single model"; that it is relative is our
    reading. Both are chosen on the evaluated questions, which favours them.
    """

    description = "largest relative gain of any cost weight over the best single model (LLMRouterBench's PerfGain)"
    bounds = None

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio of both means, less 1.

        Raises:
            ValueError: all models cost the same, or none is ever right.
        """
        found = self.plane(columns)
        best = int(np.argmax(found.model_qualities))
        below = float(found.model_qualities[best])
        if below == 0:
            raise ValueError("no model is right on any of the questions")
        by_quality = np.zeros(len(found.hull))
        by_quality[-1] = 1.0
        ratio = float(found.hull_qualities[-1]) / below
        moved = found.through(np.zeros(len(found.hull)), by_quality)
        influence = (moved - ratio * columns.values["outcome"][:, best]) / below
        return Linearised(ratio - 1, influence - influence.mean())
