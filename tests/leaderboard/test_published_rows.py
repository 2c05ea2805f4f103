"""Published results beside evaluated ones: marked in every format, sorted in, never ranked."""

import csv
import io
import json

import pytest
import yaml

from ..messages import saying


@pytest.fixture
def suite(write_task, rows, project):
    """A benchmark of two tasks with published figures of its own."""
    for name in ("one", "two"):
        write_task(f"suite/{name}", rows(30), metrics=["best_of_k_accuracy"])
    (project / "tasks" / "suite" / "published.yaml").write_text(
        yaml.safe_dump(
            {
                "source": "Someone, table 1",
                "citation": "arXiv 0000.00000",
                "figures": {
                    "great": {"suite/one:best_of_k_accuracy": 0.9, "suite/two:best_of_k_accuracy": 0.8},
                    "half": {"suite/one:best_of_k_accuracy": 0.5},
                },
            }
        )
    )
    (project / "tasks" / "suite" / "benchmark.yaml").write_text(
        yaml.safe_dump(
            {
                "tasks": ["suite/one", "suite/two"],
                "aggregates": [
                    {"name": "mean", "of": ["suite/one:best_of_k_accuracy", "suite/two:best_of_k_accuracy"]}
                ],
                "published": ["published.yaml"],
            }
        )
    )


def board(harness, *arguments):
    ran = harness("leaderboard", "suite", "--format", "json", *arguments)
    assert ran.code == 0, ran.err
    return ran.document


def test_the_file_of_published_results_is_no_task(harness, suite):
    assert "suite/published" not in harness("list", "tasks").out
    assert harness("doctor").code == 0


def test_published_rows_are_sorted_in_and_not_ranked(harness, toys, suite):
    harness("eval", "-m", "length", "-m", "random", "-t", "suite")
    entries = board(harness)["entries"]
    names = [entry["model"] for entry in entries]
    assert names[:3] == ["length", "great", "random"]
    assert names[-1] == "half"  # it lacks the figure that ranks
    great = entries[1]
    assert great["published"] is True
    assert great["source"] == "Someone, table 1 (arXiv 0000.00000)"
    assert (great["rank"], great["rank_low"]) == (None, None)
    assert great["figures"]["mean"]["value"] == pytest.approx(0.85)
    assert great["figures"]["mean"]["low"] is None
    assert sorted(entry["rank"] for entry in entries if not entry["published"]) == [1, 2]


def test_without_a_store_the_published_rows_alone_are_shown(harness, suite):
    assert [entry["model"] for entry in board(harness)["entries"]] == ["great", "half"]


def test_an_evaluated_model_of_the_same_name_stands_beside(harness, suite):
    harness("eval", "-m", "great=length", "-t", "suite")
    entries = [entry for entry in board(harness)["entries"] if entry["model"] == "great"]
    assert sorted(entry["published"] for entry in entries) == [False, True]


@pytest.mark.parametrize("format_", ["table", "markdown", "html"])
def test_every_format_marks_them_and_names_the_source(harness, suite, format_):
    text = harness("leaderboard", "suite", "--format", format_).out
    assert "†" in text
    assert "Someone, table 1" in text
    assert "nan" not in text


def test_csv_has_the_source_in_a_column(harness, suite):
    harness("eval", "-m", "length", "-t", "suite")
    rows = list(csv.DictReader(io.StringIO(harness("leaderboard", "suite", "--format", "csv").out)))
    assert {row["model"]: bool(row["published"]) for row in rows} == {"great": True, "half": True, "length": False}


