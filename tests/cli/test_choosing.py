"""Choosing what is published, and taking results out of the store, as typed and in run files."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ..messages import saying


@pytest.fixture
def evaluated(study, harness, toys):
    """Two models and a trial in the store of the run file's folder."""
    path = study(models=["toy-reader", "length", "trial=random"])
    assert harness("run", path).code == 0
    return toys / "study"


@pytest.fixture
def board(evaluated, harness, monkeypatch):
    """Type `harness leaderboard` in that folder."""
    monkeypatch.chdir(evaluated)
    return lambda *options: harness("leaderboard", *options, "--store", "out/results.sqlite")


def models_of(text):
    return {entry["model"] for entry in json.loads(text)["entries"]}


def test_models_and_title_are_chosen_on_the_command_line(board, evaluated):
    ran = board("demo", "-m", "to*", "-m", "length", "--title", "Mine", "--format", "json")
    assert ran.code == 0, ran.err
    assert models_of(ran.out) == {"toy-reader", "length"}
    assert (json.loads(ran.out)["title"], json.loads(ran.out)["chosen"]) == ("Mine", {"models": 2, "of": 3})
    ran = board("demo", "--exclude", "trial", "-o", "site/")
    assert ran.code == 0, ran.err
    assert not [file for file in (evaluated / "site").rglob("*.html") if "trial" in file.read_text()]


def test_a_task_has_a_board_and_a_site(board, evaluated):
    ran = board("demo/plain", "--format", "json")
    assert (ran.code, json.loads(ran.out)["benchmark"]) == (0, "demo/plain")
    ran = board("demo/pl*", "-o", "site/")
    assert ran.code == 0, ran.err
    assert (evaluated / "site/index.html").is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["demo", "-m", "lenght"], ["'lenght'", "'length'", "there are: length, toy-reader, trial"]),
        (["demo", "--exclude", "x*"], ["'x*'", "there are"]),
        (["demo", "--exclude", "*"], ["no model is left"]),
        (["demo", "--about", "none.md"], ["--about", "table", "html"]),
        (["demo", "--about", "none.md", "--format", "html"], ["none.md", "no such file"]),
        (["demo", "--title", "x", "--format", "csv"], ["--title", "csv"]),
        (["demo", "--title", "x", "-o", "board.yaml"], ["--title", "model-card"]),
        (["dmeo"], ["benchmark or task", "'dmeo'", "'demo'"]),
        (["zz*"], ["benchmark or task", "'zz*'"]),
    ],
)
def test_rubbish_is_refused_and_nothing_is_written(board, evaluated, options, words):
    before = sorted(evaluated.rglob("*"))
    ran = board(*options)
    assert ran.code == 2
    assert [word for word in words if word not in ran.err] == []
    assert "Traceback" not in ran.err
    assert [file for file in sorted(evaluated.rglob("*")) if file not in before] == []


def test_the_introduction_is_not_written_over(board, evaluated):
    (evaluated / "about.md").write_text("Hello")
    ran = board("demo", "--about", "about.md", "-o", "about.md")
    assert ran.code == 2
    assert (evaluated / "about.md").read_text() == "Hello"


# run files


def run_board(study, harness, toys, **keys):
    board = {"benchmark": "demo", "output": "board.json", **keys}
    ran = harness("run", study(models=["toy-reader"], leaderboards=[board]))
    assert ran.code == 0, ran.err
    return (toys / "study/board.json").read_text()


def test_a_run_file_shows_its_own_models(evaluated, study, harness, toys):
    text = run_board(study, harness, toys)
    assert models_of(text) == {"toy-reader"}
    assert json.loads(text)["chosen"] == {"models": 1, "of": 3}
    assert any("1 of 3 models" in note for note in json.loads(text)["notes"])


@pytest.mark.parametrize(
    ("keys", "models"),
    [
        ({"models": ["*"]}, {"toy-reader", "length", "trial"}),
        ({"models": ["*"], "exclude": ["tri*"]}, {"toy-reader", "length"}),
        ({"models": ["length"]}, {"length"}),
        ({"benchmark": "demo/plain"}, {"toy-reader"}),
        ({"benchmark": "demo/*", "title": "Mine"}, {"toy-reader"}),
    ],
)
def test_a_run_file_chooses_what_it_shows(evaluated, study, harness, toys, keys, models):
    text = run_board(study, harness, toys, **keys)
    assert models_of(text) == models
    assert json.loads(text).get("title", "") == keys.get("title", "")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"models": ["lenght"]}, saying("leaderboards.0.models.0", "'lenght'", "'length'")),
        ({"exclude": ["zz*"]}, saying("leaderboards.0.exclude.0", "'zz*'")),
        ({"exclude": ["*"]}, saying("leaderboards.0.exclude", "no model is left")),
        ({"models": []}, saying("leaderboards.0.models", "empty")),
        ({"models": [""]}, saying("leaderboards.0.models.0", "empty")),
        ({"models": "length"}, saying("leaderboards.0.models", "list")),
        ({"about": "none.md"}, saying("leaderboards.0.about", "none.md", "no such file")),
        ({"title": "x", "output": "board.csv"}, saying("leaderboards.0.title", "csv")),
        ({"benchmark": "demo/zz*"}, saying("leaderboards.0.benchmark", "'demo/zz*'")),
    ],
)
def test_a_choice_that_cannot_be_is_said_before_anything_runs(evaluated, study, harness, toys, keys, expected):
    board = {"benchmark": "demo", "output": "board.json", **keys}
    ran = harness("run", study(models=["toy-reader"], leaderboards=[board]))
    assert ran.code == 2
    assert ran.err == expected
    assert not (toys / "study/board.json").exists()


