"""Thresholds are certified as claimed, best as claimed, and never part a tie; calibration is Platt's."""

import math

import numpy as np
import pytest
from harness_plugins.detectors.calibrated import CalibratedDetector, CalibratedDetectorTrainer, platt
from harness_plugins.detectors.operating_point import OperatingPoint, OperatingPointTrainer
from harness_plugins.detectors.thresholds import (
    allowed_false_positives,
    best_balanced_accuracy,
    best_f1,
    certified,
    negatives_needed,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import balanced_accuracy_score, f1_score

from harness import Conversation, Failure
from harness.errors import DataError, UsageError

from ..messages import saying

SCORED = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(y for _, y in rows) < len(rows)
)


def arrays(rows):
    return np.array([float(s) for s, _ in rows]), np.array([y for _, y in rows])


@pytest.mark.parametrize(("rate", "allowed"), [(0.1, 437), (0.01, 35), (0.001, 0), (0.0001, -1)])
def test_allowed_false_positives_of_toxic_chat(rate, allowed):
    assert allowed_false_positives(4721, rate, 0.95) == allowed


@pytest.mark.parametrize(("rate", "needed"), [(0.1, 29), (0.01, 299), (0.001, 2995), (0.0001, 29956)])
def test_negatives_needed(rate, needed):
    assert negatives_needed(rate, 0.95) == needed
    assert allowed_false_positives(needed, rate, 0.95) == 0
    assert allowed_false_positives(needed - 1, rate, 0.95) == -1


@given(st.integers(1, 400), st.floats(0.001, 0.9), st.floats(0.5, 0.999))
def test_the_order_statistic_is_the_smallest_that_keeps_the_risk(n, rate, confidence):
    """By brute force over k: P(Bin(n, 1 - rate) >= k) <= 1 - confidence."""
    tails = binom.sf(np.arange(n), n, 1 - rate)  # of k = 1, ..., n
    rounding = 1e-12  # either answer is right where the risk is met exactly
    good = [np.flatnonzero(tails <= 1 - confidence + slack) + 1 for slack in (-rounding, rounding)]
    assert allowed_false_positives(n, rate, confidence) in {n - int(k[0]) if len(k) else -1 for k in good}


def test_the_certificate_holds_in_simulation():
    rng = np.random.default_rng(0)
    violated = 0
    for _ in range(2000):
        cut = certified(rng.random(120), np.zeros(120, dtype=bool), 0.1, 0.9)
        violated += 1 - cut.threshold > 0.1  # of uniform scores, this is the false positive rate
    assert violated / 2000 < 0.1 + 3 * math.sqrt(0.09 / 2000)
    assert violated / 2000 > 0.05  # and it is not needlessly strict


@given(SCORED, st.floats(0.05, 0.8), st.floats(0.5, 0.9))
def test_a_certified_threshold_lets_no_more_through_than_allowed_and_is_the_lowest(rows, rate, confidence):
    scores, labels = arrays(rows)
    negatives = scores[~labels]
    allowed = allowed_false_positives(len(negatives), rate, confidence)
    if allowed < 0:
        with pytest.raises(DataError, match="cannot certify"):
            certified(scores, labels, rate, confidence)
        return
    cut = certified(scores, labels, rate, confidence)
    assert (negatives > cut.threshold).sum() <= allowed
    assert all((negatives > lower).sum() > allowed for lower in np.unique(scores) if lower < cut.threshold)


def test_too_few_negatives_are_refused_with_the_number_needed():
    with pytest.raises(DataError, match=saying("100", "negatives", "at least 299", "0.0295").pattern):
        certified(np.zeros(100), np.zeros(100, dtype=bool), 0.01, 0.95)


@pytest.mark.parametrize(
    ("best", "score"), [(best_f1, f1_score), (best_balanced_accuracy, balanced_accuracy_score)], ids=["f1", "balanced"]
)
@given(rows=SCORED)
def test_the_best_threshold_is_the_best_of_all(best, score, rows):
    scores, labels = arrays(rows)
    cut = best(scores, labels)
    everywhere = [score(labels, scores > t) for t in (*np.unique(scores), scores.min() - 1)]
    assert score(labels, scores > cut.threshold) == pytest.approx(max(everywhere))
    assert not (scores == cut.threshold).any() or len(np.unique(scores)) == 1


def test_neighbouring_floats_are_parted():
    low, high = 1.0, np.nextafter(1.0, 2.0)
    cut = best_f1(np.array([low, high]), np.array([False, True]))
    assert low <= cut.threshold < high


# the trained model


def answers(values):
    return lambda capability, requests: [values[request.text] for request in requests]


def test_what_is_above_the_threshold_is_above_0_and_a_tie_is_not(fit, over, items):
    rows = [(f"n{i}", 0) for i in range(40)] + [("p", 1)]
    values = {**{f"n{i}": float(min(i, 35)) for i in range(40)}, "p": 50.0, "new": 35.5}
    directory = fit(OperatingPointTrainer(rule="fpr=0.1"), items(rows), answers(values))
    assert fit.figures["false_positives_allowed"] == 0
    assert fit.figures["threshold"] == 35.0
    model = over(OperatingPoint(str(directory)), base=answers(values))
    found = model.detect([Conversation.user(t) for t in ("n39", "n35", "n0", "p", "new")])
    assert found == [0.0, 0.0, -35.0, 15.0, 0.5]
    assert model.default_parts() == {"base": "constant"}


