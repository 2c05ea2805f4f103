import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import t as reference_t

from harness.stats import (
    NoFiniteMaximum,
    OutOfRange,
    ShapeMismatch,
    bootstrap_fit,
    elo,
    fit,
    fit_matrix,
)


def tournament(n, m, *, seed, ties=0.3):
    """Random battles between players of known strength."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=m) * 0.7
    truth -= truth.mean()
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    won = rng.random(n) < 1 / (1 + np.exp(truth[second] - truth[first]))
    outcome = np.where(rng.random(n) < ties, 0.5, won.astype(float))
    return first, second, outcome, truth


def slow_optimum(first, second, outcome, m, *, prior=0.0):
    """The maximum by a general-purpose optimiser, with loops instead of algebra."""

    def loss(theta):
        gap = theta[first] - theta[second]
        nats = outcome * np.logaddexp(0, -gap) + (1 - outcome) * np.logaddexp(0, gap)
        return nats.sum() + prior / 2 * (theta**2).sum()

    def gradient(theta):
        pull = 1 / (1 + np.exp(theta[second] - theta[first])) - outcome
        total = prior * theta
        np.add.at(total, first, pull)
        np.add.at(total, second, -pull)
        return total

    found = minimize(loss, np.zeros(m), jac=gradient, method="BFGS", options={"gtol": 1e-9})
    return found.x - found.x.mean(), -loss(found.x)


@pytest.mark.parametrize("prior", [0.0, 0.25])
def test_newton_finds_what_a_general_optimiser_finds(prior):
    first, second, outcome, _ = tournament(400, 6, seed=0)
    expected, likelihood = slow_optimum(first, second, outcome, 6, prior=prior)
    result = fit(first, second, outcome, prior=prior)
    assert result.converged
    np.testing.assert_allclose(result.strengths, expected, atol=1e-6)
    penalty = prior / 2 * (result.strengths**2).sum()
    assert result.log_likelihood - penalty == pytest.approx(likelihood, abs=1e-6)


def test_two_players_have_the_log_odds_of_their_wins():
    result = fit([0, 0, 0, 1], [1, 1, 1, 0], [1, 1, 1, 1])
    assert result.strengths[0] - result.strengths[1] == pytest.approx(math.log(3), abs=1e-12)
    assert result.n == 4


@pytest.mark.parametrize("strength", [0.0, 3.0, 12.0])
def test_the_gradient_vanishes_even_for_lopsided_or_chained_players(strength):
    m = 12
    first, second = np.arange(m - 1), np.arange(1, m)
    outcome = np.full(m - 1, 1 / (1 + math.exp(-strength)))
    result = fit(first, second, outcome)
    np.testing.assert_allclose(-np.diff(result.strengths), strength, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.booleans())
def test_the_fit_ignores_order_side_and_grouping_of_battles(seed, m, grouped):
    first, second, outcome, _ = tournament(80, m, seed=seed)
    rng = np.random.default_rng(seed)
    base = fit(first, second, outcome, n_players=m, prior=0.1)
    swap, order = rng.random(80) < 0.5, rng.permutation(80)
    a, b = np.where(swap, second, first)[order], np.where(swap, first, second)[order]
    credit, weights = np.where(swap, 1 - outcome, outcome)[order], None
    if grouped:
        rows, weights = np.unique(np.stack([a, b, credit]), axis=1, return_counts=True)
        a, b, credit = rows[0].astype(int), rows[1].astype(int), rows[2]
    again = fit(a, b, credit, n_players=m, prior=0.1, weights=weights)
    assert abs(base.strengths.sum()) < 1e-12
    np.testing.assert_allclose(base.covariance.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(again.strengths, base.strengths, atol=1e-9)
    np.testing.assert_allclose(again.covariance, base.covariance, atol=1e-9)


def test_renaming_players_renames_their_strengths():
    first, second, outcome, _ = tournament(300, 5, seed=1)
    name = np.array([3, 0, 4, 1, 2])
    plain, renamed = fit(first, second, outcome), fit(name[first], name[second], outcome)
    np.testing.assert_allclose(renamed.strengths[name], plain.strengths, atol=1e-10)


def test_the_sandwich_agrees_with_the_bootstrap_where_the_model_error_does_not():
    first, second, outcome, _ = tournament(3000, 5, seed=2, ties=0.6)
    result = fit(first, second, outcome)
    drawn = bootstrap_fit(first, second, outcome, rng=np.random.default_rng(3), replicates=3000)
    assert drawn.shape == (3000, 5)
    ratio = np.diag(np.cov(drawn.T)) / np.diag(result.covariance)
    np.testing.assert_allclose(ratio, 1, atol=0.12)


def test_clusters_of_identical_battles_add_no_certainty():
    first, second, outcome, _ = tournament(200, 4, seed=4)
    once = fit(first, second, outcome)
    copied = fit(*(np.repeat(x, 3) for x in (first, second, outcome)), clusters=np.repeat(np.arange(200), 3))
    np.testing.assert_allclose(copied.strengths, once.strengths, atol=1e-9)
    np.testing.assert_allclose(copied.covariance, once.covariance, atol=1e-12)


def test_intervals_of_strengths_cover_as_often_as_they_say():
    hits = []
    for seed in range(300):
        first, second, _, truth = tournament(300, 4, seed=5)
        rng = np.random.default_rng(seed)
        won = rng.random(300) < 1 / (1 + np.exp(truth[second] - truth[first]))
        result = fit(first, second, won.astype(float))
        hits.append(np.abs(result.strengths - truth) < 1.96 * np.sqrt(np.diag(result.covariance)))
    assert 0.92 <= np.mean(hits) <= 0.98


def test_failed_battles_are_counted_and_left_out():
    first, second, outcome, _ = tournament(100, 3, seed=6)
    base = fit(first, second, outcome, clusters=np.arange(100) // 2)
    result = fit(
        np.append(first, 0),
        np.append(second, 1),
        np.append(outcome, math.nan),
        clusters=np.append(np.arange(100) // 2, 999),
    )
    assert (result.n, result.n_failed) == (100, 1)
    np.testing.assert_array_equal(result.strengths, base.strengths)
    np.testing.assert_allclose(result.covariance, base.covariance)


@pytest.mark.parametrize(
    ("first", "second", "outcome", "groups"),
    [
        ([0, 0, 1], [1, 2, 2], [1, 1, 0.5], ((0,), (1, 2))),  # player 0 never lost
        ([0, 1, 2, 3], [1, 0, 3, 2], [1, 1, 1, 1], ((0, 1), (2, 3))),  # two pairs never met
        ([0, 1], [1, 0], [1, 1], ((0, 1), (2,))),  # player 2 never played
    ],
)
def test_data_without_a_finite_maximum_names_the_groups(first, second, outcome, groups):
    players = 1 + max(player for group in groups for player in group)
    with pytest.raises(NoFiniteMaximum, match="2 groups") as caught:
        fit(first, second, outcome, n_players=players)
    assert caught.value.groups == groups
    assert np.isfinite(fit(first, second, outcome, n_players=players, prior=0.1).strengths).all()


def test_many_tables_at_once_give_what_one_at_a_time_gives():
    rng = np.random.default_rng(7)
    wins = rng.integers(0, 3, (4, 30, 6, 6)).astype(float)
    together = fit_matrix(wins)
    assert together.shape == (4, 30, 6)
    first, second = (side.ravel() for side in np.nonzero(~np.eye(6, dtype=bool)))
    for index in np.ndindex(4, 30):
        try:
            one = fit(first, second, np.ones(30), weights=wins[index][first, second], n_players=6).strengths
        except NoFiniteMaximum:
            one = np.full(6, np.nan)
        np.testing.assert_allclose(together[index], one, atol=1e-10)


def test_tables_without_a_maximum_are_nan_and_a_prior_mends_them():
    wins = np.array([[[0, 1], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 0]]])
    np.testing.assert_array_equal(np.isnan(fit_matrix(wins)).any(axis=1), [True, False, True])
    mended = fit_matrix(wins, prior=0.5)
    assert mended[0, 0] > 0
    np.testing.assert_allclose(mended[1:], 0, atol=1e-12)
    assert fit_matrix(np.ones((3, 1, 1))).tolist() == [[0.0]] * 3


def test_a_complete_round_of_wins_orders_players_by_their_wins():
    wins = np.triu(np.ones((8, 8)), 1)
    strengths = fit_matrix(wins, prior=0.25)
    assert (np.diff(strengths) < 0).all()


def test_elo_keeps_its_centre_and_counts_ten_to_one_as_four_hundred():
    points = elo(np.array([math.log(10) / 2, -math.log(10) / 2]))
    np.testing.assert_allclose(points, [1200, 800])
    np.testing.assert_allclose(elo([1.0], scale=100, base=math.e, centre=0), [100])


def test_impossible_battles_are_refused():
    with pytest.raises(OutOfRange, match="two different indices"):
        fit([0, 1], [1, 1], [1, 0])
    with pytest.raises(OutOfRange, match="two different indices"):
        fit([0, 5], [1, 0], [1, 0], n_players=3)
    with pytest.raises(OutOfRange, match="outcomes"):
        fit([0, 1], [1, 0], [1, 2])
    with pytest.raises(OutOfRange, match="integer"):
        fit(["a"], ["b"], [1])
    with pytest.raises(OutOfRange, match="prior"):
        fit([0, 1], [1, 0], [1, 1], prior=-1)
    with pytest.raises(OutOfRange, match="whole numbers"):
        bootstrap_fit([0, 1], [1, 0], [1, 1], weights=[0.5, 0.5], rng=np.random.default_rng(0))
    with pytest.raises(ShapeMismatch, match="outcome and second"):
        fit([0, 1], [1], [1, 1])
    with pytest.raises(ShapeMismatch, match="at least one"):
        fit([], [], [])
    with pytest.raises(ShapeMismatch, match="clusters"):
        fit([0, 1], [1, 0], [1, 1], clusters=[1])
    with pytest.raises(ShapeMismatch, match="wins"):
        fit_matrix(np.ones((2, 3)))
    with pytest.raises(OutOfRange, match="wins"):
        fit_matrix(-np.ones((2, 2)))
    with pytest.raises(OutOfRange, match="base"):
        elo([0.0], base=1)


def by_matrices(first, second, outcome, strengths, clusters, prior):
    """CR2 of the weighted least squares that Newton's last step solves, from its definition."""
    m, n = len(strengths), len(first)
    x = np.zeros((n, m))
    x[np.arange(n), first], x[np.arange(n), second] = 1.0, -1.0
    expected = 1 / (1 + np.exp(-x @ strengths))
    scale = np.sqrt(expected * (1 - expected))
    design, residual = x * scale[:, None], (outcome - expected) / scale
    bread = np.linalg.pinv(design.T @ design + prior * np.eye(m))
    meat = np.zeros((m, m))
    for name in np.unique(clusters):
        rows = clusters == name
        values, vectors = np.linalg.eigh(np.eye(rows.sum()) - design[rows] @ bread @ design[rows].T)
        pull = design[rows].T @ (vectors / np.sqrt(values)) @ vectors.T @ residual[rows]
        meat += np.outer(pull, pull)
    covariance = bread @ meat @ bread
    centre = np.eye(m) - 1 / m
    return centre @ covariance @ centre


