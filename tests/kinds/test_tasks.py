"""What the kinds ask for, and what they make of the answers."""

import numpy as np
import pytest

from harness import Candidates, Conversation, Failure, Pair, Text, Verdict
from harness.kinds.best_of_k import BestOfK
from harness.kinds.detection import Detection
from harness.kinds.preference import Preference
from harness.kinds.similarity import Similarity
from harness.metric import Columns
from harness.task import Answers, Definition, Item
from harness.tasks.data.field_mapping import BadValue

from ..messages import saying

NAN = float("nan")
PROMPT = Conversation.user("Why?")
FAILED = Failure("no answer")


def preference(label="first", **options):
    task = Preference(Definition("suite/pairs", options=options))
    return task, Item("7", task.prepare({"prompt": PROMPT, "first": "a", "second": "b", "label": label}))


def answered(capability, *responses):
    return [Answers(capability, (), responses)]


def row(task, item, capability, *responses):
    return {k: np.asarray(v).tolist() for k, v in task.row(item, answered(capability, *responses)).items()}


def test_a_judge_is_asked_in_both_orders_and_a_reward_model_once():
    task, item = preference()
    pairs = task.requests(item, 0, "compare", ())
    assert pairs == [Pair(PROMPT, "a", "b"), Pair(PROMPT, "b", "a")]
    assert [pair.origin.positions for pair in pairs] == [(0, 1), (1, 0)]
    (candidates,) = task.requests(item, 0, "score", ())
    assert candidates == Candidates(PROMPT, ("a", "b"))
    assert (candidates.origin.task, candidates.origin.id, candidates.origin.positions) == ("suite/pairs", "7", (0, 1))


# The judge says p_first of what it is shown: (a, b), then (b, a). The last columns: preference for the better response.
@pytest.mark.parametrize(
    ("label", "shown_as_given", "shown_exchanged", "as_given", "exchanged"),
    [
        ("first", 1.0, 0.0, 1.0, 1.0),  # consistently a, which is right
        ("first", 0.0, 1.0, 0.0, 0.0),  # consistently b, which is wrong
        ("first", 1.0, 1.0, 1.0, 0.0),  # always what is shown first
        ("second", 1.0, 0.0, 0.0, 0.0),  # consistently a, which is wrong
        ("second", 0.0, 1.0, 1.0, 1.0),
        ("second", 1.0, 1.0, 0.0, 1.0),
        ("second", 0.75, 0.5, 0.25, 0.5),
        ("first", None, 0.25, NAN, 0.75),
        ("second", 0.25, None, 0.75, NAN),
    ],
)
def test_verdicts_become_preferences_for_the_better_response(
    label, shown_as_given, shown_exchanged, as_given, exchanged
):
    task, item = preference(label)
    made = row(task, item, "compare", Verdict(shown_as_given), Verdict(shown_exchanged))
    expected = {
        "as_given": as_given,
        "exchanged": exchanged,
        "better": 0 if label == "first" else 1,
        "answered": 1.0,
    }
    np.testing.assert_equal(made, expected)


def test_a_failed_verdict_is_not_an_unreadable_one():
    task, item = preference()
    made = row(task, item, "compare", FAILED, Verdict(0.0))
    np.testing.assert_equal(made, {"as_given": NAN, "exchanged": 1.0, "better": 0, "answered": 0.0})


@pytest.mark.parametrize(
    ("label", "scores", "expected"),
    [("first", [2.0, 1.0], 1.0), ("first", [1.0, 2.0], 0.0), ("second", [1.0, 2.0], 1.0), ("second", [3.0, 3.0], 0.5)],
)
def test_scores_become_the_same_preference_in_both_orders(label, scores, expected):
    task, item = preference(label)
    made = row(task, item, "score", np.array(scores))
    assert (made["as_given"], made["exchanged"], made["answered"]) == (expected, expected, 1.0)


def test_failed_scores_leave_no_preference():
    task, item = preference()
    made = row(task, item, "score", FAILED)
    np.testing.assert_equal(made, {"as_given": NAN, "exchanged": NAN, "better": 0, "answered": 0.0})


def test_chosen_and_rejected_are_first_and_second_with_the_first_better():
    task, _ = preference()
    made = task.prepare({"prompt": PROMPT, "chosen": "good", "rejected": "bad"})
    assert made == {"prompt": PROMPT, "first": "good", "second": "bad", "better": 0}


def test_labels_are_those_of_the_options():
    _, item = preference("B>A", first_label="A>B", second_label="B>A")
    assert item.fields["better"] == 1


def test_another_label_is_refused_with_the_two_allowed():
    with pytest.raises(BadValue, match=saying("'label'", "'A=B'", "'A>B'", "'B>A'").pattern):
        preference("A=B", first_label="A>B", second_label="B>A")


def test_a_pair_without_label_is_refused_with_what_is_missing():
    task, _ = preference()
    with pytest.raises(BadValue, match=r"^'second', 'label' is missing"):
        task.prepare({"prompt": PROMPT, "first": "a"})


@pytest.fixture
def best_of_k():
    return BestOfK(Definition("suite/best"))


