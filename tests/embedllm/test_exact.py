"""The exact fit: its minimum, gaps, fractions, choice of the ridge, and what every question adds."""

import numpy as np
import pytest
from harness_plugins.embedllm.canonical import canonical, replicates
from harness_plugins.embedllm.exact import RIDGES, Problem, choose_ridge, log_loss, predicted


@pytest.mark.parametrize("ridge", [0.1, 1.0, 30.0])
def test_the_minimum_is_that_of_scikit_learn(made_up, ridge):
    from sklearn.linear_model import LogisticRegression

    matrix = made_up(500, 3, 8)
    fit = Problem(matrix.vectors, matrix.outcomes).fit(ridge, gap=1e-9)
    assert 0 <= fit.gap <= 1e-9
    for model in range(3):
        other = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=10_000).fit(
            matrix.vectors, matrix.outcomes[:, model]
        )
        assert fit.weights[model] == pytest.approx(other.coef_[0], abs=1e-4)
        assert fit.intercepts[model] == pytest.approx(other.intercept_[0], abs=1e-4)


def test_an_unknown_outcome_is_left_out_and_never_a_zero(made_up):
    matrix = made_up(400, 3, 5, gaps=0.3)
    fit = Problem(matrix.vectors, matrix.outcomes).fit(1.0, gap=1e-10)
    for model in range(3):
        known = np.isfinite(matrix.outcomes[:, model])
        alone = Problem(matrix.vectors[known], matrix.outcomes[known][:, [model]]).fit(1.0, gap=1e-10)
        assert fit.weights[model] == pytest.approx(alone.weights[0], abs=1e-5)
    zeros = Problem(matrix.vectors, np.nan_to_num(matrix.outcomes)).fit(1.0)
    assert (fit.intercepts > zeros.intercepts).all()


def test_a_fraction_counts_as_that_share_of_answers(made_up):
    matrix = made_up(200, 2, 4)
    thirds = np.where(matrix.outcomes == 1, 2 / 3, 0.0)
    thrice = np.concatenate([matrix.outcomes, matrix.outcomes, np.zeros_like(matrix.outcomes)])
    one = Problem(matrix.vectors, thirds).fit(1.0, gap=1e-10)
    other = Problem(np.tile(matrix.vectors, (3, 1)), thrice).fit(3.0, gap=1e-10)
    assert one.weights == pytest.approx(other.weights, abs=1e-5)


def test_vectors_that_go_in_few_directions_do_no_harm(made_up):
    matrix = made_up(200, 2, 4)
    wide = matrix.vectors @ np.linalg.qr(np.random.default_rng(0).normal(size=(50, 4)))[0].T
    one = Problem(matrix.vectors, matrix.outcomes).fit(1.0, gap=1e-10)
    other = Problem(wide, matrix.outcomes).fit(1.0, gap=1e-10)
    assert other.loss == pytest.approx(one.loss, abs=1e-5)
    odds = matrix.vectors @ one.weights.T + one.intercepts
    assert wide @ other.weights.T + other.intercepts == pytest.approx(odds, abs=1e-5)


def test_models_that_are_always_right_or_wrong_have_a_fit(made_up):
    matrix = made_up(100, 3, 4)
    matrix.outcomes[:, 0], matrix.outcomes[:, 1] = 1.0, 0.0
    fit = Problem(matrix.vectors, matrix.outcomes).fit(1.0, gap=1e-3)
    chances = predicted(matrix.vectors, fit.weights, fit.intercepts)
    assert (chances[:, 0] > 0.99).all()
    assert (chances[:, 1] < 0.01).all()


def test_the_ridge_is_the_one_that_foretells_best(made_up):
    matrix = made_up(400, 4, 20)
    folds = np.arange(400) % 4
    ridge, tried = choose_ridge(matrix.vectors, matrix.outcomes, folds)
    whole = {}
    for candidate in RIDGES:
        losses = []
        for fold in range(4):
            held = folds == fold
            fit = Problem(matrix.vectors[~held], matrix.outcomes[~held]).fit(candidate)
            losses.append(log_loss(predicted(matrix.vectors[held], fit.weights, fit.intercepts), matrix.outcomes[held]))
        whole[candidate] = np.mean(losses)
    assert ridge == min(whole, key=whole.get)
    assert tried == pytest.approx({candidate: whole[candidate] for candidate in tried}, abs=3e-4)


def test_replicates_of_one_step_spread_as_refits_do(made_up):
    matrix = made_up(800, 3, 5)
    problem = Problem(matrix.vectors, matrix.outcomes)
    fit = problem.fit(1.0, gap=1e-9)
    found = canonical(fit.weights)
    moved = problem.influences(fit, 1.0, found.directions)
    drawn = replicates(found.coordinates, moved, [None] * 800, count=400)
    draw = np.random.default_rng(1)
    refits = []
    for _ in range(150):
        rows = draw.integers(0, 800, 800)
        other = Problem(matrix.vectors[rows], matrix.outcomes[rows]).fit(1.0, gap=1e-4)
        refits.append(other.weights @ found.directions)
    ratio = drawn.std(axis=0) / np.std(refits, axis=0)
    assert np.abs(ratio - 1).mean() < 0.15
    assert ratio.max() < 1.4


def test_questions_of_one_group_are_drawn_together(made_up):
    matrix = made_up(300, 2, 4)
    vectors, outcomes = np.tile(matrix.vectors, (4, 1)), np.tile(matrix.outcomes, (4, 1))
    problem = Problem(vectors, outcomes)
    fit = problem.fit(4.0)
    found = canonical(fit.weights)
    alone = replicates(found.coordinates, problem.influences(fit, 4.0, found.directions), [None] * 1200)
    groups = list(range(300)) * 4
    together = replicates(found.coordinates, problem.influences(fit, 4.0, found.directions), groups)
    assert together.std(axis=0) / alone.std(axis=0) == pytest.approx(np.full((2, 2), 2.0), rel=0.2)
