"""Metrics of cost and quality together, from every cost weight at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Estimate, FloatArray, Linearised, Metric, Picture, Range, Series, stats

from .choices import answered, choices, known_choices, known_means, labels
from .hull import IntArray, area_under, path, upper_hull

_HALVINGS = 24
"""Of the range in which an end of an interval is sought."""
_TINY = 1e-12
"""Qualities that differ by no more are the same: a router that is the best constant saves 0, and no less."""
_DRAWN = 60
"""Points of a path that a picture shows at most."""


@dataclass(frozen=True, slots=True)
class Plane:
    """What a router or a cascade reaches on the plane of cost and quality, and the single models beside it."""

    costs: FloatArray
    """(p,): mean cost at each point, USD a question."""
    qualities: FloatArray
    """(p,): mean outcome at each point."""
    hull: IntArray
    """Points on the hull, by ascending cost."""
    model_costs: FloatArray
    """(m,): mean cost of each model."""
    model_qualities: FloatArray
    """(m,): mean outcome of each model."""
    pull_costs: Callable[[FloatArray], FloatArray]
    """From slopes of the points, (p,), each question's part, (n,), in ``slopes @ costs``, times n."""
    pull_qualities: Callable[[FloatArray], FloatArray]
    """The same of the qualities."""

    def through(self, by_cost: FloatArray, by_quality: FloatArray) -> FloatArray:
        """Return each question's part, (n,), in what moves with the hull's points.

        Args:
            by_cost: (k,) slopes by the costs of the hull's points.
            by_quality: (k,) slopes by their qualities.
        """
        parts = []
        for pull, slopes in ((self.pull_costs, by_cost), (self.pull_qualities, by_quality)):
            everywhere = np.zeros(len(self.costs))
            everywhere[self.hull] = slopes
            parts.append(pull(everywhere))
        return np.asarray(parts[0] + parts[1])

    @property
    def hull_costs(self) -> FloatArray:
        """Costs of the hull's points, (k,)."""
        return self.costs[self.hull]

    @property
    def hull_qualities(self) -> FloatArray:
        """Qualities of the hull's points, (k,)."""
        return self.qualities[self.hull]


def plane(columns: Columns) -> Plane:
    """Return a router's plane, of questions of which everything is known.

    Raises:
        ValueError: all models cost the same.
    """
    return columns.once("routing plane", _plane)


def _plane(columns: Columns) -> Plane:
    outcome, cost = columns.values["outcome"], columns.values["cost"]
    mean_cost = different_costs(cost)
    found = path(columns.values["predicted"], mean_cost)
    reached = found.reached()
    costs, qualities = found.sums(cost)[reached], found.sums(outcome)[reached]

    def pulled(values: FloatArray, slopes: FloatArray) -> FloatArray:
        of_all = np.zeros(len(found.weight) + 1)
        of_all[reached] = slopes
        return found.pulled(values, of_all)

    # A point dearer than the dearest model, where a question's own costs differ from the means, is beyond every budget.
    within = np.flatnonzero(costs <= mean_cost.max() * (1 + 1e-12))
    hull = within[upper_hull(costs[within], qualities[within])]
    return Plane(
        costs,
        qualities,
        hull,
        mean_cost,
        outcome.mean(axis=0),
        lambda slopes: pulled(cost, slopes),
        lambda slopes: pulled(outcome, slopes),
    )


def different_costs(cost: FloatArray) -> FloatArray:
    """Return the models' mean costs, (m,), from those of all questions, (n, m).

    Raises:
        ValueError: all are the same.
    """
    mean_cost = np.asarray(cost.mean(axis=0))
    if mean_cost.max() == mean_cost.min():
        raise ValueError("all models cost the same, so that there is nothing to weigh")
    return mean_cost


