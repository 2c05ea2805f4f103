import json
import math

import numpy as np
import pytest
from harness_plugins.recorded.model import Recorded

from harness import Candidates, Completion, Conversation, Failure, Generation, Origin, Pair, Verdict
from harness.errors import PlanError, UsageError

from ..messages import saying

PROMPT = Conversation.user("Why?")
TASK = "suite/task"


@pytest.fixture
def recorded(written):
    """A model that answers from these rows; ``task`` and ``id`` may be left out."""
    return lambda *rows: Recorded(str(written([{"task": TASK, "id": "7", **row} for row in rows])))


def origin(*positions, task=TASK, id_="7"):
    return Origin(task, id_, positions)


def candidates(*positions, **names):
    return Candidates(PROMPT, ("x",) * len(positions), origin=origin(*positions, **names))


def pair(*positions, **names):
    return Pair(PROMPT, "x", "y", origin=origin(*positions, **names))


def listed(answers):
    return [a if isinstance(a, (Failure, Verdict)) else list(a) for a in answers]


def test_each_field_offers_its_capability(recorded):
    known = ("score", "compare", "detect", "generate", "embed")
    offers = [recorded(row).offers(known) for row in ({"scores": [1]}, {"p_first": 1}, {"log_odds": 0}, {"text": "t"})]
    assert offers == [("score",), ("compare",), ("detect",), ("generate",)]


def test_a_text_beside_a_verdict_is_what_the_judge_wrote_and_no_completion(recorded):
    model = recorded({"p_first": 1, "text": "The first."}, {"p_first": 0, "order": "ba", "text": None})
    assert model.offers(()) == ("compare",)
    assert model.compare([pair(0, 1), pair(1, 0)]) == [Verdict(1.0, "The first."), Verdict(0.0, "")]


def test_rows_of_several_fields_offer_them_all(recorded):
    assert recorded({"scores": [1, 2], "log_odds": 1}).offers(()) == ("score", "detect")


def test_scores_are_picked_at_the_positions_asked_for(recorded):
    model = recorded({"scores": [0.5, 7, -1]})
    assert listed(model.score([candidates(0, 1, 2), candidates(2, 0, 1)])) == [[0.5, 7.0, -1.0], [-1.0, 0.5, 7.0]]


def test_a_single_score_of_null_is_a_failed_score_and_the_others_stand(recorded):
    (scores,) = recorded({"scores": [1, None]}).score([candidates(0, 1)])
    np.testing.assert_equal(scores, [1.0, math.nan])


def test_another_number_of_scores_than_responses_is_a_failure(recorded):
    (answer,) = recorded({"scores": [1, 2, 3]}).score([candidates(0, 1)])
    assert isinstance(answer, Failure)
    assert answer.reason == saying("item '7'", "2 scores", "3")


def test_null_in_place_of_a_value_is_a_recorded_failure(recorded):
    (score,) = recorded({"scores": None}).score([candidates(0, 1)])
    (detection,) = recorded({"log_odds": None}).detect([Conversation(PROMPT.messages, origin=origin(0))])
    assert (type(score), score.reason) == (Failure, saying("item '7'", "scores is null"))
    assert (type(detection), detection.reason) == (Failure, saying("item '7'", "log_odds is null"))


def test_a_verdict_of_null_could_not_be_read(recorded):
    assert recorded({"p_first": None, "text": "Hm."}).compare([pair(0, 1)]) == [Verdict(None, "Hm.")]


def test_a_recorded_verdict_may_have_a_label(recorded):
    model = recorded({"p_first": 1, "label": "slightly first"}, {"p_first": 0, "order": "ba", "label": None})
    assert model.compare([pair(0, 1), pair(1, 0)]) == [Verdict(1.0, "", "slightly first"), Verdict(0.0)]


@pytest.mark.parametrize(
    "row", [{"p_first": 1, "label": "better"}, {"p_first": None, "label": "tie"}, {"scores": [1], "label": "tie"}]
)
def test_a_label_that_is_none_or_has_no_verdict_is_an_error(recorded, row):
    with pytest.raises(UsageError, match=r"rows\.jsonl:1"):
        recorded(row).offers(())


