"""Cascades on the plane of cost and quality: models are asked from the cheapest up until an answer is accepted.

A cascade pays for every model that it asks, and gives the answer that was accepted, or the last one. Its points are
those of asking at most the first 1, 2, ... models, and, where answers have scores, of every threshold; its hull mixes
them, as a router's does (FrugalGPT, arXiv 2305.05176; RouterBench, arXiv 2403.12031, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import ANY, Columns, FloatArray, Linearised, Metric, Picture, Range, Series

from .choices import labels
from .cost_quality import AverageImprovementInQuality, CostSaved, OfPlane, Plane, area_of, different_costs, plane
from .hull import upper_hull

RIGHT = 0.5
"""An outcome of at least this is a right answer, which an evaluator without error accepts."""
_ERRORS = np.linspace(0, 0.5, 26)
"""Errors of an evaluator at which a cascade is held against the router."""
_THRESHOLDS = 40
"""Thresholds of a scorer at most: quantiles of its scores."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """What cascades give each question, one column for every point."""

    costs: FloatArray
    """(n, p), USD."""
    outcomes: FloatArray
    """(n, p), expected outcomes."""


def cascade(outcome: FloatArray, cost: FloatArray, accepted: FloatArray) -> Cascade:
    """Follow the cascades of the first 1, 2, ..., m models, in the order of mean costs; of equal ones the first.

    Args:
        outcome: (n, m), all known.
        cost: (n, m), all known, USD.
        accepted: (n, m), the probability that a model's answer is accepted, if it is asked.
    """
    order = np.argsort(cost.mean(axis=0), kind="stable")
    outcome, cost, accepted = outcome[:, order], cost[:, order], accepted[:, order]
    refused = np.cumprod(1 - accepted, axis=1)
    reached = np.concatenate([np.ones((len(cost), 1)), refused[:, :-1]], axis=1)  # that the model is asked
    ended = np.cumsum(reached * accepted * outcome, axis=1)
    # Of at most k models, the k-th answer is given whether it is accepted or not.
    return Cascade(np.cumsum(reached * cost, axis=1), ended + refused * outcome)


def erring(outcome: FloatArray, error: float) -> FloatArray:
    """Return how likely each answer is accepted by an evaluator that errs that often, independently (RouterBench).

    The expectation over its errors is exact: nothing is drawn.
    """
    return np.where(outcome >= RIGHT, 1 - error, error)


def plane_of(columns: Columns, found: Cascade) -> Plane:
    """Return the plane of a cascade's points.

    Raises:
        ValueError: all models cost the same.
    """
    outcome, cost = columns.values["outcome"], columns.values["cost"]
    model_costs = different_costs(cost)
    costs, qualities = found.costs.mean(axis=0), found.outcomes.mean(axis=0)
    return Plane(
        costs,
        qualities,
        upper_hull(costs, qualities),
        model_costs,
        outcome.mean(axis=0),
        lambda slopes: np.asarray(found.costs @ slopes),
        lambda slopes: np.asarray(found.outcomes @ slopes),
    )


class OfErring(OfPlane):
    """Base class of metrics of a cascade whose evaluator has a stated error.

    It accepts a right answer, of outcome 0.5 or more, and refuses a wrong one, but for an error in a share of all its
    verdicts. The questions are those that the router answered, so that both stand on the same ones.
    """

    def __init__(self, error: Annotated[float, Range(least=0, most=0.5)] = 0.1) -> None:
        self.error = error

    def plane(self, columns: Columns) -> Plane:
        """Return what the cascade reaches."""
        return columns.once(f"routing cascade {self.error!r}", lambda own: _erring_plane(own, self.error))


def _erring_plane(columns: Columns, error: float) -> Plane:
    outcome = columns.values["outcome"]
    return plane_of(columns, cascade(outcome, columns.values["cost"], erring(outcome, error)))


class CascadeImprovement(OfErring, AverageImprovementInQuality):
    """AIQ of a cascade whose evaluator has a stated error: on the same axes, and of the same questions, as `aiq`.

    The detail names the error at which the cascade falls below the router.
    """

    description = "mean outcome over all budgets of a cascade whose evaluator errs in a stated share of its verdicts"

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return what the router and mixing single models reach, and the error at which the cascade is no better."""
        router = _height(columns, plane(columns))
        heights = _heights(columns)
        below = np.flatnonzero(heights < router)
        crossing: float | None = None
        if below.size and below[0] > 0:
            i = int(below[0])
            part = (heights[i - 1] - router) / (heights[i - 1] - heights[i])
            crossing = float(_ERRORS[i - 1] + part * (_ERRORS[i] - _ERRORS[i - 1]))
        elif below.size:
            crossing = 0.0
        said = (
            f"no error up to {_ERRORS[-1]:g} brings the cascade below the router's {100 * router:.2f}"
            if crossing is None
            else f"from an error of {crossing:.3f} the cascade is below the router's {100 * router:.2f}"
        )
        return {**super().detail(columns), "router": router, "crossing": crossing, "note": said}

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the cascade beside the router, and both against the evaluator's error."""
        found, router = self.plane(columns), plane(columns)
        drawn = Picture(
            "Cascade and router",
            x="mean cost, USD a question",
            y="mean outcome",
            series=[
                Series(
                    found.hull_costs.tolist(),
                    found.hull_qualities.tolist(),
                    name=f"cascade, error {self.error:g}",
                    reference=True,  # the same for all routers, and drawn once
                ),
                Series(router.hull_costs.tolist(), router.hull_qualities.tolist(), name="router"),
                *(
                    Series([float(cost)], [float(quality)], name=name, form="points", reference=True)
                    for name, cost, quality in zip(
                        labels(columns), found.model_costs, found.model_qualities, strict=True
                    )
                    if len(found.model_costs) <= 20
                ),
            ],
            x_scale="log" if found.model_costs.min() > 0 else "linear",
        )
        level = _height(columns, router)
        against = Picture(
            "Cascade by its evaluator's error",
            x="share of wrong verdicts",
            y="mean outcome over all budgets",
            series=[
                Series(_ERRORS.tolist(), _heights(columns).tolist(), name="cascade", reference=True),
                Series([float(_ERRORS[0]), float(_ERRORS[-1])], [level, level], name="router"),
            ],
        )
        return [drawn, against]


