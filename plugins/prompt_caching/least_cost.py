"""What a cache of whole queries holds: most frequent, or least expected cost (LEC; arXiv 2306.02003), simulated.

Queries are drawn from a fixed set, with a power law; each costs what a model says, or the cheaper of two models where a
selector finds it. A cache of some queries answers these for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness import FloatArray

COLUMNS = ("lfu+first", "lfu+second", "lfu+selector", "lec+first", "lec+second", "lec+selector")
"""What is cached, and which model answers the rest."""
_FLOOR = 0.1
"""No answer costs less."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the simulation."""

    power: float
    """Of the power law: below 1 it prefers the first queries."""
    ratio: float
    """What a dear query costs more than a cheap one, in units of that."""
    accuracy: float
    """Probability with which the selector finds the cheaper model."""
    queries: int = 20
    cached: int = 8
    rounds: int = 10_000


def simulate(setting: Setting, seed: int) -> FloatArray:
    """Return the cost of what is not in the cache, in thousands, by `COLUMNS`; (6,)."""
    draw = np.random.default_rng(seed)
    n, rounds = setting.queries, setting.rounds
    base = setting.ratio * draw.integers(2, size=(2, n)) + 1.0
    asked = np.minimum((n * draw.power(setting.power, size=rounds)).astype(int), n - 1)
    costs = np.maximum(base[:, asked] + draw.normal(size=(2, rounds)), _FLOOR)
    finds = draw.random(rounds) < setting.accuracy
    selected = np.where(finds, costs.min(axis=0), costs.max(axis=0))
    counts = np.bincount(asked, minlength=n)
    totals = [np.bincount(asked, weights=cost, minlength=n) for cost in (costs[0], costs[1], selected)]
    frequent = np.argsort(-counts, kind="stable")[: setting.cached]
    by_frequency = [total.sum() - total[frequent].sum() for total in totals]
    by_cost = [total.sum() - np.sort(total)[::-1][: setting.cached].sum() for total in totals]
    return np.array([*by_frequency, *by_cost]) / 1000


def means(setting: Setting, seeds: int = 400) -> Mapping[str, tuple[float, float]]:
    """Return the mean cost over seeds with its standard error, by `COLUMNS`."""
    found = np.array([simulate(setting, seed) for seed in range(seeds)])
    errors = found.std(axis=0, ddof=1) / np.sqrt(seeds)
    return {name: (float(found[:, i].mean()), float(errors[i])) for i, name in enumerate(COLUMNS)}
