"""How good a router's choices are: their mean outcome, what it gains over a constant, and how far the oracle is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, Linearised, Matrix, Metric, Picture, Range

from .choices import EPSILON, answered, best_of_each, choices, dealt_anew, known_choices, known_means, labels, taken
from .usage import usage_by_category, usage_of_models

Weight = Annotated[float, Range(least=0)]


class OfChoices(Metric):
    """Base class of metrics that need the choice of each question, and its outcome.

    A question whose chosen model has no known outcome says nothing, and is left out; a note counts them.
    """

    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome")

    def __init__(self, cost_weight: Weight = 0.0) -> None:
        self.cost_weight = cost_weight

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of whose chosen model the outcome is known."""
        chosen = known_choices(columns, self.cost_weight)
        return answered(columns) if chosen is None else np.isfinite(chosen.outcome)  # `linearise` says it

    def nothing_valid(self, columns: Columns) -> str:
        """Say why no question has a value."""
        return (
            "no outcome is known of the models that were chosen" if answered(columns).any() else "every request failed"
        )

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean of the chosen models' outcomes."""
        return mean_of(choices(columns, self.cost_weight).outcome)


def mean_of(figures: FloatArray) -> Linearised:
    """Return the mean of one figure a question, with influences."""
    value = float(figures.mean())
    return Linearised(value, figures - value)


