"""Detection beyond values: intervals, notes, what is shared, slices of one class."""

import math

import numpy as np
import pytest

from harness import stats
from harness.errors import UsageError
from harness.metric import Columns

from ..messages import saying

EXACT = ("true_positive_rate", "false_positive_rate", "precision")


def columns_of(scores, labels, clusters=None):
    values = {"log_odds": np.asarray(scores, dtype=float), "label": np.asarray(labels, dtype=float)}
    return Columns(values, None if clusters is None else np.asarray(clusters))


def drawn(n, *, seed=0, prevalence=0.3, separation=1.5):
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < prevalence).astype(float)
    return columns_of(rng.normal(size=n) + separation * labels - 0.5, labels)


# intervals


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_a_share_of_independent_rows_has_the_exact_interval_of_its_counts(name, confidence, metric):
    columns = drawn(200)
    estimate = metric(name).compute(columns, confidence=confidence)
    called, positive = columns.values["log_odds"] > 0, columns.values["label"] == 1
    among = {"true_positive_rate": positive, "false_positive_rate": ~positive, "precision": called}[name]
    count = int((among & (positive if name == "precision" else called)).sum())
    exact = stats.clopper_pearson(count, int(among.sum()), confidence=confidence)
    assert (estimate.low, estimate.high) == exact
    assert estimate.value == count / among.sum()
    assert (estimate.detail["count"], estimate.detail["of"]) == (count, among.sum())
    assert estimate.detail["interval"] == "Clopper-Pearson"


@pytest.mark.parametrize("name", EXACT)
def test_a_share_of_clustered_rows_has_the_clustered_interval_and_says_so(name, metric):
    columns = drawn(200)
    whole = metric(name).compute(columns)
    copies = Columns({k: np.tile(v, 3) for k, v in columns.values.items()}, np.tile(np.arange(200), 3))
    estimate = metric(name).compute(copies)
    assert estimate.stderr == pytest.approx(whole.stderr)
    assert estimate.high - estimate.low == pytest.approx(whole.high - whole.low, rel=0.15)
    assert estimate.detail["interval"].startswith("clustered, ")


