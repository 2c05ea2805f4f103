"""Bradley-Terry strengths, win rates, and the agreement of two tables of ratings."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import expit, stdtrit

from coverage_cases.case import Case, Generator, held, lazily
from harness.metric import Columns
from harness.names.registry import Registry
from harness.stats import battle_win_rates, fit, win_probabilities
from harness.tasks.build_metric import build_metric

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


def _duels(rng: Generator, prompts: int) -> dict[str, np.ndarray]:
    """Battles of five models with one baseline, in both orders, on prompts and answers that differ in taste."""
    player = np.tile(np.repeat(np.arange(1, PLAYERS), 2), prompts)
    labels = np.repeat(np.arange(prompts), 2 * (PLAYERS - 1))
    longer = np.repeat(rng.normal(size=(PLAYERS - 1) * prompts), 2)
    taste = np.repeat(0.8 * rng.normal(size=longer.size // 2), 2) + 0.5 * rng.normal(size=prompts)[labels]
    position = np.tile([-1.0, 1.0], longer.size // 2)
    gap = np.linspace(-1, 1, PLAYERS - 1)[player - 1] + 0.4 * longer + 0.3 * position + taste
    return {
        "first": player,
        "second": np.zeros(player.size, dtype=int),
        "outcome": (rng.random(gap.size) < expit(gap)).astype(float),
        "covariates": longer[:, None],
        "position": position,
        "clusters": labels,
    }


def _style_controlled(prompts: int):
    """The share of models whose interval holds their true probability of beating the baseline."""
    truth = win_probabilities(fit(**_duels(np.random.default_rng(0), 60_000), anchor=0)).value[1:]

    def once(rng: Generator) -> float:
        found = win_probabilities(fit(**_duels(rng, prompts), anchor=0))
        return float(((found.low[1:] <= truth) & (truth <= found.high[1:])).mean())

    return once


def _votes(rng: Generator, sizes: np.ndarray, quality: float, taste: float) -> Columns:
    """Battles that people and a judge decide, who shares their view of each with some noise.

    Args:
        rng: Draws them.
        sizes: Battles of each cluster.
        quality: What the judge sees of what people see.
        taste: Of the clusters, in nats; 0: battles are independent.
    """
    labels = np.repeat(np.arange(sizes.size), sizes)
    n = labels.size
    first = rng.integers(0, PLAYERS, n)
    second = (first + rng.integers(1, PLAYERS, n)) % PLAYERS
    level = np.tile(STRENGTHS, (sizes.size, 1))
    if taste:
        level = level + rng.normal(0, taste, level.shape)
    gap = level[labels, first] - level[labels, second] + rng.logistic(size=n)
    people = (gap > 0).astype(float)
    judged = (quality * gap + rng.logistic(size=n) > 0).astype(float)
    columns = {
        "as_given": (judged == people).astype(float),  # in which order both were shown does not matter here
        "exchanged": (judged == people).astype(float),
        "better": 1 - people,
        "answered": np.ones(n),
        "outcome": people,
        "first_model": first.astype(float),
        "second_model": second.astype(float),
    }
    return Columns(columns, labels if taste else None, {"models": tuple(f"m{i}" for i in range(PLAYERS))})


METRICS = (
    "row_wise_pearson",
    "elo_spearman",
    "elo_kendall",
    "elo_brier",
    "separability",
    "separability_pairwise",
    "confidence_agreement",
    "battle_accuracy",
)
SETTINGS = {
    f"{PLAYERS} models, 1,000 battles": (np.ones(1000, dtype=int), 0.0),
    f"{PLAYERS} models, 300 battles": (np.ones(300, dtype=int), 0.0),
    f"{PLAYERS} models, 20 clusters of 5 to 89 battles": (
        np.tile(np.round(np.geomspace(5, 89, 10)).astype(int), 2),
        0.5,
    ),
}


@cache
def _truths(setting: str) -> dict[str, float]:
    """They depend on the number of battles: the mean of each value over samples of the same size."""
    rng = np.random.default_rng(0)
    metrics = [build_metric(Registry(), name) for name in METRICS]
    values = []
    for _ in range(600):
        columns = _votes(rng, SETTINGS[setting][0], 1.0, SETTINGS[setting][1])
        values.append([metric.compute(columns).value for metric in metrics])
    return dict(zip(METRICS, np.nanmean(values, axis=0).tolist(), strict=True))


def _agreement(name: str, setting: str):
    metric, truth = build_metric(Registry(), name), _truths(setting)[name]
    return lambda rng: held(metric.compute(_votes(rng, SETTINGS[setting][0], 1.0, SETTINGS[setting][1])), truth)


def _win_rates(sizes: np.ndarray, taste: float):
    """The share of pairs whose interval holds their true win rate."""
    first, second, outcome, _ = _draw(np.random.default_rng(0), np.ones(2_000_000, dtype=int), taste)
    truth = battle_win_rates(first, second, outcome, n_players=PLAYERS).rate
    pairs = np.triu_indices(PLAYERS, 1)

    def once(rng: Generator) -> float:
        first, second, outcome, labels = _draw(rng, sizes, taste)
        found = battle_win_rates(first, second, outcome, n_players=PLAYERS, clusters=labels if taste else None)
        return float(((found.low <= truth) & (truth <= found.high))[pairs].mean())

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
        Case("win probability, length and position taken out", name, lazily(_style_controlled, prompts), rounds=2000)
        for name, prompts in (("20 prompts", 20), ("50 prompts", 50), ("200 prompts", 200), ("800 prompts", 800))
    ),
    *(
        Case("win rates of battles", name, lazily(_win_rates, sizes, taste), rounds=400)
        for name, sizes, taste in (
            ("120 battles", np.ones(120, dtype=int), 0.0),
            ("500 battles", np.ones(500, dtype=int), 0.0),
            ("20 clusters of 5 to 89 battles", np.tile(np.round(np.geomspace(5, 89, 10)).astype(int), 2), 0.5),
        )
    ),
    *(
        Case(metric, setting, lazily(_agreement, metric, setting), rounds=2000 if metric == "battle_accuracy" else 300)
        for setting in SETTINGS
        for metric in METRICS
    ),
]
