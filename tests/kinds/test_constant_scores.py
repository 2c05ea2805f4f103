"""A model that gives everything the same score: every metric of it says so, and nothing else does."""

import numpy as np
import pytest

from harness.kinds import best_of_k, detection, detection_decisions, preference, preference_agreement
from harness.metric import Columns

LABELS = np.array([1.0, 0.0] * 20)
CORRECT = np.tile([1.0, 0.0], (20, 1))


@pytest.mark.parametrize("metric", [detection.AreaUnderCurve(), detection_decisions.TruePositiveRate()])
def test_a_detector_whose_scores_are_all_equal_is_remarked(metric):
    equal, varied = (Columns({"log_odds": scores, "label": LABELS}) for scores in (np.ones(40), np.arange(40.0)))
    said = metric.compute(equal).detail
    assert said["constant"] == "gives all 40 items the same score"
    assert said["constant"] in said["note"]
    assert "constant" not in metric.compute(varied).detail


def test_failed_items_do_not_hide_that_the_others_score_alike():
    scores = np.where(np.arange(40) < 5, np.nan, 0.0)
    said = detection.AreaUnderCurve().compute(Columns({"log_odds": scores, "label": LABELS})).detail
    assert said["constant"] == "gives all 35 items the same score"


def test_best_of_k_with_equal_scores_is_remarked():
    metric = best_of_k.BestOfKAccuracy()
    assert "constant" in metric.compute(Columns({"scores": np.zeros((20, 2)), "correct": CORRECT})).detail
    assert "constant" not in metric.compute(Columns({"scores": CORRECT, "correct": CORRECT})).detail


def test_a_judge_that_calls_everything_a_tie_is_remarked():
    metric, half = preference.Accuracy(), np.full(20, 0.5)
    assert "tie" in metric.compute(Columns({"as_given": half, "exchanged": half})).detail["constant"]
    assert "constant" not in metric.compute(Columns({"as_given": half, "exchanged": half + CORRECT[:, 0]})).detail


def test_metrics_of_agreement_remark_ties_alone():
    half, labels = np.full(20, 0.5), np.tile([0.0, 1.0], 10)
    said = preference_agreement.LabelKappa().compute(Columns({"as_given": half, "exchanged": half, "better": labels}))
    assert said.detail["constant"] == "calls all 20 pairs a tie"


def test_pairs_of_sampled_responses_and_ties_are_remarked_where_scores_tell_nothing_apart():
    from harness_plugins.ppe.sampled_metrics import ConflictPairAccuracy
    from harness_plugins.reward_benchmarks.ties import TiesScore

    half, zero = np.full((20, 1), 0.5), np.zeros(20)
    pairs = {"correct": CORRECT, "pair_first": np.zeros((20, 1)), "pair_second": np.ones((20, 1))}
    pairs |= {"pair_given": half, "pair_exchanged": half, "answered": np.ones(20)}
    assert ConflictPairAccuracy().compute(Columns(pairs)).detail["constant"] == "calls all 20 pairs a tie"
    decided = {**pairs, "pair_given": np.ones((20, 1)), "pair_exchanged": np.zeros((20, 1))}
    assert "constant" not in ConflictPairAccuracy().compute(Columns(decided)).detail
    ties = {"reference": np.tile([1.0, 0.0], 10), "pair": np.repeat(np.arange(10.0), 2)}
    equal = TiesScore().compute(Columns({"margin": zero, "spread": zero, **ties}))
    assert equal.detail["constant"] == "gives all answers of each of 20 prompts the same score"
    assert "constant" not in TiesScore().compute(Columns({"margin": zero + 1, "spread": zero, **ties})).detail
