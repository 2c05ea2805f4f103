"""Items in a sentence: what the model did, what was right, and what stands beside each response."""

from __future__ import annotations

import numpy as np
import pytest

from harness import Answers, Columns, Definition, ItemFigures, Likelihood
from harness.kinds import told
from harness.kinds.best_of_k import BestOfK
from harness.kinds.detection import Detection
from harness.kinds.preference import Preference
from harness.kinds.similarity import Similarity

NAN = float("nan")


def item(row=0, answers=(), positions=(), expected="", **columns):
    values = {name: np.array(column, dtype=np.float64) for name, column in columns.items()}
    return ItemFigures(Columns(values), row, expected, answers, positions)


def pair(given, exchanged, better=0, answered=1.0, scores=None, capability="compare", **options):
    answers = [Answers(capability, [], [] if scores is None else [np.array(scores)])]
    figures = {"as_given": [given], "exchanged": [exchanged], "better": [better], "answered": [answered]}
    return Preference(Definition("demo/pairs", options=options)).tell(item(answers=answers, **figures))


def marks_of(told_):
    return {place: (m.label, m.good, m.picked, m.how, m.score) for place, m in told_.marks.items()}


@pytest.mark.parametrize(
    ("found", "sentence", "judged"),
    [
        (
            pair(0, 0, scores=[5.6, 14.6], capability="score"),
            "picked response 2 (14.6 over 5.6); response 1 is better",
            "wrong",
        ),
        (pair(1, 1, better=1, scores=[1, 3], capability="score"), "picked response 2 (3 over 1)", "right"),
        (
            pair(0.5, 0.5, scores=[3, 3], capability="score"),
            "prefers neither (both 3); response 1 is better",
            "tie",
        ),
        (pair(1, 1, scores=[1.00001, 1.0], capability="score"), "picked response 1 (1.00001 over 1)", "right"),
        (pair(0.9, 0.8), "picked response 1 in both orders", "right"),
        (
            pair(1, 0, better=1),
            "inconsistent: picked response 2 as given, picked response 1 when exchanged; response 2 is better",
            "tie",
        ),
        (
            pair(1, 0.5),
            "inconsistent: picked response 1 as given, neither when exchanged; response 1 is better",
            "right",
        ),
        (
            pair(0, NAN),
            "no verdict in one order: picked response 2 as given, no verdict when exchanged; response 1 is better",
            "",
        ),
        (pair(NAN, NAN), "no verdict could be read; response 1 is better", ""),
        (pair(0, NAN, orders="as given"), "picked response 2; response 1 is better", "wrong"),
    ],
)
def test_a_pair_says_which_response_was_picked_and_which_is_better(found, sentence, judged):
    assert (found.sentence, found.judged) == (sentence, judged)


def test_a_pair_whose_requests_failed_is_left_to_the_reason():
    assert pair(NAN, NAN, answered=0.0) is None


def test_the_responses_of_a_pair_are_marked_where_they_stand():
    found = pair(0, 0, scores=[5.6, 14.6], capability="score")
    assert marks_of(found) == {0: ("better", True, False, "", 5.6), 1: ("", False, True, "", 14.6)}
    inconsistent = pair(1, 0)
    assert marks_of(inconsistent) == {
        0: ("better", True, True, "as given", None),
        1: ("", False, True, "exchanged", None),
    }


def best(scores, correct, positions=()):
    task = BestOfK(Definition("demo/best"))
    return task.tell(item(scores=[scores], correct=[correct], positions=positions))


