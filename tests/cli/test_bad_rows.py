"""A row that cannot be read fails alone, by its file and line."""

from __future__ import annotations

import json

import pytest

from ..messages import saying
from .conftest import lines, reasons


def test_a_missing_column_is_found_before_anything_runs(evaluate, write_task):
    write_task("demo/plain", [{"id": "1", "question": "q", "responses": ["1", "2"], "correct": [1, 0]}])
    ran = evaluate()
    assert ran.code == 2
    (reason,) = reasons(ran)
    assert reason == saying(
        "plain.jsonl:1", "'prompt'", "missing", "id", "question", "responses", "correct", "'columns'", "YAML"
    )


def test_a_malformed_row_fails_by_its_line_and_the_others_are_evaluated(evaluate, write_task, rows):
    good = [json.dumps(row) for row in rows(6)]
    write_task("demo/plain", "\n".join([*good[:3], '{"id": "x", "prompt"', *good[3:]]) + "\n")
    ran = evaluate()
    assert ran.code == 1
    document = ran.document
    assert {result["n"] for result in document["results"]} == {6}
    cell, row = document["failures"]
    assert "1 row of the data could not be read" in cell["reason"]
    assert row["item"].endswith("plain.jsonl:4")
    assert row["reason"].startswith("not valid JSON: ")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('["a list"]', "expected a JSON object, got list"),
        ('{"id": "x", "prompt": "q", "responses": "1", "correct": [1]}', "needs at least two responses"),
        ('{"id": "x", "prompt": "q", "responses": ["1", "2"], "correct": [1]}', "2 responses, but 1 labels in"),
        ('{"id": "x", "prompt": "q", "responses": ["1", 2], "correct": [1, 0]}', "'responses': expected a list of"),
        ('{"id": "x", "prompt": "q", "responses": ["1", "2"], "correct": [1, 2]}', "'correct': expected a label"),
        ('{"id": "x", "prompt": 3, "responses": ["1", "2"], "correct": [1, 0]}', "'prompt': expected a text or a"),
        (
            '{"id": "x", "prompt": [{"role": "user"}], "responses": ["1", "2"], "correct": [1, 0]}',
            "'prompt': a message has no 'content'",
        ),
        (
            '{"id": "x", "prompt": [{"role": "user", "content": null}], "responses": ["1", "2"], "correct": [1, 0]}',
            "'prompt': ",
        ),
        ("\xff", "not valid JSON: "),
        ("[" * 100_000, "not valid JSON: "),
        ('{"id": "x", "prompt": "q", "responses": ["1", "2"], "correct": null}', "'correct' is missing"),
    ],
)
def test_a_row_of_the_wrong_form_fails_alone(evaluate, write_task, rows, toys, row, problem):
    path = write_task("demo/plain", rows(4)).with_suffix(".jsonl")
    path.write_bytes(path.read_bytes() + row.encode("latin-1") + b"\n" + lines(rows(2, start=4)).encode())
    ran = evaluate()
    assert ran.code == 1
    assert {result["n"] for result in ran.document["results"]} == {6}
    failure = ran.document["failures"][1]
    assert failure["item"] == f"{path}:5"
    assert failure["reason"].startswith(problem)


def test_duplicate_ids_name_both_lines(evaluate, write_task, rows, toys):
    write_task("demo/plain", [*rows(4), *rows(1, start=2)])
    ran = evaluate()
    assert ran.code == 1
    path = f"{toys}/tasks/demo/plain.jsonl"
    assert reasons(ran) == [saying("demo/plain", "once", "'item-2'", f"{path}:3", f"{path}:5", "'id'")]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_data_file_fails_its_cell(evaluate, write_task, rows, content, toys):
    write_task("demo/other", rows(3))
    write_task("demo/plain", content)
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    assert reasons(ran) == [saying("demo/plain", "empty", f"{toys}/tasks/demo/plain.jsonl")]
    assert {result["task"] for result in ran.document["results"]} == {"demo/other"}


def test_a_missing_data_file_fails_its_cell(evaluate, write_task, rows, toys):
    write_task("demo/other", rows(3))
    write_task("demo/plain", data={"test": {"file": "nowhere.jsonl"}})
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    assert reasons(ran) == [saying(f"{toys}/tasks/demo/nowhere.jsonl", "file")]
    assert {result["task"] for result in ran.document["results"]} == {"demo/other"}
