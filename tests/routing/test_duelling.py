"""Matrix factorisation in Bradley-Terry form: its gradient, what it recovers, and how it answers."""

import numpy as np
import pytest
from harness_plugins.routing.duelling import DuelRouterTrainer, Duels, pairs_of, won_duels
from harness_plugins.routing.fitted import Outcomes

from harness import Conversation, Failure


def generated(n=600, m=5, e=6, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, e))
    strength = x @ rng.normal(size=(e, m))
    return x, strength, (rng.random((n, m)) < 1 / (1 + np.exp(-strength))).astype(float)


def learned(x, values, **settings):
    outcomes = Outcomes(
        tuple(f"m{i}" for i in range(values.shape[1])), [Conversation("?")] * len(x), [None] * len(x), values
    )
    return DuelRouterTrainer(**settings).learn(x, outcomes, lambda step, **values: None)


def test_pairs_are_of_known_different_outcomes():
    values = np.array([[1.0, 0, np.nan], [0.5, 0.5, 0.5], [0, 0.2, 1]])
    question, better, worse = pairs_of(values, 64, np.random.default_rng(0))
    assert list(zip(question.tolist(), better.tolist(), worse.tolist(), strict=True)) == [
        *[(0, 0, 1)],
        *[(2, 1, 0), (2, 2, 0), (2, 2, 1)],
    ]
    question, _, _ = pairs_of(values, 2, np.random.default_rng(0))
    assert question.tolist() == [0, 2, 2]


def test_the_gradient_is_that_of_the_loss():
    x, _, values = generated(40)
    rng = np.random.default_rng(1)
    duels = Duels(x, *pairs_of(values, 64, rng), 5, 3, 0.01)
    weights = rng.normal(size=5 * 3 + 6 * 3)
    _, slope = duels.loss(weights)
    for i in range(len(weights)):
        step = np.zeros(len(weights))
        step[i] = 1e-6
        assert (duels.loss(weights + step)[0] - duels.loss(weights - step)[0]) / 2e-6 == pytest.approx(
            slope[i], abs=1e-5
        )


def test_what_is_learned_orders_the_models_as_they_are():
    x, strength, values = generated(1500)
    _, numbers = learned(x[:1000], values[:1000], dimensions=8)
    assert np.linalg.norm(numbers["of_models"], axis=1) == pytest.approx(np.ones(5))
    found = x[1000:] @ numbers["projection"] @ numbers["of_models"].T
    best = strength[1000:].argmax(axis=1)
    assert (found.argmax(axis=1) == best).mean() > 0.8
    again = learned(x[:1000], values[:1000], dimensions=8)[1]
    assert (again["projection"] == numbers["projection"]).all()


def test_two_models_have_the_win_rate_of_a_duel_and_more_the_share_won():
    assert won_duels(np.array([2.0, 0.5])) == pytest.approx([1 / (1 + np.exp(-1.5)), 1 / (1 + np.exp(1.5))])
    strength = np.random.default_rng(0).normal(size=6)
    shares = won_duels(strength)
    assert np.argsort(shares).tolist() == np.argsort(strength).tolist()
    assert shares.mean() == pytest.approx(0.5)
    assert isinstance(won_duels(np.array([1.0])), Failure)


def test_equal_outcomes_throughout_are_refused():
    with pytest.raises(ValueError, match="no pair to learn"):
        learned(np.eye(3), np.ones((3, 2)))
