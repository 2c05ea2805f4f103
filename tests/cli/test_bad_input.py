"""Each mistake gets one message with the place and the mend, and never a traceback."""

from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3

import pytest


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def evaluate(toys, harness):
    """Evaluate the reader on demo/plain."""

    def call(model="toy-reader", task="demo/plain", *more):
        ran = harness("eval", "-m", model, "-t", task, "--json", *more)
        assert "Traceback" not in ran.err
        assert "internal error" not in ran.err
        return ran

    return call


def reasons(ran):
    return [failure["reason"] for failure in ran.document["failures"]]


# YAML


def test_malformed_yaml_of_a_task_names_file_and_line(evaluate, write_task, rows, toys, harness):
    write_task("demo/plain", rows(3))
    write_task("demo/broken").write_text("kind: best-of-k\ndata: {test: [\n")
    assert evaluate().code == 0
    ran = evaluate(task="demo/broken")
    assert ran.code == 2
    (reason,) = reasons(ran)
    assert reason.startswith(f"{toys}/tasks/demo/broken.yaml:3: not valid YAML: ")
    assert f"{toys}/tasks/demo/broken.yaml:3: not valid YAML: " in harness("list", "tasks").err


def test_an_unknown_key_of_a_task_names_line_and_nearest_key(evaluate, write_task, rows, toys):
    write_task("demo/plain", rows(3), colums={"prompt": "question"})
    ran = evaluate()
    assert (ran.code, reasons(ran)) == (
        2,
        [f"{toys}/tasks/demo/plain.yaml:2: unknown key 'colums' (did you mean 'columns' or 'cluster'?)"],
    )


def test_a_missing_key_of_a_task_is_named(evaluate, write_task, toys):
    write_task("demo/plain")
    ran = evaluate()
    assert ran.code == 2
    assert reasons(ran)[0].startswith(f"{toys}/tasks/demo/plain.yaml: the key 'data' is missing")


def test_an_unknown_key_of_a_source_names_line_and_nearest_key(evaluate, write_task, rows, toys):
    write_task("demo/plain", rows(3), data={"test": {"fil": "plain.jsonl"}})
    ran = evaluate()
    assert ran.code == 2
    assert f"{toys}/tasks/demo/plain.yaml:4: unknown key 'data.test.fil' (did you mean 'file' or" in "\n".join(
        reasons(ran)
    )


def test_an_unknown_kind_suggests_the_nearest(evaluate, write_task, rows):
    write_task("demo/plain", rows(3), kind="best-of-n")
    ran = evaluate()
    assert ran.code == 2
    assert "'best-of-n' (did you mean 'best-of-k'" in reasons(ran)[0]


def test_an_unknown_option_of_a_kind_is_named_with_its_file(evaluate, write_task, rows, toys):
    write_task("demo/plain", rows(3), kind="preference", options={"frist_label": "A"})
    assert reasons(evaluate()) == [
        f"{toys}/tasks/demo/plain.yaml: options.frist_label: tasks of kind 'preference' have no such entry"
        " (did you mean 'first_label' or 'second_label'?)"
    ]


def test_an_unknown_key_of_a_benchmark_names_line_and_nearest_key(toys, write_task, rows, harness):
    write_task("demo/plain", rows(3))
    (toys / "tasks/demo/benchmark.yaml").write_text("tasks: [demo/plain]\naggregats: []\n")
    ran = harness("eval", "-m", "toy-reader", "-t", "demo")
    assert ran.code == 2
    assert "Traceback" not in ran.err
    message = f"{toys}/tasks/demo/benchmark.yaml:2: unknown key 'aggregats' (did you mean 'aggregates'?)"
    assert message in harness("doctor").out
    assert message in harness("list", "benchmarks").err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modles: {}\n", ":1: unknown key 'modles' (did you mean 'models'?)"),
        ("models:\n  mine: {modle: length}\n", ":2: unknown key 'models.mine.modle' (did you mean 'model'?)"),
        ("store: x\nstore: [\n", ":3: not valid YAML: "),
        ("- a\n", ": expected a mapping of keys to values, got list"),
        ("plugins: {disabeld: []}\n", ":1: unknown key 'plugins.disabeld' (did you mean 'disabled'?)"),
        ("models:\n  mine: {}\n", ":2: models.mine: give exactly one of 'model' or 'trainer'"),
    ],
)
def test_a_mistake_in_registry_yaml_names_line_and_key(toys, harness, text, message):
    (toys / "registry.yaml").write_text(text)
    ran = harness("eval", "-m", "length", "-t", "quickstart/detection")
    assert ran.code == 2
    assert f"error: {toys}/registry.yaml{message}" in ran.err


