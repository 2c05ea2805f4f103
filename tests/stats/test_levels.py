"""Every estimate carries the level of its interval, and obeys it, whatever its value is."""

import math

import numpy as np
import pytest

from harness.results.aggregate import mean, minimum
from harness.stats import (
    estimate_from_influence,
    kendall,
    mean_estimate,
    pearson,
    spearman,
    win_rate,
)

LEVELS = (0.5, 0.8, 0.99)
ONES = np.ones(12)
CLUSTERS = np.repeat(np.arange(6), 2)
MADE = {
    "share": lambda c: mean_estimate([1, 1, 0, 1, 0, 1], bounds=(0, 1), confidence=c),
    "all right": lambda c: mean_estimate(ONES, bounds=(0, 1), confidence=c),
    "all right in clusters": lambda c: mean_estimate(ONES, bounds=(0, 1), clusters=CLUSTERS, confidence=c),
    "all wrong in clusters": lambda c: mean_estimate(0 * ONES, bounds=(0, 1), clusters=CLUSTERS, confidence=c),
    "perfect, few trials": lambda c: estimate_from_influence(1.0, np.zeros(90), bounds=(0, 1), trials=4, confidence=c),
    "bounded": lambda c: mean_estimate([0.1, 0.4, 0.9, 0.7], bounds=(0, 1), confidence=c),
    "unbounded": lambda c: mean_estimate([3.0, 1.0, 7.0, 4.0], confidence=c),
    "win rate": lambda c: win_rate([3.0, 1.0, 7.0, 4.0], [1.0, 2.0, 3.0, 4.0], confidence=c),
    "pearson": lambda c: pearson([1, 2, 3, 4, 5, 6], [1, 3, 2, 5, 4, 6], confidence=c),
    "spearman": lambda c: spearman([1, 2, 3, 4, 5, 6], [1, 3, 2, 5, 4, 6], confidence=c),
    "kendall": lambda c: kendall([1, 2, 3, 4, 5, 6], [1, 3, 2, 5, 4, 6], confidence=c),
    "mean of parts": lambda c: mean([MADE["bounded"](c), MADE["share"](c)]),
    "lowest of parts": lambda c: minimum([MADE["bounded"](c), MADE["share"](c)], confidence=c),
}
BARE = {
    "nothing": lambda c: mean_estimate([math.nan] * 3, confidence=c),
    "one item": lambda c: mean_estimate([0.5], bounds=(0, 1), confidence=c),
    "constant": lambda c: pearson([1, 1, 1, 1], [1, 2, 3, 4], confidence=c),
    "three pairs": lambda c: pearson([1, 2, 3], [1, 3, 2], confidence=c),
    "on a line": lambda c: pearson([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], confidence=c),
}


@pytest.mark.parametrize("name", MADE)
def test_a_higher_level_gives_a_wider_interval_that_says_it(name):
    made = [MADE[name](level) for level in LEVELS]
    assert tuple(e.confidence for e in made) == LEVELS
    widths = [e.high - e.low for e in made]
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.parametrize("name", BARE)
def test_an_estimate_without_a_usable_interval_has_a_level_too(name):
    assert [BARE[name](level).confidence for level in LEVELS] == list(LEVELS)


@pytest.mark.parametrize("level", LEVELS)
def test_a_value_on_its_bound_has_the_exact_interval_at_its_level(level):
    estimate = MADE["perfect, few trials"](level)
    assert (estimate.low, estimate.high) == (pytest.approx(((1 - level) / 2) ** (1 / 4)), 1.0)
