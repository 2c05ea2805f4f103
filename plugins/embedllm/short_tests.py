"""A benchmark's score from some of its questions: by sampling, and by item response (p-IRT of tinyBenchmarks).

Which is better is measured where it is used: each model of the pool is left out in turn, and its score foretold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, stats

from .item_response import Items, ability_of, fit

IntArray = NDArray[np.int64]
WAYS = ("lot", "clusters")
"""How questions are chosen: by lot, or near the centres of clusters of questions that the pool answers alike."""
_LEAST_ERROR = 1e-9
LOTS = 10
"""Lots drawn for each model that is left out."""
MOST_LEFT_OUT = 30
"""Models of the pool that are left out in turn, at most; of a larger pool, so many by lot."""


@dataclass(frozen=True, slots=True)
class Short:
    """Some questions that stand for all."""

    chosen: IntArray
    """(k,) indices of the questions."""
    weights: FloatArray
    """(k,): for how many of all questions each stands, as a share; they sum to 1."""


class Score(NamedTuple):
    """A model's score on all questions, as foretold."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model's answers to some questions say of its score on all."""

    sampled: Score
    """The plain mean of the answers, and its Wilson interval; meant for questions chosen by lot."""
    item_response: Score
    """The answers, and what item response says of the other questions (p-IRT)."""
    error: float
    """Standard error of p-IRT, widened."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How well the scores of models were foretold that were left out in turn."""

    models: int
    trials: int
    """Choices of questions in all, over the models."""
    sampled_error: float
    """Mean absolute error of the plain mean."""
    weighted_error: float
    """Mean absolute error of the mean by weights."""
    item_response_error: float
    """Mean absolute error of p-IRT."""
    gain: tuple[float, float, float]
    """How much nearer p-IRT is than the plain mean: mean over models, and the ends of its 95 % interval, paired."""
    held: int
    """In how many trials the interval of p-IRT held the true score, before it was widened."""
    widening: float
    """By how much the standard error of p-IRT has to be multiplied for the errors seen; at least 1."""


def choose(items: Items, outcomes: FloatArray, count: int, *, way: str = WAYS[0], seed: int = 0) -> Short:
    """Choose questions that stand for all.

    Args:
        items: The questions as the pool shows them.
        outcomes: (n, m) of the pool.
        count: How many, at most all; of clusters, at most as many as there are different ones.
        way: One of `WAYS`.
        seed: Of the lot, and of the clusters' starts.
    """
    n = len(outcomes)
    count = min(count, n)
    random = np.random.default_rng(seed)
    if way == "lot":
        return Short(np.sort(random.choice(n, count, replace=False)), np.full(count, 1 / count))
    from sklearn.cluster import KMeans

    known = np.isfinite(outcomes)
    alike = np.where(known, outcomes, items.at(items.abilities))  # what is unknown, as item response says
    count = min(count, len(np.unique(alike, axis=0)))  # questions that the whole pool answers alike are one cluster
    parts = KMeans(n_clusters=count, n_init=1, random_state=seed).fit(alike)
    distance = ((alike - parts.cluster_centers_[parts.labels_]) ** 2).sum(axis=1)
    codes, sizes = np.unique(parts.labels_, return_counts=True)
    nearest = [int(np.flatnonzero(parts.labels_ == code)[distance[parts.labels_ == code].argmin()]) for code in codes]
    order = np.argsort(nearest)
    return Short(np.array(nearest, dtype=np.int64)[order], (sizes / n)[order])


def score(items: Items, outcomes: FloatArray, *, level: float = 0.95, widening: float = 1.0, df: int = 0) -> Scores:
    """Foretell a model's mean outcome on all questions from those that it answered.

    The error of p-IRT has two parts: what is not known of the ability, and that the answers not seen are right or wrong
    by chance. That the questions' slopes and difficulties are themselves estimates is not in it: ``widening`` makes up
    for that.

    Args:
        items: The questions.
        outcomes: (n,); NaN where it was not asked.
        level: Of the intervals.
        widening: Of the standard error, as `left_out` finds it.
        df: Models that the widening rests on: the interval is Student's t of so many; 0: normal.

    Raises:
        ValueError: there is no answer.
    """
    known = np.isfinite(outcomes)
    seen, n = int(known.sum()), len(outcomes)
    if not seen:
        raise ValueError("the model has answered none of the questions")
    right = float(outcomes[known].sum())
    sampled = Score(right / seen, *stats.wilson(right, seen, confidence=level))
    found = ability_of(items, outcomes)
    rest = Items(items.slopes[~known], items.intercepts[~known], items.abilities).at(found.grid)
    sums = rest.sum(axis=0)
    mean = float(sums @ found.weights)
    variance = float((sums - mean) ** 2 @ found.weights + (rest * (1 - rest)).sum(axis=0) @ found.weights)
    error = max(widening * math.sqrt(variance) / n, _LEAST_ERROR)
    from scipy.special import ndtri, stdtrit

    quantile = float(stdtrit(df, 0.5 + level / 2) if df else ndtri(0.5 + level / 2))
    value = (right + mean) / n
    by_item = Score(value, max(0.0, value - quantile * error), min(1.0, value + quantile * error))
    return Scores(sampled, by_item, error)


def left_out(
    outcomes: FloatArray,
    count: int,
    *,
    way: str = WAYS[0],
    seed: int = 0,
    level: float = 0.95,
    told: Callable[[int, int], None] | None = None,
) -> Trial:
    """Leave each model of a pool out in turn, choose questions without it, and foretell its score from them.

    Args:
        outcomes: (n, m); NaN where unknown.
        count: Questions asked.
        way: One of `WAYS`.
        seed: Of lots; each model has one of its own.
        level: Of the interval that is held against the true scores.
        told: Called after each model with how many are done, and how many there are.

    Raises:
        ValueError: there are fewer than three models.
    """
    m = outcomes.shape[1]
    if m < 3:
        raise ValueError(f"leaving models out in turn needs three or more; there {'is' if m == 1 else 'are'} {m}")
    models = np.arange(m)
    if m > MOST_LEFT_OUT:
        models = np.sort(np.random.default_rng(seed).choice(m, MOST_LEFT_OUT, replace=False))
    errors: list[list[float]] = []
    scaled, held = [], 0
    for number, model in enumerate(models, start=1):
        pool = np.delete(outcomes, model, axis=1)
        there = np.isfinite(pool).any(axis=1) & np.isfinite(outcomes[:, model])
        items, own = fit(pool[there]), outcomes[there, model]
        truth = float(own.mean())
        for draw in range(LOTS if way == "lot" else 1):
            short = choose(items, pool[there], count, way=way, seed=seed + LOTS * number + draw)
            answers = np.full(len(own), np.nan)
            answers[short.chosen] = own[short.chosen]
            found = score(items, answers, level=level)
            weighted = float(short.weights @ own[short.chosen])
            values = (found.sampled.value, weighted, found.item_response.value)
            errors.append([abs(value - truth) for value in values])
            held += found.item_response.low <= truth <= found.item_response.high
            scaled.append((found.item_response.value - truth) / found.error)
        if told is not None:
            told(number, len(models))
    sampled, weighted_mean, item_response = map(float, np.array(errors).mean(axis=0))
    by_model = np.array(errors).reshape(len(models), -1, 3).mean(axis=1)
    gain = stats.mean_estimate(by_model[:, 0] - by_model[:, 2])
    widening = max(1.0, float(np.sqrt(np.mean(np.square(scaled)))))
    interval = (gain.value, gain.low, gain.high)
    return Trial(len(models), len(errors), sampled, weighted_mean, item_response, interval, held, widening)