def test_a_registry_file_that_does_not_exist_is_named(project, harness):
    ran = harness("list", "models", "--registry", "nowhere.yaml")
    assert (ran.code, ran.err) == (2, "error: nowhere.yaml: no such file\n")


def test_help_comes_even_with_a_broken_registry_file(project, harness):
    (project / "registry.yaml").write_text("models: [\n")
    assert harness("--help").code == 0


# names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "lenght"], "no model is named 'lenght' (did you mean 'length'?)"),
        (["-m", "length", "--metric", "acuracy"], "no metric is named 'acuracy' (did you mean"),
        (["-m", "length", "--adapter", "score-to-detct"], "no adapter is named 'score-to-detct' (did you mean"),
        (["-m", "length:unti=words"], "model 'length' has no argument 'unti' (did you mean 'unit'?)"),
        (["-m", "length:unit"], "'length:unit': expected key=value after the colon, got 'unit'"),
        (["-m", "bt-linear"], "model 'bt-linear' needs the argument path: write path=... after a colon"),
        (["-m", "tfidf:nothing=1"], "model 'tfidf' has no argument 'nothing'"),
        (["-m", ":a=1"], "':a=1' names no model"),
        (["-m", ""], "'' names no model"),
        (["-m", "length", "--split", "tset"], "the task quickstart/detection has no split 'tset'; it has: "),
        (["-m", "length", "--role", "judge"], "--role judge: expected KEY=VALUE"),
        (["-m", "length", "--metric", "f1:treshold=0"], "metric 'f1' has no argument 'treshold'"),
        (["-m", "length", "--metric", "best_of_k_area"], "the metric best_of_k_area needs scores, correct"),
        (["-m", "toy-unmakeable"], "model 'toy-unmakeable' cannot be made: ValueError: size 0 is not possible"),
        (["-m", "toy-missing"], "harness_toys.nowhere:Model needs the package 'harness_toys.nowhere'"),
        (["-m", "toy-package"], "harness_toys.needs_package:Model needs the package 'a_package_that_nobody_has'"),
        (["-m", "toy-over"], "model 'toy-over' needs the argument inner"),
        (["-m", "toy-over:inner=lenght"], "no model is named 'lenght' (did you mean 'length'?)"),
        (["-m", "recorded:path=nowhere.jsonl"], "nowhere.jsonl: no such file"),
    ],
)
def test_a_name_that_cannot_be_used_is_explained(toys, harness, arguments, message):
    ran = harness("eval", *arguments, "-t", "quickstart/detection")
    assert ran.code == 2
    assert message in ran.err
    assert ran.err.startswith("error: ")
    assert "internal error" not in ran.err


def test_an_unknown_trainer_or_setting_suggests_the_nearest(project, harness):
    ran = harness("train", "bt-liner", "-t", "quickstart/preferences", "-o", "m")
    assert ran.code == 2
    assert "no trainer is named 'bt-liner' (did you mean 'bt-linear'" in ran.err
    ran = harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m", "--set", "penalti=1")
    assert ran.code == 2
    assert "trainer 'bt-linear' has no argument 'penalti' (did you mean 'penalty'?)" in ran.err
    ran = harness("train", "bt-linear", "-t", "quickstart/detection", "-o", "m")
    assert ran.code == 2
    assert "learns from tasks of kind preference, which quickstart/detection is not" in ran.err
    assert list(project.iterdir()) == [project / ".harness"]


def test_a_setting_of_the_wrong_type_is_no_internal_error(project, harness):
    ran = harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m", "--set", "penalty=high")
    assert ran.code in (1, 2)
    assert "internal error" not in ran.err
    assert "bt-linear" in ran.err


def test_an_unknown_command_suggests_the_nearest(project, harness):
    ran = harness("evla")
    assert ran.code == 2
    assert "no command 'evla' (did you mean 'eval'?)" in ran.err


def test_a_model_that_cannot_do_what_a_task_asks_is_explained(toys, write_task, harness):
    write_task("demo/duel", [{"prompt": "1", "reference": "2"}], kind="toy-duel")
    ran = harness("eval", "-m", "tfidf", "-t", "demo/duel", "--role", "judge=toy-judge")
    assert ran.code == 2
    assert ran.err == (
        "error: tfidf cannot be evaluated on demo/duel: it asks for generate, the model offers embed, "
        "and no adapter leads there\n"
    )


