"""Metrics by class and by function, a field aggregate, and an aggregate of estimates."""

from typing import Annotated

import numpy as np

from harness import Estimate, MeanMetric, Range, mean_metric
from harness.results import figures_of, means_of


class BestFits(MeanMetric):
    """How often the best option has the greatest fitness; ties share.

    Args:
        slack: Fitness within this of the greatest is as good.
    """

    description = "how often the best option fits best"
    needs = ("fitness", "best")

    def __init__(self, slack: Annotated[float, Range(least=0)] = 0.0) -> None:
        self.slack = slack

    def valid(self, columns):
        """Items that were answered; options that an item lacks are NaN beside others that are not."""
        return np.isfinite(columns.values["fitness"]).any(axis=1)

    def per_item(self, columns):
        """Give the share of the best option among those on top."""
        fitness, best = columns.values["fitness"], columns.values["best"].astype(int)
        if fitness.shape[1] > columns.facts["most_options"]:
            raise ValueError("an item has more options than its task allows")
        top = fitness >= np.nanmax(fitness, axis=1, keepdims=True) - self.slack
        return top[np.arange(len(best)), best] / top.sum(axis=1)


@mean_metric(needs=("of_best",), description="fitness of the best option", bounds=None, unit="fitness")
def fitness_of_best(columns):
    """Give the fitness of the best option, whether it is the greatest or not."""
    return columns.values["of_best"]


@mean_metric(needs=("broken",), description="share of sieges that succeed", higher_is_better=False)
def share_broken(columns):
    """Give whether the candidate gave in."""
    return columns.values["broken"]


@mean_metric(needs=("drift",), description="distance from the nearest signal before", bounds=None, unit="distance")
def mean_drift(columns):
    """Give the distance."""
    return columns.values["drift"]


@mean_metric(needs=("worth",), description="what the judge says of a reply", bounds=None, unit="points")
def mean_worth(columns):
    """Give the score."""
    return columns.values["worth"]


@mean_metric(needs=("regret",), description="what the model chosen lacks", bounds=None, higher_is_better=False)
def regret(columns):
    """Give the difference from the best."""
    return columns.values["regret"]


def lone_winner(models, *, margin: Annotated[float, Range(least=0)] = 0.0, confidence=0.95):
    """Give how often a model is better than every other by more than ``margin``."""
    figures = figures_of(models)
    wins = np.empty_like(figures)
    for i in range(len(figures)):
        others = np.delete(figures, i, axis=0)
        wins[i] = np.where(np.isnan(figures).any(axis=0), np.nan, (figures[i] > others + margin).all(axis=0))
    return means_of(models, wins, bounds=(0.0, 1.0), confidence=confidence)


def spread(estimates):
    """Give the highest less the lowest of several estimates, as if they were independent."""
    low = min(estimates, key=lambda each: each.value)
    high = max(estimates, key=lambda each: each.value)
    value, error = high.value - low.value, float(np.hypot(high.stderr, low.stderr))
    return Estimate(value, error, value - 1.96 * error, value + 1.96 * error, min(low.n, high.n))
