"""Aggregates over tasks, and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from coverage_cases.case import Case, Generator, holds
from harness.leaderboard.shared_items import correlations
from harness.results.aggregate import mean, minimum
from harness.stats import mean_estimate, rank_intervals

_ITEMS = 200
_RIGHT = 0.75


def _answers(rng: Generator, count: int, correlation: float, items: int, right: np.ndarray) -> np.ndarray:
    """(count, items) zeros and ones whose latent figures correlate, each right as often as said."""
    shared = rng.normal(size=items)
    latent = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * rng.normal(size=(count, items))
    ends = np.array([NormalDist().inv_cdf(share) for share in right])
    return (latent < ends[:, None]).astype(float)


def _shared(count: int, correlation: float):
    """The mean of tasks over the same items."""

    def once(rng: Generator) -> bool:
        rows = _answers(rng, count, correlation, _ITEMS, np.full(count, _RIGHT))
        centred = (rows - rows.mean(axis=1, keepdims=True)) / _ITEMS
        parts = [mean_estimate(row, bounds=(0, 1)) for row in rows]
        return holds(mean(parts, correlation=correlations(centred @ centred.T)), _RIGHT)

    return once


def _own(how, items: Sequence[int], right: Sequence[float]):
    """Of tasks with items of their own."""
    truth = min(right) if how is minimum else float(np.mean(right))

    def once(rng: Generator) -> bool:
        drawn = [(rng.random(n) < share).astype(float) for n, share in zip(items, right, strict=True)]
        return holds(how([mean_estimate(row, bounds=(0, 1)) for row in drawn]), truth)

    return once


def _shared_lowest(correlation: float):
    """The lowest of five tasks over the same items, all as hard."""

    def once(rng: Generator) -> bool:
        rows = _answers(rng, 5, correlation, _ITEMS, np.full(5, _RIGHT))
        centred = (rows - rows.mean(axis=1, keepdims=True)) / _ITEMS
        parts = [mean_estimate(row, bounds=(0, 1)) for row in rows]
        return holds(minimum(parts, correlation=correlations(centred @ centred.T)), _RIGHT)

    return once


def _ranks(gap: float, count: int, correlation: float, items: int, *, shared: bool = True):
    """Whether the places of each model hold its true one: the share of models."""
    right = 0.6 + gap * np.arange(count)[::-1]
    least = 1 + (right[None, :] > right[:, None] + 1e-12).sum(axis=1)
    most = count - (right[None, :] < right[:, None] - 1e-12).sum(axis=1)

    def once(rng: Generator) -> float:
        rows = _answers(rng, count, correlation, items, right)
        centred = (rows - rows.mean(axis=1, keepdims=True)) / items
        gram = centred @ centred.T
        errors = np.sqrt(np.diag(gram) * items / (items - 1))
        covariance = np.outer(errors, errors) * (correlations(gram) if shared else np.eye(count))
        covariance += np.diag(np.abs(centred).max(axis=1) ** 2)
        found = rank_intervals(rows.mean(axis=1), covariance)
        # Equal models share all places from the first to the last that they could have.
        return float(((found.low <= least) & (found.high >= most)).mean())

    return once


def _opposite(rng: Generator) -> float:
    """Two models, each right where the other is wrong."""
    one = (rng.random(300) < 0.5).astype(float)
    rows = np.array([one, 1 - one])
    centred = (rows - rows.mean(axis=1, keepdims=True)) / 300
    gram = centred @ centred.T
    covariance = gram * 300 / 299 + np.diag(np.abs(centred).max(axis=1) ** 2)
    found = rank_intervals(rows.mean(axis=1), covariance)
    return float((found.high - found.low == 1).mean())


CASES = [
    *(
        Case("mean of tasks over the same items", f"{count} tasks, correlation {r:g}", _shared(count, r), rounds=1500)
        for count in (2, 5, 10)
        for r in (0.3, 0.7)
    ),
    *(
        Case("mean of tasks", f"{count} tasks of {_ITEMS} items each", _own(mean, [_ITEMS] * count, [_RIGHT] * count))
        for count in (2, 10)
    ),
    Case("mean of tasks", "3 tasks of 10, 50 and 2,000 items, 98 % right", _own(mean, (10, 50, 2000), (0.98,) * 3)),
    Case("mean of tasks", "4 tasks of 15 items, 50 to 95 % right", _own(mean, (15,) * 4, (0.5, 0.65, 0.8, 0.95))),
    Case("lowest of tasks", f"6 tasks of {_ITEMS} items each", _own(minimum, [_ITEMS] * 6, [_RIGHT] * 6), rounds=1000),
    Case("lowest of tasks", "3 tasks of 20 items each", _own(minimum, [20] * 3, [_RIGHT] * 3), rounds=1000),
    Case(
        "lowest of tasks",
        "6 tasks of 200 items, one ten points lower",
        _own(minimum, [_ITEMS] * 6, [_RIGHT] * 5 + [0.65]),
        rounds=1000,
    ),
    Case("lowest of tasks", "5 tasks over the same 200 items, correlation 0.7", _shared_lowest(0.7), rounds=1000),
    *(
        Case("places", f"10 models {100 * gap:g} points apart, correlation {r:g}, n = {n}", _ranks(gap, 10, r, n))
        for gap, r, n in ((0.0, 0.6, 300), (0.0, 0.0, 300), (0.01, 0.6, 1000), (0.01, 0.85, 1000), (0.02, 0.6, 300))
    ),
    Case("places", "2 models of opposite answers, n = 300", _opposite),
]