class OfPlane(Metric):
    """Base class of metrics on the plane of cost and quality.

    A question counts where the outcomes and costs of all models are known.
    """

    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "cost")

    def plane(self, columns: Columns) -> Plane:
        """Return what can be reached: here by the router."""
        return plane(columns)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of which everything is known."""
        mask = np.ones(len(columns), dtype=bool)
        for name in self.needs:
            values = columns.values[name]
            mask &= np.isfinite(values if values.ndim == 1 else values.sum(axis=1))
        return mask

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        cost = columns.values["cost"]
        without = [labels(columns)[i] for i in np.flatnonzero(np.isnan(known_means(cost)))]
        if len(without) == cost.shape[1]:
            return "the data say nothing of costs"
        if without:
            return f"no cost is known of {', '.join(without)}"
        return "no question has an outcome and a cost of every model, and an answer of the router"


class AverageImprovementInQuality(OfPlane):
    """Mean quality of the router's hull over the range of the single models' costs (AIQ; RouterBench, section 3).

    The hull is of all points that the router reaches by weighing cost, and of mixing them. It begins with the cheapest
    model, and is flat from its dearest point to the cost of the dearest model.
    """

    description = "mean outcome over all budgets, from the cheapest to the dearest model's cost, on the router's hull"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the area over the range, with each question's influence through the hull's points and both ends.

        Raises:
            ValueError: all models cost the same.
        """
        found = self.plane(columns)
        until = int(np.argmax(found.model_costs))
        return area_of(columns, found, until)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return what the single models reach alone, mixed at random ("zero router")."""
        found = self.plane(columns)
        hull = upper_hull(found.model_costs, found.model_qualities)
        until = float(found.model_costs.max())
        costs = found.model_costs[hull]
        area, *_ = area_under(costs, found.model_qualities[hull], until)
        return {"zero_router": area / (until - costs[0])}

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the router's path and hull, and the single models."""
        found = self.plane(columns)
        every = np.unique(np.linspace(0, len(found.costs) - 1, _DRAWN).astype(int))
        names = labels(columns)
        return [
            Picture(
                "Cost and quality",
                x="mean cost, USD a question",
                y="mean outcome",
                series=[
                    Series(found.hull_costs.tolist(), found.hull_qualities.tolist(), name="hull"),
                    Series(found.costs[every].tolist(), found.qualities[every].tolist(), name="path", form="points"),
                    *(
                        Series([float(cost)], [float(quality)], name=name, form="points", reference=True)
                        for name, cost, quality in zip(names, found.model_costs, found.model_qualities, strict=True)
                        if len(names) <= 20
                    ),
                ],
                x_scale="log" if found.model_costs.min() > 0 else "linear",
            )
        ]


def area_of(columns: Columns, found: Plane, until: int) -> Linearised:
    """Return the mean height of a hull up to a model's cost, with influences.

    Args:
        columns: The cell's columns, of questions of which everything is known.
        found: What can be reached.
        until: Index of the model.
    """
    cost = columns.values["cost"]
    costs, qualities = found.hull_costs, found.hull_qualities
    end = float(found.model_costs[until])
    area, by_cost, by_quality, by_end = area_under(costs, qualities, end)
    width = end - costs[0]
    value = area / width
    # The range is the hull's first point to the dearest model: both move with the questions.
    by_cost, by_quality = by_cost / width, by_quality / width
    by_cost[0] += value / width
    of_end = (by_end - value) / width
    influence = found.through(by_cost, by_quality) + of_end * cost[:, until]
    return Linearised(value, influence - influence.mean())


class ZeroRouter(OfPlane):
    """AIQ of mixing single models at random, without reading a question: what a router has to exceed (RouterBench)."""

    description = "mean outcome over all budgets of mixing single models at random"
    needs: ClassVar[tuple[str, ...]] = ("outcome", "cost")

    def linearise(self, columns: Columns) -> Linearised:
        """Return the area under the hull of the single models, with influences."""
        outcome, cost = columns.values["outcome"], columns.values["cost"]
        model_costs, model_qualities = different_costs(cost), outcome.mean(axis=0)
        hull = upper_hull(model_costs, model_qualities)
        until = int(np.argmax(model_costs))
        area, by_cost, by_quality, by_end = area_under(model_costs[hull], model_qualities[hull], model_costs[until])
        width = float(model_costs[until] - model_costs[hull[0]])
        value = area / width
        by_cost[0] += value
        influence = (cost[:, hull] @ by_cost + outcome[:, hull] @ by_quality) / width
        influence += (by_end - value) / width * cost[:, until]
        return Linearised(value, influence - influence.mean())


class QualityAtBudget(OfPlane):
    """Mean outcome that the router's hull reaches at a share of the best constant's cost."""

    description = "mean outcome at a share of the cost of the model that was best on the train split"
    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "cost", "train_best")

    def __init__(self, share: Annotated[float, Range(above=0)] = 0.5) -> None:
        self.share = share

    def linearise(self, columns: Columns) -> Linearised:
        """Return the hull's quality there, with influences through the two points around it and the budget.

        Raises:
            ValueError: the budget is below the cheapest model's cost.
        """
        found, best = self.plane(columns), int(columns.values["train_best"][0])
        return height_at(columns, found, best, self.share)


