"""A mistake among recorded answers names its line, item and task."""

from __future__ import annotations

import json

import pytest

from ..messages import saying
from .conftest import lines, reasons


@pytest.fixture
def recorded(evaluate, write_task, toys):
    rows = [{"id": str(i), "prompt": f"p{i}", "chosen": "2", "rejected": "1"} for i in range(4)]
    write_task("demo/plain", rows, kind="preference")

    def call(text):
        (toys / "r.jsonl").write_text(text if isinstance(text, str) else lines(text))
        return evaluate("mine=recorded:path=r.jsonl")

    return call


def record(id_, scores=(2, 1), task="demo/plain", **more):
    return {"task": task, "id": id_, "scores": scores, **more}


def test_recorded_scores_are_evaluated_by_item(recorded):
    ran = recorded([record("0"), record("1", [1, 2]), record("2", [1, 1]), record("3", None)])
    assert ran.code == 0
    (result,) = ran.document["results"]
    assert (result["value"], result["n"], result["n_failed"]) == (0.5, 3, 1)
    assert reasons(ran) == [saying("'3'", "request")]


def test_a_recorded_item_that_the_data_lacks_is_an_error(recorded):
    ran = recorded([record("0"), record("7")])
    assert (ran.code, reasons(ran)) == (
        2,
        [saying("mine:", "1 item", "'demo/plain'", "'7'")],
    )


def test_a_recorded_task_that_does_not_exist_is_an_error(recorded):
    ran = recorded([record("0"), record("0", task="demo/plian")])
    assert (ran.code, reasons(ran)) == (
        2,
        [saying("mine", "'demo/plian'", "'demo/plain'")],
    )


def test_an_item_that_the_records_lack_is_a_failed_request(recorded):
    ran = recorded([record("0"), record("1"), record("2")])
    assert ran.code == 0
    assert ran.document["results"][0]["n_failed"] == 1
    assert reasons(ran) == [saying("r.jsonl", "'3'", "demo/plain")]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (json.dumps(record("0")), saying("r.jsonl:2", "'0'", "demo/plain", "r.jsonl:1")),
        ('{"task": "demo', saying("r.jsonl:2", "JSON")),
        (json.dumps(record("1", order="xy")), saying("r.jsonl:2", "'order'", "'xy'", "'ab'", "'ba'")),
        (json.dumps(record("1", "high")), saying("r.jsonl:2", "'scores'", "list", "numbers")),
        (json.dumps(record("1", ["a", "b"])), saying("r.jsonl:2", "'scores'", "list", "numbers")),
        (json.dumps({"id": "1", "scores": [1, 2]}), saying("r.jsonl:2", "'task'", "missing")),
        (json.dumps({"task": "demo/plain", "id": "1"}), saying("r.jsonl:2", "p_first")),
        (json.dumps({"task": "demo/plain", "id": "1", "p_first": 2}), saying("r.jsonl:2", "'p_first'", "probability")),
        (json.dumps(record("1", score=3)), saying("r.jsonl:2", "'score'")),
        (json.dumps({"task": 3, "id": "1", "scores": [1, 2]}), saying("r.jsonl:2")),
        (json.dumps({"task": ["a"], "id": "1", "scores": [1, 2]}), saying("r.jsonl:2")),
    ],
)
def test_a_bad_recorded_line_names_its_place(recorded, second, message):
    ran = recorded(json.dumps(record("0")) + "\n" + second + "\n")
    assert ran.code == 2
    assert reasons(ran)[0] == message


def test_too_few_recorded_scores_are_a_failed_request(recorded):
    ran = recorded([record("0", [1]), record("1"), record("2"), record("3")])
    assert ran.code == 0
    assert reasons(ran) == [saying("record", "'0'", "2", "1")]
