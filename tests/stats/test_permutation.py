"""Permutation tests of correlations, the multiplicity corrections, noise corrections and jackknife+ intervals."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import stats


def brute_force(x, y):
    """All orders, one np.corrcoef a variable and order; step-down maxima literally as in Westfall and Young."""
    n, m = x.shape
    observed = np.array([abs(np.corrcoef(x[:, j], y)[0, 1]) for j in range(m)])
    orders = [np.array(order) for order in itertools.permutations(range(n))]
    permuted = np.array([[abs(np.corrcoef(x[:, j], y[order])[0, 1]) for j in range(m)] for order in orders])
    alone = (permuted >= observed - 1e-9).mean(axis=0)
    ranking = np.argsort(-observed, kind="stable")
    family, last = np.empty(m), 0.0
    for place, j in enumerate(ranking):
        last = max(last, (permuted[:, ranking[place:]].max(axis=1) >= observed[j] - 1e-9).mean())
        family[j] = last
    return alone, family


@pytest.mark.parametrize("seed", range(4))
def test_p_values_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(5, 3))
    x[:, 2] = x[:, 0] + 0.1 * rng.normal(size=5)
    if seed == 3:
        x = np.round(x)  # ties
    y = x[:, 0] + rng.normal(size=5)
    tests = stats.permutation_correlations(x, y)
    alone, family = brute_force(x, y)
    assert (tests.exact, tests.permutations) == (True, 120)
    assert tests.p_value == pytest.approx(alone)
    assert tests.family_p_value == pytest.approx(family)


def test_every_order_comes_once_and_the_first_is_the_identity():
    for n in range(1, 7):
        orders = stats.all_permutations(n)
        assert sorted(map(tuple, orders.tolist())) == sorted(itertools.permutations(range(n)))
        assert orders[0].tolist() == list(range(n))
    with pytest.raises(stats.OutOfRange, match="39916800 orders"):
        stats.all_permutations(11)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(-50, 50), st.floats(0.01, 100))
def test_shift_scale_and_sign_change_no_p_value(seed, shift, scale):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(6, 4)), rng.normal(size=6)
    one = stats.permutation_correlations(x, y)
    other = stats.permutation_correlations(-scale * x + shift, y * 3 - 1)
    assert other.p_value == pytest.approx(one.p_value)
    assert other.family_p_value == pytest.approx(one.family_p_value)
    assert other.correlation == pytest.approx(-one.correlation)
    assert (one.family_p_value >= one.p_value - 1e-12).all()


def test_random_orders_agree_with_all_orders():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(8, 5)), rng.normal(size=8)
    exact = stats.permutation_correlations(x, y)
    drawn = stats.permutation_correlations(x, y, rng=np.random.default_rng(0), exact_up_to=3, draws=40_000)
    assert (drawn.exact, drawn.permutations) == (False, 40_000)
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.01)  # four standard errors of 40,000 draws
    assert drawn.family_p_value == pytest.approx(exact.family_p_value, abs=0.01)
    with pytest.raises(stats.OutOfRange, match="pass an rng"):
        stats.permutation_correlations(np.zeros((12, 1)), np.arange(12.0))


def test_random_orders_never_give_a_p_value_of_zero():
    y = np.arange(30.0)
    tests = stats.permutation_correlations(y[:, None], y, rng=np.random.default_rng(0), draws=99)
    assert tests.p_value[0] == pytest.approx(1 / 100)


@pytest.mark.parametrize("seed", range(20))
def test_all_orders_never_give_a_p_value_of_zero_either(seed):
    """The order as observed is one of them, also where variables of different length correlate almost perfectly."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=7)
    x = np.c_[rng.normal(size=7), y + rng.normal(scale=10.0 ** rng.uniform(-6, -3), size=7)]
    x[0, 0] = np.nan
    found = stats.permutation_correlations(x, y)
    assert (found.p_value >= 1 / 5040 - 1e-12).all()
    assert (found.family_p_value >= 1 / 5040 - 1e-12).all()


def test_missing_units_are_left_out_of_their_variable_alone():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(7, 3)), rng.normal(size=7)
    x[2, 1] = np.nan
    tests = stats.permutation_correlations(x, y)
    keep = np.arange(7) != 2
    assert tests.correlation[1] == pytest.approx(np.corrcoef(x[keep, 1], y[keep])[0, 1])
    assert tests.correlation[0] == pytest.approx(np.corrcoef(x[:, 0], y)[0, 1])
    orders = np.array(list(itertools.permutations(range(7))))
    shuffled = y[orders][:, keep]
    centred = shuffled - shuffled.mean(axis=1, keepdims=True)
    own = x[keep, 1] - x[keep, 1].mean()
    sizes = np.abs(centred @ own / np.sqrt((centred**2).sum(axis=1) * (own**2).sum()))
    assert tests.p_value[1] == pytest.approx((sizes >= abs(tests.correlation[1]) - 1e-9).mean())


def test_a_constant_variable_has_no_correlation_and_spoils_no_other():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(6, 2)), rng.normal(size=6)
    with_constant = np.column_stack([x[:, 0], np.full(6, 0.7), x[:, 1]])
    tests, plain = stats.permutation_correlations(with_constant, y), stats.permutation_correlations(x, y)
    assert math.isnan(tests.correlation[1])
    assert math.isnan(tests.family_p_value[1])
    assert tests.family_p_value[[0, 2]] == pytest.approx(plain.family_p_value)


