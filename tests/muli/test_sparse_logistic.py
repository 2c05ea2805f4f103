"""The exact fit against independent solvers, its own optimality conditions and its certificate."""

import numpy as np
import pytest
from harness_plugins.muli.features import Standardised, log_odds, measure
from harness_plugins.muli.sparse_logistic import largest_penalty, path, solve
from hypothesis import given, settings
from hypothesis import strategies as st


def written_out(features):
    return features.columns(np.arange(features.shape[1]))


def objective(x, labels, weights, bias, penalty, heavier, bias_penalty):
    margins = x @ weights + bias
    counts = np.where(labels == 1, heavier, 1.0) / len(labels)
    loss = counts @ np.logaddexp(0, np.where(labels == 1, -margins, margins))
    return float(loss + penalty * np.abs(weights).sum() + bias_penalty * abs(bias))


def by_smooth_optimisation(x, labels, penalty, heavier, bias_penalty):
    """The same minimum by L-BFGS-B over positive and negative parts, an independent way."""
    from scipy.optimize import minimize

    n, d = x.shape
    design = np.concatenate([x, np.ones((n, 1))], axis=1)
    signs = np.where(labels == 1, 1.0, -1.0)
    counts = np.where(labels == 1, heavier, 1.0) / n
    costs = np.append(np.full(d, penalty), bias_penalty)

    def value(both):
        weights = both[: d + 1] - both[d + 1 :]
        margins = signs * (design @ weights)
        slopes = design.T @ (-signs * counts / (1 + np.exp(margins)))
        return counts @ np.logaddexp(0, -margins) + costs @ (both[: d + 1] + both[d + 1 :]), np.concatenate(
            [slopes + costs, -slopes + costs]
        )

    start = np.zeros(2 * (d + 1))
    found = minimize(
        value,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(start),
        options={"maxiter": 20000, "maxfun": 40000, "ftol": 1e-15, "gtol": 1e-11},
    )
    return float(found.fun)


@pytest.fixture
def problem(synthetic):
    def make(n=300, tokens=80, seed=0):
        logs, labels = synthetic(n, tokens, seed=seed)
        matrix = log_odds(logs).astype(np.float32)
        return Standardised(matrix, measure(matrix)), labels

    return make


@pytest.mark.parametrize("penalty", [1e-1, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("bias_penalty", [None, 0.0, 0.02])
@pytest.mark.parametrize("heavier", [1.0, 4.0])
def test_the_objective_is_that_of_an_independent_solver(problem, penalty, bias_penalty, heavier):
    features, labels = problem()
    found = solve(features, labels, penalty, positive_weight=heavier, bias_penalty=bias_penalty, gap=1e-9)
    cost = penalty if bias_penalty is None else bias_penalty
    x = written_out(features)
    assert found.objective == pytest.approx(objective(x, labels, found.weights, found.bias, penalty, heavier, cost))
    assert found.gap <= 1e-9
    other = by_smooth_optimisation(x, labels, penalty, heavier, cost)
    assert found.objective <= other + 1e-9
    assert found.objective == pytest.approx(other, abs=2e-6)


# What it reaches is compared, whether it calls that converged or not.
@pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
def test_it_equals_liblinear_with_a_penalised_bias(problem):
    from sklearn.linear_model import LogisticRegression

    features, labels = problem(400, 200)
    x = written_out(features)
    for penalty in (3e-2, 3e-3):
        theirs = LogisticRegression(
            l1_ratio=1.0, C=1 / (len(labels) * penalty), solver="liblinear", tol=1e-8, max_iter=20_000, random_state=0
        ).fit(x, labels)
        ours = solve(features, labels, penalty, gap=1e-9)
        reached = objective(x, labels, theirs.coef_[0], theirs.intercept_[0], penalty, 1.0, penalty)
        assert ours.objective <= reached + 1e-9
        assert reached - ours.objective < 1e-6
        assert set(ours.support) == set(np.flatnonzero(theirs.coef_[0]))
        assert ours.weights == pytest.approx(theirs.coef_[0], abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-3, 0.3), st.floats(0.5, 8))
def test_no_step_in_any_direction_helps(seed, penalty, heavier):
    """Subgradient conditions of the minimum, whatever the data: more features than texts, and doubled ones."""
    draw = np.random.default_rng(seed)
    matrix = draw.standard_normal((30, 50)).astype(np.float32)
    matrix[:, 10] = matrix[:, 11]
    labels = np.r_[1, 0, draw.integers(0, 2, 28)]
    features = Standardised(matrix, measure(matrix))
    found = solve(features, labels, penalty, positive_weight=heavier, gap=1e-10)
    x = written_out(features)
    counts = np.where(labels == 1, heavier, 1.0) / 30
    residuals = counts * (1 / (1 + np.exp(-(x @ found.weights + found.bias))) - labels)
    slopes = np.append(x.T @ residuals, residuals.sum())
    values = np.append(found.weights, found.bias)
    assert np.abs(slopes).max() <= penalty + 1e-5
    assert slopes[values != 0] == pytest.approx(-penalty * np.sign(values[values != 0]), abs=1e-5)


def test_the_gap_bounds_the_distance_from_the_minimum(problem):
    features, labels = problem()
    best = solve(features, labels, 3e-3, gap=1e-10).objective
    for aim in (1e-1, 1e-2, 1e-4):
        rough = solve(features, labels, 3e-3, gap=aim)
        assert 0 <= rough.objective - best <= rough.gap + 1e-10 <= aim + 1e-10


def test_the_path_begins_empty_and_each_point_is_the_minimum(problem):
    features, labels = problem()
    top = largest_penalty(features, labels)
    assert not len(solve(features, labels, top * 1.001, bias_penalty=0.0).support)
    assert len(solve(features, labels, top * 0.99, bias_penalty=0.0).support)
    penalties = np.geomspace(top, top / 300, 8)
    along = list(path(features, labels, penalties, gap=1e-9))
    assert [fit.penalty for fit in along] == pytest.approx(penalties)
    for fit in along:
        assert fit.objective == pytest.approx(solve(features, labels, fit.penalty, gap=1e-9).objective, abs=2e-9)


def test_order_of_texts_and_tokens_does_not_matter(problem):
    features, labels = problem()
    x = written_out(features)
    draw = np.random.default_rng(1)
    rows, columns = draw.permutation(len(x)), draw.permutation(x.shape[1])
    shuffled = x[np.ix_(rows, columns)].astype(np.float32)
    scale = measure(shuffled)
    first = solve(features, labels, 1e-2, gap=1e-10)
    second = solve(Standardised(shuffled, scale), labels[rows], 1e-2, gap=1e-10)
    assert second.objective == pytest.approx(first.objective, abs=1e-6)
    assert second.weights == pytest.approx(first.weights[columns], abs=1e-3)


@pytest.mark.parametrize(
    ("labels", "penalty", "message"),
    [([1, 1, 1], 0.1, "both classes"), ([0, 0, 0], 0.1, "both classes"), ([0, 1, 0], 0.0, "above 0")],
)
def test_what_cannot_be_fitted_is_said(labels, penalty, message):
    matrix = np.eye(3, dtype=np.float32)
    with pytest.raises(ValueError, match=message):
        solve(Standardised(matrix, measure(matrix)), np.array(labels), penalty)