def test_all_responses_are_scored_in_one_request(best_of_k):
    item = Item("7", {"prompt": PROMPT, "responses": ["a", "b", "c"], "correct": [1.0, 0.0, 0.0]})
    (request,) = best_of_k.requests(item, 0, "score", ())
    assert request == Candidates(PROMPT, ("a", "b", "c"))
    assert request.origin.positions == (0, 1, 2)
    assert row(best_of_k, item, "score", np.array([1.0, 2.0, 3.0])) == {
        "scores": [1.0, 2.0, 3.0],
        "correct": [1.0, 0.0, 0.0],
    }
    np.testing.assert_equal(row(best_of_k, item, "score", FAILED), {"scores": [NAN] * 3, "correct": [1.0, 0.0, 0.0]})


@pytest.mark.parametrize(
    ("responses", "correct", "problem"),
    [(["a", "b"], [1.0], "2 responses, but 1 labels in 'correct'"), (["a"], [1.0], "needs at least two responses")],
)
def test_responses_that_do_not_fit_their_labels_are_refused(best_of_k, responses, correct, problem):
    with pytest.raises(BadValue, match=problem):
        best_of_k.prepare({"responses": responses, "correct": correct})


def test_the_curve_of_a_slice_ends_at_its_longest_prompt(metric):
    scores = np.array([[2.0, 1.0, NAN, NAN], [1.0, 2.0, 3.0, NAN], [NAN, NAN, NAN, NAN]])
    correct = np.array([[1.0, 0.0, NAN, NAN], [0.0, 0.0, 1.0, NAN], [1.0, 0.0, 0.0, 0.0]])
    detail = metric("best_of_k_accuracy").compute(Columns({"scores": scores, "correct": correct})).detail
    assert detail["curve"] == pytest.approx([(1 / 2 + 1 / 3) / 2, (1 + 2 / 3) / 2, 1.0])
    assert detail["oracle"] == detail["curve"]


def test_a_prompt_of_one_class_says_nothing_about_the_order_of_pairs(metric):
    pairs = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 0.0]] * 3)
    with_one_class = (
        np.vstack([pairs[0], [[1.0, 0.0]] * 5]),
        np.vstack([pairs[1], [[1.0, 1.0]] * 2, [[0.0, 0.0]] * 3]),
    )
    only, more = (
        metric("pairwise_accuracy").compute(Columns({"scores": s, "correct": c})) for s, c in (pairs, with_one_class)
    )
    assert (only.value, only.n) == (pytest.approx(2 / 3), 3)
    assert (more.value, more.n, more.n_failed) == (pytest.approx(2 / 3), 8, 0)
    # A ratio of means over eight rows, five of which are zero, has nearly the error of the mean of three.
    assert more.stderr == pytest.approx(only.stderr * np.sqrt(8 / 7 * 2 / 3))


def test_a_detector_is_asked_for_the_text():
    task = Detection(Definition("suite/detection"))
    item = Item("7", {"text": PROMPT, "label": 1.0})
    (request,) = task.requests(item, 0, "detect", ())
    assert request == PROMPT
    assert (request.origin.id, request.origin.positions) == ("7", (0,))
    assert row(task, item, "detect", -1.5) == {"log_odds": -1.5, "label": 1.0}
    np.testing.assert_equal(row(task, item, "detect", FAILED), {"log_odds": NAN, "label": 1.0})


@pytest.fixture
def similarity():
    return Similarity(Definition("suite/same")), Item("7", {"first": "a", "second": "b", "label": 1.0})


def test_similar_texts_are_embedded_one_by_one_or_scored_as_prompt_and_response(similarity):
    task, item = similarity
    texts = task.requests(item, 0, "embed", ())
    assert texts == [Text("a"), Text("b")]
    assert [text.origin.positions for text in texts] == [(0,), (1,)]
    assert task.requests(item, 0, "score", ()) == [Candidates(Conversation.user("a"), ("b",))]


@pytest.mark.parametrize(
    ("vectors", "cosine"),
    [
        (([3.0, 0.0], [5.0, 0.0]), 1.0),
        (([1.0, 0.0], [0.0, 2.0]), 0.0),
        (([1.0, 0.0], [-1.0, 0.0]), -1.0),
        (([1.0, 1.0], [1.0, 0.0]), 0.5**0.5),
        (([0.0, 0.0], [1.0, 0.0]), 0.0),
    ],
)
def test_similarity_is_the_cosine_and_0_for_a_vector_of_zeros(similarity, vectors, cosine):
    made = row(*similarity, "embed", *(np.array(v, dtype=np.float32) for v in vectors))
    assert made == {"similarity": pytest.approx(cosine, abs=1e-12), "same": 1.0}


def test_similarity_may_be_a_score_and_is_missing_where_either_text_failed(similarity):
    assert row(*similarity, "score", np.array([0.3])) == {"similarity": 0.3, "same": 1.0}
    np.testing.assert_equal(row(*similarity, "embed", np.ones(2), FAILED), {"similarity": NAN, "same": 1.0})
