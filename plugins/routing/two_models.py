"""Routing between a strong and a weak model: how much of their gap is recovered for how many calls (RouteLLM).

A router gives each question a score, what it predicts of the strong model less what it predicts of the weak one. The
questions with the highest scores go to the strong model; every share of them is a cut, and all cuts count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Estimate, FloatArray, Linearised, Metric, Picture, Range, Series, stats

from .choices import answered, known_means, labels

_DRAWN = 200
_REPLICATES = 1000


@dataclass(frozen=True, slots=True)
class Duel:
    """A strong and a weak model on the questions that both answered."""

    score: FloatArray
    """(n,): higher, the rather the strong model is asked."""
    gain: FloatArray
    """(n,): outcome of the strong model less that of the weak one."""


class OfDuel(Metric):
    """Base class of metrics of two models.

    Args:
        strong: Label of the strong model; empty: of two models, the one with the better mean outcome.
        weak: Label of the weak one; empty: of two models, the other.
    """

    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome")

    def __init__(self, strong: str = "", weak: str = "") -> None:
        self.strong, self.weak = strong, weak

    def _models(self, columns: Columns) -> tuple[int, int]:
        """Return the indices of the strong and the weak model.

        Raises:
            ValueError: a label is unknown, or there are more than two models and none is named.
        """
        names = labels(columns)
        for label in filter(None, (self.strong, self.weak)):
            if label not in names:
                raise ValueError(f"no model is called {label!r}; there are {', '.join(names)}")
        if self.strong and self.weak:
            return names.index(self.strong), names.index(self.weak)
        if len(names) != 2:
            raise ValueError(f"of {len(names)} models name two: strong=LABEL,weak=LABEL; there are {', '.join(names)}")
        if self.strong:
            strong = names.index(self.strong)
        elif self.weak:
            strong = 1 - names.index(self.weak)
        else:
            strong = int(np.argmax(known_means(columns.whole.values["outcome"])))
        return strong, 1 - strong

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of which both outcomes are known and that the router answered."""
        try:
            pair = list(self._models(columns))
        except ValueError:  # `linearise` says it
            return answered(columns)
        return answered(columns) & np.asarray(np.isfinite(columns.values["outcome"][:, pair]).all(axis=1))

    def duel(self, columns: Columns) -> Duel:
        """Return the scores and gains of questions that are all valid.

        Raises:
            ValueError: the models are not named, or are equally good, so that there is no gap to recover.
        """
        strong, weak = self._models(columns)
        predicted, outcome = columns.values["predicted"], columns.values["outcome"]
        gain = outcome[:, strong] - outcome[:, weak]
        if gain.mean() == 0:
            raise ValueError("both models are equally good on these questions: there is no gap to recover")
        return Duel(predicted[:, strong] - predicted[:, weak], gain)


class GapRecovered(OfDuel):
    """Average performance gap recovered (APGR; RouteLLM, arXiv 2406.18665, section 3.2), over every cut.

    PGR at a cut is the recovered share of the gap, sum of the gains of the questions that go to the strong model over
    the sum of all gains; APGR is its mean over all shares of calls, by trapezoids over all n + 1 cuts. Equal scores
    are taken in random order, on average: a constant has one half exactly. It may exceed 1, since a router may be
    better than the strong model.
    """

    description = "recovered share of the gap between a weak and a strong model, mean over all shares of strong calls"
    bounds = None
    chance: ClassVar[float] = 0.5

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each question on the ratio of two means (Hoeffding projection)."""
        duel = self.duel(columns)
        n, gap = len(duel.gain), float(duel.gain.mean())
        below = _share_below(duel.score, np.ones(n))
        above = _sum_above(duel.score, duel.gain) / n
        recovered = float((duel.gain * below).mean())
        value = recovered / gap
        influence = (duel.gain * below + above - 2 * recovered - value * (duel.gain - gap)) / gap
        return Linearised(value, influence)

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the recovered share of the gap against the share of calls."""
        calls, recovered = curve(self.duel(columns))
        every = np.unique(np.linspace(0, len(calls) - 1, _DRAWN).astype(int))
        return [
            Picture(
                "Gap recovered",
                x="share of questions to the strong model",
                y="share of the gap recovered",
                series=[
                    Series([0, 1], [0, 1], name="random", reference=True),
                    Series(calls[every].tolist(), recovered[every].tolist()),
                ],
                x_range=(0, 1),
            )
        ]


def _share_below(score: FloatArray, weight: FloatArray) -> FloatArray:
    """Return of each question the share of weight with a lower score, equal scores counting half, (n,)."""
    return np.asarray(1 - _sum_above(score, weight) / weight.sum())


def _sum_above(score: FloatArray, weight: FloatArray) -> FloatArray:
    """Return of each question the sum of weights with a higher score, equal scores counting half, (n,)."""
    _, group = np.unique(score, return_inverse=True)
    sums = np.bincount(group, weights=weight)
    above = sums.sum() - np.cumsum(sums)
    return np.asarray((above + sums / 2)[group])


