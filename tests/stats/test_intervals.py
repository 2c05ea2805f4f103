import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats as reference

from harness.stats import (
    OutOfRange,
    ShapeMismatch,
    clopper_pearson,
    estimate_from_influence,
    mean_estimate,
    wilson,
)

finite = st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3))


def test_a_mean_has_the_textbook_t_interval():
    values = np.random.default_rng(0).normal(size=30)
    expected = reference.ttest_1samp(values, 0).confidence_interval(0.9)
    estimate = mean_estimate(values, confidence=0.9)
    assert estimate.stderr == pytest.approx(values.std(ddof=1) / math.sqrt(30))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected))


def test_failed_items_are_counted_and_left_out():
    values = [1.0, math.nan, 2.0, 4.0, math.nan]
    estimate, without = mean_estimate(values), mean_estimate([1.0, 2.0, 4.0])
    assert (estimate.n, estimate.n_failed) == (3, 2)
    assert (estimate.value, estimate.stderr, estimate.low) == (without.value, without.stderr, without.low)


def test_no_item_gives_nan_throughout():
    for values in ([], [math.nan, math.nan]):
        estimate = mean_estimate(values, bounds=(0, 1))
        assert all(math.isnan(x) for x in (estimate.value, estimate.stderr, estimate.low, estimate.high))
        assert (estimate.n, estimate.n_failed) == (0, len(values))


def test_one_item_or_one_cluster_has_no_standard_error_and_the_bounds_as_interval():
    alone, together = mean_estimate([0.3], bounds=(0, 1)), mean_estimate([0, 1, 1], clusters=[7, 7, 7])
    assert math.isnan(alone.stderr)
    assert (alone.low, alone.high) == (0, 1)
    assert math.isnan(together.stderr)
    assert math.isnan(together.low)


def test_equal_clusters_have_the_usual_sandwich_and_one_degree_of_freedom_less():
    rng = np.random.default_rng(1)
    values, clusters = rng.normal(size=45), rng.permutation(np.repeat(np.arange(9), 5))
    residual = values - values.mean()
    total = sum(residual[clusters == name].sum() ** 2 for name in range(9))
    estimate = mean_estimate(values, clusters=clusters)
    assert estimate.stderr == pytest.approx(math.sqrt(9 / 8 * total) / 45, rel=1e-12)
    assert estimate.high - estimate.value == pytest.approx(reference.t.ppf(0.975, 8) * estimate.stderr)


def test_an_estimate_knows_the_level_of_its_interval():
    assert mean_estimate([1, 2, 3], confidence=0.8).confidence == 0.8
    assert mean_estimate([], confidence=0.8).confidence == 0.8


@pytest.mark.parametrize("name", [int, str, float, lambda code: -1000 * int(code), lambda code: 10**12 + int(code)])
def test_cluster_labels_of_every_kind_give_the_same_answer(name):
    rng = np.random.default_rng(2)
    values, clusters = rng.normal(size=40), rng.integers(0, 7, 40)
    named = [name(code) for code in clusters]
    one, other = mean_estimate(values, clusters=named), mean_estimate(values, clusters=clusters)
    assert (one.stderr, one.low, one.high) == pytest.approx((other.stderr, other.low, other.high), rel=1e-12)


@given(st.lists(finite, min_size=2, max_size=12), st.integers(2, 4))
def test_copies_of_an_item_that_share_its_cluster_add_no_certainty(values, copies):
    assume(not set(values) <= {0.0, 1.0})  # a share, which has Wilson's interval where nothing is clustered
    once = mean_estimate(values)
    copied = mean_estimate(np.repeat(values, copies), clusters=np.repeat(np.arange(len(values)), copies))
    assert copied.value == pytest.approx(once.value, abs=1e-9)
    assert copied.stderr == pytest.approx(once.stderr, abs=1e-9)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), abs=1e-8)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_an_estimate_does_not_depend_on_the_order_of_items_and_stays_inside_its_bounds(values, random):
    estimate = mean_estimate(values, bounds=(0, 1))
    shuffled = random.sample(values, len(values))
    again = mean_estimate(shuffled, bounds=(0, 1))
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert (again.low, again.high) == pytest.approx((estimate.low, estimate.high), abs=1e-6)