@pytest.mark.parametrize("rule", ["f1", "balanced-accuracy"])
def test_rules_that_part_the_classes(fit, over, items, rule):
    values = {"a": -1.0, "b": 0.5, "c": 3.0, "d": 4.0}
    fit(OperatingPointTrainer(rule), items([("a", 0), ("b", 0), ("c", 1), ("d", 1)]), answers(values))
    assert fit.figures["threshold"] == pytest.approx(1.75)
    assert (fit.figures["true_positives"], fit.figures["false_positives"]) == (2, 0)


def test_a_failed_base_fails_the_request(fit, over, items):
    directory = fit(OperatingPointTrainer("f1"), items([("a", 0), ("b", 1)]), answers({"a": 0.0, "b": 1.0}))
    model = over(OperatingPoint(str(directory)), base=lambda capability, requests: [Failure("gone")] * len(requests))
    (answer,) = model.detect([Conversation.user("a")])
    assert answer == Failure("the base detector: gone")
    assert model.detect([]) == []


def test_a_failed_base_ends_the_training(fit, items):
    values = {"a": 0.0, "b": Failure("too long")}
    with pytest.raises(ValueError, match=saying("1", "2", "texts", "'detect'").pattern):
        fit(OperatingPointTrainer("f1"), items([("a", 0), ("b", 1)]), answers(values))


@pytest.mark.parametrize(
    ("settings", "rows", "message"),
    [
        ({"rule": "best"}, [("a", 0)], saying("rule=best", "fpr=RATE", "f1", "balanced-accuracy")),
        ({"rule": "fpr=1"}, [("a", 0)], saying("RATE", "between", "0", "1")),
        ({"rule": "fpr=e"}, [("a", 0)], saying("RATE", "between", "0", "1")),
        ({"rule": "fpr=nan"}, [("a", 0)], saying("RATE", "between", "0", "1")),
        ({"rule": "f1"}, [("a", 0)], saying("texts", "0", "1", "positive")),
        ({"rule": "fpr=0.5"}, [("a", 1)], saying("needs texts of the negative class")),
        ({"rule": "f1"}, [], saying("it has no texts")),
        ({"rule": "f1"}, [("a", 0), ("b", 2)], saying("'1'", "label", "2", "0", "1")),
        ({"rule": "f1"}, [("a", 0), ("b", None)], saying("'1'", "label")),
    ],
)
def test_what_cannot_be_learned_from_is_said(fit, items, settings, rows, message):
    with pytest.raises(ValueError, match=message.pattern):
        fit(OperatingPointTrainer(**settings), items(rows), answers({"a": 0.0, "b": 1.0}))


def test_benign_texts_alone_certify_a_rate(fit, items):
    rows = [(f"n{i}", 0) for i in range(300)]
    fit(OperatingPointTrainer(), items(rows), lambda capability, requests: [float(r.text[1:]) for r in requests])
    assert (fit.figures["threshold"], fit.figures["false_positives"]) == (299.0, 0)


@pytest.mark.parametrize("content", ["", "junk", "[1]", '{"trainer": "other"}'])
def test_a_damaged_or_foreign_directory_is_a_clear_error(tmp_path, content):
    (tmp_path / "detector.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"damaged|was trained by"):
        OperatingPoint(str(tmp_path)).identity()
    with pytest.raises(UsageError, match="harness train operating-point"):
        OperatingPoint(str(tmp_path / "none")).default_parts()


# calibration


def test_slope_and_offset_are_those_of_scikit_learn():
    from sklearn.calibration import _sigmoid_calibration

    rng = np.random.default_rng(3)
    for scale in (0.01, 1.0, 50.0):
        labels = rng.random(400) < 0.2
        scores = scale * (rng.standard_normal(400) + 1.5 * labels - 3)
        slope, offset = platt(scores, labels)
        theirs = _sigmoid_calibration(scores, labels)
        assert slope == pytest.approx(-theirs[0], rel=1e-3)
        assert offset == pytest.approx(-theirs[1], rel=1e-3, abs=1e-3)


def test_classes_that_are_parted_entirely_give_a_finite_slope():
    slope, offset = platt(np.array([-1.0, -2.0, 3.0, 4.0]), np.array([False, False, True, True]))
    assert 0 < slope < 20
    assert math.isfinite(offset)


def test_calibrated_log_odds_and_another_prevalence(fit, over, items):
    rng = np.random.default_rng(1)
    labels = rng.random(2000) < 0.25
    truth = rng.standard_normal(2000) + 2 * labels  # log-odds 2 x - 2 + logit of the share
    values = {str(i): float(10 * v) for i, v in enumerate(truth)}
    directory = fit(CalibratedDetectorTrainer(), items((str(i), int(y)) for i, y in enumerate(labels)), answers(values))
    model = over(CalibratedDetector(str(directory)), base=answers({"x": 10.0}))
    (found,) = model.detect([Conversation.user("x")])
    assert found == pytest.approx(2 * 1 - 2 + math.log(labels.mean() / (1 - labels.mean())), abs=0.25)
    rare = over(CalibratedDetector(str(directory), prevalence=0.001), base=answers({"x": 10.0}))
    shift = math.log(0.001 / 0.999) - math.log(labels.mean() / (1 - labels.mean()))
    assert rare.detect([Conversation.user("x")])[0] - found == pytest.approx(shift)


def test_a_base_that_has_it_the_wrong_way_round_is_not_calibrated(fit, items):
    with pytest.raises(ValueError, match="no higher log-odds"):
        fit(CalibratedDetectorTrainer(), items([("a", 1), ("b", 0)] * 5), answers({"a": 0.0, "b": 1.0}))
