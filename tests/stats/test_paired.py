import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from harness.stats import (
    OutOfRange,
    ShapeMismatch,
    auroc,
    mcnemar_exact,
    minimum_detectable_difference,
    paired_difference,
    sign_flip_test,
)

scores = st.lists(st.tuples(*[st.floats(-10, 10).map(lambda x: round(x, 2))] * 2), min_size=2, max_size=15).map(
    lambda rows: np.array(rows).T
)


def compare_means(a, b, **options):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return paired_difference(np.nanmean(a), a - np.nanmean(a), np.nanmean(b), b - np.nanmean(b), **options)


def test_the_difference_of_means_is_the_paired_t_test():
    a, b = np.random.default_rng(0).normal(size=(2, 25))
    expected = reference.ttest_rel(a, b)
    difference = compare_means(a, b)
    assert difference.p_value == pytest.approx(expected.pvalue)
    assert (difference.low, difference.high) == pytest.approx(tuple(expected.confidence_interval()))


def test_identical_models_differ_by_zero_with_certainty_of_nothing():
    a = np.array([0.1, 0.7, math.nan, 0.9])
    difference = compare_means(a, a)
    assert (difference.value, difference.p_value, difference.n) == (0, 1, 3)
    alone = compare_means(a[:1], a[:1])
    assert (alone.value, alone.p_value) == (0, 1)


def test_items_missing_for_one_model_leave_the_comparison_on_shared_items():
    a = np.array([1.0, 2.0, 5.0, math.nan, 3.0])
    b = np.array([0.5, math.nan, 1.0, 4.0, 3.5])
    shared = ~np.isnan(a - b)
    whole, restricted = compare_means(a, b), compare_means(a[shared], b[shared])
    assert whole.n == restricted.n == 3
    assert (whole.value, whole.stderr, whole.p_value) == pytest.approx(
        (restricted.value, restricted.stderr, restricted.p_value)
    )


@given(scores)
def test_swapping_the_models_only_swaps_the_sign(rows):
    one, other = compare_means(*rows), compare_means(*rows[::-1])
    assert one.value == -other.value
    assert (one.stderr, one.p_value) == (other.stderr, other.p_value)
    assert (one.low, one.high) == (-other.high, -other.low)


def test_clusters_widen_the_interval_and_copies_do_not_narrow_it():
    a, b = np.random.default_rng(1).normal(size=(2, 20))
    once = compare_means(a, b)
    copied = compare_means(np.repeat(a, 3), np.repeat(b, 3), clusters=np.repeat(np.arange(20), 3))
    assert (copied.stderr, copied.p_value) == pytest.approx((once.stderr, once.p_value))


def test_nothing_shared_gives_nan_and_one_cluster_no_standard_error():
    nothing = compare_means([1, math.nan], [math.nan, 1])
    assert math.isnan(nothing.value)
    assert nothing.n == 0
    single = compare_means([1, 2], [0, 3], clusters=[4, 4])
    assert math.isnan(single.stderr)
    assert math.isnan(compare_means([1, 2], [0, 0], clusters=[4, 4]).p_value)


def test_a_difference_without_spread_falls_back_to_the_sign_flip_test():
    assert compare_means(np.ones(5), np.zeros(5)).p_value == 2**-4
    assert compare_means(np.arange(4) + 0.1, np.arange(4)).p_value == 2**-3


def shares(both, one, other, neither):
    """Figures of two models on items that both, only the one, only the other and neither got right."""
    counts = (both, one, other, neither)
    return np.repeat([1.0, 1.0, 0.0, 0.0], counts), np.repeat([1.0, 0.0, 1.0, 0.0], counts)