def test_zeros_and_ones_get_wilsons_interval():
    estimate = mean_estimate([1] * 7 + [0] * 3, bounds=(0, 1))
    expected = reference.binomtest(7, 10).proportion_ci(method="wilson")
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
    assert wilson(7, 10) == pytest.approx((expected.low, expected.high))


def test_all_right_still_leaves_doubt():
    estimate = mean_estimate([1.0] * 20, bounds=(0, 1))
    assert estimate.high == 1
    assert estimate.low == pytest.approx(wilson(20, 20)[0])
    clustered = mean_estimate([1.0] * 20, bounds=(0, 1), clusters=np.repeat(np.arange(5), 4))
    assert clustered.low == pytest.approx(clopper_pearson(5, 5)[0])


def test_trials_say_how_little_stands_behind_a_perfect_value():
    estimate = estimate_from_influence(1.0, np.zeros(1000), bounds=(0, 1), trials=3)
    assert estimate.low == pytest.approx(0.025 ** (1 / 3))


def test_a_constant_without_bounds_or_inside_them_has_an_interval_without_width():
    unbounded, inside = mean_estimate([1.0] * 5), mean_estimate([0.5] * 5, bounds=(0, 1))
    assert (unbounded.low, unbounded.high) == (1, 1)
    assert (inside.low, inside.high) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("successes", [0, 1, 5, 10])
def test_clopper_pearson_agrees_with_scipy(successes):
    expected = reference.binomtest(successes, 10).proportion_ci(method="exact")
    assert clopper_pearson(successes, 10) == pytest.approx((expected.low, expected.high))


def test_no_trials_say_nothing():
    assert wilson(0, 0) == (0, 1)
    assert clopper_pearson(0, 0) == (0, 1)


def test_impossible_inputs_are_refused():
    with pytest.raises(OutOfRange, match="outside its bounds"):
        estimate_from_influence(1.2, [0.1, -0.1], bounds=(0, 1))
    with pytest.raises(OutOfRange, match="finite"):
        estimate_from_influence(1.2, [math.inf, -0.1])
    with pytest.raises(OutOfRange, match="confidence"):
        mean_estimate([1, 2], confidence=95)
    with pytest.raises(ShapeMismatch, match="clusters"):
        mean_estimate([1, 2, 3], clusters=[[1, 2, 3]])
    with pytest.raises(ShapeMismatch, match="one axis"):
        mean_estimate([[1, 2]])
    with pytest.raises(OutOfRange, match="successes"):
        wilson(4, 3)


def test_rounding_beyond_a_bound_is_forgiven():
    assert estimate_from_influence(1 + 1e-15, [0.0, 0.0], bounds=(0, 1)).value == 1


def _coverage(draw, truth, *, rounds=600, **options):
    """Share of simulated intervals that hold the truth; `draw` makes (values, clusters)."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(rounds):
        values, clusters = draw(rng)
        estimate = mean_estimate(values, clusters=clusters, **options)
        hits += estimate.low <= truth <= estimate.high
    return hits / rounds


def test_intervals_of_means_cover_as_often_as_they_say():
    assert 0.92 <= _coverage(lambda rng: (rng.normal(size=8), None), 0) <= 0.98
    assert 0.92 <= _coverage(lambda rng: (rng.random(30) < 0.85, None), 0.85, bounds=(0, 1)) <= 0.98
    assert 0.92 <= _coverage(lambda rng: (rng.beta(4, 1, 15), None), 0.8, bounds=(0, 1)) <= 0.98


def test_intervals_of_clustered_means_cover_as_often_as_they_say():
    def draw(rng):
        clusters = np.repeat(np.arange(20), 6)
        return rng.normal(size=20)[clusters] + rng.normal(size=120), clusters

    def draw_binary(rng):
        clusters = np.repeat(np.arange(25), 6)
        return rng.random(150) < rng.beta(3, 1, 25)[clusters], clusters

    assert 0.92 <= _coverage(draw, 0) <= 0.98
    assert 0.92 <= _coverage(draw_binary, 0.75, bounds=(0, 1)) <= 0.98
    ignoring = _coverage(lambda rng: (draw(rng)[0], None), 0)
    assert ignoring < 0.8  # what clustering is for
