"""Error budgets against streams that do their worst, and policies that spend them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from harness_plugins.prompt_caching.budgets import CertainBudget, ExpectedBudget
from harness_plugins.prompt_caching.lookup import Ranked, Ranking
from harness_plugins.prompt_caching.policy import Static
from harness_plugins.prompt_caching.pooled import Pooled, features, fit
from harness_plugins.prompt_caching.replay import replay
from harness_plugins.prompt_caching.stream import of_classes
from harness_plugins.prompt_caching.verified import Verified


def attacked(budget, adversary, prompts, seed):
    """False hits so far, (prompts,), of who serves whatever the budget allows, on a stream that an adversary makes."""
    draw, false, found = np.random.default_rng(seed), [], 0
    count = 0
    for t in range(prompts):
        wrong = adversary(t, count, found, draw)
        share = max(budget.least_share(t + 1), 0.02)
        if share < 1:
            if draw.random() < share:
                if wrong:
                    budget.found_wrong(share)
                    found += 1
            else:
                count += wrong
        false.append(count)
    return np.array(false)


ADVERSARIES = {
    "always wrong": lambda t, count, found, draw: True,
    "wrong until it is found": lambda t, count, found, draw: found == 0,
    "wrong at the start": lambda t, count, found, draw: t < 300,
    "wrong at the end": lambda t, count, found, draw: t > 300,
    "at random": lambda t, count, found, draw: draw.random() < 0.1,
    "wrong while it pays": lambda t, count, found, draw: count >= 5 * found,
}


@pytest.mark.parametrize("adversary", ADVERSARIES)
def test_no_stream_makes_the_expected_error_exceed_the_budget(adversary):
    runs = np.array([attacked(ExpectedBudget(0.05), ADVERSARIES[adversary], 600, seed) for seed in range(150)])
    mean, error = runs.mean(axis=0), runs.std(axis=0) / np.sqrt(len(runs))
    assert (mean <= 0.05 * np.arange(1, 601) + 4 * error + 1e-9).all()


@pytest.mark.parametrize("adversary", ADVERSARIES)
def test_no_stream_makes_the_error_exceed_a_certain_budget_oftener_than_stated(adversary):
    alpha, start, over = 0.2, 200, 0
    for seed in range(150):
        false = attacked(CertainBudget(0.05, alpha, start, 600), ADVERSARIES[adversary], 600, seed)
        over += bool((false > 0.05 * np.maximum(np.arange(1, 601), start) + 1e-9).any())
    assert over / 150 <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / 150)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9, 1.0])
def test_the_price_makes_the_product_fair(share):
    budget = CertainBudget(0.02, 0.05, 1000, 5000)
    (price,) = budget.price(np.array([share]))
    assert (1 - share) * math.exp(budget.slope) + share * math.exp(-price) == pytest.approx(1)
    assert math.isinf(budget.price(np.array([0.99 * (1 - math.exp(-budget.slope))]))[0])
    assert 0 < budget.price(np.array([budget.floor]))[0] < 2
    expected = ExpectedBudget(0.02).price(np.array([share]))[0]
    assert (1 - share) - share * expected == pytest.approx(0)


@pytest.mark.parametrize("delta", [0.01, 0.02, 0.1])
def test_an_error_that_is_found_costs_hardly_more_than_is_left(delta):
    budget = CertainBudget(delta, 0.05, 1000, 5000)
    first = next(t for t in range(1, 5000) if budget.least_share(t) < 1)
    assert budget.bound() < delta * max(first, 1000) + 1  # a number of false hits is whole
    for t in (first, first + 200, 5000):
        share = budget.least_share(t)
        (price,) = budget.price(np.array([share]))
        assert 1 - math.exp(-budget.slope) < share < 1
        assert price <= max(budget.available(t), 0.4) + 1e-9
    # As the budget grows, the model is asked less.
    assert budget.least_share(first) >= budget.least_share(5000)
    while budget.least_share(5000) < 1:
        budget.found_wrong(budget.least_share(5000))
    assert budget.bound() > delta * 5000 - 1


def test_a_stream_without_a_right_entry_is_hardly_served():
    wrong = of_classes(np.ones((800, 2)), np.arange(800))  # identical prompts, of which each takes another answer
    for policy in (Pooled(0.05), Pooled(0.05, 0.1, start=300)):
        assert replay(wrong, policy).false_hits.sum() <= 0.05 * 800
    # An entry's boundary cannot lie beyond 1, where its curve says that half is right: what vCache assumes is not so.
    assert replay(wrong, Verified(0.05)).false_hits.sum() > 0.05 * 800


@pytest.mark.parametrize("policy", [Pooled(0.05), Pooled(0.05, 0.1, start=300, horizon=1000)])
def test_the_policy_keeps_its_budget_and_serves_much_of_it(made_up, policy):
    stream = made_up(1000, 25, spread=0.15)
    ranking = Ranking(stream.vectors)
    hits, errors, over = [], [], 0
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(1000)
        done = replay(stream.take(order), policy, lookup=Ranked(ranking, order), seed=seed)
        hits.append(done.hit.mean())
        errors.append(done.false_hits.mean())
        running = np.cumsum(done.false_hits)[299:] / np.arange(300, 1001)
        over += bool((running > 0.05).any())
    assert np.mean(errors) <= 0.05
    assert policy.alpha is None or over <= 3
    static = replay(stream, Static(0.9))
    assert static.false_hits.mean() <= 0.05
    assert np.mean(hits) > (0.6 if policy.alpha is None else 0.3) * static.hit.mean()


def test_the_same_seed_decides_the_same(made_up):
    stream = made_up(500, 10, spread=0.15)
    policy = Pooled(0.05)
    first, second, other = (replay(stream, policy, seed=seed).hit for seed in (1, 1, 2))
    assert first.tolist() == second.tolist()
    assert first.tolist() != other.tolist()
    assert "1 - alpha" not in policy.guarantee
    assert "0.95" in Pooled(0.05, 0.05).guarantee


def test_the_model_is_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(0)
    told = np.column_stack([np.ones(400), draw.normal(size=(400, 3))])
    labels = (draw.random(400) < 1 / (1 + np.exp(-told @ [0.5, 1, -2, 0]))).astype(float)
    theirs = LogisticRegression(C=1 / 0.01, tol=1e-8, fit_intercept=True).fit(told[:, 1:], labels)
    ours = fit(told, labels, np.ones(400))
    assert ours == pytest.approx([theirs.intercept_[0], *theirs.coef_[0]], abs=1e-3)


def test_features_are_of_what_a_cache_sees(made_up):
    seen = []

    class Spy(Pooled):
        def decide(self, look):
            seen.append(features(look))
            return super().decide(look)

    replay(made_up(150, 5), Spy(0.05))
    assert len({len(each) for each in seen}) == 1
    assert np.isfinite(seen).all()