def test_the_order_of_a_verdict_is_that_in_which_the_responses_were_shown(recorded):
    model = recorded({"p_first": 0.9}, {"p_first": 0.2, "order": "ba"})
    assert model.compare([pair(0, 1), pair(1, 0)]) == [Verdict(0.9), Verdict(0.2)]


def test_a_verdict_in_one_order_does_not_answer_the_other(recorded):
    (answer,) = recorded({"p_first": 0.9, "order": "ab"}).compare([pair(1, 0)])
    assert (type(answer), answer.reason) == (Failure, saying("rows.jsonl", "item '7'", "suite/task", "'ba'"))


def test_a_verdict_on_two_of_many_responses_is_not_that_on_the_first_two(recorded):
    (answer,) = recorded({"p_first": 0.9}).compare([pair(0, 5)])
    assert (type(answer), answer.reason) == (Failure, saying("rows.jsonl", "item '7'", "suite/task", "[0,5]"))


def test_verdicts_on_pairs_of_many_responses_are_told_apart(recorded):
    rows = [{"p_first": 0.9, "pair": [0, 5]}, {"p_first": 0.2, "pair": [5, 0]}, {"p_first": None, "pair": [1, 2]}]
    answers = recorded(*rows).compare([pair(5, 0), pair(0, 5), pair(1, 2)])
    assert answers == [Verdict(0.2), Verdict(0.9), Verdict(None)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"p_first": 1, "pair": [0]}, "expected the indices"),
        ({"p_first": 1, "pair": [0, "1"]}, "expected the indices"),
        ({"p_first": 1, "pair": [0, 1], "order": "ba"}, "not both"),
    ],
)
def test_a_pair_is_two_indices(recorded, row, said):
    with pytest.raises(UsageError, match=said):
        recorded(row).offers(())


def test_log_odds_and_texts_are_answered(recorded):
    model = recorded({"log_odds": -2, "text": "Because."})
    assert model.detect([Conversation(PROMPT.messages, origin=origin(0))]) == [-2.0]
    assert model.generate([Generation(PROMPT, origin=origin(0))]) == [(Completion("Because."),)]


def test_rows_may_name_the_suite_and_the_task_wins(recorded):
    model = recorded({"task": "suite", "log_odds": 1}, {"log_odds": 2}, {"task": "suite", "id": "8", "log_odds": 3})
    asked = [Conversation(PROMPT.messages, origin=origin(0, id_=i)) for i in ("7", "8")]
    assert model.detect(asked) == [2.0, 3.0]
    assert model.recorded_items() == {"suite": ["7", "8"], "suite/task": ["7"]}


def test_an_item_that_is_not_on_record_is_a_failed_request(recorded):
    (answer,) = recorded({"log_odds": 1}).detect([Conversation(PROMPT.messages, origin=origin(0, id_="9"))])
    assert (type(answer), answer.reason) == (Failure, saying("rows.jsonl", "item '9'", "suite/task"))


def test_a_request_made_for_no_item_is_a_failed_request(recorded):
    (answer,) = recorded({"log_odds": 1}).detect([PROMPT])
    assert (type(answer), answer.reason) == (Failure, saying("item", "none"))


def test_a_record_without_the_field_asked_for_is_a_failed_request(recorded):
    model = recorded({"log_odds": 1})
    assert model.score([candidates(0)]) == [Failure("the record of item '7' has no 'scores'")]
    assert model.compare([pair(0, 1)]) == [Failure("the record of item '7' has no 'p_first'")]


