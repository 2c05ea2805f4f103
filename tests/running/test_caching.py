"""What is on file is never asked again, and is never given to another model."""

from __future__ import annotations

import sqlite3

import pytest


@pytest.fixture
def asked(toys):
    """The texts that the toys were asked about since the last look."""
    from harness_toys.models import ASKED

    ASKED.clear()

    def look():
        seen = list(ASKED)
        ASKED.clear()
        return seen

    return look


@pytest.fixture
def evaluate(toys, harness):
    """Evaluate a model on demo/plain; the document."""

    def call(model="toy-reader", task="demo/plain", *more, code=0):
        ran = harness("eval", "-m", model, "-t", task, "--json", *more)
        assert ran.code == code, ran.err
        return ran.document

    return call


def cells():
    """(label, requests, computed) of all cells, oldest first."""
    with sqlite3.connect(".harness/store.sqlite") as connection:
        rows = connection.execute("SELECT label, requests, computed FROM cells ORDER BY id").fetchall()
    connection.close()
    return rows


def figures(document):
    return {(r["metric"], r["domain"]): r["value"] for r in document["results"]}


def test_the_same_command_again_computes_nothing_and_says_the_same(evaluate, write_task, rows, asked):
    write_task("demo/plain", rows(9))
    first = evaluate()
    assert len(asked()) == 18
    second = evaluate()
    assert asked() == []
    assert second["results"] == first["results"]
    assert cells() == [("toy-reader", 9, 18), ("toy-reader", 9, 0)]


def test_more_items_ask_only_for_the_new_ones(evaluate, write_task, rows, asked):
    write_task("demo/plain", rows(9))
    evaluate("toy-reader", "demo/plain", "--limit", 4)
    assert len(asked()) == 8
    evaluate()
    assert len(asked()) == 10


def test_a_response_is_asked_for_once_whatever_task_or_order_it_is_in(evaluate, write_task, rows, asked):
    write_task("demo/plain", rows(4))
    turned = [{**r, "responses": r["responses"][::-1], "correct": r["correct"][::-1]} for r in rows(4)]
    write_task("demo/other", [*turned, *rows(1, start=9)])
    evaluate()
    asked()
    document = evaluate("toy-reader", "demo/other")
    assert sorted(asked()) == ["9.25", "9.5"]
    assert document["results"][0]["value"] == pytest.approx(2 / 5)


def test_the_same_text_twice_in_one_task_is_asked_for_once(evaluate, write_task, asked):
    row = {"prompt": "q", "responses": ["1", "1", "0"], "correct": [1, 0, 0]}
    write_task("demo/plain", [{**row, "id": "a"}, {**row, "id": "b"}])
    evaluate()
    assert sorted(asked()) == ["0", "1"]


def test_the_same_response_to_another_prompt_is_another_request(evaluate, write_task, asked):
    row = {"responses": ["1", "0"], "correct": [1, 0]}
    write_task("demo/plain", [{**row, "prompt": "p", "id": "a"}, {**row, "prompt": "q", "id": "b"}])
    evaluate()
    assert sorted(asked()) == ["0", "0", "1", "1"]


def test_prompt_and_response_never_run_together(evaluate, write_task, asked):
    rows = [
        {"id": "a", "prompt": "x", "responses": ["1", "0"], "correct": [1, 0]},
        {"id": "b", "prompt": [{"role": "user", "content": "x"}], "responses": ["1", "0"], "correct": [1, 0]},
        {"id": "c", "prompt": [{"role": "system", "content": "x"}], "responses": ["1", "0"], "correct": [1, 0]},
        {"id": "d", "prompt": [{"role": "user", "content": ""}] * 2, "responses": ["1", "0"], "correct": [1, 0]},
    ]
    write_task("demo/plain", rows)
    evaluate()
    assert len(asked()) == 6


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("toy-reader", "toy-listwise"),
        ("toy-reader", "toy-reader:scale=-1.0"),
        ("toy-reader", "toy-reader:batch_size=8"),
        ("toy-reader:scale=1", "toy-reader:scale=1.0"),
        ("toy-listwise", "toy-reader"),
        ("toy-over:inner=toy-reader", "toy-over:inner=toy-listwise"),
    ],
)
def test_another_model_or_argument_never_receives_the_first_ones_responses(
    evaluate, write_task, rows, asked, first, second
):
    write_task("demo/plain", rows(6))
    evaluate(first)
    asked()
    evaluate(second)
    assert len(asked()) == 12


