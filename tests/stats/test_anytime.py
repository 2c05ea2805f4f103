"""Confidence sequences of a bounded mean: what they promise at all times, brute force, and what is refused."""

import itertools
import math

import numpy as np
import pytest

from harness.stats import OutOfRange, anytime_bounds, crossings, log_capital
from harness.stats.anytime import BETS


def brute_capital(values, mean, n):
    """The average over bets of products, each written out."""
    capital = []
    for bet in BETS:
        own, left, total = 1.0, n, n * mean
        for value in values:
            own *= 1 + bet * (value - min(1.0, max(0.0, total / left)))
            total, left = total - value, left - 1
        capital.append(own)
    return sum(capital) / len(capital)


@pytest.mark.parametrize("mean", [0.2, 0.5, 0.7])
def test_the_capital_is_that_of_products_written_out(mean):
    values = [1.0, 0.5, 0.0, 1.0, 0.25]
    for k in range(1, len(values) + 1):
        assert math.isclose(
            math.exp(log_capital(values, mean, most=9)[k - 1]), brute_capital(values[:k], mean, 9), rel_tol=1e-12
        )


@pytest.mark.parametrize("population", [(0, 0, 1, 1, 0.5, 1), (0, 0, 0, 0, 1, 0)])
def test_over_all_orders_the_mean_capital_is_one_and_the_mean_is_never_missed_too_often(population):
    mean = float(np.mean(population))
    orders = list(itertools.permutations(population))
    capitals = [math.exp(log_capital(order, mean, most=len(population))[2]) for order in orders]
    assert math.isclose(np.mean(capitals), 1.0, rel_tol=1e-9)
    missed = sum(
        any(
            not low - 1e-9 <= mean <= high + 1e-9
            for low, high in (anytime_bounds(order[:k], alpha=0.4, most=6) for k in range(1, 7))
        )
        for order in set(orders)
    )
    assert missed <= 0.4 * len(set(orders))


@pytest.mark.parametrize(("share", "ties"), [(0.5, 0.0), (0.1, 0.0), (0.4, 0.3)])
def test_at_all_times_the_mean_of_all_is_missed_in_at_most_alpha_of_orders(share, ties):
    n, orders, draw = 120, 600, np.random.default_rng(4)
    halves = round(ties * n)
    ones = round(share * n)
    population = np.array([1.0] * ones + [0.5] * halves + [0.0] * (n - ones - halves))
    missed = 0
    for _ in range(orders):
        above, below = crossings(draw.permutation(population), population.mean(), alpha=0.1, most=n)
        missed += min(above, below) <= n
    assert missed / orders <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / orders)


def test_crossings_are_where_the_bounds_pass():
    x = np.random.default_rng(1).permutation([1.0] * 70 + [0.0] * 30)
    above, _ = crossings(x, 0.5, most=100)
    assert anytime_bounds(x[: above - 1], most=100).low <= 0.5 < anytime_bounds(x[:above], most=100).low


def test_all_values_drawn_leave_no_doubt():
    low, high = anytime_bounds([1.0, 0.0, 0.5, 0.25], most=4)
    assert low == high == 0.4375
    assert anytime_bounds([0.5], most=1) == (0.5, 0.5)
    assert anytime_bounds([], most=4) == (0.0, 1.0)


def test_an_unknown_number_is_never_more_favourable_than_a_known_one():
    x = np.random.default_rng(3).permutation([1.0] * 60 + [0.0] * 20)
    wide = anytime_bounds(x[:50], most=78, fewest=50)
    for n in (50, 60, 78):
        known = anytime_bounds(x[:50], most=n)
        assert wide.low <= known.low + 1e-8
        assert wide.high >= known.high - 1e-8


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 2.0, math.nan])
def test_alpha_is_a_probability(alpha):
    with pytest.raises(OutOfRange):
        anytime_bounds([0.5], alpha=alpha)


@pytest.mark.parametrize(("values", "most"), [([1.5], None), ([math.nan], None), ([0.0, 1.0], 1)])
def test_what_cannot_be_observed_is_refused(values, most):
    with pytest.raises(OutOfRange):
        anytime_bounds(values, most=most)
