"""Shares and means, of independent and of clustered items."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coverage_cases.case import Case, Generator, holds, lazily
from harness.stats import mean_estimate

SPREAD = np.round(np.geomspace(1, 89, 10)).astype(int)
SIZES = {
    "10 clusters of 1 to 89": SPREAD,
    "10 clusters, one with half": np.array([150] + [17] * 9),
    "10 clusters of 5 to 50": np.round(np.linspace(5, 50, 10)).astype(int),
    "10 clusters of 30": np.full(10, 30),
    "40 clusters of 1 to 89": np.tile(SPREAD, 4),
    "100 clusters of 1 to 5": np.tile(np.arange(1, 6), 20),
}


def clustered_shares(rng: Generator, sizes: np.ndarray, correlation: float, share: float) -> np.ndarray:
    """Zeros and ones whose probability varies between clusters."""
    scale = 1 / correlation - 1
    chance = rng.beta(share * scale, (1 - share) * scale, sizes.size)
    return (rng.random(sizes.sum()) < np.repeat(chance, sizes)).astype(float)


def _share(n: int, p: float) -> Callable[[Generator], bool]:
    return lambda rng: holds(mean_estimate((rng.random(n) < p).astype(float), bounds=(0, 1)), p)


def _mean(n: int, draw: Callable[[Generator, int], np.ndarray], truth: float, bounds=(0.0, 1.0)):
    return lambda rng: holds(mean_estimate(draw(rng, n), bounds=bounds), truth)


def _clustered(sizes: np.ndarray, correlation: float, share: float) -> Callable[[Generator], bool]:
    labels = np.repeat(np.arange(sizes.size), sizes)

    def once(rng: Generator) -> bool:
        values = clustered_shares(rng, sizes, correlation, share)
        return holds(mean_estimate(values, clusters=labels, bounds=(0, 1)), share)

    return once


def _skewed(rng: Generator, n: int) -> np.ndarray:
    return rng.beta(8, 0.4, n)


def _halves(rng: Generator, n: int) -> np.ndarray:
    return rng.choice([0.0, 0.5, 1.0], n, p=[0.05, 0.1, 0.85])


def _graded(rng: Generator, n: int) -> np.ndarray:
    return rng.beta(2, 2, n)


def _losses(rng: Generator, n: int) -> np.ndarray:
    """Of a model that is overconfident by half."""
    truth = rng.normal(0, 1.5, n)
    positive = rng.random(n) < 1 / (1 + np.exp(-truth))
    return np.logaddexp(0.0, np.where(positive, -1.5 * truth, 1.5 * truth))


def _loss(n: int) -> Callable[[Generator], bool]:
    truth = float(_losses(np.random.default_rng(0), 4_000_000).mean())
    return _mean(n, _losses, truth, None)


CASES = [
    *(
        Case("share (Wilson)", f"n = {n}, true share {p:g}", _share(n, p))
        for n in (10, 30, 300)
        for p in (0.02, 0.5, 0.97)
    ),
    *(
        Case("share, clustered", f"{name}, correlation {icc:g}, true share {p:g}", _clustered(sizes, icc, p))
        for name, sizes in SIZES.items()
        for icc, p in ((0.05, 0.5), (0.3, 0.5), (0.3, 0.9))
    ),
    *(
        Case("mean of bounded figures", f"{name}, n = {n}", _mean(n, draw, truth))
        for name, draw, truth in (
            ("Beta(8, 0.4), mean 0.95", _skewed, 8 / 8.4),
            ("0, ½ and 1, mean 0.9", _halves, 0.9),
            ("Beta(2, 2)", _graded, 0.5),
        )
        for n in (20, 50, 300)
    ),
    *(
        Case("mean without bounds", f"log-loss of an overconfident model, n = {n}", lazily(_loss, n))
        for n in (50, 400, 2000)
    ),
]