@pytest.mark.parametrize("clusters", [None, np.arange(30) // 2, np.array([0] * 10 + list(range(1, 21)))])
def test_models_that_never_differ_on_thirty_items_are_not_known_to_be_the_same(clusters):
    difference = compare_means(*shares(20, 0, 0, 10), bounds=(0, 1), clusters=clusters)
    assert (difference.value, difference.stderr, difference.p_value) == (0, 0, 1)
    assert -0.3 < difference.low < -0.05
    assert difference.high == -difference.low
    assert 0.05 < difference.minimum_detectable < 0.5


def test_perfect_models_that_never_differ_are_not_known_to_be_the_same():
    labels = np.repeat([1, 0], [5, 45])
    area = auroc(labels.astype(float), labels)
    difference = paired_difference(*area, *area, bounds=(0, 1), trials=5)
    assert difference.low < -0.1
    assert difference.high > 0.1


def test_few_items_that_differ_give_bonett_and_prices_interval_and_no_smaller_p_value():
    a, b = shares(20, 3, 0, 7)
    difference = compare_means(a, b, bounds=(0, 1))
    won, lost = 4 / 32, 1 / 32
    stderr = math.sqrt((won + lost - (won - lost) ** 2) / 32)
    centre, z = won - lost, reference.norm.ppf(0.975)
    assert difference.low == pytest.approx(centre - z * stderr)
    assert difference.high == pytest.approx(max(centre + z * stderr, 0.1 + 0.0557086 * reference.t.ppf(0.975, 29)))
    assert difference.p_value == pytest.approx(2 * reference.norm.sf(centre / stderr))


def test_where_many_items_differ_the_paired_t_test_stands():
    a, b = shares(100, 20, 15, 65)
    expected = reference.ttest_rel(a, b)
    difference = compare_means(a, b, bounds=(0, 1))
    assert difference.p_value == pytest.approx(expected.pvalue)
    assert (difference.low, difference.high) == pytest.approx(tuple(expected.confidence_interval()))


@pytest.mark.parametrize(("n", "one", "other"), [(30, 0.04, 0.0), (100, 0.04, 0.0), (30, 0.02, 0.02), (300, 0.01, 0.0)])
def test_rare_differences_cover(n, one, other):
    rng, rounds, held = np.random.default_rng(7), 500, 0
    for _ in range(rounds):
        counts = rng.multinomial(n, [0.7, one, other, 0.3 - one - other])
        difference = compare_means(*shares(*counts), bounds=(0, 1))
        held += difference.low <= one - other <= difference.high
    assert held / rounds >= 0.925


def test_a_constant_difference_has_a_width_where_the_bounds_are_known():
    difference = compare_means(np.ones(5), np.zeros(5), bounds=(0, 1))
    assert difference.p_value == 2**-4
    assert 0 < difference.low < 0.5
    assert difference.high == 1


def test_two_aurocs_on_the_same_items_are_compared_as_delong_does():
    rng = np.random.default_rng(2)
    labels = np.arange(80) % 2
    a = labels + rng.normal(size=80)
    b = a + 0.5 * rng.normal(size=80)
    first, second = auroc(a, labels), auroc(b, labels)
    components = []
    for score in (a, b):
        wins = (score[labels == 1][:, None] > score[labels == 0][None, :]).astype(float)
        components.append((wins.mean(axis=1), wins.mean(axis=0)))
    gaps = [components[0][side] - components[1][side] for side in (0, 1)]
    delong = math.sqrt(sum(gap.var(ddof=1) / 40 for gap in gaps))
    difference = paired_difference(*first, *second)
    assert difference.value == pytest.approx(first.value - second.value)
    assert difference.stderr == pytest.approx(delong, rel=0.01)


def test_the_p_value_is_uniform_when_nothing_differs():
    rng = np.random.default_rng(3)
    rejected = sum(compare_means(*rng.normal(size=(2, 10))).p_value < 0.05 for _ in range(1000))
    assert 25 <= rejected <= 75


def test_sign_flips_are_enumerated_when_few():
    gaps = np.array([0.5, 1.25, -0.25, 2.0, 0.0, math.nan])
    patterns = itertools.product([-1, 1], repeat=4)
    extreme = [abs(sum(s * g for s, g in zip(p, gaps, strict=False))) >= 3.5 - 1e-9 for p in patterns]
    p_value = sign_flip_test(gaps, rng=np.random.default_rng(0))
    assert p_value == pytest.approx(sum(extreme) / len(extreme))


def test_random_sign_flips_agree_with_the_exact_test():
    gaps = np.random.default_rng(4).choice([1.0, -1.0], 40, p=[0.7, 0.3])
    exact = mcnemar_exact(int((gaps > 0).sum()), int((gaps < 0).sum()))
    assert sign_flip_test(gaps, rng=np.random.default_rng(5), replicates=40_000) == pytest.approx(exact, abs=0.01)


def test_sign_flips_treat_clusters_as_one_and_nothing_as_certain():
    rng = np.random.default_rng(6)
    assert sign_flip_test(np.ones(30), rng=rng, clusters=np.repeat([0, 1, 2], 10)) == 0.25
    assert sign_flip_test(np.zeros(4), rng=rng) == 1
    assert math.isnan(sign_flip_test([math.nan], rng=rng))


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (5, 0), (3, 9), (20, 20), (9, 3)])
def test_mcnemar_is_the_binomial_test(only_a, only_b):
    expected = reference.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert mcnemar_exact(only_a, only_b) == pytest.approx(expected)


