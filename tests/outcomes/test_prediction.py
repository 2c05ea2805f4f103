"""Predictors against their textbook definitions, and whether their intervals keep what they promise."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from harness_plugins.outcomes.figures import Feature, OutcomeFigures
from harness_plugins.outcomes.linear import PATHS, PENALTIES, nested_leave_one_out, pls_path, ridge_path, skill
from harness_plugins.outcomes.prediction import predict

from harness.errors import UsageError

from ..messages import saying

# Simulations of one predictor run always; those of the other take as long again.
SIMULATED = pytest.mark.parametrize("method", ["ridge", pytest.param("pls", marks=pytest.mark.slow)])


def figures(x, *, start=0):
    features = [Feature("t", f"f{j}", "overall", "fraction", True) for j in range(x.shape[1])]
    models = [f"m{start + i}" for i in range(len(x))]
    return OutcomeFigures(models, features, x, np.full(x.shape, np.nan))


def drawn(rng, n, p, *, signal):
    """A shared quality behind all variables, and behind the outcome as far as there is a signal."""
    quality = rng.normal(size=n)
    x = quality[:, None] + rng.normal(size=(n, p))
    return x, 10 * (signal * quality + rng.normal(size=n))


@pytest.mark.parametrize(("n", "p"), [(8, 3), (7, 30)])
def test_ridge_is_that_of_scikit_learn(n, p):
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    x, y, new = rng.normal(size=(n, p)) * 3 + 1, rng.normal(size=(n, 2)), rng.normal(size=(4, p))
    found = ridge_path(x, y, new)
    standard, other = (x - x.mean(0)) / x.std(0), (new - x.mean(0)) / x.std(0)
    singular = np.linalg.svd(standard, compute_uv=False)
    typical = np.mean(singular[singular > 1e-9 * singular.max()] ** 2)
    assert found[0] == pytest.approx(np.broadcast_to(y.mean(0), (4, 2)))
    for i, penalty in enumerate(PENALTIES):
        model = Ridge(alpha=penalty * typical).fit(standard, y)
        assert found[1 + i] == pytest.approx(model.predict(other), abs=1e-6)


@pytest.mark.parametrize(("n", "p"), [(9, 4), (7, 20)])
def test_partial_least_squares_is_that_of_scikit_learn(n, p):
    from sklearn.cross_decomposition import PLSRegression

    rng = np.random.default_rng(1)
    x, y, new = rng.normal(size=(n, p)) * 2, rng.normal(size=(n, 3)), rng.normal(size=(5, p))
    found = pls_path(x, y, new)
    assert len(found) == 5
    for components in range(1, 5):
        for column in range(3):
            model = PLSRegression(n_components=components, scale=True).fit(x, y[:, column])
            assert found[components, :, column] == pytest.approx(np.ravel(model.predict(new)), abs=1e-6)


def test_a_constant_variable_and_a_perfect_fit_break_nothing():
    x = np.column_stack([np.arange(6.0), np.full(6, 2.0)])
    for path in PATHS.values():
        found = path(x, (3 * x[:, [0]] + 1), np.array([[10.0, 5.0]]))
        assert np.isfinite(found).all()
        assert found[-1, 0, 0] == pytest.approx(31, abs=0.1)


@pytest.mark.parametrize("method", PATHS)
def test_the_left_out_unit_has_no_say_in_its_own_prediction(method):
    rng = np.random.default_rng(2)
    x, y = drawn(rng, 9, 5, signal=2)
    changed = y.copy()
    changed[3] += 100
    one, other = (nested_leave_one_out(PATHS[method], x, v[:, None], x[:0]).predictions[:, 0] for v in (y, changed))
    assert one[3] == other[3]
    assert np.delete(one, 3) != pytest.approx(np.delete(other, 3))


@pytest.mark.parametrize("method", PATHS)
def test_many_outcomes_at_once_are_those_one_by_one(method):
    rng = np.random.default_rng(3)
    x, new, y = rng.normal(size=(7, 12)), rng.normal(size=(2, 12)), rng.normal(size=(7, 4))
    together = nested_leave_one_out(PATHS[method], x, y, new)
    for column in range(4):
        alone = nested_leave_one_out(PATHS[method], x, y[:, [column]], new)
        assert together.predictions[:, column] == pytest.approx(alone.predictions[:, 0])
        assert together.new[:, :, column] == pytest.approx(alone.new[:, :, 0])
        assert together.whole[:, column] == pytest.approx(alone.whole[:, 0])


def test_predicting_the_mean_of_the_others_has_no_skill():
    y = np.random.default_rng(4).normal(size=(8, 1))
    assert skill(y, (y.sum() - y) / 7) == pytest.approx(0.0)
    assert skill(y, y) == pytest.approx(1.0)


@SIMULATED
def test_with_a_signal_the_interval_covers_and_is_narrower_than_the_outcomes(method):
    rng = np.random.default_rng(5)
    covered, used, widths, spreads = 0, 0, [], []
    for _ in range(40):
        x, y = drawn(rng, 21, 6, signal=3)
        known, new = figures(x[:20]), figures(x[20:], start=20)
        measured, (prediction,) = predict(known, y[:20], new, method=method, level=0.9, permutations=39)
        if not measured.useful:
            continue
        used += 1
        covered += prediction.low <= y[20] <= prediction.high
        widths.append(prediction.high - prediction.low)
        spreads.append(np.ptp(y[:20]))
        assert (prediction.kind, prediction.level) == ("jackknife+", 0.9)
    assert used >= 38
    # Nominally 90 %; 40 draws have a standard error of 5 points.
    assert covered / used >= 0.8
    assert np.median(widths) < 0.8 * np.median(spreads)


@SIMULATED
def test_without_a_signal_it_refuses(method):
    rng = np.random.default_rng(6)
    refused, covered = 0, 0
    for _ in range(120):
        x, y = rng.normal(size=(10, 8)), rng.normal(size=10)
        measured, (prediction,) = predict(
            figures(x[:9]), y[:9], figures(x[9:], start=9), method=method, permutations=99
        )
        refused += not measured.useful
        if not measured.useful:
            assert math.isnan(prediction.predicted)
            assert (prediction.kind, prediction.level) == ("range", pytest.approx(0.8))
            assert prediction.detail.startswith("no prediction: ")
            covered += prediction.low <= y[9] <= prediction.high
    assert refused / 120 >= 0.9
    # What it says instead holds: a tenth outcome lies in the range of nine with probability 8 / 10.
    assert covered / refused == pytest.approx(0.8, abs=0.12)


def test_few_models_are_tried_in_every_order():
    rng = np.random.default_rng(10)
    x, y = drawn(rng, 5, 2, signal=2)
    measured, _ = predict(figures(x[:4]), y[:4], figures(x[4:], start=4))
    orders = np.array(list(itertools.permutations(y[:4]))).T
    found = nested_leave_one_out(PATHS["ridge"], x[:4], orders, x[:0]).predictions
    assert measured.permutations == 23
    assert measured.p_value == pytest.approx((skill(orders, found) >= measured.value - 1e-9).mean())


def test_nine_models_never_give_95_percent():
    rng = np.random.default_rng(7)
    x, y = drawn(rng, 10, 3, signal=20)
    measured, (prediction,) = predict(figures(x[:9]), y[:9], figures(x[9:], start=9), level=0.95)
    assert measured.useful
    assert prediction.level == pytest.approx(0.9)
    assert math.isfinite(prediction.low)
    assert prediction.detail == saying("9 models", "90 %", "95 %", "19 models")


def test_a_model_unlike_the_others_is_said_to_be():
    rng = np.random.default_rng(8)
    x, y = drawn(rng, 20, 3, signal=20)
    _, (prediction,) = predict(figures(x), y, figures(np.full((1, 3), 30.0), start=20), level=0.9)
    assert prediction.detail == saying("m20", "further")


def test_only_figures_that_all_have_are_used():
    rng = np.random.default_rng(9)
    x, y = drawn(rng, 8, 4, signal=2)
    x[2, 1] = np.nan
    new = np.array([[0.0, 1.0, np.nan, 2.0]])
    measured, _ = predict(figures(x), y, figures(new, start=8))
    assert measured.features == ("t:f0", "t:f3")
    with pytest.raises(UsageError, match="m8 has none of the figures"):
        predict(figures(x), y, figures(np.full((1, 4), np.nan), start=8))
    with pytest.raises(UsageError, match=r"no predictor is called 'rigde'.*'ridge'"):
        predict(figures(x), y, figures(new, start=8), method="rigde")
