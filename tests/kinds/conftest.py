import sys
from pathlib import Path

import numpy as np
import pytest

from harness.metric import Columns
from harness.names.registry import Registry
from harness.tasks.build_metric import build_metric

sys.path.insert(0, str(Path(__file__).parent))  # for oracles_*.py

NAN = float("nan")


@pytest.fixture(scope="session")
def registry():
    return Registry()


@pytest.fixture(scope="session")
def metric(registry):
    """Builds a metric from its specification."""
    return lambda text: build_metric(registry, text)


@pytest.fixture(scope="session")
def random_columns():
    """Seeded columns of every kind of task in one: with ties, failed rows and rows of unequal length."""
    return _random_columns


def _random_columns(seed, n=40, *, failures=True, classes=2):
    rng = np.random.default_rng(seed)
    width = 5
    scores, correct = np.full((n, width), NAN), np.full((n, width), NAN)
    for row, k in enumerate(rng.integers(2, width + 1, n)):
        scores[row, :k] = rng.integers(0, 4, k)
        correct[row, :k] = rng.integers(0, 2, k)
    chosen, rejected = (rng.integers(0, 4, (n, 3)).astype(float) for _ in range(2))
    as_given, exchanged = rng.choice([0.0, 0.3, 0.5, 0.8, 1.0], (2, n))
    answered = np.ones(n)
    label = rng.integers(0, 2, n).astype(float) if classes == 2 else np.full(n, float(rng.integers(0, 2)))
    log_odds = rng.integers(-3, 4, n) + label
    margin, spread = rng.integers(-2, 4, n).astype(float), rng.integers(0, 3, n).astype(float)
    reference, pair = rng.integers(0, 2, n).astype(float), rng.integers(0, max(n // 3, 1), n).astype(float)
    spread[reference == 1] = 0.0
    subset = rng.integers(0, 6, n)
    duels = np.random.default_rng(seed + 1000).choice([0.0, 0.2, 0.5, 0.9, 1.0], (n, 2))  # leaves the other draws
    duel_answered = np.ones((n, 2))
    if failures:
        duels[[2, 7], 0], duels[3, 1] = NAN, NAN  # the verdict could not be read
        duels[9], duel_answered[9] = NAN, 0.0  # the request failed
        duels[6, 1], duel_answered[6, 1] = NAN, 0.0
        duels[8], duel_answered[8] = NAN, NAN  # nobody was asked
        margin[[1, 10]], spread[[1, 10]] = NAN, NAN
        scores[1], scores[4, 0] = NAN, NAN
        chosen[[0, 5]], rejected[[0, 5]] = NAN, NAN
        as_given[[2, 7]], exchanged[[3, 7]] = NAN, NAN  # the verdict could not be read
        as_given[9], exchanged[9], answered[9] = NAN, NAN, 0.0  # the request failed
        log_odds[[6, 8]] = NAN
    values = {
        "scores": scores,
        "correct": correct,
        "chosen": chosen,
        "rejected": rejected,
        "as_given": as_given,
        "exchanged": exchanged,
        "better": rng.integers(0, 2, n).astype(float),
        "answered": answered,
        "log_odds": log_odds,
        "label": label,
        "similarity": log_odds / 4,
        "same": label,
        "margin": margin,
        "spread": spread,
        "reference": reference,
        "pair": pair,
        "subset": subset.astype(float),
        "section": (subset // 2).astype(float),
        "candidate_better": duels,
        "duel_answered": duel_answered,
        "pair_weight": np.where(subset == 3, 2.5, 1.0),
        "scored": rng.integers(0, 2, n).astype(float),
    }
    return Columns(values)