def test_the_detectable_difference_is_detected_with_the_power_asked_for():
    stderr = 0.1
    effect = minimum_detectable_difference(stderr, alpha=0.05, power=0.8)
    assert effect == pytest.approx(0.2801585)
    power = reference.norm.sf(reference.norm.ppf(0.975) - effect / stderr)
    assert power == pytest.approx(0.8)
    assert minimum_detectable_difference(stderr, degrees_of_freedom=4) > effect
    assert math.isnan(minimum_detectable_difference(math.nan))


def test_impossible_inputs_are_refused():
    with pytest.raises(ShapeMismatch, match="influence_a and influence_b"):
        paired_difference(0, [1, 2], 0, [1])
    with pytest.raises(OutOfRange, match="power"):
        minimum_detectable_difference(0.1, power=80)
    with pytest.raises(OutOfRange, match="smaller count"):
        mcnemar_exact(-1, 3)
    with pytest.raises(OutOfRange, match="finite"):
        sign_flip_test([math.inf], rng=np.random.default_rng(0))


def test_no_random_sign_flip_as_extreme_is_no_certainty():
    p_value = sign_flip_test(np.ones(40), rng=np.random.default_rng(0), replicates=100)
    assert p_value == pytest.approx(1 / 101)


def test_the_detectable_difference_of_a_comparison_is_that_of_the_power_asked_for():
    one, other = np.random.default_rng(3).normal(size=(2, 30))
    found = paired_difference(one.mean(), one - one.mean(), other.mean(), other - other.mean(), power=0.95)
    wanted = minimum_detectable_difference(found.stderr, power=0.95, degrees_of_freedom=29)
    assert found.minimum_detectable == pytest.approx(wanted)


def test_rates_are_never_further_apart_than_their_bounds_allow():
    almost, never = np.r_[np.ones(37), np.zeros(3)], np.zeros(40)
    difference = paired_difference(0.0, never, almost.mean(), almost - almost.mean(), bounds=(0.0, 1.0))
    assert (difference.value, difference.low) == (-0.925, -1.0)
    once = np.array([1.0, 0.0, 0.0])
    difference = paired_difference(1 / 3, once - 1 / 3, 0.0, np.zeros(3), bounds=(0.0, 1.0))
    assert (difference.low, difference.high) == (-1.0, 1.0)
    assert np.isnan(paired_difference(0.5, never + np.nan, 0.5, never, bounds=(0.0, 1.0)).low)