@pytest.mark.parametrize(
    ("scores", "correct", "sentence", "judged"),
    [
        ([1, 3.2, 0], [0, 1, 1], "picked response 2 of 3 (score 3.2), which is correct; 2 of 3 are", "right"),
        ([1, 3, 0], [1, 0, 0], "picked response 2 of 3 (score 3), which is not correct; 1 of 3 is", "wrong"),
        (
            [3, 3, 0],
            [1, 0, 0],
            "responses 1 and 2 have the highest score, 3; 1 of these 2 and 1 of 3 is correct",
            "tie",
        ),
        ([2, 2, 2], [1, 0, 0], "all 3 have the highest score, 2; 1 of 3 is correct", "tie"),
        ([NAN, NAN, NAN], [1, 0, 0], "no scores; 1 of 3 is correct", ""),
        ([5, 1, NAN], [0, 1, NAN], "picked response 1 of 2 (score 5), which is not correct; 1 of 2 is", "wrong"),
    ],
)
def test_best_of_k_says_what_was_picked_and_how_many_are_correct(scores, correct, sentence, judged):
    found = best(scores, correct)
    assert (found.sentence, found.judged) == (sentence, judged)


def test_responses_that_are_missing_do_not_shift_the_numbers():
    found = best([1.0, 4.0], [0.0, 1.0], positions=[[0, 3]])
    assert found.sentence.startswith("picked response 4 of 2")
    assert sorted(found.marks) == [0, 3]
    assert found.marks[3].picked


def detection(row, scores=(2.0, 1.0, -1.0, -3.0), labels=(1, 0, 1, 0), metrics=(), brief=None):
    task = Detection(Definition("demo/texts", metrics=metrics, brief=brief or {}))
    return task.tell(item(row, log_odds=scores, label=labels))


def test_detection_says_whether_the_text_was_flagged_and_where_its_score_stands():
    found = [detection(row) for row in range(4)]
    assert [one.judged for one in found] == ["right", "wrong", "wrong", "right"]
    assert found[0].sentence == "flagged at the threshold 0; score 2, above all of the negatives; labelled positive"
    assert found[2].sentence == (
        "not flagged at the threshold 0; score -1, above 50 % of the negatives; labelled positive"
    )
    # A negative is held against the others: it is not below itself.
    assert found[3].sentence == (
        "not flagged at the threshold 0; score -3, above none of the other negatives; labelled negative"
    )


def test_detection_takes_the_tasks_threshold_and_words():
    found = detection(0, metrics=("auroc", "f1:threshold=2.5"), brief={"positive": "toxic"})
    assert found.judged == "wrong"
    assert found.sentence.startswith("not flagged at the threshold 2.5;")
    assert found.sentence.endswith("labelled positive: toxic")
    assert "negatives" not in detection(0, scores=(1.0,), labels=(1,)).sentence
    assert detection(0, scores=(NAN, 1.0), labels=(1, 0)) is None


def test_similarity_holds_a_pair_against_those_that_mean_something_else():
    task = Similarity(Definition("demo/same"))
    figures = {"similarity": [0.9, 0.8, 0.2, 0.95], "same": [1, 0, 0, 1]}
    assert task.tell(item(0, **figures)).sentence == (
        "similarity 0.9, above all of the pairs that differ; these mean the same"
    )
    assert task.tell(item(2, **figures)).sentence == (
        "similarity 0.2, above none of the pairs that mean the same; these differ"
    )


def test_answers_that_were_checked_say_what_was_found_and_what_was_expected():
    one = told.generated(item(expected="8", a=[0.0]), np.array([0.0]), np.array([1.0]), ["7"])
    assert (one.sentence, one.judged) == ("answered “7”; expected “8”", "wrong")
    none = told.generated(item(expected="8", a=[0.0]), np.array([0.0]), np.array([0.0]), [])
    assert none.sentence == "no answer was found in what it wrote; expected “8”"
    many = told.generated(item(a=[0.0]), np.array([1.0, 0.0, NAN, 1.0]), np.array([1.0, 0.0, NAN, 1.0]), [])
    assert (many.sentence, many.judged) == ("2 of 4 samples are correct; 1 holds no answer", "")
    assert sorted(many.marks) == [0, 1, 3]


def test_long_answers_are_quoted_in_part():
    assert told.quoted("x\n" * 500) == "“" + ("x " * 60).strip() + " …”"


def test_what_is_not_on_file_is_none():
    figures = item(a=[1.0])
    assert figures.response() is None
    likelihood = Likelihood(-1.0, 1, False)
    assert item(a=[1.0], answers=[Answers("loglikelihood", [], [likelihood])]).response() is likelihood
