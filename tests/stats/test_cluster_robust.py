import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from harness.stats import (
    OutOfRange,
    ShapeMismatch,
    auroc,
    estimate_from_influence,
    mean_estimate,
    paired_difference,
    spread_of,
)

SIZES = np.array([1, 2, 4, 7, 11, 16, 22, 29, 37, 89])


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def by_matrices(y, clusters, labels, contrast):
    """CR2 and Bell and McCaffrey's degrees of freedom of a contrast of class means, from their definition.

    The working model has one variance a class, that of its residuals.
    """
    x = np.stack([labels == c for c in np.unique(labels)], axis=1).astype(float)
    bread = np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    residual = y - hat @ y
    n, names = len(y), np.unique(clusters)
    working = np.diag((x.T @ residual**2 / x.sum(axis=0)) @ x.T)
    variance, forms = 0.0, []
    for name in names:
        rows = clusters == name
        adjust = power(np.eye(rows.sum()) - hat[np.ix_(rows, rows)], -0.5)
        weights = contrast @ bread @ x[rows].T @ adjust
        variance += float(weights @ residual[rows]) ** 2
        forms.append((np.eye(n) - hat)[rows].T @ weights)
    made = np.array(forms) @ working @ np.array(forms).T
    return math.sqrt(variance), np.trace(made) ** 2 / np.trace(made @ made)


def sample(seed, sizes=SIZES):
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    order = rng.permutation(clusters.size)
    return rng, clusters[order], (rng.normal(size=len(sizes))[clusters] + rng.normal(size=clusters.size))[order]


@pytest.mark.parametrize("seed", range(3))
def test_a_mean_of_unequal_clusters_has_the_error_of_the_matrices(seed):
    _, clusters, y = sample(seed)
    stderr, freedom = by_matrices(y, clusters, np.zeros(len(y)), np.ones(1))
    found = spread_of(y - y.mean(), clusters=clusters)
    assert (found.stderr, found.degrees_of_freedom) == pytest.approx((stderr, freedom), rel=1e-9)
    assert found.clusters == len(SIZES)


@pytest.mark.parametrize("seed", range(3))
def test_two_classes_of_unequal_clusters_have_the_error_of_the_matrices(seed):
    rng, clusters, y = sample(seed)
    labels = (rng.random(len(y)) < 0.3).astype(int)
    means = [y[labels == c].mean() for c in (0, 1)]
    share = [(labels == c).mean() for c in (0, 1)]
    influence = np.where(labels == 1, (y - means[1]) / share[1], (means[0] - y) / share[0])
    stderr, freedom = by_matrices(y, clusters, labels, np.array([-1.0, 1.0]))
    found = spread_of(influence, clusters=clusters, classes=labels)
    assert found.stderr == pytest.approx(stderr, rel=1e-9)
    # The matrices know the variance of the items, the influences that of what an item does to the value.
    assert found.degrees_of_freedom == pytest.approx(freedom, rel=1e-9)


def test_two_classes_of_independent_items_have_welchs_test():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=8), 3 * rng.normal(size=20)
    expected = ttest_ind(one, other, equal_var=False)
    y, labels = np.concatenate([one, other]), np.repeat([1, 0], [8, 20])
    influence = np.where(labels == 1, (y - one.mean()) * 28 / 8, (other.mean() - y) * 28 / 20)
    found = spread_of(influence, classes=labels)
    assert found.degrees_of_freedom == pytest.approx(expected.df)
    assert (one.mean() - other.mean()) / found.stderr == pytest.approx(expected.statistic)


def test_items_that_are_not_counted_do_not_count_as_clusters():
    _, clusters, y = sample(4)
    counted = clusters < 5
    value = y[counted].mean()
    influence = np.where(counted, y - value, 0.0) / counted.mean()
    found = spread_of(influence, clusters=clusters, classes=counted.astype(int) - 1)
    alone = spread_of(y[counted] - value, clusters=clusters[counted])
    assert tuple(found) == pytest.approx(tuple(alone))


@given(st.lists(st.integers(1, 9), min_size=2, max_size=9))
def test_there_are_never_more_degrees_of_freedom_than_clusters_less_one_nor_fewer_than_one(sizes):
    _, clusters, y = sample(0, np.array(sizes))
    found = spread_of(y - y.mean(), clusters=clusters)
    assert 1 - 1e-9 <= found.degrees_of_freedom <= len(sizes) - 1 + 1e-9
    if len(set(sizes)) == 1:
        assert found.degrees_of_freedom == len(sizes) - 1


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 4)), min_size=3, max_size=15), st.randoms())
def test_the_error_does_not_depend_on_the_order_of_items(rows, random):
    assume(len({code for _, code in rows}) > 1)
    shuffled = random.sample(rows, len(rows))
    found, again = (
        spread_of(values - values.mean(), clusters=codes)
        for values, codes in ((np.array([v for v, _ in r]), np.array([c for _, c in r])) for r in (rows, shuffled))
    )
    assert tuple(again) == pytest.approx(tuple(found), abs=1e-9)


def test_a_class_within_one_cluster_has_no_error():
    labels, clusters = np.array([1, 1, 0, 0, 0]), np.array([0, 0, 1, 1, 2])
    value, influence = auroc([3.0, 1.0, 0.0, 2.0, 0.5], labels)
    estimate = estimate_from_influence(value, influence, clusters=clusters, classes=labels, bounds=(0, 1))
    assert math.isnan(estimate.stderr)
    assert (estimate.low, estimate.high) == (0, 1)


def test_a_million_items_take_little_time_and_memory():
    clusters = np.repeat(np.arange(200_000), 5)
    clusters[:50] = 0
    y = np.random.default_rng(0).normal(size=clusters.size)
    found = spread_of(y - y.mean(), clusters=clusters)
    assert 190_000 < found.degrees_of_freedom < 200_000


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeMismatch, match="classes"):
        spread_of(np.zeros(3), classes=[0, 1])
    with pytest.raises(OutOfRange, match="classes"):
        spread_of(np.zeros(2), classes=[0, -2])


def binary(rng, sizes, correlation, share):
    scale = 1 / correlation - 1
    return rng.random(sizes.sum()) < np.repeat(rng.beta(share * scale, (1 - share) * scale, sizes.size), sizes)


@pytest.mark.parametrize("sizes", [SIZES, np.array([150] + [17] * 9)], ids=["1 to 89", "one with half"])
def test_few_unequal_clusters_cover_and_models_that_do_not_differ_are_not_told_apart(sizes):
    rng, rounds = np.random.default_rng(5), 600
    clusters = np.repeat(np.arange(sizes.size), sizes)
    held = rejected = 0
    for _ in range(rounds):
        one, other = (binary(rng, sizes, 0.3, 0.5).astype(float) for _ in range(2))
        estimate = mean_estimate(one, clusters=clusters, bounds=(0, 1))
        held += estimate.low <= 0.5 <= estimate.high
        difference = paired_difference(
            *(one.mean(), one - one.mean(), other.mean(), other - other.mean()), clusters=clusters, bounds=(0, 1)
        )
        rejected += difference.p_value < 0.05
    assert 0.93 <= held / rounds <= 0.985
    assert rejected / rounds <= 0.085
