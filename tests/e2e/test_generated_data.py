"""Figures of generated data are never taken for those of real ones: the mark goes from the generator to the board."""

import csv
import io
import json

import pytest
import yaml

from harness.files import mark_generated

ROWS = [{"id": str(i), "text": "x" * (1 + i * (1 + i % 2)), "label": i % 2} for i in range(20)]
TASK = {
    "kind": "detection",
    "description": "of 16,038 texts",
    "data": {"test": {"hub": "owner/set", "split": "test"}},
    "metrics": ["auroc"],
}
PUBLISHED = {"source": "a paper", "figures": {"their-model": {"m/task:auroc": 0.7}}}


@pytest.fixture
def lab(project, monkeypatch):
    """A task of a hub data set, with a generated copy of it in one folder and a real one in another."""
    for name, rows in (("made", ROWS), ("real", [{**row, "text": row["text"] + "!"} for row in ROWS])):
        (project / name / "owner" / "set").mkdir(parents=True)
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (project / name / "owner" / "set" / "test.jsonl").write_text(text)
    mark_generated(project / "made" / "owner" / "set", "python -m maker", {"seed": 5})
    (project / "published.yaml").write_text(yaml.safe_dump(PUBLISHED))
    benchmark = {"tasks": ["m/task"], "published": ["published.yaml"]}
    document = {"tasks": {"m/task": TASK}, "benchmarks": {"bench": benchmark}}
    (project / "registry.yaml").write_text(yaml.safe_dump(document))

    def use(name):
        monkeypatch.setenv("HARNESS_DATA", str(project / name))

    use("made")
    return use


def board_of(harness, *options):
    return harness("leaderboard", "bench", "--format", "json", *options).document


def test_a_board_of_generated_data_says_so_and_has_no_published_row(lab, harness):
    assert harness("eval", "-m", "random", "-t", "m/task").code == 0
    board = board_of(harness)
    assert board["generated"] is True
    assert board["generated_data"] == {"m/task": {"made_by": "python -m maker (seed 5)", "in_place_of": "owner/set"}}
    assert ([entry["model"] for entry in board["entries"]], board["published_left_out"]) == (["random"], 1)
    assert board["items"] == {"m/task": {"fewest": 20, "most": 20}}
    for format_ in ("table", "markdown", "html", "latex", "model-card"):
        text = harness("leaderboard", "bench", "--format", format_).out.lower()
        assert "generated data" in text, format_
        assert "their-model" not in text, format_
    rows = list(csv.DictReader(io.StringIO(harness("leaderboard", "bench", "--format", "csv").out)))
    assert [row["generated"] for row in rows] == ["true"]


def test_a_board_of_real_data_has_its_published_rows_and_no_word_of_generated_data(lab, harness):
    lab("real")
    harness("eval", "-m", "random", "-t", "m/task")
    board = board_of(harness)
    assert (board["generated"], {entry["model"] for entry in board["entries"]}) == (False, {"random", "their-model"})
    assert "generated" not in harness("leaderboard", "bench").out.lower()


def test_the_terminal_and_json_of_eval_and_compare_say_it(lab, harness):
    ran = harness("eval", "-m", "random", "-m", "prompt-length", "-t", "m/task")
    assert "GENERATED DATA, made by python -m maker (seed 5), in place of owner/set" in ran.out
    document = harness("eval", "-m", "random", "-t", "m/task", "--json").document
    assert {result["generated"] for result in document["results"]} == {True}
    assert "GENERATED DATA" in harness("compare", "random", "prompt-length", "-t", "m/task").out
    compared = harness("compare", "random", "prompt-length", "-t", "m/task", "--json").document
    assert {c["generated"] for c in compared["comparisons"]} == {True}
    assert harness("show", "m/task").out.count("python -m maker") == 1