def test_a_share_at_its_bound_counts_clusters_as_trials(metric):
    columns = columns_of(np.full(40, -1.0), np.zeros(40), np.arange(40) // 4)
    estimate = metric("false_positive_rate").compute(columns)
    assert (estimate.low, estimate.high) == stats.clopper_pearson(0, 10)


def test_the_interval_at_a_known_threshold_stands_beside_that_with_its_noise(metric):
    estimate = metric("tpr_at_fpr:rate=0.1").compute(drawn(400))
    detail = estimate.detail
    exact = stats.clopper_pearson(detail["true_positives"], detail["positives"])
    assert detail["interval_95_at_this_threshold"] == list(exact)
    assert estimate.low < exact[0]
    assert exact[1] < estimate.high


def test_with_few_negatives_expected_above_the_threshold_nothing_bounds_the_value_from_below(metric):
    columns = drawn(400)
    clusters = Columns(columns.values, np.arange(400) // 2)
    for given in (columns, clusters):
        for name in ("tpr_at_fpr", "ppv_at_prevalence"):
            few, enough = (metric(f"{name}:rate={rate}").compute(given) for rate in (0.01, 0.1))
            assert few.low == 0 < enough.low
            assert "nothing bounds the value from below" in few.detail["note"]
            assert "note" not in enough.detail


def test_what_bounds_a_value_from_below_depends_on_the_level(metric):
    columns = drawn(400)
    for name in ("tpr_at_fpr", "ppv_at_prevalence"):
        usual, half = (metric(f"{name}:rate=0.01").compute(columns, confidence=level) for level in (0.95, 0.5))
        assert usual.low == 0 < half.low
        assert "nothing bounds" in usual.detail["note"]
        assert "note" not in half.detail


def test_the_calibration_error_of_a_calibrated_model_may_be_none(metric):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=3000)
    estimate = metric("expected_calibration_error").compute(
        columns_of(scores, rng.random(3000) < 1 / (1 + np.exp(-scores)))
    )
    assert estimate.low == 0 < estimate.value < 2 * estimate.detail["expected_if_calibrated"]


# notes and details


def test_a_rate_that_the_negatives_cannot_resolve_is_called_so(metric):
    columns = columns_of(np.arange(4998), np.arange(4998) % 14 == 13)
    negatives = int((columns.values["label"] == 0).sum())
    note = f"not resolvable with {negatives} negatives: at zero false positives the rate is only known to be below"
    for name in ("tpr_at_fpr", "tpr_at_fpr_interpolated", "ppv_at_prevalence", "partial_auroc"):
        assert metric(f"{name}:rate=0.0001").compute(columns).detail["note"] == f"{note} 0.065 %"
        assert "note" not in metric(f"{name}:rate=0.002").compute(columns).detail
    estimate = metric("tpr_at_fpr:rate=0.0001").compute(columns)
    assert estimate.detail["false_positives"] == 0
    assert estimate.value == pytest.approx(1 / 357)


def test_a_partial_area_over_few_negatives_says_that_its_interval_is_too_short(metric):
    columns = columns_of(np.arange(600), np.arange(600) % 2)
    assert "note" not in metric("partial_auroc:rate=0.02").compute(columns).detail
    assert "holds 4.5 negatives only" in metric("partial_auroc:rate=0.015").compute(columns).detail["note"]
    # Of clustered negatives, the clusters count.
    clustered = Columns(columns.values, np.arange(600) // 10)
    assert "holds 1.2 negatives only" in metric("partial_auroc:rate=0.02").compute(clustered).detail["note"]


def test_the_bound_is_that_of_the_published_test_set(metric):
    # ToxicChat: none of 4,721 bounds the rate by 0.063 %.
    columns = columns_of(np.r_[np.ones(362), np.zeros(4721)], np.r_[np.ones(362), np.zeros(4721)])
    assert metric("tpr_at_fpr:rate=0.0001").compute(columns).detail["note"].endswith("below 0.063 %")
    clustered = Columns(columns.values, np.arange(5083) // 10)
    assert "4721 negatives in 473 clusters" in metric("tpr_at_fpr:rate=0.0001").compute(clustered).detail["note"]


def test_ties_at_and_below_the_threshold_are_counted(metric):
    columns = columns_of([3, 3, 3, 2, 2, 1, 0, 0], [1, 1, 0, 1, 0, 0, 0, 0])
    detail = metric("tpr_at_fpr:rate=0.25").compute(columns).detail
    assert (detail["threshold"], detail["tied_at_threshold"], detail["tied_below_threshold"]) == (3.0, 3, 2)
    assert (detail["false_positives"], detail["negatives"]) == (1, 5)
    nothing = metric("tpr_at_fpr:rate=0.1").compute(columns).detail
    assert "threshold" not in nothing
    assert (nothing["tied_at_threshold"], nothing["tied_below_threshold"]) == (0, 3)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("tpr_at_fpr:rate=5", saying("rate=5", "number", "0", "1")),
        ("tpr_at_fpr:rate=1%", saying("rate=1%", "number", "0", "1", "0.01")),
        ("ppv_at_prevalence:prevalence=0", saying("prevalence=0", "number", "0", "1")),
        ("precision:threshold=high", saying("threshold=high", "number")),
        ("expected_calibration_error:binning=equal", saying("binning=equal", "'width'", "'mass'")),
        ("expected_calibration_error:bins=0", saying("bins=0", "whole number", "at least 1")),
        ("tpr_at_fpr:rates=0.1", saying("rate")),
    ],
)
def test_arguments_that_cannot_be_are_refused_with_what_is_allowed(text, match, metric):
    with pytest.raises(UsageError, match=match.pattern):
        metric(text)


# one class


@pytest.mark.parametrize(("label", "there", "missing"), [(0.0, "false", "true"), (1.0, "true", "false")])
def test_of_one_class_the_rate_that_exists_is_given_and_the_other_says_why_not(label, there, missing, metric):
    columns = columns_of(np.linspace(-1, 1, 40), np.full(40, label))
    given = metric(f"{there}_positive_rate").compute(columns)
    assert (given.value, given.n) == (0.5, 40)
    assert (given.low, given.high) == stats.clopper_pearson(20, 40)
    absent = metric(f"{missing}_positive_rate").compute(columns)
    assert math.isnan(absent.value)
    assert absent.detail["reason"] == saying("40", "items", "score")


def test_nothing_called_positive_has_no_precision(metric):
    estimate = metric("precision:threshold=9").compute(drawn(50))
    assert "items called positive (score above 9)" in estimate.detail["reason"]


# sharing


def test_scores_are_sorted_once_for_all_metrics_whatever_failed(metric, monkeypatch):
    columns = drawn(100)
    columns.values["log_odds"][[3, 50]] = math.nan
    calls = []
    monkeypatch.setattr(stats, "levels", lambda *items, own=stats.levels: calls.append(1) or own(*items))
    for name in ("auroc", "average_precision", "tpr_at_fpr", "optimal_f1", "expected_calibration_error"):
        estimate = metric(name).compute(columns)
        assert (estimate.n, estimate.n_failed) == (98, 2)
    assert len(calls) == 1


def test_rows_of_a_mask_are_taken_once():
    columns = drawn(20)
    mask = columns.values["label"] == 0
    assert columns.only(mask) is columns.only(mask.copy())
    assert columns.only(~mask) is not columns.only(mask)
    assert columns.only(np.ones(20, dtype=bool)) is columns
    assert len(columns.only(mask)) == mask.sum()


# pictures


def picture(metric, name, columns):
    (made,) = metric(name).pictures(columns)
    curve = next(series for series in made.series if not series.reference)
    return made, curve, [series for series in made.series if series.reference]


def test_the_roc_picture_has_the_metrics_area(metric):
    columns = drawn(300)
    made, curve, (chance,) = picture(metric, "auroc", columns)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(metric("auroc").compute(columns).value)
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert (chance.x, chance.y, made.x_scale) == ((0, 1), (0, 1), "linear")


@pytest.mark.parametrize("name", ["auroc", "tpr_at_fpr", "average_precision"])
def test_pictures_are_thinned_to_points_of_the_curve(name, metric):
    columns = drawn(30_000)
    _, curve, _ = picture(metric, name, columns)
    assert 300 < len(curve.x) <= 500
    false, true = stats.levels(columns.values["log_odds"], columns.values["label"]).rates
    ys = {round(y, 12) for y in (true if name != "average_precision" else curve.y)}
    assert {round(y, 12) for y in curve.y} <= ys
    if name == "auroc":
        assert np.interp(false, curve.x, curve.y) == pytest.approx(true, abs=0.01)


def test_the_low_rate_picture_shows_the_limit_and_an_exact_band(metric):
    columns = drawn(300)
    made, curve, (limit,) = picture(metric, "tpr_at_fpr", columns)
    negatives = int((columns.values["label"] == 0).sum())
    positives = 300 - negatives
    assert made.x_scale == "log"
    assert limit.x == (1 / negatives, 1 / negatives)
    assert curve.x[0] == 0.5 / negatives == made.x_range[0]
    assert curve.y[0] == metric("tpr_at_fpr:rate=0.0001").compute(columns).value
    for rate in (0.05, 0.3):
        last = np.flatnonzero(np.array(curve.x) <= rate)[-1]
        assert curve.y[last] == metric(f"tpr_at_fpr:rate={rate}").compute(columns).value
        exact = stats.clopper_pearson(round(curve.y[last] * positives), positives)
        assert (curve.low[last], curve.high[last]) == exact
    assert f"1/{negatives}" in made.note


@pytest.mark.parametrize("name", ["brier", "expected_calibration_error:binning=mass,bins=5"])
def test_the_reliability_picture_has_an_exact_interval_a_bin(name, metric):
    made, points, (diagonal,) = picture(metric, name, drawn(300))
    assert points.form == "points"
    assert len(points.x) == 5 if "mass" in name else len(points.x) > 5
    assert all(low <= y <= high for low, y, high in zip(points.low, points.y, points.high, strict=True))
    assert diagonal.x == (0, 1)
    assert "intervals" in made.note


@pytest.mark.parametrize("name", ["auroc", "tpr_at_fpr", "average_precision"])
def test_one_class_has_no_curve(name, metric):
    assert metric(name).pictures(columns_of([0.1, 0.2], [0, 0])) == ()


def test_a_detector_that_ties_everything_has_pictures_too(metric):
    columns = columns_of(np.zeros(10), np.arange(10) % 2)
    for name in ("auroc", "tpr_at_fpr", "average_precision", "brier"):
        assert metric(name).pictures(columns)


def test_an_auroc_near_its_bound_has_the_wider_of_two_intervals(metric):
    columns = columns_of(
        np.concatenate([np.full(20, 3.0), np.linspace(-3, 3.1, 500)]), np.repeat([1.0, 0.0], [20, 500])
    )
    estimate = metric("auroc").compute(columns)
    low, high = stats.auroc_interval(estimate.value, 20, 500)
    assert estimate.low == low
    assert estimate.high >= high
    assert metric("auroc").compute(columns, confidence=0.5).low > low


def test_a_perfect_auroc_on_few_positives_says_little(metric):
    columns = columns_of(np.repeat([1.0, -1.0], [3, 100]), np.repeat([1.0, 0.0], [3, 100]))
    estimate = metric("auroc").compute(columns)
    assert estimate.high == 1
    assert estimate.low < 0.6


def test_a_balanced_accuracy_is_made_of_both_rates(metric):
    columns = columns_of(np.repeat([1.0, -1.0, -1.0, 1.0], [8, 12, 480, 20]), np.repeat([1.0, 0.0], [20, 500]))
    estimate = metric("balanced_accuracy").compute(columns)
    true, false = stats.wilson(8, 20), stats.wilson(480, 500)
    below = np.hypot(0.4 - true[0], 0.96 - false[0]) / 2
    above = np.hypot(true[1] - 0.4, false[1] - 0.96) / 2
    assert (estimate.low, estimate.high) == pytest.approx((0.68 - below, 0.68 + above))