def test_another_version_of_a_model_is_asked_anew(evaluate, write_task, rows, asked, monkeypatch):
    from harness_toys.models import Reader

    write_task("demo/plain", rows(6))
    evaluate()
    asked()
    monkeypatch.setattr(Reader, "version", "2")
    evaluate()
    assert len(asked()) == 12


def test_other_weights_behind_the_same_path_are_asked_anew(evaluate, write_task, rows, asked, toys):
    write_task("demo/plain", rows(6), metrics=["toy_first_score"])
    (toys / "model").mkdir()
    values = []
    for number in ("1", "20"):
        (toys / "model/number.txt").write_text(number)
        values.append(evaluate("m=toy-file:path=model")["results"][0]["value"])
        assert len(asked()) == 12
    assert values[1] == pytest.approx(values[0] + 19)


def test_the_same_weights_behind_another_path_are_not_asked_again(evaluate, write_task, rows, asked, toys):
    write_task("demo/plain", rows(6))
    for name in ("one", "two"):
        (toys / name).mkdir()
        (toys / name / "number.txt").write_text("1")
    evaluate("m=toy-file:path=one")
    asked()
    evaluate("m=toy-file:path=two")
    assert asked() == []


def test_another_label_of_the_same_model_is_not_asked_again(evaluate, write_task, rows, asked):
    write_task("demo/plain", rows(6))
    evaluate("one=toy-reader:scale=2.0")
    asked()
    evaluate("two=toy-reader:scale=2.0")
    assert asked() == []


def test_a_part_that_changes_changes_what_is_built_over_it(evaluate, write_task, rows, asked, toys):
    write_task("demo/plain", rows(6))
    (toys / "model").mkdir()
    (toys / "registry.yaml").write_text("task_folders: [tasks]\nmodels: {part: 'toy-file:path=model'}\n")
    for number in ("1", "2"):
        (toys / "model/number.txt").write_text(number)
        evaluate("over=toy-over:inner=part")
        assert len(asked()) == 12


def test_a_listwise_model_sees_all_responses_again_when_one_changes(evaluate, write_task, asked):
    row = {"id": "a", "prompt": "q", "responses": ["1", "2", "3"], "correct": [0, 0, 1]}
    write_task("demo/plain", [row])
    evaluate("toy-listwise")
    asked()
    write_task("demo/plain", [{**row, "responses": ["1", "2", "4"]}])
    evaluate("toy-listwise")
    assert sorted(asked()) == ["1", "2", "4"]


def test_failed_requests_are_tried_again_and_the_others_are_not(evaluate, write_task, rows, asked, toys):
    write_task("demo/plain", rows(3))
    evaluate("toy-moody")
    write_task("demo/plain", rows(6))
    (toys / "moody").touch()
    document = evaluate("toy-moody")
    assert {(r["n"], r["n_failed"]) for r in document["results"]} == {(3, 3)}
    assert document["failures"][0]["reason"].startswith("ConnectionError: the server is away (")
    (toys / "moody").unlink()
    asked()
    document = evaluate("toy-moody")
    assert len(asked()) == 6
    assert {(r["n"], r["n_failed"]) for r in document["results"]} == {(6, 0)}
    assert document["failures"] == []


def test_a_failure_never_replaces_a_response(evaluate, write_task, rows, asked, toys):
    write_task("demo/plain", rows(3))
    whole = evaluate("toy-moody")
    (toys / "moody").touch()
    assert evaluate("toy-moody")["results"] == whole["results"]


