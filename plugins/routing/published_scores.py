"""Scores of published routing benchmarks: RouterEval's, and RouterArena's."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Linearised, Metric, Range

from .choices import answered, choices, dealt_anew, known_choices, known_means
from .decisions import OfChoices, Weight

CHEAPEST, DEAREST = 0.0044, 200.0
"""USD per 1,000 questions between which RouterArena scores cost."""
_BETA = 0.1


def router_arena_score(accuracy: float, cost: float) -> float:
    """Return RouterArena's score of an accuracy in [0, 1] and a cost in USD per 1,000 questions.

    The cost becomes C in [0, 1], 1 for the cheapest, on a logarithmic scale; the score is the weighted harmonic mean
    (1 + b) a C / (b a + C) with b = 0.1.

    >>> round(100 * router_arena_score(0.6688, 0.15), 2)
    66.89
    """
    scaled = _scaled(cost)
    below = _BETA * accuracy + scaled
    return 0.0 if below == 0 else (1 + _BETA) * accuracy * scaled / below


def _scaled(cost: float) -> float:
    inside = min(max(cost, CHEAPEST), DEAREST)
    return (math.log2(DEAREST) - math.log2(inside)) / (math.log2(DEAREST) - math.log2(CHEAPEST))


class RouterArenaScore(OfChoices):
    """RouterArena's score of the chosen models' mean outcome and mean cost; see `router_arena_score`."""

    description = "RouterArena's blend of accuracy and cost on a logarithmic scale"
    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome", "cost")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of whose chosen model outcome and cost are known."""
        chosen = known_choices(columns, self.cost_weight)
        if chosen is None:  # `linearise` says it
            return answered(columns)
        return np.isfinite(chosen.outcome) & np.isfinite(chosen.cost)

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        return "no question has a known outcome and a known cost of the model that was chosen"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the score, with influences through accuracy and cost."""
        chosen = choices(columns, self.cost_weight)
        cost = 1000 * chosen.cost
        a, c = float(chosen.outcome.mean()), float(cost.mean())
        scaled, below = _scaled(c), _BETA * a + _scaled(c)
        value = router_arena_score(a, c)
        if below == 0:
            return Linearised(value, np.zeros(len(cost)))
        by_accuracy = (1 + _BETA) * scaled**2 / below**2
        by_scaled = (1 + _BETA) * _BETA * a**2 / below**2
        inside = CHEAPEST < c < DEAREST
        by_cost = -by_scaled / (c * math.log(DEAREST / CHEAPEST)) if inside else 0.0
        return Linearised(value, by_accuracy * (chosen.outcome - a) + by_cost * (cost - c))

    def chance(self, columns: Columns) -> float:
        """Return the score of a uniform choice's mean outcome at the same cost; exact but for terms of order 1/n."""
        cost = 1000 * float(choices(columns, self.cost_weight).cost.mean())
        return router_arena_score(float(dealt_anew(columns).mean()), cost)


class ReferenceRatio(OfChoices):
    """RouterEval's V_R: mean outcome over that of a strong reference, which the benchmark's authors give as a number.

    Args:
        reference: Its mean outcome: 0.864 for MMLU, 0.92 for GSM8K, 0.852 for ARC (RouterEval).
        cost_weight: Correctness that one USD is worth.
    """

    description = "mean outcome of the chosen models over that of a reference (RouterEval's V_R)"
    bounds = None

    def __init__(self, reference: Annotated[float, Range(above=0)], cost_weight: Weight = 0.0) -> None:
        super().__init__(cost_weight)
        self.reference = reference

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio."""
        mean = super().linearise(columns)
        return Linearised(mean.value / self.reference, mean.influence / self.reference)

    def chance(self, columns: Columns) -> float:
        """Return the ratio of a uniform choice."""
        return float(dealt_anew(columns).mean()) / self.reference


class BestSingleRatio(OfChoices):
    """RouterEval's V_B: mean outcome over that of the best single model, which the evaluated questions choose.

    That biases the model's mean upward and this downward.
    """

    description = "mean outcome of the chosen models over that of the best single one of these questions (V_B)"
    bounds = None

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio of two means, over the questions of which that model's outcome is known.

        Raises:
            ValueError: no model is ever right.
        """
        outcome, chosen = columns.values["outcome"], choices(columns, self.cost_weight).outcome
        best = outcome[:, int(np.nanargmax(known_means(outcome)))]
        both = np.isfinite(best)
        below = float(best[both].mean())
        if below == 0:
            raise ValueError("no model is right on any of the questions")
        value = float(chosen[both].mean()) / below
        influence = np.where(both, chosen - value * np.where(both, best, 0.0), 0.0) / (below * both.mean())
        return Linearised(value, influence)


class PredictionEntropy(Metric):
    """RouterEval's E_p: mean entropy of the softmax of what is predicted of the models, in bits."""

    description = "mean entropy of the softmax of the predictions (RouterEval's E_p)"
    unit = "bits"
    bounds = None
    needs: ClassVar[tuple[str, ...]] = ("predicted",)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean over questions."""
        predicted = columns.values["predicted"]
        logs = predicted - predicted.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        entropy = -(np.exp(logs) * logs).sum(axis=1) / math.log(2)
        value = float(entropy.mean())
        return Linearised(value, entropy - value)