def curve(duel: Duel) -> tuple[FloatArray, FloatArray]:
    """Return shares of strong calls and the recovered shares of the gap, at every cut between unequal scores.

    Within equal scores the curve is the straight line of their random order.
    """
    _, group = np.unique(-duel.score, return_inverse=True)
    counts, gains = np.bincount(group), np.bincount(group, weights=duel.gain)
    calls = np.concatenate(([0.0], np.cumsum(counts))) / len(duel.gain)
    return calls, np.concatenate(([0.0], np.cumsum(gains))) / duel.gain.sum()


def calls_needed(duel: Duel, recovered: float) -> float:
    """Return the smallest share of strong calls at which that share of the gap is recovered; infinite if there is none.

    Within equal scores the share is taken on the straight line of their random order.
    """
    calls, shares = curve(duel)
    reached = np.flatnonzero(shares >= recovered)
    if not reached.size:
        return float("inf")
    i = int(reached[0])
    if i == 0:
        return 0.0
    part = (recovered - shares[i - 1]) / (shares[i] - shares[i - 1])
    return float(calls[i - 1] + part * (calls[i] - calls[i - 1]))


class CallsNeeded(OfDuel):
    """Call-performance threshold (CPT; RouteLLM, section 3.2): share of strong calls that recovers a share of the gap.

    It is the first cut of all that does; it has no influence, so that its interval is bootstrapped, whole clusters
    drawn together, and two routers are not compared by it.
    """

    description = "share of strong calls that recovers a share of the gap"
    higher_is_better = False

    def __init__(
        self, recovered: Annotated[float, Range(above=0, most=1)] = 0.5, strong: str = "", weak: str = ""
    ) -> None:
        super().__init__(strong, weak)
        self.recovered = recovered

    def needed(self, duel: Duel) -> float:
        """Return the share of calls; infinite where the gap is never recovered so far.

        Raises:
            ValueError: it is not defined.
        """
        return calls_needed(duel, self.recovered)

    def needed_of(self, duel: Duel, weights: FloatArray) -> FloatArray:
        """Return the same of resamples, (r,), in which each question counts ``weights``, (r, n), times."""
        order = np.argsort(-duel.score, kind="stable")
        return np.array([_weighted(duel, order, row, self.recovered) for row in weights])

    def remark(self, duel: Duel) -> str:
        """Return what a reader of the value must know; empty for nothing."""
        return ""

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Compute the share and its percentile interval."""
        mask = self.valid(columns)
        failed = int((~mask).sum())
        nothing = stats.not_available(n=int(mask.sum()), n_failed=failed, confidence=confidence)
        if not mask.any():
            return _because(nothing, self.nothing_valid(columns))
        kept = columns.only(mask)
        try:
            duel = self.duel(kept)
            value = self.needed(duel)
        except ValueError as error:
            return _because(nothing, str(error))
        if not np.isfinite(value):
            return _because(nothing, f"{100 * self.recovered:g} % of the gap is recovered at no share of calls")
        rng = np.random.default_rng(seed)
        drawn = stats.bootstrap(
            lambda weights: self.needed_of(duel, weights),
            len(duel.gain),
            rng=rng,
            replicates=_REPLICATES,
            clusters=kept.clusters,
            confidence=confidence,
        )
        said = [self.remark(duel)]
        if drawn.n_undefined:
            said.append(f"in {drawn.n_undefined} of {_REPLICATES} resamples that share of the gap is never recovered")
        note = "; ".join(filter(None, said))
        detail = {"note": note} if note else {}
        return Estimate(
            value, drawn.stderr, drawn.low, drawn.high, len(duel.gain), failed, detail=detail, confidence=confidence
        )


def _because(nothing: Estimate, reason: str) -> Estimate:
    from dataclasses import replace

    return replace(nothing, detail={"reason": reason})


def _weighted(duel: Duel, order: NDArray[np.int64], weight: FloatArray, recovered: float) -> float:
    """Return `calls_needed` of a resample, in which each question counts ``weight`` times."""
    counts, gains = weight[order], (weight * duel.gain)[order]
    total = float(gains.sum())
    if total == 0 or np.sign(total) != np.sign(duel.gain.sum()):
        return float("nan")
    last = np.flatnonzero(np.append(np.diff(duel.score[order]) != 0, True))  # cuts within equal scores are none
    calls = np.concatenate(([0.0], np.cumsum(counts)[last])) / counts.sum()
    shares = np.concatenate(([0.0], np.cumsum(gains)[last])) / total
    reached = np.flatnonzero(shares >= recovered)
    if not reached.size:
        return float("nan")
    i = int(reached[0])
    if i == 0:
        return 0.0
    part = (recovered - shares[i - 1]) / (shares[i] - shares[i - 1])
    return float(calls[i - 1] + part * (calls[i] - calls[i - 1]))
