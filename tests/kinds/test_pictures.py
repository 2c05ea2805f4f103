"""What the metrics of the kinds draw."""

import numpy as np
import pytest

from harness.kinds import best_of_k, preference
from harness.metric import Columns


def test_the_best_of_k_curve_is_drawn_with_the_values_and_intervals_of_its_means():
    rng = np.random.default_rng(0)
    correct = (rng.random((50, 4)) < 0.5).astype(float)
    correct[:5, 3] = np.nan
    scores = np.where(np.isnan(correct), np.nan, rng.standard_normal((50, 4)))
    clusters = np.arange(50) // 2
    columns = Columns({"scores": scores, "correct": correct}, clusters)
    metric = best_of_k.BestOfKAccuracy()
    [picture] = metric.pictures(columns)
    own, oracle = picture.series
    assert own.x == [1, 2, 3, 4]
    assert own.y == pytest.approx(metric.detail(columns)["curve"])
    assert oracle.y == pytest.approx(metric.detail(columns)["oracle"])
    assert oracle.reference
    # At the largest K the curve is the metric itself, interval and all.
    estimate = metric.compute(columns)
    assert (own.y[-1], own.low[-1], own.high[-1]) == pytest.approx((estimate.value, estimate.low, estimate.high))


def test_pairs_are_drawn_by_the_gap_of_their_scores():
    rng = np.random.default_rng(0)
    correct = np.tile([1.0, 0.0, 0.0, 1.0], (40, 1))
    scores = rng.standard_normal((40, 4)) + correct
    [picture] = best_of_k.PairwiseAccuracy().pictures(Columns({"scores": scores, "correct": correct}))
    gaps = sorted(
        (s[i] - s[j] for s in scores for i in (0, 3) for j in (1, 2)),
        key=abs,
    )
    wanted = [np.mean([g > 0 for g in gaps[i : i + 16]]) for i in range(0, 160, 16)]
    assert picture.series[0].y == pytest.approx(wanted)
    assert not best_of_k.PairwiseAccuracy().pictures(Columns({"scores": scores[:1], "correct": correct[:1]}))


def test_verdicts_are_drawn_as_shares_of_all_pairs():
    given = np.array([1.0, 1.0, 0.5, 0.0, 0.5, 1.0])
    exchanged = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.5])
    [picture] = preference.Accuracy().pictures(Columns({"as_given": given, "exchanged": exchanged}))
    [series] = picture.series
    assert dict(zip(series.x, np.array(series.y) * 6, strict=True)) == pytest.approx(
        {"right twice": 1, "right once": 2, "undecided": 1, "wrong once": 1, "wrong twice": 1}
    )
    assert all(low <= y <= high for low, y, high in zip(series.low, series.y, series.high, strict=True))
