"""Bradley-Terry strengths, and the agreement of two tables of ratings."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, stdtrit

from coverage_cases.case import Case, Generator, computed, holds, lazily
from harness.stats import fit

PLAYERS = 6
STRENGTHS = np.linspace(-0.8, 0.8, PLAYERS)


def _draw(rng: Generator, sizes: np.ndarray, taste: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Battles whose clusters have tastes of their own."""
    labels = np.repeat(np.arange(sizes.size), sizes)
    first = rng.integers(0, PLAYERS, labels.size)
    second = (first + rng.integers(1, PLAYERS, labels.size)) % PLAYERS
    level = STRENGTHS + rng.normal(0, taste, (sizes.size, PLAYERS)) if taste else np.tile(STRENGTHS, (sizes.size, 1))
    gap = level[labels, first] - level[labels, second]
    return first, second, (rng.random(labels.size) < expit(gap)).astype(float), labels


def _strengths(sizes: np.ndarray, taste: float):
    first, second, outcome, _ = _draw(np.random.default_rng(0), np.ones(1_000_000, dtype=int), taste)
    truth = fit(first, second, outcome).strengths

    def once(rng: Generator) -> float:
        first, second, outcome, labels = _draw(rng, sizes, taste)
        found = fit(first, second, outcome, clusters=labels if taste else None, n_players=PLAYERS)
        error = np.sqrt(np.diag(found.covariance))
        reach = stdtrit(found.degrees_of_freedom, 0.975) if np.isfinite(found.degrees_of_freedom) else 1.959964
        return float((np.abs(found.strengths - truth) <= reach * error).mean())

    return once


def _votes(rng: Generator, n: int, quality: float) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Battles that people and a judge decide, who shares their view of each with some noise."""
    first = rng.integers(0, PLAYERS, n)
    second = (first + rng.integers(1, PLAYERS, n)) % PLAYERS
    gap = STRENGTHS[first] - STRENGTHS[second] + rng.logistic(size=n)
    people = (gap > 0).astype(float)
    judged = (quality * gap + rng.logistic(size=n) > 0).astype(float)
    names = tuple(f"m{i}" for i in range(PLAYERS))
    columns = {
        "as_given": (judged == people).astype(float),  # in which order both were shown does not matter here
        "exchanged": (judged == people).astype(float),
        "better": 1 - people,
        "answered": np.ones(n),
        "outcome": people,
        "first_model": first,
        "second_model": second,
    }
    return columns, names


def _agreement(metric: str, n: int):
    """The truth depends on the number of battles: the mean of the value over samples of the same size."""
    rng = np.random.default_rng(0)
    values = []
    for _ in range(600):
        columns, names = _votes(rng, n, 1.0)
        values.append(computed(metric, columns, models=names).value)
    truth = float(np.nanmean(values))

    def once(rng: Generator) -> bool:
        columns, names = _votes(rng, n, 1.0)
        return holds(computed(metric, columns, models=names), truth)

    return once


CASES = [
    *(
        Case("Bradley-Terry strengths", name, lazily(_strengths, sizes, taste), rounds=600)
        for name, sizes, taste in (
            ("500 battles", np.full(500, 1), 0.0),
            ("10 clusters of 5 to 400 battles", np.round(np.geomspace(5, 400, 10)).astype(int), 0.5),
            ("10 clusters of 80 battles", np.full(10, 80), 0.5),
            ("40 clusters of 5 to 89 battles", np.tile(np.round(np.geomspace(5, 89, 10)).astype(int), 4), 0.5),
        )
    ),
    *(
        Case(metric, f"{PLAYERS} models, 1,000 battles", lazily(_agreement, metric, 1000), rounds=300)
        for metric in (
            "row_wise_pearson",
            "elo_spearman",
            "elo_kendall",
            "elo_brier",
            "separability",
            "battle_accuracy",
        )
    ),
]
