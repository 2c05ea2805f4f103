"""Two models on the same items: differences, tests and win rates."""

from __future__ import annotations

import numpy as np

from coverage_cases.case import Case, Generator, holds, lazily
from coverage_cases.means import SIZES, clustered_shares
from harness.stats import Difference, auroc, paired_difference, win_rate


def _compared(one: np.ndarray, other: np.ndarray, clusters=None, bounds=(0.0, 1.0)) -> Difference:
    first, second = one.mean(), other.mean()
    return paired_difference(first, one - first, second, other - second, clusters=clusters, bounds=bounds)


def _rights(rng: Generator, n: int, only_first: float, only_second: float) -> tuple[np.ndarray, np.ndarray]:
    kind = rng.choice(4, n, p=[0.6, only_first, only_second, 0.4 - only_first - only_second])
    return (kind < 2).astype(float), ((kind == 0) | (kind == 2)).astype(float)


def _share(n: int, only_first: float, only_second: float):
    def once(rng: Generator) -> bool:
        return holds(_compared(*_rights(rng, n, only_first, only_second)), only_first - only_second)

    return once


def _win_rate(n: int, only_first: float, only_second: float):
    truth = 0.5 + (only_first - only_second) / 2
    return lambda rng: holds(win_rate(*_rights(rng, n, only_first, only_second)), truth)


def _graded(n: int):
    def once(rng: Generator) -> bool:
        ease = rng.beta(2, 1, n)
        one, other = (np.clip(ease + rng.normal(0, 0.1, n), 0, 1) for _ in range(2))
        return holds(_compared(one, other), 0.0)

    return once


def _rejected(sizes: np.ndarray):
    labels = np.repeat(np.arange(sizes.size), sizes)

    def once(rng: Generator) -> bool:
        one, other = (clustered_shares(rng, sizes, 0.3, 0.5) for _ in range(2))
        return _compared(one, other, labels).p_value < 0.05

    return once


def _clustered_rare(rng: Generator) -> bool:
    """Forty clusters of five; in 4 % of the clusters the first model is right on all, where the second is wrong."""
    labels = np.repeat(np.arange(40), 5)
    one = np.repeat(rng.random(40) < 0.04, 5).astype(float)
    return holds(_compared(one, np.zeros(200), labels), 0.04)


def _clustered_win_rate(sizes: np.ndarray):
    """Models alike, on items whose clusters they find alike hard."""
    labels = np.repeat(np.arange(sizes.size), sizes)

    def once(rng: Generator) -> bool:
        one, other = (clustered_shares(rng, sizes, 0.3, 0.5) for _ in range(2))
        return holds(win_rate(one, other, clusters=labels), 0.5)

    return once


def _found(n: int):
    """Whether a true difference as large as the detectable one is found."""
    spread = np.sqrt(2) * 0.1

    def draw(rng: Generator, gap: float) -> Difference:
        one, other = gap + rng.normal(0, spread, n), np.zeros(n)
        return _compared(one, other, bounds=(-10.0, 10.0))

    rng = np.random.default_rng(0)
    detectable = float(np.mean([draw(rng, 0.0).minimum_detectable for _ in range(500)]))
    return lambda rng: draw(rng, detectable).p_value < 0.05


def _aurocs(rng: Generator) -> bool:
    labels = np.repeat([1, 0], [60, 300])
    shared = labels + rng.normal(size=360)
    one, other = (auroc(shared + 0.5 * rng.normal(size=360), labels) for _ in range(2))
    return paired_difference(*one, *other, bounds=(0, 1), trials=60).p_value < 0.05


RARE = ((0.01, 0.0), (0.04, 0.0), (0.02, 0.02), (0.1, 0.0), (0.2, 0.15))

CASES = [
    *(
        Case("paired difference of shares", f"n = {n}, {100 * a:g} % against {100 * b:g} % differ", _share(n, a, b))
        for n in (30, 100, 300)
        for a, b in RARE
    ),
    Case("paired difference of shares", "40 clusters of 5, one-sided, 4 % of clusters differ", _clustered_rare),
    *(Case("paired difference of graded figures", f"n = {n}", _graded(n)) for n in (30, 50, 300)),
    *(
        Case("compare, models alike", f"{name}, correlation 0.3", _rejected(sizes), counts="rejects at 5 %")
        for name, sizes in SIZES.items()
    ),
    Case("compare, detectors alike", "AUROC, 60 positives, 300 negatives", _aurocs, counts="rejects at 5 %"),
    *(
        Case("win rate", f"n = {n}, {100 * a:g} % against {100 * b:g} % differ", _win_rate(n, a, b))
        for n in (30, 100)
        for a, b in ((0.04, 0.0), (0.2, 0.15))
    ),
    *(
        Case("win rate, clustered", f"{name}, models alike", _clustered_win_rate(sizes))
        for name, sizes in SIZES.items()
        if name.startswith("10")
    ),
    *(Case("detectable difference", f"n = {n}", lazily(_found, n), counts="found, of 80 %") for n in (10, 50, 300)),
]