@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_unequal_clusters_have_the_covariance_of_the_matrices(prior):
    first, second, outcome, _ = tournament(300, 4, seed=5)
    clusters = np.repeat(np.arange(8), [3, 8, 15, 22, 30, 41, 61, 120])
    found = fit(first, second, outcome, clusters=clusters, prior=prior)
    expected = by_matrices(first, second, outcome, found.strengths, clusters, prior)
    np.testing.assert_allclose(found.covariance, expected, rtol=2e-3, atol=1e-6)
    assert 1 < found.degrees_of_freedom < 7
    assert fit(first, second, outcome, prior=prior).degrees_of_freedom == math.inf


def test_few_unequal_clusters_of_battles_cover():
    rng = np.random.default_rng(8)
    sizes, m, rounds = np.round(np.geomspace(5, 300, 10)).astype(int), 4, 150
    clusters, held = np.repeat(np.arange(10), sizes), 0
    for _ in range(rounds):
        first = rng.integers(0, m, clusters.size)
        second = (first + rng.integers(1, m, clusters.size)) % m
        taste = rng.normal(0, 0.6, (10, m))[clusters]
        gap = np.take_along_axis(taste, first[:, None], 1) - np.take_along_axis(taste, second[:, None], 1)
        found = fit(first, second, rng.random(clusters.size) < 1 / (1 + np.exp(-gap[:, 0])), clusters=clusters)
        reach = reference_t.ppf(0.975, found.degrees_of_freedom) * np.sqrt(np.diag(found.covariance))
        held += (np.abs(found.strengths) <= reach).mean()
    assert 0.925 <= held / rounds <= 0.985