def test_the_family_is_wrong_in_no_more_than_one_of_twenty():
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(300):
        x = rng.normal(size=(6, 8)) + rng.normal(size=(6, 1))
        found += stats.permutation_correlations(x, rng.normal(size=6)).family_p_value.min() <= 0.05
    assert found / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_leave_one_out_is_numpy_without_the_unit():
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=6)
    x[1, 2] = np.nan
    found = stats.leave_one_out_correlations(x, y)
    for i in range(6):
        keep = np.arange(6) != i
        assert found[i, 0] == pytest.approx(np.corrcoef(x[keep, 0], y[keep])[0, 1])
    assert math.isnan(found[1, 2])


def test_misaligned_or_infinite_data_are_refused():
    with pytest.raises(stats.ShapeMismatch, match="n = 3"):
        stats.permutation_correlations(np.zeros((4, 2)), [1, 2, 3])
    with pytest.raises(stats.OutOfRange, match="finite"):
        stats.permutation_correlations(np.zeros((3, 2)), [1, 2, np.nan])


# multiplicity


def test_benjamini_hochberg_on_the_original_example():
    # The fifteen p-values of Benjamini and Hochberg (1995, section 3.1): four are rejected at 0.05.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    adjusted = stats.benjamini_hochberg([*p, 0.7590, 1.0, np.nan])
    assert (adjusted[:15] <= 0.05).sum() == 4
    assert adjusted[3] == pytest.approx(0.0095 * 15 / 4)
    assert math.isnan(adjusted[15])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_benjamini_hochberg_rejects_what_the_step_up_rule_does(p):
    adjusted = stats.benjamini_hochberg(p)
    for level in (0.01, 0.05, 0.2):
        ranked = sorted(p)
        passing = [k for k in range(1, len(p) + 1) if ranked[k - 1] * len(p) / k <= level]
        threshold = ranked[passing[-1] - 1] if passing else -1.0
        assert [value <= level for value in adjusted] == [value <= threshold for value in p]


def test_p_values_outside_0_and_1_are_refused():
    with pytest.raises(stats.OutOfRange, match=r"\[0, 1\]"):
        stats.benjamini_hochberg([0.5, 1.2])


# noise


def test_the_corrected_correlation_is_that_of_the_true_values():
    rng = np.random.default_rng(9)
    n = 60_000
    true_x = rng.normal(size=n)
    true_y = 0.6 * true_x + 0.8 * rng.normal(size=n)
    x, y = true_x + 0.5 * rng.normal(size=n), true_y + 0.7 * rng.normal(size=n)
    shares = stats.reliability(x, np.full(n, 0.5)), stats.reliability(y, np.full(n, 0.7))
    assert shares == pytest.approx((1 / 1.25, 1 / 1.49), abs=0.01)
    corrected = stats.disattenuate(float(np.corrcoef(x, y)[0, 1]), *shares)
    assert corrected.value == pytest.approx(0.6, abs=0.02)
    assert not corrected.clipped


def test_a_shift_that_all_share_is_no_noise():
    rng = np.random.default_rng(10)
    values = np.array([0.0, 1.0, 2.0, 5.0])
    shift = rng.normal(size=(1, 400)) * 10
    assert stats.reliability_from_replicates(values, values[:, None] + shift) == pytest.approx(1.0)
    noise = rng.normal(size=(4, 4000)) * 0.5
    share = stats.reliability_from_replicates(values, values[:, None] + shift[:, [0]] + noise)
    assert share == pytest.approx(stats.reliability(values, np.full(4, 0.5)), abs=0.01)


def test_a_correction_beyond_one_is_cut_and_noise_alone_corrects_nothing():
    assert stats.disattenuate(-0.9, 0.5) == (-1.0, True)
    share = stats.reliability([1.0, 1.1, 0.9], [1.0, 1.0, 1.0])
    assert share < 0
    assert math.isnan(stats.disattenuate(0.5, share).value)


# jackknife+


def test_jackknife_plus_takes_the_ranks_of_the_paper():
    predictions = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    found = stats.jackknife_plus(predictions, np.full(9, 0.5), level=0.8)  # floor(0.2 * 10) = 2, ceil(0.8 * 10) = 8
    assert (found.low, found.high) == (1.5, 8.5)
    assert found.guaranteed == pytest.approx(0.6)


def test_nine_units_carry_ninety_percent_and_no_more():
    predictions, residuals = np.zeros(9), np.arange(1.0, 10.0)
    assert stats.highest_level(9) == pytest.approx(0.9)
    assert stats.jackknife_plus(predictions, residuals, level=stats.highest_level(9))[:2] == (-9.0, 9.0)
    beyond = stats.jackknife_plus(predictions, residuals, level=0.95)
    assert (beyond.low, beyond.high) == (-math.inf, math.inf)


@given(st.floats(0.01, 0.99))
def test_the_units_needed_are_the_fewest_with_a_finite_interval(level):
    n = stats.units_needed(level)
    assert math.isfinite(stats.jackknife_plus(np.zeros(n), np.zeros(n), level=level).low)
    assert n == 1 or math.isinf(stats.jackknife_plus(np.zeros(n - 1), np.zeros(n - 1), level=level).low)


def test_jackknife_plus_covers_a_new_unit():
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(1500):
        y = rng.standard_t(3, size=20)
        means = (y[:-1].sum() - y[:-1]) / 18  # of the others
        interval = stats.jackknife_plus(means, np.abs(y[:-1] - means), level=0.9)
        covered += interval.low <= y[-1] <= interval.high
    assert covered / 1500 == pytest.approx(0.9, abs=0.03)