def test_ids_are_texts_whatever_the_file_holds(recorded):
    assert recorded({"id": 7, "scores": [1.0]}).score([candidates(0)]) == [[1.0]]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"id": "1", "log_odds": 0}, saying("'task'", "missing", "task", "id")),
        ({"task": "t", "log_odds": 0}, saying("'id'", "missing")),
        ({"task": ["t"], "id": "1", "log_odds": 0}, saying("'task'", "text")),
        ({"task": "t", "id": None, "log_odds": 0}, saying("'id'", "text", "whole number")),
        ({"task": "t", "id": "1", "logodds": 0}, saying("'logodds'", "log_odds")),
        ({"task": "t", "id": "1"}, saying("p_first", "log_odds", "text")),
        ({"task": "t", "id": "1", "p_first": 0, "order": "AB"}, saying("'order'", "'AB'", "'ab'", "'ba'")),
        ({"task": "t", "id": "1", "scores": 3}, saying("'scores'", "list", "numbers")),
        ({"task": "t", "id": "1", "scores": [1, "2"]}, saying("'scores'", "list", "numbers")),
        ({"task": "t", "id": "1", "scores": [True]}, saying("'scores'", "list", "numbers")),
        ({"task": "t", "id": "1", "log_odds": "0"}, saying("'log_odds'", "number", "'0'")),
        ({"task": "t", "id": "1", "p_first": 1.2}, saying("'p_first'", "probability", "[0, 1]", "1.2")),
        ({"task": "t", "id": "1", "p_first": -0.1}, saying("'p_first'", "probability", "[0, 1]", "-0.1")),
    ],
)
def test_a_row_of_another_form_is_an_error_that_names_its_line(row, problem, written):
    path = written([{"task": "t", "id": "0", "log_odds": 0}, row])
    with pytest.raises(UsageError) as error:
        Recorded(str(path)).offers(())
    assert str(error.value).startswith(f"{path}:2: ")
    assert str(error.value) == problem


def test_an_item_recorded_twice_is_an_error_that_names_both_lines(written):
    path = written([{"task": "t", "id": 1, "log_odds": 0}, {"task": "t", "id": "1", "log_odds": 1}])
    with pytest.raises(UsageError, match=saying(":2", "'1'", ":1").pattern):
        Recorded(str(path)).recorded_items()


def test_a_file_that_is_missing_empty_or_broken_is_an_error(tmp_path, written):
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"task": \n', encoding="utf-8")
    for path, problem in (
        (tmp_path / "none.jsonl", "no such file"),
        (written([], "empty.jsonl"), "no records in it"),
        (broken, "not valid JSON"),
    ):
        with pytest.raises(UsageError, match=problem):
            Recorded(str(path)).offers(())


def test_another_content_is_another_model(written):
    first = Recorded(str(written([{"task": "t", "id": 1, "log_odds": 0}], "a.jsonl")))
    same = Recorded(str(written([{"task": "t", "id": 1, "log_odds": 0}], "b.jsonl")))
    other = Recorded(str(written([{"task": "t", "id": 1, "log_odds": 1}], "c.jsonl")))
    assert first.identity() == same.identity() != other.identity()


# through the client, on a task of its own


@pytest.fixture
def suite(tmp_path, written):
    """A registry with the preference task ``suite/pairs`` of six items, half of them labelled ``second``."""
    from harness.names.registry import Registry

    labels = ["first", "second"] * 3
    data = written(
        [
            {"id": str(i), "prompt": f"p{i}", "first": f"a{i}", "second": f"b{i}", "label": label}
            for i, label in enumerate(labels)
        ],
        "pairs.jsonl",
    )
    metrics = ["accuracy", "accuracy_first_order", "order_consistency", "first_position_rate", "unparsed_rate"]
    task = {"kind": "preference", "data": {"test": {"file": str(data)}}, "metrics": metrics}
    file = tmp_path / "registry.yaml"
    file.write_text(json.dumps({"tasks": {"suite/pairs": task}}), encoding="utf-8")
    return Registry(extra=file)


def verdicts(**by_item):
    """Rows of p_first in both orders: ``i3=(1, 0)``."""
    return [
        {"task": "suite", "id": name[1:], "order": order, "p_first": p}
        for name, shown in by_item.items()
        for order, p in zip(("ab", "ba"), shown, strict=True)
    ]


ALL = {"i0": (1, 0), "i1": (1, 0), "i2": (1, 1), "i3": (1, 1), "i4": (0, 1), "i5": (0, 1)}


def test_verdicts_in_both_orders_are_kept_apart_and_labels_are_respected(suite, written, evaluated):
    found = evaluated(f"judge=recorded:path={written(verdicts(**ALL))}", "suite/pairs", registry=suite)
    figures = {metric: e.value for (_, _, metric), e in found.items()}
    # Items 0, 5 right; 1, 4 wrong; 2 and 3 won by whatever was shown first.
    assert figures == {
        "accuracy": 0.5,
        "accuracy_first_order": pytest.approx(3 / 6),
        "order_consistency": pytest.approx(4 / 6),
        "first_position_rate": pytest.approx(8 / 12),
        "unparsed_rate": 0.0,
    }


