"""Made-up rows of a model, and columns of the task."""

from __future__ import annotations

import numpy as np
import pytest
from harness_plugins.alpaca_eval.length_control import Gamed, design

from harness import Columns
from harness.names.registry import Registry
from harness.tasks.build_metric import build_metric

NAN = float("nan")


@pytest.fixture(scope="session")
def metric():
    registry = Registry()
    return lambda text: build_metric(registry, text)


def _rows(n=120, seed=0, own=-0.5):
    rng = np.random.default_rng(seed)
    difficulty, differences = rng.normal(0, 1.5, n), rng.normal(-200, 600, n)
    share = 1 / (1 + np.exp(-(-1.3 * np.tanh(differences / 600) + 0.7 * difficulty + own)))
    better = np.clip(rng.beta(share * 0.4, (1 - share) * 0.4), 0, 1)
    lengths = np.tanh(np.concatenate([rng.normal(-1, 1, n), rng.normal(1, 1, n)]))
    targets = 1 / (1 + np.exp(1.8 * lengths - 0.7 * np.tile(difficulty, 2)))
    return better, differences, difficulty, Gamed(lengths, np.tile(difficulty, 2), targets)


@pytest.fixture(scope="session")
def rows():
    """Returns preferences, differences of lengths, difficulties and the regulariser of a made-up model."""
    return _rows


@pytest.fixture(scope="session")
def made():
    """Returns a design of a made-up model."""
    return lambda **how: design(*_rows(**how))


@pytest.fixture(scope="session")
def columns():
    """Returns the columns of a made-up model, as the task makes them."""

    def make(n=120, seed=0, **other):
        better, differences, difficulty, gamed = _rows(n, seed)
        games = np.full((n, 2), NAN)
        games[np.arange(n), np.arange(n) % 2] = better
        baseline = np.full(n, 3000.0)
        values = {
            "candidate_better": games,
            "duel_answered": np.where(np.isnan(games), NAN, 1.0),
            "candidate_characters": baseline - differences,
            "baseline_characters": baseline,
            "difficulty": difficulty,
            "row_number": np.arange(n, dtype=float),
            "gamed_verbose": gamed.lengths[:n],
            "gamed_concise": gamed.lengths[n:],
            "gamed_verbose_target": gamed.targets[:n],
            "gamed_concise_target": gamed.targets[n:],
        }
        for name in ("headers", "lists", "bold"):
            for whose in ("candidate", "baseline"):
                values[f"{whose}_{name}"] = np.random.default_rng(len(whose + name)).poisson(2.0, n).astype(float)
        return Columns({**values, **other}, facts={"order": "seeded"})

    return make