def test_generated_and_real_data_are_neither_compared_nor_ranked_together(lab, harness):
    harness("eval", "-m", "random", "-t", "m/task")
    lab("real")
    harness("eval", "-m", "prompt-length", "-t", "m/task")
    refused = harness("compare", "random", "prompt-length", "-t", "m/task")
    assert (refused.code, "real data" in refused.err) == (2, True)
    board = board_of(harness)
    assert board["generated"] is False
    assert [entry["model"] for entry in board["entries"] if not entry["published"]] == ["prompt-length"]
    assert any("generated data" in note and "random" in note for note in board["notes"])
    # What was answered is on file: the same model on the real data is one command away, and its columns are its own.
    harness("eval", "-m", "random", "-t", "m/task")
    assert [e["model"] for e in board_of(harness)["entries"] if not e["published"]] == ["prompt-length", "random"]
    assert harness("compare", "random", "prompt-length", "-t", "m/task").code == 0


def test_stores_of_generated_and_of_real_data_are_not_merged(lab, harness):
    harness("eval", "-m", "random", "-t", "m/task", "--store", "made.sqlite")
    lab("real")
    harness("eval", "-m", "random", "-t", "m/task", "--store", "real.sqlite")
    refused = harness("leaderboard", "bench", "--store", "real.sqlite", "--merge", "made.sqlite")
    assert (refused.code, "made.sqlite" in refused.err, "owner/set" in refused.err) == (2, True, True)
    harness("eval", "-m", "prompt-length", "-t", "m/task", "--store", "other.sqlite")
    board = board_of(harness, "--store", "other.sqlite", "--merge", "made.sqlite")
    assert [entry["model"] for entry in board["entries"] if not entry["published"]] == ["prompt-length"]


def test_a_task_file_may_say_it_without_becoming_another_task(lab, harness, project):
    lab("real")
    harness("eval", "-m", "random", "-t", "m/task")
    document = yaml.safe_load((project / "registry.yaml").read_text())
    document["tasks"]["m/task"]["generated"] = "our script"
    (project / "registry.yaml").write_text(yaml.safe_dump(document))
    harness("eval", "-m", "prompt-length", "-t", "m/task")
    board = board_of(harness)  # the cell from before knows nothing of it, and is no other data for that
    assert board["generated_data"] == {"m/task": {"made_by": "our script", "in_place_of": ""}}
    assert len(board["entries"]) == 2
    assert harness("compare", "random", "prompt-length", "-t", "m/task").code == 0


def test_figures_of_figures_of_generated_data_are_of_generated_data(lab, harness, project):
    harness("eval", "-m", "random", "-t", "m/task", "--metric", "brier")
    found = harness("figures", "m/task", "--metric", "brier", "--json")
    assert found.document["generated"] is True
    source = {"store": ".harness/store.sqlite", "task": "m/task", "metric": "brier"}
    columns = {"text": "id", "label": {"value": 1}}
    document = yaml.safe_load((project / "registry.yaml").read_text())
    document["tasks"]["m/figures"] = {"kind": "detection", "data": {"test": source}, "columns": columns}
    (project / "registry.yaml").write_text(yaml.safe_dump(document))
    assert "python -m maker (seed 5)" in harness("show", "m/figures").out


def test_the_generator_of_ppe_does_not_write_over_real_data(project, harness):
    from harness_plugins.ppe.synthetic import write

    from harness.errors import UsageError

    real = project / "lmarena-ai" / "PPE-MATH-Best-of-K" / "train.parquet"
    real.parent.mkdir(parents=True)
    real.write_bytes(b"real")
    with pytest.raises(UsageError, match="PPE-MATH-Best-of-K"):
        write(project, rows=2)
    assert real.read_bytes() == b"real"
    assert len(list(project.rglob("*.parquet"))) == 1


def test_a_board_of_models_that_all_failed_has_their_rows_in_csv(project, harness):
    (project / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    records = [{"task": "m/task", "id": str(i), "log_odds": None} for i in range(20)]
    (project / "none.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    task = {**TASK, "data": {"test": {"file": "rows.jsonl"}}}
    document = {"tasks": {"m/task": task}, "benchmarks": {"bench": {"tasks": ["m/task"]}}}
    (project / "registry.yaml").write_text(yaml.safe_dump(document))
    assert harness("eval", "-m", "broken=recorded:path=none.jsonl", "-t", "m/task").code == 1
    rows = list(csv.DictReader(io.StringIO(harness("leaderboard", "bench", "--format", "csv").out)))
    assert [(row["model"], row["failed_tasks"]) for row in rows] == [("broken", "m/task")]