class RouteAccuracy(OfChoices):
    """Mean outcome of the models that the router chose; what a user of the router gets."""

    description = "mean outcome of the chosen models"

    def chance(self, columns: Columns) -> float:
        """Return what choosing uniformly gives, which is what outcomes dealt anew give any router."""
        return float(dealt_anew(columns).mean())

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return how often each model was chosen."""
        counts = np.bincount(choices(columns, self.cost_weight).model, minlength=len(labels(columns)))
        return {"usage": {name: int(count) for name, count in zip(labels(columns), counts, strict=True) if count}}

    def pictures(self, columns: Columns) -> Sequence[Picture | Matrix]:
        """Draw how often each model was chosen, in all and by category."""
        model = choices(columns, self.cost_weight).model
        return [usage_of_models(columns, model), *usage_by_category(columns, model)]


class RouteGain(OfChoices):
    """Mean outcome of the chosen models less that of the one model that was best on the train split.

    Paired by question. A router is better than a constant only where this interval leaves 0 out.
    """

    description = "mean outcome of the chosen models less that of the best constant, which the train split chose"
    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "train_best")
    compared_with = "the best constant"
    held_against: ClassVar[str] = "train_best"

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions with a known outcome of the chosen model and of the reference."""
        return super().valid(columns) & np.isfinite(outcome_of(columns, self.held_against))

    def nothing_valid(self, columns: Columns) -> str:
        """Say why no question has a value."""
        if np.isnan(columns.values[self.held_against]).all():
            return "the task has no train split that could choose what a router is held against"
        return super().nothing_valid(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean difference."""
        return mean_of(choices(columns, self.cost_weight).outcome - outcome_of(columns, self.held_against))


class RouteGainOverCategory(RouteGain):
    """Mean outcome of the chosen models less that of a look-up of the category, which the train split made."""

    description = "mean outcome of the chosen models less that of the best model of each category, chosen on train"
    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "train_best_of_category")
    compared_with = "the best model of each category"
    held_against: ClassVar[str] = "train_best_of_category"


class QualityLost(RouteGain):
    """Share of the best constant's mean outcome that the router loses, paired; below 0 where it gains.

    What `budgeted-router` certifies not to exceed a bound.
    """

    description = "share of the best constant's mean outcome that is lost; below 0 where it is exceeded"
    higher_is_better = False
    bounds = None

    def linearise(self, columns: Columns) -> Linearised:
        """Return one less the ratio of both means.

        Raises:
            ValueError: the best constant is never right.
        """
        return _less_one(choices(columns, self.cost_weight).outcome, outcome_of(columns, self.held_against), sign=-1)


def outcome_of(columns: Columns, reference: str) -> FloatArray:
    """Return the outcome of the model that a column names for each question, (n,); NaN where unknown."""
    return taken(columns.values["outcome"], columns.values[reference])


class WeightedRouter(OfChoices):
    """What choosing models as often as the router does, but at random, would give: sum of share times mean outcome.

    It tells a router that sends the right question to the right model from one that picks good models (EmbedLLM,
    section 4.2). It never exceeds the best single model of the same questions.
    """

    description = "mean outcome of choosing each model as often as the router does, at random"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value; each question moves the shares by its choice and the means by its outcomes."""
        outcome, model = columns.values["outcome"], choices(columns, self.cost_weight).model
        means = known_means(outcome)
        shares = np.bincount(model, minlength=len(means)) / len(model)
        known = np.isfinite(outcome)
        pull = np.where(known, outcome - means, 0.0) / np.maximum(known.mean(axis=0), EPSILON)
        used = shares > 0
        value = float(shares[used] @ means[used])
        return Linearised(value, means[model] - value + pull[:, used] @ shares[used])

    def chance(self, columns: Columns) -> float:
        """Return the same of outcomes dealt anew among each question's models."""
        known = np.isfinite(columns.values["outcome"])
        model = choices(columns, self.cost_weight).model
        shares = np.bincount(model, minlength=known.shape[1]) / len(model)
        means = known_means(np.where(known, dealt_anew(columns)[:, None], np.nan))
        used = shares > 0
        return float(shares[used] @ means[used])


class UsageEntropy(OfChoices):
    """Entropy of how often each model is chosen, in bits: 0 for a constant, log2(m) for all models equally."""

    description = "entropy of how often each model is chosen"
    unit = "bits"
    bounds = None
    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions that the router answered."""
        chosen = known_choices(columns, self.cost_weight)
        return answered(columns) if chosen is None else chosen.model >= 0

    def linearise(self, columns: Columns) -> Linearised:
        """Return the entropy of the shares, and the surprise of each choice less it."""
        model = choices(columns, self.cost_weight).model
        shares = np.bincount(model) / len(model)
        surprise = -np.log2(shares[model])
        value = float(surprise.mean())
        return Linearised(value, surprise - value)


class GapAtOracle(OfChoices):
    """Share of the oracle's mean outcome that the router misses: (oracle - router) / oracle (LLMRouterBench)."""

    description = "share of the oracle's mean outcome that the router misses"
    higher_is_better = False
    bounds: ClassVar[tuple[float, float] | None] = (0.0, 1.0)

    def linearise(self, columns: Columns) -> Linearised:
        """Return one less the ratio of the two means.

        Raises:
            ValueError: no model is ever right.
        """
        return _less_one(choices(columns, self.cost_weight).outcome, best_of_each(columns), sign=-1)

    def chance(self, columns: Columns) -> float | None:
        """Return what choosing uniformly misses; the oracle stays as it is."""
        oracle = float(best_of_each(columns).mean())
        return 1 - float(dealt_anew(columns).mean()) / oracle if oracle else None


class GainAtBest(OfChoices):
    """Mean outcome of the chosen models over that of the best single model of these questions, less 1.

    The best is chosen on the evaluated questions, which biases its mean upward and this downward; `RouteGain` holds
    against the train split's.
    """

    description = "relative gain over the single model that is best on the evaluated questions themselves"
    bounds = None

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio of the two means, less 1.

        Raises:
            ValueError: no model is ever right.
        """
        outcome = columns.values["outcome"]
        best = int(np.nanargmax(known_means(outcome)))
        constant = outcome[:, best]
        both = np.isfinite(constant)
        part = _less_one(choices(columns, self.cost_weight).outcome[both], constant[both], sign=1)
        influence = np.zeros(len(both))
        influence[both] = part.influence * (len(both) / both.sum())
        return Linearised(part.value, influence)


def _less_one(router: FloatArray, other: FloatArray, *, sign: int) -> Linearised:
    """Return sign * (mean of router / mean of other - 1), with influences."""
    below = float(other.mean())
    if below == 0:
        raise ValueError("no model is right on any of the questions")
    ratio = float(router.mean()) / below
    return Linearised(sign * (ratio - 1), sign * (router - ratio * other) / below)
