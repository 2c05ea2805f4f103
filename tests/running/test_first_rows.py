"""What the first rows of a task tell: a mistake of its file, or one row that lacks a value."""

from __future__ import annotations

import pytest

from ..messages import saying

GOOD = [{"id": f"i{n}", "question": f"q{n}", "good": "long answer", "bad": "short"} for n in range(4)]
COLUMNS = {"prompt": "question", "chosen": "good", "rejected": "bad"}


@pytest.fixture
def evaluate(toys, write_task, harness):
    """Write demo/pairs of these rows, and evaluate it beside a task without faults."""

    def call(rows, *tasks, columns=COLUMNS, kind="preference", **keys):
        write_task("demo/whole", GOOD, kind="preference", columns=COLUMNS)
        write_task("demo/pairs", rows, kind=kind, columns=columns, **keys)
        model = "length" if kind == "preference" else "keyword-list"
        return harness("eval", "-m", model, "-t", "demo/pairs", *(f"--task={task}" for task in tasks), "--json")

    return call


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("lack", [{"bad": None}, {}, {"bad": float("nan")}], ids=["null", "no key", "no number"])
def test_a_row_without_a_value_is_one_bad_row_wherever_it_stands(evaluate, place, lack):
    """Also in a file of which only that row lacks the key."""
    lacking = {"id": "x", "question": "q", "good": "a", **lack}
    ran = evaluate([*GOOD[:place], lacking, *GOOD[place:]], "demo/whole")
    assert ran.code == 1
    assert {(r["task"], r["n"]) for r in ran.document["results"]} == {("demo/pairs", 4), ("demo/whole", 4)}
    ((item, reason),) = [(f["item"], f["reason"]) for f in ran.document["failures"] if f["item"]]
    assert item.endswith(f"pairs.jsonl:{place + 1}")
    assert reason.startswith("'rejected' is missing ")
    assert "first" not in reason.partition("(")[0]


def test_a_label_that_reads_like_a_message_is_one_bad_row(evaluate):
    rows = [{"question": "q", "label": "missing"}, {"question": "r", "label": 1}, {"question": "s", "label": 0}]
    ran = evaluate(rows, columns={"text": "question"}, kind="detection")
    assert (ran.code, {r["n"] for r in ran.document["results"]}) == (1, {2})


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({**COLUMNS, "chosen": "goood"}, "'chosen' is missing"),
        ({**COLUMNS, "prompt": "goood"}, "'prompt' is missing"),
        ({**COLUMNS, "id": "goood"}, "the id column 'goood' is missing"),
        ({**COLUMNS, "prompt": {"template": "{goood}"}}, "names 'goood'"),
        ({**COLUMNS, "prompt": {"numbered": "goood{}", "first": 1, "last": 2}}, "no column 'goood1'"),
    ],
)
def test_a_column_that_no_row_has_is_a_mistake_of_the_plan(evaluate, columns, said):
    ran = evaluate(GOOD, "demo/whole", columns=columns)
    assert (ran.code, ran.document["results"]) == (2, [])
    (failure,) = ran.document["failures"]
    assert said in failure["reason"]
    assert "pairs.jsonl:1: " in failure["reason"]


def test_a_column_that_does_not_exist_is_named_with_the_nearest_and_all_that_there_are(evaluate):
    (failure,) = evaluate(GOOD, columns={**COLUMNS, "chosen": "goood"}).document["failures"]
    assert failure["reason"] == saying("'goood'", "'good'", "id", "question", "good", "bad")


def test_a_key_that_comes_after_hundreds_of_rows_is_no_mistake_of_the_plan(evaluate):
    lacking = [{key: value for key, value in row.items() if key != "bad"} for row in GOOD]
    ran = evaluate([*({**lacking[0], "id": f"l{n}"} for n in range(300)), *GOOD])
    assert (ran.code, {r["n"] for r in ran.document["results"]}) == (1, {4})


def test_columns_of_slices_and_clusters_that_no_row_has_are_said(evaluate):
    ran = evaluate(GOOD, slices=["questoin", "id"], cluster="documnet")
    assert ran.err == saying("'questoin'", "'slices'", "'cluster'", "'question'")
    assert ran.err == saying("looked", "'documnet'")
    assert "column 'id'" not in ran.err


def test_columns_that_are_set_or_come_late_are_not_said(evaluate):
    late = [*GOOD, {**GOOD[0], "id": "late", "topic": "a"}]
    ran = evaluate(late, data={"test": {"file": "pairs.jsonl", "set": {"source": "b"}}}, slices=["topic", "source"])
    assert "no row looked at" not in ran.err
    assert {r["domain"] for r in ran.document["results"]} >= {"a", "b"}


# task files that cannot be read, and folders that are not there


@pytest.mark.parametrize(
    "arguments",
    [
        ("eval", "-m", "length", "-t", "demo/broken"),
        ("show", "demo/broken"),
        ("train", "bt-linear", "-t", "demo/broken", "-o", "m"),
        ("cross-validate", "bt-linear", "-t", "demo/broken"),
    ],
)
@pytest.mark.parametrize(
    ("text", "why"), [("kind: [\n", "not valid YAML"), ("- a\n", "expected a mapping"), ("\xff", "cannot be read")]
)
def test_a_task_file_that_cannot_be_read_is_answered_by_its_reason(toys, write_task, harness, arguments, text, why):
    path = write_task("demo/broken")
    path.write_bytes(text.encode("latin-1"))
    ran = harness(*arguments)
    assert ran.code == 2
    assert f"error: {path}" in ran.err
    assert why in ran.err


def test_a_benchmark_file_that_breaks_the_schema_is_answered_by_its_reason(toys, write_task, rows, harness):
    write_task("demo/plain", rows(3))
    (toys / "tasks/demo/benchmark.yaml").write_text("tasks: [demo/plain]\naggregats: []\n")
    ran = harness("eval", "-m", "toy-reader", "-t", "demo")
    assert (ran.code, ran.err) == (2, saying("benchmark.yaml:2", "'aggregats'"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "tasks"),
        ("doctor",),
        ("eval", "-m", "length", "-t", "demo/plain"),
        ("show", "demo/plain"),
        ("compare", "a", "b", "-t", "demo/plain"),
        ("train", "bt-linear", "-t", "demo/plain", "-o", "m"),
        ("leaderboard", "demo"),
    ],
)
def test_a_task_folder_that_does_not_exist_is_said_by_every_command(project, harness, arguments):
    (project / "registry.yaml").write_text("task_folders: [taks]\n")
    ran = harness(*arguments)
    assert ran.err + ran.out == saying("registry.yaml", "task_folders", "taks", "folder")
