"""A committed file is evaluated and its leaderboards are written, wherever the command is typed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from harness.tasks.schema import RunFile

from ..messages import saying

ROOT = Path(__file__).parents[2]


def test_one_command_makes_everything_from_nothing(study, harness, toys):
    path = study(
        leaderboards=[
            {"benchmark": "demo", "output": "out/board.md"},
            {"benchmark": "demo", "output": "out/deep/board.txt", "format": "json"},
        ]
    )
    ran = harness("run", path)
    assert ran.code == 0, ran.err
    assert "| toy-reader |" in (toys / "study/out/board.md").read_text()
    board = json.loads((toys / "study/out/deep/board.txt").read_text())
    assert {entry["model"] for entry in board["entries"]} == {"toy-reader", "length"}
    assert (toys / "study/out/results.sqlite").is_file()
    assert not (toys / ".harness").exists()
    first = (toys / "study/out/board.md").read_text()
    again = harness("run", path, "--json")
    assert [Path(p) for p in again.document["written"]] == [
        toys / "study/out/board.md",
        toys / "study/out/deep/board.txt",
    ]
    assert "all from the store" in again.err
    assert (toys / "study/out/board.md").read_text() == first


def test_it_says_the_same_as_eval(study, harness, monkeypatch, toys):
    path = study(limit=7, seed=3, confidence=0.9, metrics=["reciprocal_rank"])
    from_file = harness("run", path, "--json").document
    monkeypatch.chdir(toys / "study")
    options = ["--limit", 7, "--seed", 3, "--confidence", 0.9, "--metric", "reciprocal_rank", "--store", "x.sqlite"]
    typed = harness("eval", "-m", "toy-reader", "-m", "length", "-t", "demo", "--json", *options).document
    assert from_file["results"] == typed["results"]
    assert from_file["run"]["seed"] == 3


def test_a_site_with_an_outcome_and_texts(study, harness, toys):
    models = ["toy-reader", "length", "random", "b=random:seed=2", "c=random:seed=3"]
    rows = [f"{model.partition('=')[0] if '=' in model[:2] else model},{i},{i * i}" for i, model in enumerate(models)]
    (toys / "study/out.csv").write_text("\n".join(["model,arena,mine", *rows]))
    own = {"outcome": "out.csv", "value_column": "mine", "texts": True}
    boards = [{"benchmark": "demo", "output": "site/", **own}, {"benchmark": "demo", "output": "plain/"}]
    ran = harness("run", study(models=models, leaderboards=boards))
    assert ran.code == 0, ran.err
    assert "demo against mine" in (toys / "study/site/demo/correlations.html").read_text()
    assert not (toys / "study/plain/demo/correlations.html").exists()
    sizes = [sum(f.stat().st_size for f in (toys / f"study/{n}/demo").rglob("*.js")) for n in ("site", "plain")]
    assert sizes[0] > sizes[1]  # by the beginnings of texts


def test_options_win_over_the_file(study, harness, toys):
    assert harness("run", study(), "--store", "here.sqlite").code == 0
    assert (toys / "here.sqlite").is_file()
    assert not (toys / "study/out").exists()


def test_a_dry_run_computes_and_writes_nothing(study, harness, toys):
    path = study(leaderboards=[{"benchmark": "demo", "output": "out/board.md"}])
    ran = harness("run", path, "--dry-run")
    assert ran.code == 0
    assert ran.out == saying("out/board.md", "leaderboard")
    plan = harness("run", path, "--dry-run", "--json").document
    assert [cell["requests"] for cell in plan["cells"]] == [12, 12]
    assert plan["leaderboards"] == [{"benchmarks": ["demo"], "output": "out/board.md"}]
    assert not (toys / "study/out").exists()


def test_everything_wrong_is_said_together_with_its_line(study, harness, toys):
    board = {"benchmark": "dmeo", "output": "x.md"}
    path = study(models=["toy-raeder", "length:sing=1"], tasks=["demo", "demo/plian"], leaderboards=[board])
    ran = harness("run", path)
    assert ran.code == 2
    for line in (
        f"{path}:2: models.0: no model is named 'toy-raeder' (did you mean 'toy-reader'",
        f"{path}:3: models.1: model 'length' has no argument 'sing'",
        f"{path}:6: tasks.1: no task or benchmark is named 'demo/plian'",
        f"{path}:9: leaderboards.0.benchmark: no benchmark or task is named 'dmeo' (did you mean 'demo'?)",
    ):
        assert line in ran.err
    document = harness("run", path, "--json").document
    assert len(document["failures"]) == 4
    assert document["written"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tasks: [demo]\nmodel: [length]\n", saying("run.yaml:2", "'model'", "'models'")),
        ("tasks: demo\n", saying("run.yaml:1", "tasks", "list", "'demo'", "[demo]")),
        ("models: [length]\n", saying("run.yaml", "'tasks'", "missing")),
        ("tasks: [demo]\nlimit: 0\n", saying("run.yaml:2", "limit", "at least 1", "0")),
        ("tasks: [demo]\nconfidence: 95\n", saying("run.yaml:2", "confidence", "at most 0.9999")),
        (
            "tasks: [demo]\nleaderboards:\n  - benchmark: demo\n    outptu: x\n",
            saying("run.yaml:4", "'leaderboards.0.outptu'", "'output'"),
        ),
        (
            "tasks: [demo]\nlimit: 3\nleaderboards: [{benchmark: demo, output: x.md}]\n",
            saying("run.yaml:2", "limit"),
        ),
        (
            "tasks: [demo]\nleaderboards: [{benchmark: demo, output: x.md}, {benchmark: demo, output: x.md}]\n",
            saying("run.yaml:2", "leaderboards.1.output", "x.md", "leaderboards.0.output"),
        ),
        ("tasks: [demo\n", saying("run.yaml:2", "YAML")),
        ("- demo\n", saying("run.yaml", "mapping", "list")),
        ("", saying("run.yaml", "mapping", "NoneType")),
    ],
)
def test_a_mistake_in_the_file_names_line_and_key(study, harness, toys, text, expected):
    path = study()
    (toys / path).write_text(text)
    ran = harness("run", path)
    assert ran.code == 2
    assert ran.err == expected
    assert "Traceback" not in ran.err


def test_a_missing_file_and_a_place_that_cannot_be_written(study, harness, toys):
    ran = harness("run", "none.yaml")
    assert (ran.code, ran.err) == (2, "error: none.yaml: no such file\n")
    (toys / "study/file").write_text("")
    ran = harness("run", study(leaderboards=[{"benchmark": "demo", "output": "file/board.md"}]))
    assert ran.code == 2
    assert ran.err == saying("leaderboards.0.output", "file/board.md")
    assert not (toys / "study/out").exists()


@pytest.mark.parametrize(
    ("board", "expected"),
    [
        ({"format": "htm"}, saying("run.yaml:10", "leaderboards.0.format", "'htm'", "'html'")),
        ({"merge": ["b.sqlite"]}, saying("run.yaml:11", "leaderboards.0.merge.0", "b.sqlite")),
        ({"published": ["p.jsonl"]}, saying("run.yaml:11", "leaderboards.0.published.0", "p.jsonl")),
    ],
)
def test_what_a_leaderboard_cannot_use_is_said_before_anything_runs(study, harness, toys, board, expected):
    ran = harness("run", study(leaderboards=[{"benchmark": "demo", "output": "board.md", **board}]))
    assert ran.code == 2
    assert ran.err == expected
    assert not (toys / "study/out").exists()


def test_stores_of_other_machines_are_merged(study, harness, toys):
    assert harness("run", study(models=["length"], store="b.sqlite")).code == 0
    board = {"benchmark": "demo", "output": "board.json", "merge": ["b.sqlite"]}
    assert harness("run", study(models=["toy-reader"], store="a.sqlite", leaderboards=[board])).code == 0
    entries = json.loads((toys / "study/board.json").read_text())["entries"]
    assert {entry["model"] for entry in entries} == {"toy-reader", "length"}


def test_a_cell_that_fails_gives_status_1_and_the_others_are_written(study, harness, toys):
    path = study(models=["toy-unloadable", "length"], leaderboards=[{"benchmark": "demo", "output": "board.csv"}])
    assert harness("run", path).code == 1
    assert "length" in (toys / "study/board.csv").read_text()
    path = study(
        models=["toy-unloadable"], leaderboards=[{"benchmark": "demo", "output": "none.csv"}], store="n.sqlite"
    )
    ran = harness("run", path)
    assert ran.code == 1
    assert "toy-unloadable on demo/plain: FAILED" in ran.err
    [row] = csv.DictReader((toys / "study/none.csv").read_text().splitlines())
    assert (row["model"], row["value"], row["failed_tasks"]) == ("toy-unloadable", "", "demo/plain")


def test_the_working_directory_is_as_before(study, harness, toys):
    harness("run", study())
    assert Path.cwd() == toys


def test_the_example_follows_the_schema():
    RunFile.model_validate(yaml.safe_load((ROOT / "examples/leaderboard/leaderboard.yaml").read_text("utf-8")))


def test_the_schema_is_published(harness):
    assert harness("schema", "run").document["title"] == "RunFile"
