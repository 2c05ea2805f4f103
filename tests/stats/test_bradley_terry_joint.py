import numpy as np
import pytest

from harness import stats


def _battles(rng, n=4000, m=6):
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    strength = np.linspace(-0.8, 0.8, m)
    noise = rng.logistic(size=n)
    one = strength[first] - strength[second] + noise
    other = strength[first] - strength[second] + 0.5 * noise + rng.logistic(size=n)
    credit = np.array([np.where(np.abs(x) < 0.4, 0.5, x > 0) for x in (one, other)], dtype=float)
    return first, second, credit


def test_each_set_is_the_single_fit():
    first, second, credit = _battles(np.random.default_rng(0))
    joint = stats.fit_jointly(first, second, credit, n_players=6)
    for s in range(2):
        alone = stats.fit(first, second, credit[s], n_players=6)
        np.testing.assert_allclose(joint.strengths[s], alone.strengths, atol=1e-9)
        np.testing.assert_allclose(joint.covariance[s, s], alone.covariance, rtol=1e-9, atol=1e-15)


def test_clusters_are_those_of_the_single_fit():
    first, second, credit = _battles(np.random.default_rng(3), n=600)
    clusters = np.arange(600) // 3
    joint = stats.fit_jointly(first, second, credit, n_players=6, clusters=clusters)
    for s in range(2):
        alone = stats.fit(first, second, credit[s], n_players=6, clusters=clusters)
        np.testing.assert_allclose(joint.covariance[s, s], alone.covariance, rtol=1e-9, atol=1e-15)


def test_battles_told_twice_count_once_where_clusters_say_so():
    first, second, credit = _battles(np.random.default_rng(4), n=600)
    once = stats.fit_jointly(first, second, credit, n_players=6, clusters=np.arange(600))
    twice = stats.fit_jointly(
        np.tile(first, 2), np.tile(second, 2), np.tile(credit, 2), n_players=6, clusters=np.tile(np.arange(600), 2)
    )
    np.testing.assert_allclose(twice.covariance, once.covariance, rtol=1e-9, atol=1e-15)


def test_covariance_between_sets_is_that_of_the_bootstrap():
    first, second, credit = _battles(np.random.default_rng(1))
    joint = stats.fit_jointly(first, second, credit, n_players=6)
    rng = np.random.default_rng(2)
    draws = []
    for _ in range(1500):
        rows = rng.integers(0, first.size, first.size)
        wins = np.zeros((2, 6, 6))
        for s in range(2):
            np.add.at(wins[s], (first[rows], second[rows]), credit[s, rows])
            np.add.at(wins[s], (second[rows], first[rows]), 1 - credit[s, rows])
        draws.append(stats.fit_matrix(wins))
    draws = np.array(draws)
    centred = draws - draws.mean(axis=0)
    for s, t in ((0, 0), (0, 1), (1, 1)):
        sampled = centred[:, s].T @ centred[:, t] / (len(draws) - 1)
        scale = np.abs(sampled).max()
        assert np.abs(sampled - joint.covariance[s, t]).max() < 0.12 * scale


def test_a_player_who_never_lost_is_named():
    first, second = np.array([0, 0, 1, 2]), np.array([1, 2, 2, 1])
    with pytest.raises(stats.NoFiniteMaximum):
        stats.fit_jointly(first, second, [[1.0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5]], n_players=3)
    with_prior = stats.fit_jointly(first, second, [[1.0, 1, 1, 1]], n_players=3, prior=0.25)
    assert np.isfinite(with_prior.strengths).all()


@pytest.mark.parametrize(
    ("first", "second", "credit", "error"),
    [
        ([0, 1], [1, 1], [[1.0, 0.0]], stats.OutOfRange),
        ([0, 1], [1, 0], [[1.0, np.nan]], stats.OutOfRange),
        ([0, 1], [1, 5], [[1.0, 0.0]], stats.OutOfRange),
        ([0, 1], [1, 0], [1.0, 0.0], stats.ShapeMismatch),
    ],
)
def test_bad_battles_are_refused(first, second, credit, error):
    with pytest.raises(error):
        stats.fit_jointly(first, second, credit, n_players=2)
