"""The logistic regression by proximal Newton steps: against its optimality conditions and scikit-learn."""

import numpy as np
import pytest
from harness_plugins.alpaca_eval.fitting import GRID, Rows, choose, fit


def problem(seed=0, n=300):
    rng = np.random.default_rng(seed)
    features = np.column_stack([np.tanh(rng.normal(0, 1, n)), rng.normal(0, 1.5, n), np.ones(n)])
    share = 1 / (1 + np.exp(-features @ [-1.5, 0.7, -0.8]))
    return features, rng.beta(share * 0.5, (1 - share) * 0.5), rng.choice([0.1, 1.0], n)


@pytest.mark.parametrize("c", [*GRID, 1e9])
@pytest.mark.parametrize("seed", range(4))
def test_the_weights_meet_the_conditions_of_the_optimum(c, seed):
    features, targets, weights = problem(seed)
    w = fit(Rows.of(features, targets, weights), c)
    slope = features.T @ (weights * (1 / (1 + np.exp(-features @ w)) - targets))
    np.testing.assert_allclose(slope[w != 0], -np.sign(w[w != 0]) / c, atol=1e-8)
    assert (np.abs(slope[w == 0]) <= 1 / c + 1e-9).all()


def test_the_start_does_not_matter_and_a_strong_penalty_leaves_nothing():
    features, targets, weights = problem()
    rows = Rows.of(features, targets, weights)
    far = fit(rows, 21.5, np.array([4.0, -3.0, 5.0]))
    np.testing.assert_allclose(far, fit(rows, 21.5), atol=1e-10)
    assert fit(rows, 1e-4).tolist() == [0.0, 0.0, 0.0]


def test_targets_enter_by_their_sum_alone():
    features, targets, weights = problem()
    other = Rows(features, weights, features.T @ (weights * targets))
    np.testing.assert_array_equal(fit(other, 2.0), fit(Rows.of(features, targets, weights), 2.0))


def test_separated_rows_are_held_by_the_penalty_and_refused_without():
    features, targets = np.ones((50, 1)), np.ones(50)
    assert fit(Rows.of(features, targets), 1e4)[0] == pytest.approx(np.log(50 * 1e4 - 1))
    with pytest.raises(ValueError, match="separated"):
        fit(Rows.of(features, targets), np.inf)


def test_a_feature_of_zeros_has_no_weight():
    features, targets, weights = problem()
    features[:, 0] = 0.0
    assert fit(Rows.of(features, targets, weights), 10.0)[0] == 0.0


def test_folds_are_those_of_scikit_learn():
    selection = pytest.importorskip("sklearn.model_selection")
    for n in (805, 2413, 2415):
        groups = np.tile(np.arange(n), 2)
        fold = np.zeros(2 * n, dtype=int)
        for number, (_, held) in enumerate(selection.GroupKFold(5).split(groups, groups, groups)):
            fold[held] = number
        assert len(set(zip(np.arange(n) % 5, fold[:n], strict=True))) == 5


@pytest.mark.parametrize("seed", range(3))
def test_the_fit_and_the_choice_are_those_of_scikit_learn(seed):
    linear = pytest.importorskip("sklearn.linear_model")
    features, targets, weights = problem(seed)
    twice, label = np.concatenate([features, features]), np.repeat([1, 0], len(targets))
    each = np.concatenate([targets, 1 - targets]) * np.tile(weights, 2)

    def theirs(c, kept):
        both = np.tile(kept, 2)
        model = linear.LogisticRegression(
            l1_ratio=1.0, C=c, solver="liblinear", fit_intercept=False, tol=1e-12, max_iter=100_000, random_state=0
        )
        return model.fit(twice[both], label[both], sample_weight=each[both]).coef_[0]

    everyone = np.ones(len(targets), dtype=bool)
    np.testing.assert_allclose(fit(Rows.of(features, targets, weights), 2.8), theirs(2.8, everyone), atol=1e-4)
    scores = []
    for c in GRID:
        parts = []
        for number in range(5):
            held = np.arange(len(targets)) % 5 == number
            z = features[held] @ theirs(c, ~held)
            parts.append((weights[held] * (np.logaddexp(0, z) - targets[held] * z)).mean())
        scores.append(np.mean(parts))
    assert choose(features, targets, weights) == GRID[int(np.argmin(scores))]