def test_registry_models_that_name_each_other_are_explained(toys, harness):
    (toys / "registry.yaml").write_text("models:\n  a: b\n  b: a\n")
    ran = harness("eval", "-m", "a", "-t", "quickstart/detection")
    assert ran.code == 2
    assert "registry.yaml builds a over b over a" in ran.err


# rows


def test_a_missing_column_is_found_before_anything_runs(evaluate, write_task):
    write_task("demo/plain", [{"id": "1", "question": "q", "responses": ["1", "2"], "correct": [1, 0]}])
    ran = evaluate()
    assert ran.code == 2
    (reason,) = reasons(ran)
    assert reason.endswith(
        "plain.jsonl:1: 'prompt' is missing: no column 'prompt'; the row has: id, question, responses, correct; "
        "map it under 'columns' in the task's YAML"
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
    assert reasons(ran) == [
        f"demo/plain: ids occur more than once: 'item-2'; 'item-2' is at {path}:3 and {path}:5. "
        "Map 'id' to a unique column"
    ]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_data_file_fails_its_cell(evaluate, write_task, rows, content, toys):
    write_task("demo/other", rows(3))
    write_task("demo/plain", content)
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    assert reasons(ran) == [f"demo/plain: the data is empty: {toys}/tasks/demo/plain.jsonl"]
    assert {result["task"] for result in ran.document["results"]} == {"demo/other"}


def test_a_missing_data_file_fails_its_cell(evaluate, write_task, rows, toys):
    write_task("demo/other", rows(3))
    write_task("demo/plain", data={"test": {"file": "nowhere.jsonl"}})
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    assert reasons(ran) == [f"{toys}/tasks/demo/nowhere.jsonl: no such file"]
    assert {result["task"] for result in ran.document["results"]} == {"demo/other"}


# responses


def scored(responses, **more):
    return {"id": "odd", "prompt": "odd", "responses": responses, "correct": [1, 0], **more}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("nan", "the model gave the score nan"),
        ("inf", "the model gave the score inf"),
        ("-inf", "the model gave the score -inf"),
        ("few", "expected 2 scores, one a response; got an array of shape (1,)"),
        ("none", "expected 2 scores, one a response; got an array of shape ()"),
        ("text", "not a response of 'score': could not convert string to float: 'not numbers'"),
        ("refuse", "the model refused"),
        ("boom", "RuntimeError: the text says boom ("),
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
    assert [(f["item"], f["reason"][: len(reason)]) for f in document["failures"]] == [("odd", reason)]
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
    assert reasons(ran)[0].startswith("every request failed; the first reason: RuntimeError: the text says boom")
    assert ran.document["results"] == []


def test_a_model_that_gives_too_few_responses_fails_its_cell(evaluate, write_task, rows):
    write_task("demo/plain", rows(6))
    ran = evaluate("toy-short")
    assert ran.code == 1
    assert reasons(ran)[0] == "every request failed; the first reason: the model gave 0 responses to 1 requests"


def test_a_metric_that_raises_fails_its_cell_only(evaluate, write_task, rows):
    write_task("demo/plain", rows(6))
    write_task("demo/other", rows(3), metrics=["toy_raises"])
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    (reason,) = reasons(ran)
    assert reason.startswith("demo/other: ZeroDivisionError: a bug in the metric (")
    assert "/harness_toys/tasks.py:" in reason
    assert {result["task"] for result in ran.document["results"]} == {"demo/plain"}


def test_a_task_that_raises_fails_its_cell_only(evaluate, write_task, rows):
    write_task("demo/plain", rows(6))
    write_task("demo/other", rows(3), kind="toy-broken")
    ran = evaluate("toy-reader", "demo/plain", "-t", "demo/other")
    assert ran.code == 1
    assert reasons(ran)[0].startswith("demo/other: KeyError: 'a bug in the task' (")
    assert {result["task"] for result in ran.document["results"]} == {"demo/plain"}


# stores


@pytest.fixture
def on_store(toys, write_task, rows, harness):
    write_task("demo/plain", rows(3))

    def call(store, command="eval"):
        arguments = {
            "eval": ("-m", "toy-reader", "-t", "demo/plain"),
            "leaderboard": ("quickstart",),
            "compare": ("a", "b", "-t", "demo/plain"),
            "view": ("--no-open",),
            "merge": ("quickstart", "--merge", store),
            "correlate": ("quickstart", "--outcome", "outcome.csv"),
            "train": ("bt-linear", "-t", "quickstart/preferences", "-o", "trained"),
        }
        more = () if command == "merge" else ("--store", store)
        ran = harness("leaderboard" if command == "merge" else command, *arguments[command], *more)
        assert "Traceback" not in ran.err
        assert "internal error" not in ran.err
        assert ran.code == 2
        assert ran.err.startswith("error: ")
        return ran.err.removeprefix("error: ").rstrip("\n")

    return call


def test_a_store_below_a_file_cannot_be_made(on_store, toys):
    (toys / "file").write_text("")
    message = on_store("file/store.sqlite")
    assert message.startswith("file/store.sqlite: cannot be made: ")
    assert message.endswith("; choose another place with --store")


def test_a_folder_is_no_store(on_store, toys):
    (toys / "folder").mkdir()
    assert (
        on_store("folder") == "folder: cannot be opened or written: unable to open database file; choose another "
        "place with --store"
    )


def test_a_file_of_garbage_is_no_store(on_store, toys):
    (toys / "garbage").write_bytes(bytes(range(256)) * 40)
    for command in ("eval", "leaderboard", "compare"):
        assert on_store("garbage", command) == (
            "garbage: not a usable store: file is not a database; choose another with --store"
        )
    assert (toys / "garbage").read_bytes() == bytes(range(256)) * 40


FOREIGN = {
    "a table": "CREATE TABLE albums (name TEXT)",
    "write-ahead mode": "PRAGMA journal_mode = WAL; CREATE TABLE albums (name TEXT)",
    "a table named as ours": "CREATE TABLE about (text TEXT)",
    "tables named as ours": "CREATE TABLE about (key TEXT, value TEXT); CREATE TABLE albums (name TEXT)",
    "a view only": "CREATE VIEW albums AS SELECT 1",
}


@pytest.mark.parametrize("command", ["eval", "leaderboard", "compare", "view", "merge", "correlate", "train"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_another_programs_database_is_no_store_and_stays_as_it_is(on_store, toys, kind, command):
    with contextlib.closing(sqlite3.connect(toys / "other.sqlite")) as connection:
        connection.executescript(FOREIGN[kind])
    before = (toys / "other.sqlite").read_bytes()
    mend = "merge another" if command == "merge" else "choose another with --store"
    said = f"other.sqlite: an SQLite file, but not a store of harness; {mend}"
    assert on_store("other.sqlite", command) == said
    assert (toys / "other.sqlite").read_bytes() == before
    assert [path.name for path in toys.glob("other.sqlite*")] == ["other.sqlite"]


def test_a_database_that_another_program_has_open_is_no_store(on_store, toys):
    with contextlib.closing(sqlite3.connect(toys / "other.sqlite")) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE albums (name TEXT)")
        before = [(toys / f"other.sqlite{end}").read_bytes() for end in ("", "-wal")]
        assert "not a store of harness" in on_store("other.sqlite")
        assert [(toys / f"other.sqlite{end}").read_bytes() for end in ("", "-wal")] == before


@pytest.mark.parametrize("made", ["empty", "write-ahead mode", "stopped early"])
def test_a_file_without_content_may_become_a_store(toys, write_task, rows, harness, made):
    write_task("demo/plain", rows(3))
    (toys / "new.sqlite").touch()
    if made == "empty":
        compare = ("compare", "a", "b", "-t", "demo/plain")
        for command in (("leaderboard", "quickstart"), ("view", "--no-open"), compare):
            ran = harness(*command, "--store", "new.sqlite")
            assert (ran.code, ran.err.partition(";")[0]) == (2, "error: new.sqlite: there is no store yet")
        assert "none yet" in harness("doctor", "--store", "new.sqlite").out
        assert (toys / "new.sqlite").read_bytes() == b""
    else:
        with contextlib.closing(sqlite3.connect(toys / "new.sqlite")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            if made == "stopped early":
                connection.execute("CREATE TABLE about (key VARCHAR NOT NULL PRIMARY KEY, value VARCHAR NOT NULL)")
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "new.sqlite").code == 0


def test_a_store_of_a_newer_version_is_refused(on_store, toys, harness):
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "s.sqlite").code == 0
    with sqlite3.connect(toys / "s.sqlite") as connection:
        connection.execute("UPDATE about SET value = '99'")
    connection.close()
    assert on_store("s.sqlite") == (
        "s.sqlite: written by a newer version of harness (store schema 99, this version knows 1); "
        "upgrade with: pip install -U harness-eval, or choose another with --store"
    )


def test_a_damaged_store_is_one_message(on_store, toys, harness):
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "s.sqlite").code == 0
    whole = (toys / "s.sqlite").read_bytes()
    (toys / "s.sqlite").write_bytes(whole[:4096] + b"\x07" * (len(whole) - 4096))
    for left in toys.glob("s.sqlite-*"):
        left.unlink()
    assert on_store("s.sqlite").startswith("s.sqlite: ")


def test_json_in_a_store_that_is_damaged_is_one_message(on_store, toys, harness):
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "s.sqlite").code == 0
    with contextlib.closing(sqlite3.connect(toys / "s.sqlite")) as connection, connection:
        connection.execute("UPDATE cells SET settings = '{', task = 'quickstart/detection'")
    said = on_store("s.sqlite", "leaderboard")
    assert said.startswith("s.sqlite: damaged: a field that should hold a JSON")


