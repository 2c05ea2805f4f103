"""The share of texts that are flagged."""

import math

import numpy as np
import pytest
from harness_plugins.toxicity.flagged import FlaggedRate

from harness.metric import Columns
from harness.stats import wilson


def columns(log_odds, clusters=None):
    return Columns({"log_odds": np.array(log_odds, dtype=float), "label": np.ones(len(log_odds))}, clusters)


def test_what_lies_above_the_threshold_is_flagged():
    estimate = FlaggedRate().compute(columns([-1, 0, 1e-9, 3]))
    assert (estimate.value, estimate.n) == (0.5, 4)
    assert (estimate.low, estimate.high) == wilson(2, 4)
    assert FlaggedRate(threshold=2).compute(columns([-1, 0, 1, 3])).value == 0.25


def test_failed_texts_are_counted_and_left_out():
    estimate = FlaggedRate().compute(columns([1, math.nan, -1]))
    assert (estimate.value, estimate.n, estimate.n_failed) == (0.5, 2, 1)


def test_a_perfect_rate_has_an_interval():
    estimate = FlaggedRate().compute(columns([5.0] * 100))
    assert estimate.value == estimate.high == 1
    assert estimate.low == pytest.approx(wilson(100, 100)[0])


def test_texts_of_one_cluster_count_as_related():
    values = [1, 1, 1, -1, -1, -1, 1, -1]
    alone = FlaggedRate().compute(columns(values))
    together = FlaggedRate().compute(columns(values, np.array([0, 0, 0, 1, 1, 1, 2, 3])))
    assert together.value == alone.value
    assert together.stderr > alone.stderr


def test_which_way_is_better_depends_on_the_set():
    assert FlaggedRate().higher_is_better
    assert not FlaggedRate(better="lower").higher_is_better
    with pytest.raises(ValueError, match="better must be 'higher' or 'lower', got 'up'"):
        FlaggedRate(better="up")
