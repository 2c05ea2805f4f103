"""Win probabilities and odds: equal to mean win rates where they should be, and honest where nothing varies."""

import math

import numpy as np
import pytest
from battle_fields import drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtrit

from harness.stats import (
    OutOfRange,
    ShapeMismatch,
    agreement_with_confidence,
    fit,
    odds_ratios,
    pair_rank_brier,
    separability,
    win_probabilities,
)


def against_one(seed, m=4, n=300):
    rng = np.random.default_rng(seed)
    second = 1 + rng.integers(0, m - 1, n)
    outcome = rng.choice([0.0, 0.5, 1.0], n)
    outcome[: 2 * (m - 1)] = np.tile([0.0, 1.0], m - 1)
    second[: 2 * (m - 1)] = np.repeat(np.arange(1, m), 2)
    return second, np.zeros(n, int), outcome, rng.integers(1, 4, n).astype(float), rng.integers(0, 40, n)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_against_one_baseline_it_is_the_weighted_mean_win_rate(seed):
    player, baseline, outcome, weights, clusters = against_one(seed)
    found = win_probabilities(fit(player, baseline, outcome, weights=weights, clusters=clusters, anchor=0))
    for i in range(1, 4):
        own = player == i
        rate = np.average(outcome[own], weights=weights[own])
        assert found.value[i] == pytest.approx(rate, abs=1e-9)
        # The ratio of weighted sums, linearised; the bias reduction of the fit is within a tenth of it.
        sums = np.bincount(clusters[own], weights=(weights * (outcome - rate))[own], minlength=40)
        error = np.sqrt((sums**2).sum() * 40 / 39) / weights[own].sum()
        assert found.stderr[i] == pytest.approx(error, rel=0.1)
    assert (found.value[0], found.stderr[0], found.low[0], found.high[0]) == (0.5, 0.0, 0.5, 0.5)


def test_the_interval_is_students_on_the_log_odds():
    battles = drawn(0)
    fitted = fit(**battles, anchor=2)
    found = win_probabilities(fitted, confidence=0.9)
    error = np.sqrt(np.diag(fitted.covariance))
    reach = stdtrit(fitted.degrees_of_freedom, 0.95) * error
    for values, nats in ((found.value, 0 * reach), (found.low, -reach), (found.high, reach)):
        assert values == pytest.approx(1 / (1 + np.exp(-(fitted.strengths + nats))))
    assert found.stderr == pytest.approx(found.value * (1 - found.value) * error)


def test_any_player_can_be_the_other_one():
    battles = drawn(1)
    free, held = fit(**battles), fit(**battles, anchor=3)
    a, b = win_probabilities(free, against=3), win_probabilities(held)
    for one, other in ((a.value, b.value), (a.low, b.low), (a.high, b.high), (a.stderr, b.stderr)):
        assert one == pytest.approx(other, abs=1e-9)
    for wrong in (None, 5, -1):
        with pytest.raises(OutOfRange):
            win_probabilities(free, against=wrong)


@pytest.mark.parametrize("clusters", [None, np.repeat(np.arange(10), 3)])
def test_ties_alone_are_no_certainty(clusters):
    games = 30 if clusters is None else 10
    found = win_probabilities(fit([1] * 30, [0] * 30, [0.5] * 30, clusters=clusters, anchor=0))
    assert found.value[1] == pytest.approx(0.5)
    assert found.stderr[1] == pytest.approx(0.5 / math.sqrt(games))


def test_one_cluster_has_no_interval():
    found = win_probabilities(fit([1, 1, 1], [0, 0, 0], [1, 0, 1], clusters=[0, 0, 0], anchor=0))
    assert found.value[1] == pytest.approx(2 / 3)
    assert np.isnan([found.stderr[1], found.low[1], found.high[1]]).all()


def test_odds_of_covariates_and_of_being_shown_first():
    fitted = fit(**drawn(2), standardise=True)
    found = odds_ratios(fitted)
    assert found.value == pytest.approx(np.exp([*fitted.coefficients, fitted.position]))
    error = np.sqrt(np.diag(fitted.joint_covariance)[5:])
    assert found.stderr == pytest.approx(found.value * error)
    twice = odds_ratios(fitted, [[2.0, 0.0], [1.0, -1.0]])
    assert twice.value == pytest.approx(np.exp([2 * fitted.coefficients[0], -np.diff(fitted.coefficients)[0]]))
    assert np.log(twice.high[0] / twice.low[0]) == pytest.approx(2 * np.log(found.high[0] / found.low[0]))
    with pytest.raises(ShapeMismatch):
        odds_ratios(fitted, [[1.0]])


def test_separability_by_counting():
    low, high = np.array([0.0, 1.0, 2.5, 2.0]), np.array([1.0, 2.4, 3.0, 2.6])
    apart = [low[i] >= high[j] or low[j] >= high[i] for i in range(4) for j in range(i)]
    assert separability(low, high) == pytest.approx(np.mean(apart))
    assert math.isnan(separability([0.0], [1.0]))
    assert separability([1.0, 1.0], [1.0, 1.0]) == 0.0  # equal, and both certain
    assert separability([1.0, 2.0], [1.0, 2.0]) == 1.0
    assert separability([1.0, math.nan], [1.0, math.nan]) == 0.0
    with pytest.raises(OutOfRange):
        separability([1.0, 0.0], [0.0, 1.0])
    with pytest.raises(ShapeMismatch):
        separability([1.0, 0.0], [0.0])


def test_agreement_with_confidence_counts_only_what_the_truth_tells_apart():
    truth = ([0.0, 2.0, 4.0], [1.0, 3.0, 5.0])
    assert agreement_with_confidence(truth, truth) == 1.0
    turned = ([-5.0, -3.0, -1.0], [-4.0, -2.0, 0.0])
    assert agreement_with_confidence(truth, (turned[0][::-1], turned[1][::-1])) == -1.0
    assert agreement_with_confidence(truth, ([0.0] * 3, [9.0] * 3)) == 0.0
    assert math.isnan(agreement_with_confidence(([0.0] * 3, [9.0] * 3), truth))
    with pytest.raises(ShapeMismatch):
        agreement_with_confidence(truth, ([0.0, 1.0], [0.0, 1.0]))


def test_pair_rank_brier_is_the_squared_error_of_the_predicted_order():
    from scipy.stats import norm

    truth, strengths = [0.0, 1.0, 1.0], [0.2, 0.1, 0.6]
    covariance = np.array([[0.3, 0.1, 0.0], [0.1, 0.2, 0.0], [0.0, 0.0, 0.0]])
    expected = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        error = np.sqrt(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
        above = norm.cdf((strengths[i] - strengths[j]) / error)
        expected.append((above - (0.5 + 0.5 * np.sign(truth[i] - truth[j]))) ** 2)
    assert pair_rank_brier(truth, strengths, covariance) == pytest.approx(np.mean(expected))
    assert pair_rank_brier([2.0, 1.0], [1.0, 0.0], np.zeros((2, 2))) == 0.0
    assert pair_rank_brier([2.0, 1.0], [0.0, 1.0], np.zeros((2, 2))) == 1.0
    assert math.isnan(pair_rank_brier([1.0], [1.0], [[0.0]]))
    with pytest.raises(ShapeMismatch):
        pair_rank_brier([1.0, 2.0], [1.0, 2.0], [[1.0]])