def test_a_store_that_may_not_be_read_is_one_message(on_store, toys, monkeypatch):
    (toys / "s.sqlite").write_bytes(b"SQLite format 3\0")

    opened = pathlib.Path.open

    def refuse(self, *arguments, **options):
        if self.name == "s.sqlite":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **options)

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert on_store("s.sqlite") == "s.sqlite: cannot be opened: Permission denied; choose another with --store"


def test_a_store_that_does_not_exist_is_not_made_by_reading(project, harness):
    for arguments in (("leaderboard", "quickstart"), ("compare", "a", "b", "-t", "quickstart")):
        ran = harness(*arguments, "--store", "none.sqlite")
        assert (ran.code, ran.err) == (
            2,
            "error: none.sqlite: there is no store yet; evaluate something first, or name another with --store\n",
        )
    assert list(project.iterdir()) == []


# recorded answers


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
    assert reasons(ran) == ["the record of item '3' says that the request failed (scores is null)"]


def test_a_recorded_item_that_the_data_lacks_is_an_error(recorded):
    ran = recorded([record("0"), record("7")])
    assert (ran.code, reasons(ran)) == (
        2,
        ["mine: records hold 1 item of 'demo/plain' that the data does not have: '7'"],
    )


def test_a_recorded_task_that_does_not_exist_is_an_error(recorded):
    ran = recorded([record("0"), record("0", task="demo/plian")])
    assert (ran.code, reasons(ran)) == (
        2,
        ["mine: records name the task 'demo/plian', which does not exist (did you mean 'demo/plain'?)"],
    )