def test_missing_unreadable_and_unusable_verdicts_are_counted_apart(suite, written, evaluated):
    rows = verdicts(**(ALL | {"i1": (None, 0), "i2": (math.nan, 1)}))
    rows = [row for row in rows if row["id"] != "3"]  # and item 3 is missing
    found = evaluated(f"judge=recorded:path={written(rows)}", "suite/pairs", registry=suite)
    accuracy, unparsed = (found["suite/pairs", "overall", name] for name in ("accuracy", "unparsed_rate"))
    assert (accuracy.value, accuracy.n, accuracy.n_failed) == (pytest.approx(2 / 3), 3, 3)
    assert (unparsed.value, unparsed.n, unparsed.n_failed) == (pytest.approx(1 / 8), 4, 2)


def test_recorded_scores_of_pairs_are_those_of_the_data_whichever_is_better(suite, written, evaluated):
    scores = [[2, 1], [2, 1], [1, 1], [1, 3], [0, 5], [math.nan, 5]]
    rows = [{"task": "suite/pairs", "id": str(i), "scores": s} for i, s in enumerate(scores)]
    found = evaluated(f"rm=recorded:path={written(rows)}", "suite/pairs", registry=suite)
    accuracy = found["suite/pairs", "overall", "accuracy"]
    assert (accuracy.value, accuracy.n, accuracy.n_failed) == (pytest.approx((1 + 0 + 0.5 + 1 + 0) / 5), 5, 1)


def test_an_item_or_task_that_does_not_exist_stops_the_plan(suite, written, tmp_path):
    from harness import evaluate

    rows = [{"task": "suite", "id": "99", "p_first": 1}, {"task": "siute", "id": "0", "p_first": 1}]
    with pytest.raises(PlanError) as error:
        evaluate([f"judge=recorded:path={written(rows)}"], ["suite/pairs"], store=tmp_path / "s", registry=suite)
    assert list(error.value.problems) == [
        saying("judge", "1", "'suite'", "'99'"),
        saying("judge", "'siute'"),
    ]


# verdicts on another model's answers


def judged(of, **names):
    return Pair(PROMPT, "x", "y", origin=Origin(TASK, names.get("id_", "7"), (0, 1), of))


def test_a_verdict_is_on_the_answer_of_the_model_that_its_row_names(recorded):
    model = recorded({"p_first": 1, "of": "a"}, {"p_first": 0, "of": "b"})
    assert model.compare([judged("a"), judged("b")]) == [Verdict(1.0), Verdict(0.0)]
    assert model.recorded_of(TASK) == {"a", "b"}
    assert model.recorded_of("suite/other") == set()
    (stranger,) = model.compare([judged("stranger")])
    assert isinstance(stranger, Failure)
    assert "'stranger'" in stranger.reason


def test_a_row_that_names_nobody_is_no_verdict_on_anybody(recorded):
    model = recorded({"p_first": 1})
    (failure,) = model.compare([judged("a")])
    assert isinstance(failure, Failure)
    assert 'add "of"' in failure.reason
    assert model.compare([pair(0, 1)]) == [Verdict(1.0)]
    assert model.recorded_of(TASK) == set()


def test_a_row_on_anothers_answer_is_no_answer_to_the_item_itself(recorded):
    (failure,) = recorded({"p_first": 1, "of": "a"}).compare([pair(0, 1)])
    assert isinstance(failure, Failure)


def test_one_argument_says_whose_answers_a_whole_file_is_on(written):
    path = written([{"task": TASK, "id": "7", "p_first": 1}, {"task": TASK, "id": "7", "p_first": 0, "of": "b"}])
    model = Recorded(str(path), of="a")
    assert model.compare([judged("a"), judged("b")]) == [Verdict(1.0), Verdict(0.0)]


@pytest.mark.parametrize(("of", "said"), [("", "'of' is ''"), (3, "'of' is 3"), (None, "'of' is None")])
def test_of_is_a_label(recorded, of, said):
    with pytest.raises(UsageError, match=said):
        recorded({"p_first": 1, "of": of}).offers(())


def test_two_rows_on_one_answer_are_refused_with_both_places(recorded):
    with pytest.raises(UsageError, match=saying("rows.jsonl:2", "'7'", "suite/task", "'a'").pattern):
        recorded({"p_first": 1, "of": "a"}, {"p_first": 0, "of": "a"}).offers(())