def height_at(columns: Columns, found: Plane, best: int, share: float) -> Linearised:
    """Return the quality of a hull at a share of a model's cost, with influences.

    They go through the two points around it and the budget.

    Args:
        columns: The cell's columns, of questions of which everything is known.
        found: What can be reached.
        best: Index of the model.
        share: Of its mean cost.

    Raises:
        ValueError: the budget is below the cheapest model's cost.
    """
    budget = share * float(found.model_costs[best])
    costs, qualities = found.hull_costs, found.hull_qualities
    if budget < costs[0]:
        raise ValueError(f"the budget of {budget:.3g} USD a question is below that of the cheapest model")
    right = int(np.searchsorted(costs, budget, side="right"))
    slopes_cost, slopes_quality = np.zeros(len(costs)), np.zeros(len(costs))
    if right == len(costs):
        slopes_quality[-1] = 1.0
        value, by_budget = float(qualities[-1]), 0.0
    else:
        width, rise = costs[right] - costs[right - 1], qualities[right] - qualities[right - 1]
        part, by_budget = (budget - costs[right - 1]) / width, rise / width
        value = float(qualities[right - 1] + part * rise)
        slopes_quality[right - 1], slopes_quality[right] = 1 - part, part
        slopes_cost[right - 1], slopes_cost[right] = -by_budget * (1 - part), -by_budget * part
    influence = found.through(slopes_cost, slopes_quality)
    influence += by_budget * share * columns.values["cost"][:, best]
    return Linearised(value, influence - influence.mean())


class CostSaved(OfPlane):
    """Share of the best constant's cost that the router's hull saves at the same quality; below 0 where it costs more.

    Undefined where the hull never reaches that quality.
    """

    description = "share of the best constant's cost that is saved at equal quality"
    bounds = None
    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "cost", "train_best")

    def linearise(self, columns: Columns) -> Linearised:
        """Return 1 less the ratio of both costs, with influences through the two points around the quality.

        Raises:
            ValueError: the router never is as good.
        """
        found, best = self.plane(columns), int(columns.values["train_best"][0])
        target, paid = float(found.model_qualities[best]), float(found.model_costs[best])
        costs, qualities = found.hull_costs, found.hull_qualities
        if qualities[-1] < target:
            raise ValueError(
                f"the router reaches {100 * qualities[-1]:.2f} at most, and the best constant {100 * target:.2f}"
            )
        outcome, cost = columns.values["outcome"], columns.values["cost"]
        slopes_cost, slopes_quality = np.zeros(len(costs)), np.zeros(len(costs))
        right = int(np.searchsorted(qualities, target))
        by_target = 0.0
        if right == 0:  # the cheapest point is as good already
            needed, slopes_cost[0] = float(costs[0]), 1.0
        else:
            width, rise = costs[right] - costs[right - 1], qualities[right] - qualities[right - 1]
            part, by_target = (target - qualities[right - 1]) / rise, width / rise
            needed = float(costs[right - 1] + part * width)
            slopes_cost[right - 1], slopes_cost[right] = 1 - part, part
            slopes_quality[right - 1], slopes_quality[right] = -by_target * (1 - part), -by_target * part
        moved = found.through(slopes_cost, slopes_quality)
        moved += by_target * outcome[:, best]
        ratio = needed / paid
        influence = -(moved - ratio * cost[:, best]) / paid
        return Linearised(1 - ratio, influence - influence.mean())

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return the savings at which the hull's quality is not seen to differ from the best constant's.

        What is saved jumps where the hull is flat, so that the influences of one point say too little: the interval is
        found by inverting the paired interval of quality (Fieller 1954). A saving cannot be less than what the dearest
        model costs more, nor more than what the cheapest costs less.
        """
        if np.isnan(estimate.low):
            return estimate.low, estimate.high
        found, best = self.plane(columns), int(columns.values["train_best"][0])
        paid, target = float(found.model_costs[best]), columns.values["outcome"][:, best]

        def ends(share: float) -> tuple[float, float]:
            height = height_at(columns, found, best, share)
            influence = height.influence - (target - target.mean())
            less = stats.estimate_from_influence(
                height.value - float(target.mean()), influence, clusters=columns.clusters, confidence=confidence
            )
            return less.low, less.high

        at = 1 - estimate.value
        dearest, cheapest = float(found.model_costs.max()) / paid, float(found.hull_costs[0]) / paid
        most = _crossing(lambda share: ends(share)[0] >= -_TINY, at, max(at, dearest))
        least = _crossing(lambda share: ends(share)[1] < -_TINY, at, min(at, cheapest * (1 + 1e-12)))
        return 1 - most, 1 - least


def _crossing(beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where a condition begins to hold, from a place where it does not towards one where it may."""
    if not beyond(outside):
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
    return outside


class MeanCost(Metric):
    """Mean cost of the chosen models, USD per 1,000 questions."""

    description = "mean cost of the chosen models, USD per 1,000 questions"
    unit = "USD"
    higher_is_better = False
    bounds = None
    needs: ClassVar[tuple[str, ...]] = ("predicted", "cost")

    def __init__(self, cost_weight: Annotated[float, Range(least=0)] = 0.0) -> None:
        self.cost_weight = cost_weight

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of whose chosen model the cost is known."""
        chosen = known_choices(columns, self.cost_weight)
        return answered(columns) if chosen is None else np.isfinite(chosen.cost)  # `linearise` says it

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        return "no cost is known of the models that were chosen"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean cost."""
        cost = 1000 * choices(columns, self.cost_weight).cost
        value = float(cost.mean())
        return Linearised(value, cost - value)