# forget


@pytest.fixture
def forget(evaluated, harness, monkeypatch):
    """Type `harness forget` in that folder."""
    monkeypatch.chdir(evaluated)
    return lambda *options: harness("forget", *options, "--store", "out/results.sqlite")


def test_what_is_forgotten_is_said_and_comes_back_from_its_answers_only_by_evaluating(forget, board, harness):
    ran = forget("trial", "--dry-run")
    assert ran.code == 0
    assert ran.out == saying("would remove", "1 evaluation")
    assert ran.out == saying("trial", "demo/plain")
    assert "trial" in models_of(board("demo", "--format", "json").out)
    ran = forget("tri*", "-t", "demo", "--yes", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["cells"] == [{"model": "trial", "task": "demo/plain", "evaluations": 1}]
    assert (ran.document["answers"], len(ran.document["files"])) == (0, 1)
    assert "trial" not in models_of(board("demo", "--format", "json").out)
    again = harness("eval", "-m", "trial=random", "-t", "demo", "--store", "out/results.sqlite", "--json")
    assert again.code == 0
    assert "all from the store" in again.err
    gone = forget("trial", "--answers", "--yes").out
    assert gone == saying("removed", "answers")
    assert gone == saying("harness store compact")
    again = harness("eval", "-m", "trial=random", "-t", "demo", "--store", "out/results.sqlite", "--json")
    assert "all from the store" not in again.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["trail", "--yes"], ["'trail'", "'trial'", "toy-reader"]),
        (["trial", "-t", "dmeo", "--yes"], ["task", "'dmeo'", "demo/plain"]),
        (["trial", "-t", "demo", "--answers", "--yes"], ["not by task"]),
        (["trial"], ["--yes", "--dry-run", "1 evaluation"]),
        (["trial", "--json"], ["--yes"]),
        ([], ["MODEL"]),
    ],
)
def test_nothing_is_removed_that_was_not_meant(forget, board, options, words):
    ran = forget(*options)
    assert ran.code == 2
    assert [word for word in words if word not in ran.err] == []
    assert "trial" in models_of(board("demo", "--format", "json").out)


def test_a_reader_at_a_terminal_is_asked(forget, board, monkeypatch):
    class Keyboard(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Keyboard("n\n"))
    assert forget("trial").code == 1
    assert "trial" in models_of(board("demo", "--format", "json").out)
    monkeypatch.setattr(sys, "stdin", Keyboard("y\n"))
    assert forget("trial").code == 0
    assert "trial" not in models_of(board("demo", "--format", "json").out)


def test_without_a_store_there_is_nothing_to_forget(toys, harness):
    assert harness("forget", "a", "--yes").err == saying("no store")


# small things


def test_a_model_compared_with_itself_gives_its_reasons_once(evaluated, harness, monkeypatch):
    monkeypatch.chdir(evaluated)
    registry = json.loads(json.dumps({"task_folders": ["tasks"]}))
    aggregate = {"name": "s", "how": "bradley-terry", "of": ["demo/plain:accuracy"], "settings": {"anchor": "nobody"}}
    registry["benchmarks"] = {"demo": {"tasks": ["demo/plain"], "aggregates": [aggregate]}}
    (evaluated / "registry.yaml").write_text(json.dumps(registry))
    ran = harness("compare", "length", "length", "-t", "demo", "--store", "out/results.sqlite")
    assert ran.err.count("no comparison by s") == 1
    assert "(length, length)" not in ran.out


def test_eval_says_that_nothing_was_computed_where_all_failed(toys, write_task, rows, harness):
    write_task("demo/plain", rows(12))
    ran = harness("eval", "-m", "toy-unloadable", "-t", "demo/plain")
    assert ran.code == 1
    assert "everything computed is kept" not in ran.out
    assert "nothing was computed" in ran.out
    assert "everything computed is kept" in harness("eval", "-m", "length", "-t", "demo/plain").out
