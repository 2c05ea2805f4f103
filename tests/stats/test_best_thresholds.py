import math

import numpy as np
import pytest
from hypothesis import given
from scored_sets import draw, small_sets, tiled_derivative
from sklearn import metrics as reference

from harness.stats import (
    best_accuracy,
    best_balanced_accuracy,
    best_f1,
    estimate_from_influence,
    expected_calibration_error,
    expected_if_calibrated,
    levels,
    reliability_bins,
)

BEST = {
    best_accuracy: reference.accuracy_score,
    best_balanced_accuracy: reference.balanced_accuracy_score,
    best_f1: lambda truth, called: reference.f1_score(truth, called, zero_division=0.0),
}


@pytest.mark.parametrize("metric", BEST)
@given(small_sets())
def test_no_threshold_does_better_and_one_does_as_well(metric, items):
    scores, labels = items
    thresholds = [*np.unique(scores), math.inf]
    best = max(BEST[metric](labels, scores >= threshold) for threshold in thresholds)
    assert metric(scores, labels).value == pytest.approx(best)


@given(small_sets())
def test_the_published_accuracy_tries_the_thresholds_of_scikit_learns_curve(items):
    scores, labels = items
    thresholds = reference.roc_curve(labels, scores)[2]
    best = max(((scores > threshold) == labels).mean() for threshold in thresholds)
    assert best_accuracy(scores, labels, as_published=True).value == pytest.approx(best)


def test_the_published_accuracy_of_real_scores_differs_by_an_item_at_most():
    scores, labels = draw(3000, seed=0)
    thresholds = reference.roc_curve(labels, scores)[2]
    best = max(((scores > threshold) == labels).mean() for threshold in thresholds)
    published, right = (best_accuracy(scores, labels, as_published=flag).value for flag in (True, False))
    assert published == pytest.approx(best, abs=1e-12)
    assert published <= right <= published + 1 / 3000 + 1e-12


@pytest.mark.parametrize("metric", BEST)
@pytest.mark.parametrize("tied", [False, True])
def test_influences_are_what_leaving_an_item_out_does(metric, tied):
    scores, labels = draw(41, seed=2, tied=tied)
    influence = metric(scores, labels).influence
    derivative = tiled_derivative(lambda *items: metric(*items).value, scores, labels)
    np.testing.assert_allclose(derivative, influence, atol=2e-3 * np.abs(influence).max())


@pytest.mark.slow
@pytest.mark.parametrize("metric", BEST)
@pytest.mark.parametrize("n", [200, 1000])
def test_intervals_hold_the_noise_but_not_the_optimism(metric, n):
    # docs/statistics.md states these figures: what the best threshold gives in truth, and how often it is covered.
    truth = metric(*draw(2_000_000, seed=7)).value
    covered, excess = 0, 0.0
    for seed in range(1000):
        value, influence = metric(*draw(n, seed=1000 + seed))
        estimate = estimate_from_influence(value, influence, bounds=(0, 1))
        covered += estimate.low <= truth <= estimate.high
        excess += (value - truth) / 1000
    assert 0 < excess < 0.3 / math.sqrt(n)
    assert covered / 1000 > 0.9


# calibration


def bins_by_hand(scores, labels, bins):
    """(probabilities, labels) of each bin of equal mass: equal scores go where the middle one of them goes."""
    order = np.sort(scores)
    middle = (np.searchsorted(order, scores) + np.searchsorted(order, scores, side="right")) / 2
    code = np.minimum((middle / len(scores) * bins).astype(int), bins - 1)
    return [(1 / (1 + np.exp(-scores[code == b])), labels[code == b]) for b in np.unique(code)]


@given(small_sets(both=False))
def test_calibration_error_of_equal_mass_is_the_weighted_gap_of_its_bins(items):
    scores, labels = items
    expected = sum(abs(p.sum() - y.sum()) for p, y in bins_by_hand(scores, labels, 4)) / len(scores)
    found = expected_calibration_error(scores, labels, bins=4, equal_mass=True)
    assert found.value == pytest.approx(expected)
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)


def test_bins_of_equal_mass_hold_equally_many_where_nothing_ties():
    scores, labels = draw(600, seed=3)
    table = reliability_bins(levels(scores, labels), bins=15, equal_mass=True)
    assert table.items.tolist() == [40.0] * 15
    assert (np.diff(table.predicted) > 0).all()
    gap = np.abs(table.predicted * table.items - table.positives).sum() / 600
    assert expected_calibration_error(scores, labels, bins=15, equal_mass=True).value == pytest.approx(gap)


@pytest.mark.parametrize("equal_mass", [False, True])
def test_a_calibrated_model_gets_what_chance_gives(equal_mass):
    rng = np.random.default_rng(4)
    found, expected = [], []
    for _ in range(300):
        scores = rng.normal(size=400)
        labels = rng.random(400) < 1 / (1 + np.exp(-scores))
        sorted_ = levels(scores, labels)
        found.append(expected_calibration_error(sorted_, equal_mass=equal_mass).value)
        expected.append(expected_if_calibrated(reliability_bins(sorted_, equal_mass=equal_mass)))
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.03)