def test_a_metric_added_later_costs_no_inference(evaluate, write_task, rows, asked):
    write_task("demo/plain", rows(6))
    evaluate()
    asked()
    document = evaluate("toy-reader", "demo/plain", "--metric", "toy_first_score")
    assert asked() == []
    assert ("toy_first_score", "overall") in figures(document)
    write_task("demo/plain", rows(6), metrics=["reciprocal_rank"])
    assert list(figures(evaluate())) == [("reciprocal_rank", "overall")]
    assert asked() == []


def test_another_task_costs_no_inference_where_the_answers_are_on_file(evaluate, write_task, rows, asked):
    pairs = [
        {"id": r["id"], "prompt": r["prompt"], "chosen": r["responses"][0], "rejected": r["responses"][1]}
        for r in rows(6)
    ]
    write_task("demo/plain", rows(6))
    write_task("demo/pairs", pairs, kind="preference")
    evaluate()
    asked()
    document = evaluate("toy-reader", "demo/pairs")
    assert asked() == []
    assert figures(document) == {("accuracy", "overall"): pytest.approx(2 / 3)}


def test_a_mended_row_is_evaluated_with_the_others_on_file(evaluate, write_task, rows, asked):
    import json

    lines = [json.dumps(row) for row in rows(4)]
    write_task("demo/plain", "\n".join([*lines[:3], lines[3][:-1]]))
    evaluate(code=1)
    asked()
    write_task("demo/plain", "\n".join(lines))
    assert {r["n"] for r in evaluate()["results"]} == {4}
    assert len(asked()) == 2


def test_a_lost_array_file_is_one_clear_error(evaluate, write_task, asked, toys, harness):
    rows = [{"id": str(i), "first": f"{i} a", "second": f"b {i}", "label": i % 2} for i in range(6)]
    write_task("demo/pairs", rows, kind="similarity")
    first = evaluate("toy-vectors", "demo/pairs")
    assert evaluate("toy-vectors", "demo/pairs")["results"] == first["results"]
    arrays = list((toys / ".harness/store.sqlite.files/arrays").iterdir())
    kept = arrays[0].read_bytes()
    for damage in (None, kept[: len(kept) // 2], b""):
        if damage is None:
            arrays[0].unlink()
        else:
            arrays[0].write_bytes(damage)
        ran = harness("eval", "-m", "toy-vectors", "-t", "demo/pairs")
        assert ran.code == 2
        assert ran.err.startswith(f"error: {arrays[0].relative_to(toys)}: ")
        assert "internal error" not in ran.err
    arrays[0].write_bytes(kept)
    assert evaluate("toy-vectors", "demo/pairs")["results"] == first["results"]


def test_embeddings_of_repeated_texts_are_computed_once(evaluate, write_task, asked):
    rows = [{"id": str(i), "first": "same", "second": f"other {i}", "label": i % 2} for i in range(6)]
    write_task("demo/pairs", rows, kind="similarity")
    evaluate("toy-vectors", "demo/pairs")
    assert sorted(asked()) == sorted(["same", *(f"other {i}" for i in range(6))])


def test_a_prompt_with_a_lone_surrogate_is_evaluated_and_filed(evaluate, write_task, asked):
    rows = [{"id": "a", "prompt": "bad \ud800 text", "responses": ["1", "0"], "correct": [1, 0]}]
    write_task("demo/plain", rows)
    first = evaluate()
    assert first["results"][0]["value"] == 1.0
    asked()
    assert evaluate()["results"] == first["results"]
    assert asked() == []


def test_results_do_not_depend_on_the_size_of_batches(evaluate, write_task, rows):
    write_task("demo/plain", rows(17))
    documents = [evaluate(f"m=toy-reader:batch_size={size}") for size in (1, 3, 64)]
    assert figures(documents[0]) == figures(documents[1]) == figures(documents[2])
