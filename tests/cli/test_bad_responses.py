"""A bad response is a counted failure; what breaks a cell breaks that cell only."""

from __future__ import annotations

import pytest

from ..messages import saying
from .conftest import reasons


def scored(responses, **more):
    return {"id": "odd", "prompt": "odd", "responses": responses, "correct": [1, 0], **more}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("nan", saying("score", "nan")),
        ("inf", saying("score", "inf")),
        ("-inf", saying("score", "-inf")),
        ("few", saying("2", "scores", "(1,)")),
        ("none", saying("2", "scores", "()")),
        ("text", saying("'score'", "'not numbers'")),
        ("refuse", saying("the model refused")),
        ("boom", saying("RuntimeError: the text says boom")),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_bad_response_is_a_counted_failure_and_neither_wins_nor_loses(evaluate, write_task, rows, bad, reason, place):
    responses = ["1", "1"]
    responses[place] = bad
    write_task("demo/plain", [*rows(6), scored(responses)])
    ran = evaluate()
    assert ran.code == 0
    document = ran.document
    assert [(f["item"], f["reason"]) for f in document["failures"]] == [("odd", reason)]
    for result in document["results"]:
        assert (result["n"], result["n_failed"]) == (6, 1)
    write_task("demo/plain", rows(6))
    without = evaluate()
    assert [r["value"] for r in document["results"]] == [r["value"] for r in without.document["results"]]


@pytest.mark.parametrize("bad", ["nan", "inf", "boom"])
@pytest.mark.parametrize("place", ["chosen", "rejected"])
def test_a_bad_score_in_a_preference_is_no_win_and_no_loss(evaluate, write_task, bad, place):
    good = [{"id": str(i), "prompt": str(i), "chosen": "2", "rejected": "1"} for i in range(3)]
    odd = {"id": "odd", "prompt": "odd", "chosen": "1", "rejected": "2", place: bad}
    write_task("demo/plain", [*good, odd], kind="preference")
    (result,) = evaluate().document["results"]
    assert (result["value"], result["n"], result["n_failed"]) == (1.0, 3, 1)


def test_nan_log_odds_are_counted_as_failed(evaluate, write_task):
    rows = [{"id": str(i), "text": f"{i} {value}", "label": i % 2} for i, value in enumerate(["-1", "2", "nan", "3"])]
    write_task("demo/plain", rows, kind="detection")
    result = evaluate("toy-detector").document["results"][0]
    assert (result["metric"], result["value"], result["n"], result["n_failed"]) == ("auroc", 1.0, 3, 1)


def test_a_cell_of_which_every_request_failed_is_failed(evaluate, write_task):
    write_task("demo/plain", [scored(["boom", "1"])])
    ran = evaluate()
    assert ran.code == 1
    assert reasons(ran)[0] == saying("request", "RuntimeError: the text says boom")
    assert ran.document["results"] == []


def test_a_model_that_gives_too_few_responses_fails_its_cell(evaluate, write_task, rows):
    write_task("demo/plain", rows(6))
    ran = evaluate("toy-short")
    assert ran.code == 1
    assert reasons(ran)[0] == saying("0 responses", "1 requests")


def test_a_metric_that_raises_fails_its_cell_only(evaluate, write_task, rows):
    write_task("demo/plain", rows(6))
    write_task("demo/other", rows(3), metrics=["toy_raises"])
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    (reason,) = reasons(ran)
    assert reason == saying("demo/other", "ZeroDivisionError: a bug in the metric")
    assert "/harness_toys/tasks.py:" in reason
    assert {result["task"] for result in ran.document["results"]} == {"demo/plain"}


def test_a_task_that_raises_fails_its_cell_only(evaluate, write_task, rows):
    write_task("demo/plain", rows(6))
    write_task("demo/other", rows(3), kind="toy-broken")
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    assert reasons(ran)[0] == saying("demo/other", "KeyError: 'a bug in the task'")
    assert {result["task"] for result in ran.document["results"]} == {"demo/plain"}
