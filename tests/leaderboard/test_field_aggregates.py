"""Aggregates of the field on leaderboards: matched by item, ranked by their covariance, said where they cannot be."""

import json

import numpy as np
import pytest

from harness import build_leaderboard, evaluate, stats
from harness.errors import UsageError
from harness.leaderboard import field_figures as module
from harness.leaderboard.aggregates import problems_of
from harness.leaderboard.render import FORMATS, as_json, render
from harness.results.field import Field, FieldColumns, means_of
from harness.stats import Estimate

STRENGTHS = {"good": 1.5, "fair": 1.0, "weak": 0.3}


def log_odds(name):
    noise = np.random.default_rng(len(name) + ord(name[0])).normal(size=40)
    return lambda i: (1 if i % 2 else -1) * STRENGTHS[name] + float(noise[i])


def bradley_terry(**more):
    return {"name": "strength", "how": "bradley-terry", "of": ["suite/texts:brier"], **more}


@pytest.fixture
def evaluated(suite, detector, tmp_path):
    """A registry of a benchmark with these aggregates, and a store in which models were evaluated on it."""

    def make(*aggregates, models=tuple(STRENGTHS), tasks=("suite",)):
        registry = suite(aggregates=list(aggregates))
        for name in models:
            outcome = evaluate(
                [detector(name, log_odds(name), "suite/texts"), ][:1],
                tasks,
                store=tmp_path / "store.sqlite",
                registry=registry,
            )
            assert outcome.exit_code in (0, 1)
        return registry, tmp_path / "store.sqlite"

    return make


def test_it_ranks(evaluated):
    registry, store = evaluated(bradley_terry())
    board = build_leaderboard("suite", store=store, registry=registry)
    print(render(board, "table"))
    print(json.dumps(as_json(board), indent=1)[:3000])
    assert 0
