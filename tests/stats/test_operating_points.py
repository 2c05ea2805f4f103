import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scored_sets import draw, small_sets, tiled_derivative
from sklearn import metrics as reference

from harness.stats import (
    NothingCounted,
    OneClassOnly,
    OutOfRange,
    auprc_trapezoid,
    auroc,
    average_precision,
    clopper_pearson,
    confusion,
    estimate_from_influence,
    false_positive_rate,
    levels,
    operating_point,
    partial_auroc,
    positive_predictive_value,
    precision,
    predictive_value,
    predictive_value_interval,
    true_positive_rate,
    true_positive_rate_at_false_positive_rate,
    true_positive_rate_interval,
)

RATES = st.sampled_from([0.01, 0.1, 0.25, 0.5, 0.9, 1.0])


@given(small_sets(), RATES)
def test_areas_agree_with_scikit_learn_including_ties(items, rate):
    scores, labels = items
    expected = reference.roc_auc_score(labels, scores, max_fpr=rate)
    assert partial_auroc(scores, labels, rate=rate).value == pytest.approx(expected)
    precisions, recalls, _ = reference.precision_recall_curve(labels, scores)
    assert auprc_trapezoid(scores, labels).value == pytest.approx(reference.auc(recalls, precisions))


@given(small_sets(), RATES)
def test_an_operating_point_agrees_with_scikit_learns_curve(items, rate):
    scores, labels = items
    false, true, thresholds = reference.roc_curve(labels, scores, drop_intermediate=False)
    last = np.flatnonzero(false <= rate)[-1]
    point = operating_point(scores, labels, rate=rate)
    value = true_positive_rate_at_false_positive_rate(scores, labels, rate).value
    assert value == pytest.approx(true[last]) == pytest.approx(point.true_positives / point.positives)
    assert point.threshold == thresholds[last]
    assert point.false_positives / point.negatives == pytest.approx(false[last])
    assert point.tied == (scores == point.threshold).sum()
    below = scores[scores < point.threshold]
    assert point.tied_below == ((scores == below.max()).sum() if below.size else 0)
    smooth = true_positive_rate_at_false_positive_rate(scores, labels, rate, interpolated=True).value
    assert smooth == pytest.approx(np.interp(rate, false, true))


@given(small_sets(both=False))
def test_shares_agree_with_counting(items):
    scores, labels = items
    called = scores > 0
    for metric, success, among in (
        (true_positive_rate, called, labels == 1),
        (false_positive_rate, called, labels == 0),
        (precision, labels == 1, called),
    ):
        if among.any():
            found = metric(scores, labels)
            assert found.value == pytest.approx((success & among).sum() / among.sum())
            assert found.influence.mean() == pytest.approx(0, abs=1e-12)
        else:
            with pytest.raises(NothingCounted, match=f"none of the {len(scores)} items"):
                metric(scores, labels)
    counts = confusion(scores, labels)
    assert sum(counts) == len(scores)
    assert (counts.true_positives, counts.called) == ((called & (labels == 1)).sum(), called.sum())


SMOOTH = {
    "partial": lambda *items: partial_auroc(*items, rate=0.23),
    "all of it": lambda *items: partial_auroc(*items, rate=1.0),
    "trapezoid": auprc_trapezoid,
    "recall": true_positive_rate,
    "false alarms": false_positive_rate,
    "precision": precision,
    "predictive value": lambda *items: positive_predictive_value(*items, prevalence=0.01),
}


@pytest.mark.parametrize("metric", SMOOTH.values(), ids=SMOOTH)
@pytest.mark.parametrize("tied", [False, True])
def test_influences_are_what_leaving_an_item_out_does(metric, tied):
    scores, labels = draw(40, seed=2, tied=tied)
    influence = metric(scores, labels).influence
    derivative = tiled_derivative(lambda *items: metric(*items).value, scores, labels)
    np.testing.assert_allclose(derivative, influence, atol=3e-3 * np.abs(influence).max())


def test_the_whole_partial_area_is_the_area():
    scores, labels = draw(100, seed=1, tied=True)
    whole, part = auroc(scores, labels), partial_auroc(scores, labels, rate=1.0)
    assert part.value == pytest.approx(whole.value)
    np.testing.assert_allclose(part.influence, whole.influence, atol=1e-12)


@given(small_sets(), st.floats(0.1, 10), st.floats(-5, 5), RATES)
def test_only_the_order_of_scores_counts(items, scale, shift, rate):
    scores, labels = items
    for metric in (
        lambda *i: partial_auroc(*i, rate=rate),
        auprc_trapezoid,
        lambda *i: true_positive_rate_at_false_positive_rate(*i, rate),
        lambda *i: true_positive_rate_at_false_positive_rate(*i, rate, interpolated=True),
    ):
        plain, moved = metric(scores, labels), metric(np.exp(scores) * scale + shift, labels)
        assert moved.value == pytest.approx(plain.value)
        np.testing.assert_allclose(moved.influence, plain.influence, atol=1e-9)
    ends = [true_positive_rate_interval(s, labels, rate) for s in (scores, np.exp(scores) * scale + shift)]
    assert ends[0] == pytest.approx(ends[1])


@given(small_sets(), RATES, st.booleans())
def test_an_interval_holds_its_value_and_that_of_a_known_threshold(items, rate, interpolated):
    scores, labels = items
    sorted_ = levels(scores, labels)
    value = true_positive_rate_at_false_positive_rate(sorted_, rate=rate, interpolated=interpolated).value
    low, high = true_positive_rate_interval(sorted_, rate=rate, interpolated=interpolated)
    exact_low, exact_high = clopper_pearson(value * sorted_.counts[0], sorted_.counts[0])
    assert 0 <= low <= exact_low + 1e-12
    assert exact_high - 1e-12 <= high <= 1
    assert exact_low - 1e-12 <= value <= exact_high + 1e-12