def test_an_item_that_the_records_lack_is_a_failed_request(recorded):
    ran = recorded([record("0"), record("1"), record("2")])
    assert ran.code == 0
    assert ran.document["results"][0]["n_failed"] == 1
    assert reasons(ran) == ["r.jsonl holds no response to item '3' of demo/plain"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (json.dumps(record("0")), "r.jsonl:2: item '0' of demo/plain is recorded already, at r.jsonl:1"),
        ('{"task": "demo', "r.jsonl:2: not valid JSON: "),
        (json.dumps(record("1", order="xy")), "r.jsonl:2: 'order' is 'xy'; expected 'ab' or 'ba'"),
        (json.dumps(record("1", "high")), "r.jsonl:2: 'scores' must be a list of numbers, or null"),
        (json.dumps(record("1", ["a", "b"])), "r.jsonl:2: 'scores' must be a list of numbers, or null"),
        (json.dumps({"id": "1", "scores": [1, 2]}), "r.jsonl:2: the key 'task' is missing"),
        (json.dumps({"task": "demo/plain", "id": "1"}), "r.jsonl:2: no response in it: one of scores, p_first"),
        (json.dumps({"task": "demo/plain", "id": "1", "p_first": 2}), "r.jsonl:2: 'p_first' is a probability in"),
        (json.dumps(record("1", score=3)), "r.jsonl:2: unknown key 'score'"),
        (json.dumps({"task": 3, "id": "1", "scores": [1, 2]}), "r.jsonl:2: "),
        (json.dumps({"task": ["a"], "id": "1", "scores": [1, 2]}), "r.jsonl:2: "),
    ],
)
def test_a_bad_recorded_line_names_its_place(recorded, second, message):
    ran = recorded(json.dumps(record("0")) + "\n" + second + "\n")
    assert ran.code == 2
    assert reasons(ran)[0].startswith(message)


def test_too_few_recorded_scores_are_a_failed_request(recorded):
    ran = recorded([record("0", [1]), record("1"), record("2"), record("3")])
    assert ran.code == 0
    assert reasons(ran) == ["the record of item '0': expected 2 scores, got 1"]