def _height(columns: Columns, found: Plane) -> float:
    return area_of(columns, found, int(np.argmax(found.model_costs))).value


def _heights(columns: Columns) -> FloatArray:
    """Return the cascade's AIQ at each of `_ERRORS`."""
    return columns.once(
        "routing cascades by error",
        lambda own: np.array([_height(own, _erring_plane(own, float(error))) for error in _ERRORS]),
    )


class CascadeCostSaved(OfErring, CostSaved):
    """Share of the best constant's cost that such a cascade saves at the same quality; see `cost_saved`."""

    description = "share of the best constant's cost that a cascade saves at equal quality, its evaluator erring"


# a scorer whose scores are on record


class OfScored(OfPlane):
    """Base class of metrics of a cascade that accepts an answer whose recorded score is high enough.

    Its points are of every number of models and every threshold, quantiles of the scores; the scorer is not paid for.
    """

    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "cost", "score")

    def plane(self, columns: Columns) -> Plane:
        """Return what the cascade reaches."""
        return columns.once("routing scored cascade", _scored_plane)

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        if not np.isfinite(columns.values["score"]).any():
            return "the data say nothing of how a scorer scored the answers: map the field 'scores'"
        return super().nothing_valid(columns)


def _scored_plane(columns: Columns) -> Plane:
    outcome, cost, score = (columns.values[name] for name in ("outcome", "cost", "score"))
    every = columns.whole.values["score"]  # a slice has the thresholds of the whole
    thresholds = np.unique(np.quantile(every[np.isfinite(every)], np.linspace(0, 1, _THRESHOLDS)))
    parts = [cascade(outcome, cost, (score >= threshold).astype(np.float64)) for threshold in thresholds]
    costs, outcomes = (
        np.concatenate(made, axis=1) for made in zip(*((p.costs, p.outcomes) for p in parts), strict=True)
    )
    return plane_of(columns, Cascade(costs, outcomes))


class ScoredCascadeImprovement(OfScored, AverageImprovementInQuality):
    """AIQ of a cascade that accepts by recorded scores, at every threshold; see `cascade_aiq`."""

    description = "mean outcome over all budgets of a cascade that accepts answers by a scorer's recorded scores"


class ScoredCascadeCostSaved(OfScored, CostSaved):
    """Share of the best constant's cost that a cascade by recorded scores saves at the same quality."""

    description = "share of the best constant's cost that a cascade by recorded scores saves at equal quality"
    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "cost", "score", "train_best")


class ScorerError(Metric):
    """Share of answers that a scorer judges wrongly at a threshold: the error to hold simulated cascades against.

    Args:
        threshold: An answer whose score is at least this is accepted.
    """

    description = "share of all models' answers that the scorer accepts though wrong, or refuses though right"
    higher_is_better = False
    needs: ClassVar[tuple[str, ...]] = ("outcome", "score")

    def __init__(self, threshold: Annotated[float, ANY] = 0.5) -> None:
        self.threshold = threshold

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of which an answer's outcome and score are known."""
        return np.asarray(self._known(columns).any(axis=1))

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        return "no answer has a known outcome and a scorer's score: map the field 'scores'"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the share over all such answers, with an influence a question."""
        known = self._known(columns)
        wrong = known & (self._accepted(columns) != (columns.values["outcome"] >= RIGHT))
        value = float(wrong.sum() / known.sum())
        influence = (wrong.sum(axis=1) - value * known.sum(axis=1)) * (len(known) / known.sum())
        return Linearised(value, influence)

    def chance(self, columns: Columns) -> float:
        """Return the share of wrong verdicts, outcomes dealt anew among all answers."""
        known = self._known(columns)
        accepted = float(self._accepted(columns)[known].mean())
        right = float((columns.values["outcome"][known] >= RIGHT).mean())
        return accepted * (1 - right) + (1 - accepted) * right

    def _known(self, columns: Columns) -> NDArray[np.bool_]:
        return np.isfinite(columns.values["outcome"]) & np.isfinite(columns.values["score"])

    def _accepted(self, columns: Columns) -> NDArray[np.bool_]:
        return np.asarray(columns.values["score"] >= self.threshold)