def test_further_files_are_named_and_a_later_one_wins(harness, suite, project):
    row = {
        "model": "great",
        "task": "suite/one",
        "metric": "best_of_k_accuracy",
        "value": 0.1,
        "low": 0.05,
        "high": 0.2,
    }
    (project / "mine.jsonl").write_text(json.dumps({**row, "source": "a letter"}) + "\n")
    great = next(e for e in board(harness, "--published", "mine.jsonl")["entries"] if e["model"] == "great")
    assert great["figures"]["suite/one:best_of_k_accuracy"]["low"] == 0.05
    assert "a letter" in great["source"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"model": "m", "task": "suite/one", "metric": "x"}', saying("mine.jsonl:1", "'value'", "finite", "number")),
        ('{"model": "m", "task": "suite/one", "metric": "x", "value": 1, "wins": 2}', saying("unknown", "'wins'")),
        (
            '{"model": "m", "task": "suite/one", "metric": "x", "value": 1, "low": 2, "high": 3}',
            saying("not in its interval"),
        ),
        ('{"model": "m", "task": "suite/one", "metric": "x", "value": 1, "low": 0}', saying("'low'", "'high'")),
        (
            '{"model": "m", "task": "other/task", "metric": "x", "value": 1}',
            saying("no figure of a task of the benchmark"),
        ),
        ('{"model": "m"', saying("mine.jsonl:1")),
        ("", saying("no published figures")),
    ],
)
def test_rubbish_is_named_with_its_line(harness, suite, project, text, said):
    (project / "mine.jsonl").write_text(text + "\n")
    ran = harness("leaderboard", "suite", "--published", "mine.jsonl")
    assert ran.code in (1, 2)
    assert ran.err == said


def test_a_figure_that_is_there_twice_is_refused(harness, suite, project):
    row = json.dumps({"model": "m", "task": "suite/one", "metric": "x", "value": 1})
    (project / "mine.jsonl").write_text(f"{row}\n{row}\n")
    ran = harness("leaderboard", "suite", "--published", "mine.jsonl")
    assert "mine.jsonl:2" in ran.err
    assert "mine.jsonl:1" in ran.err


def test_a_missing_file_is_named(harness, suite):
    ran = harness("leaderboard", "suite", "--published", "nowhere.jsonl")
    assert "nowhere.jsonl: no such file" in ran.err


def test_names_are_text_never_markup(harness, suite, project):
    row = {"model": "<script>alert(1)</script>", "task": "suite/one", "metric": "best_of_k_accuracy", "value": 0.1}
    (project / "mine.jsonl").write_text(json.dumps({**row, "source": "<img src=x onerror=alert(1)>"}) + "\n")
    page = harness("leaderboard", "suite", "--published", "mine.jsonl", "--format", "html").out
    assert "<script>" not in page
    assert "<img" not in page


def test_names_that_nothing_here_has_are_noted(harness, suite, project):
    row = {"model": "great", "task": "suite/one", "metric": "best_of_k_acuracy", "value": 0.1}
    elsewhere = {"model": "other", "task": "suite/oen", "metric": "best_of_k_accuracy", "value": 0.1}
    (project / "mine.jsonl").write_text("".join(json.dumps(r) + "\n" for r in (row, elsewhere)))
    notes = "\n".join(board(harness, "--published", "mine.jsonl")["notes"])
    assert notes == saying("'suite/oen'", "'suite/one'")
    assert notes == saying("'best_of_k_acuracy'", "'best_of_k_accuracy'")


def test_a_model_without_a_figure_that_is_shown_is_noted(harness, suite, project):
    row = {"model": "lonely", "task": "suite/one", "metric": "best_of_k_area", "value": 0.1}
    (project / "mine.jsonl").write_text(json.dumps(row) + "\n")
    found = board(harness, "--published", "mine.jsonl")
    assert "lonely" not in {entry["model"] for entry in found["entries"]}
    assert saying("without a figure", "lonely") in found["notes"]


def test_aggregates_of_published_figures_have_no_interval_and_no_number_of_items(harness, suite, project):
    rows = [
        {"model": "m", "task": task, "metric": "best_of_k_accuracy", "value": value, "low": 0.1, "high": 0.9}
        for task, value in (("suite/one", 0.4), ("suite/two", 0.6))
    ]
    (project / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    entry = next(e for e in board(harness, "--published", "mine.jsonl")["entries"] if e["model"] == "m")
    nothing = ("stderr", "low", "high", "confidence", "n", "n_failed", "chance")
    assert entry["figures"]["mean"] == dict.fromkeys(nothing) | {"value": 0.5, "at_chance": False}
    assert entry["figures"]["suite/one:best_of_k_accuracy"]["high"] == 0.9
    assert entry["source"] == "source not stated"


def test_the_source_named_is_that_of_the_figures_shown(harness, suite, project):
    row = {"model": "m", "task": "suite/one", "metric": "best_of_k_accuracy", "value": 0.1, "source": "seen"}
    rows = [row, {**row, "domain": "d", "source": "unseen"}]
    (project / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = harness("leaderboard", "suite", "--published", "mine.jsonl").out
    assert "not ranked: seen\n" in text
    assert "unseen" not in text