def test_levels_stand_in_for_scores_and_labels():
    scores, labels = draw(60, seed=5, tied=True)
    scores[7] = math.nan
    sorted_ = levels(scores, labels)
    for metric in (auroc, average_precision, auprc_trapezoid, true_positive_rate_at_false_positive_rate):
        np.testing.assert_array_equal(metric(sorted_).influence, metric(scores, labels).influence)
    with pytest.raises(TypeError, match="labels"):
        auroc(scores)


def test_what_cannot_be_is_refused():
    with pytest.raises(OutOfRange, match="rate"):
        partial_auroc([0, 1], [0, 1], rate=0.0)
    with pytest.raises(OutOfRange, match="prevalence"):
        positive_predictive_value([0, 1], [0, 1], prevalence=1.0)
    with pytest.raises(OneClassOnly, match="2 positive"):
        positive_predictive_value([1, 1], [1, 1], prevalence=0.5)
    with pytest.raises(NothingCounted, match="above 5"):
        positive_predictive_value([0, 1], [0, 1], prevalence=0.5, threshold=5.0)


# predictive value


def test_predictive_values_of_published_rates_are_those_of_bayes_rule():
    # MULI and LlamaGuard at a false positive rate of 0.1 % (Hu et al. 2024, table 2).
    assert predictive_value(0.4254, 0.001, prevalence=0.001) == pytest.approx(0.30, abs=0.005)
    assert predictive_value(0.0525, 0.001, prevalence=0.001) == pytest.approx(0.05, abs=0.005)
    assert predictive_value(0.4254, 0.001, prevalence=0.01) == pytest.approx(0.81, abs=0.005)
    assert predictive_value(0.0525, 0.001, prevalence=0.01) == pytest.approx(0.35, abs=0.005)
    assert math.isnan(predictive_value(0.0, 0.0, prevalence=0.5))


def test_at_the_prevalence_of_the_items_it_is_the_precision():
    scores, labels = draw(500, seed=6)
    found = positive_predictive_value(scores, labels, prevalence=labels.mean())
    assert found.value == pytest.approx(precision(scores, labels).value)


def test_no_false_alarm_is_no_certainty():
    scores, labels = np.r_[np.ones(30), -np.ones(70), -np.ones(200)], np.r_[np.ones(100), np.zeros(200)]
    low, high = predictive_value_interval(scores, labels, prevalence=0.001)
    assert positive_predictive_value(scores, labels, prevalence=0.001).value == high == 1.0
    # The false positive rate may be as high as 1.8 %: some 0.02 of alarms are then right.
    assert low == pytest.approx(predictive_value(0.28, 0.0183, prevalence=0.001), rel=0.2)
    none_right = predictive_value_interval(-scores, labels, prevalence=0.5)
    assert none_right[0] < predictive_value(0.7, 1.0, prevalence=0.5) < none_right[1]


def test_the_interval_of_a_predictive_value_agrees_with_its_influences():
    scores, labels = draw(20_000, seed=8)
    estimate = estimate_from_influence(
        *positive_predictive_value(scores, labels, prevalence=0.01), bounds=(0, 1), trials=100
    )
    ends = predictive_value_interval(scores, labels, prevalence=0.01)
    np.testing.assert_allclose(ends, (estimate.low, estimate.high), rtol=0.02)


# coverage


def binormal(separation, rng, *, positives=362, negatives=4721):
    scores = np.concatenate([rng.normal(size=positives) + separation, rng.normal(size=negatives)])
    return levels(scores, np.concatenate([np.ones(positives), np.zeros(negatives)]))


SD = {0.1: 0.7, 0.01: 2.8, 0.001: 6.1, 0.0001: 8.6}
"""Points of a test set of ToxicChat's size, from an independent simulation at an AUROC of .987."""


@pytest.mark.slow
@pytest.mark.parametrize("rate", SD)
def test_intervals_at_low_rates_cover_and_the_noise_is_as_simulated_elsewhere(rate):
    separation = norm.ppf(0.987) * math.sqrt(2)
    truth = norm.sf(norm.isf(rate) - separation)
    rng = np.random.default_rng(0)
    values, errors, covered = [], [], 0
    for _ in range(1000):
        items = binormal(separation, rng)
        found = true_positive_rate_at_false_positive_rate(items, rate=rate)
        low, high = true_positive_rate_interval(items, rate=rate)
        values.append(found.value)
        errors.append(estimate_from_influence(*found).stderr)
        covered += low <= truth <= high
    noise = np.std(values)
    # The other simulation's curve is steeper at 10 %, where it catches 98 % and this one 97 %.
    assert 100 * noise == pytest.approx(SD[rate], rel=0.25, abs=0.25)
    assert 0.94 < covered / 1000 <= 1.0
    # Where a false positive is expected, the standard error is right; below, it falls short.
    assert 0.85 * noise < np.mean(errors) < 1.15 * noise or rate * 4721 < 1


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.0, 1.5])
def test_intervals_of_predictive_values_cover(threshold):
    rng = np.random.default_rng(1)
    truth = predictive_value(norm.sf(threshold - 1.5), norm.sf(threshold + 1), prevalence=0.01)
    covered = 0
    for _ in range(1000):
        labels = np.r_[np.ones(60), np.zeros(300)]
        scores = rng.normal(size=360) + np.where(labels == 1, 1.5, -1.0)
        low, high = predictive_value_interval(scores, labels, prevalence=0.01, threshold=threshold)
        covered += low <= truth <= high
    assert covered / 1000 > 0.94
