"""Everything but eval: leaderboard, compare, list, show, plugins, doctor, check, import, schema."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import click
import numpy as np
import pytest

from ..messages import saying


@pytest.fixture
def evaluated(toys, write_task, rows, harness):
    """Two models on a benchmark of two tasks."""
    write_task("demo/one", rows(12), slices=["half"], data={"test": {"file": "one.jsonl", "set": {"half": "first"}}})
    write_task("demo/two", rows(9, start=100))
    (toys / "tasks/demo/benchmark.yaml").write_text(
        "description: a <b>demo</b>\n"
        "tasks: [demo/one, demo/two]\n"
        "metrics: {demo/one: [best_of_k_accuracy], demo/two: [best_of_k_accuracy]}\n"
        "aggregates:\n  - {name: mean, of: ['demo/one:best_of_k_accuracy', 'demo/two:best_of_k_accuracy']}\n"
    )
    models = ("-m", "toy-reader", "-m", "down=toy-reader:scale=-1.0", "-m", "same=toy-reader:scale=2.0")
    assert harness("eval", *models, "-t", "demo").code == 0
    return toys


def test_the_leaderboard_ranks_with_intervals(evaluated, harness):
    board = harness("leaderboard", "demo", "--format", "json").document
    assert [entry["model"] for entry in board["entries"]] == ["same", "toy-reader", "down"]
    assert [entry["figures"]["mean"]["value"] for entry in board["entries"]] == pytest.approx([2 / 3, 2 / 3, 1 / 3])
    assert [column["key"] for column in board["columns"]] == [
        "mean",
        "demo/one:best_of_k_accuracy",
        "demo/two:best_of_k_accuracy",
    ]


@pytest.mark.parametrize("format_", ["table", "markdown", "csv", "json", "html"])
def test_the_leaderboard_comes_in_every_format_on_screen_and_in_a_file(evaluated, harness, format_):
    shown = harness("leaderboard", "demo", "--format", format_)
    assert shown.code == 0
    for model in ("toy-reader", "down", "same"):
        assert model in shown.out
    assert "<b>" not in shown.out or format_ in {"table", "json"}
    path = evaluated / "out" / f"board.{format_}"
    ran = harness("leaderboard", "demo", "--format", format_, "-o", path)
    assert (ran.code, ran.out, ran.err) == (0, "", f"written to {path}\n")
    assert path.read_text() == shown.out


def test_the_format_follows_the_ending_of_the_file(evaluated, harness):
    harness("leaderboard", "demo", "-o", "board.csv")
    rows = list(csv.DictReader(io.StringIO((evaluated / "board.csv").read_text())))
    assert {row["model"] for row in rows} == {"toy-reader", "down", "same"}
    harness("leaderboard", "demo", "-o", "board.json")
    assert json.loads((evaluated / "board.json").read_text())["benchmark"] == "demo"
    harness("leaderboard", "demo", "-o", "board.html")
    assert (evaluated / "board.html").read_text().lower().startswith("<!doctype html>")


def test_a_leaderboard_that_cannot_be_written_is_one_message(evaluated, harness):
    ran = harness("leaderboard", "demo", "-o", "registry.yaml/board.html")
    assert ran.code == 2
    assert ran.err == saying("error", "registry.yaml/board.html")
    (evaluated / "folder.html").mkdir()
    ran = harness("leaderboard", "demo", "-o", "folder.html")
    assert ran.code == 2
    assert ran.err == saying("error:", "folder.html", "is a folder")


def test_an_unknown_benchmark_suggests_the_nearest(evaluated, harness):
    ran = harness("leaderboard", "demoo")
    assert ran.code == 2
    assert ran.err == saying("'demoo'", "'demo'")


def test_results_of_an_earlier_task_definition_leave_the_leaderboard(evaluated, harness, write_task, rows):
    write_task("demo/two", rows(9, start=100), version="2")
    board = harness("leaderboard", "demo", "--format", "json").document
    assert [column["key"] for column in board["columns"]] == ["demo/one:best_of_k_accuracy"]
    assert saying("3 cells", "definitions", "evaluate") in board["notes"]


def test_an_aggregate_of_what_no_task_gives_is_found_before_anything_runs(evaluated, harness):
    path = evaluated / "tasks/demo/benchmark.yaml"
    path.write_text("tasks: [demo/one]\naggregates: [{name: mean, of: ['demo/one:best_of_k_acuracy']}]\n")
    ran = harness("eval", "-m", "toy-reader", "-t", "demo")
    assert ran.code == 2
    assert ran.err == saying(
        f"{path}", "'mean'", "'demo/one:best_of_k_acuracy'", "demo/one", "'best_of_k_acuracy'", "'best_of_k_accuracy'"
    )


def test_a_model_compared_with_itself_differs_by_nothing(evaluated, harness):
    ran = harness("compare", "toy-reader", "same", "-t", "demo", "--json")
    assert ran.code == 0
    for comparison in ran.document["comparisons"]:
        assert comparison["difference"] == 0
        assert comparison["p_value"] == 1
    assert {(c["task"], c["n"]) for c in ran.document["comparisons"]} == {("demo/one", 12), ("demo/two", 9)}


def test_compare_is_paired_and_antisymmetric(evaluated, harness):
    command = ("-t", "demo/one", "--metric", "best_of_k_accuracy", "--json")
    (one,) = harness("compare", "toy-reader", "down", *command).document["comparisons"]
    (other,) = harness("compare", "down", "toy-reader", *command).document["comparisons"]
    assert one["difference"] == pytest.approx(1 / 3)
    assert (one["first"], one["second"]) == pytest.approx((2 / 3, 1 / 3))
    assert other["difference"] == -one["difference"]
    assert other["p_value"] == one["p_value"]
    assert (other["low"], other["high"]) == pytest.approx((-one["high"], -one["low"]))


def test_compare_shows_domains_on_request(evaluated, harness):
    ran = harness("compare", "toy-reader", "down", "-t", "demo/one", "--domains", "--json")
    assert {c["domain"] for c in ran.document["comparisons"]} == {"overall", "first"}


def test_compare_in_words_has_one_line_a_metric(evaluated, harness):
    ran = harness("compare", "toy-reader", "down", "-t", "demo/one")
    assert ran.code == 0
    rows = {line.split()[1]: line.split() for line in ran.out.splitlines() if line.startswith("demo/one ")}
    assert rows["best_of_k_accuracy"][:5] == ["demo/one", "best_of_k_accuracy", "66.67", "33.33", "+33.33"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["toy-raeder", "down", "-t", "demo"],
            saying("'toy-raeder'", "[test]", "'toy-reader'"),
        ),
        (["toy-reader", "down", "-t", "demo/three"], saying("benchmark", "'demo/three'")),
        (["toy-reader", "down", "-t", "demo", "--metric", "acuracy"], saying("metric", "'acuracy'")),
        (["toy-reader", "down", "-t", "demo/one", "--metric", "auroc"], saying("log_odds", "label")),
    ],
)
def test_compare_explains_what_it_cannot_do(evaluated, harness, arguments, message):
    ran = harness("compare", *arguments)
    assert ran.code == 2
    assert ran.err == message
    assert "internal error" not in ran.err


def test_compare_uses_the_items_that_both_answered(evaluated, harness):
    assert harness("eval", "-m", "short=toy-reader:scale=3.0", "-t", "demo/one", "--limit", 5).code == 0
    ran = harness("compare", "toy-reader", "short", "-t", "demo/one", "--json")
    assert {(c["n"], c["difference"]) for c in ran.document["comparisons"]} == {(5, 0.0)}


def test_a_lost_columns_file_is_one_message(evaluated, harness):
    for path in (evaluated / ".harness/store.sqlite.files/columns").iterdir():
        path.unlink()
    ran = harness("compare", "toy-reader", "down", "-t", "demo/one")
    assert ran.code == 2
    assert "cannot be read" in ran.err
    assert "evaluate again to write it anew" in ran.err


def _pickled(path):
    np.save(path.with_suffix(".npy"), np.array([{}], dtype=object), allow_pickle=True)
    return path.with_suffix(".npy").read_bytes()


def _garbled(path):
    content = bytearray(path.read_bytes())
    content[60:160] = b"?" * 100
    return bytes(content)


def _without_ids(path):
    stream = io.BytesIO()
    np.savez(stream, domains=np.array([]))
    return stream.getvalue()


DAMAGES = {
    "cut off": lambda path: path.read_bytes()[:100],
    "half": lambda path: path.read_bytes()[: path.stat().st_size // 2],
    "empty": lambda path: b"",
    "text": lambda path: b"not arrays" * 50,
    "garbled": _garbled,
    "pickled": _pickled,
    "other arrays": _without_ids,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_columns_file_is_one_message_that_says_how_to_mend_it(evaluated, harness, damage):
    from harness_toys.models import ASKED

    for path in list((evaluated / ".harness/store.sqlite.files/columns").iterdir()):
        path.write_bytes(DAMAGES[damage](path))
    ran = harness("compare", "toy-reader", "down", "-t", "demo/one")
    assert ran.code == 2
    assert "internal error" not in ran.err
    assert "pickle" not in ran.err
    assert ran.err == saying("toy-reader", "demo/one", ".harness/store.sqlite.files/columns/")
    assert ".npz: damaged: " in ran.err
    assert "evaluate again to write it anew" in ran.err
    ASKED.clear()
    assert harness("eval", "-m", "toy-reader", "-m", "down=toy-reader:scale=-1.0", "-t", "demo/one").code == 0
    assert ASKED == []
    assert harness("compare", "toy-reader", "down", "-t", "demo/one").code == 0


LISTED = {
    "models": "length",
    "tasks": "quickstart/detection",
    "benchmarks": "quickstart",
    "metrics": "auroc",
    "kinds": "best-of-k",
    "trainers": "bt-linear",
    "adapters": "score-to-compare",
    "capabilities": "score",
    "importers": "judgebench",
    "aggregates": "mean",
}


@pytest.mark.parametrize(("what", "name"), LISTED.items())
def test_list_names_everything_of_a_kind(project, harness, what, name):
    ran = harness("list", what)
    assert ran.code == 0
    assert name in [line.split()[0] for line in ran.out.splitlines()]
    rows = harness("list", what, "--json").document
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert all(row["description"] for row in rows)
    assert [row["name"] for row in harness("list", what, "--filter", name, "--json").document].count(name) == 1


def test_list_without_a_match_says_so(project, harness):
    ran = harness("list", "tasks", "--filter", "zzz")
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing that contains 'zzz'\n")
    assert harness("list", "tasks", "--filter", "zzz", "--json").document == []


@pytest.mark.parametrize("name", LISTED.values())
def test_show_tells_all_of_a_name(project, harness, name):
    ran = harness("show", name)
    assert ran.code == 0
    assert name in ran.out
    assert harness("show", name, "--json").document


def test_show_suggests_the_nearest_name(project, harness):
    ran = harness("show", "lenght")
    assert ran.code == 2
    assert "'lenght' (did you mean 'length'" in ran.err


def test_show_of_a_name_whose_package_is_missing_is_one_message(toys, harness):
    ran = harness("show", "toy-package")
    assert ran.code == 2
    assert "a_package_that_nobody_has" in ran.err


def test_doctor_is_well_where_all_is_well(project, harness):
    ran = harness("doctor", "--json")
    assert [finding for finding in ran.document if not finding["ok"]] == []
    assert ran.code == 0
    topics = [finding["topic"] for finding in ran.document]
    assert {"python", "hardware", "store", "tasks", "data mirror"} <= set(topics)


def test_doctor_names_what_is_broken(project, harness, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(project / "nowhere"))
    (project / "garbage").write_text("garbage" * 100)
    ran = harness("doctor", "--store", "garbage")
    assert ran.code == 1
    broken = [line for line in ran.out.splitlines() if line.startswith("MEND")]
    assert broken == [
        saying("MEND", "mirror", f"HARNESS_DATA={project}/nowhere", "folder"),
        saying("MEND", "store", "garbage", "--store"),
    ]


def test_doctor_reports_a_broken_registry_file(project, harness):
    (project / "registry.yaml").write_text("modles: {}\n")
    ran = harness("doctor")
    assert ran.code == 1
    assert ran.out == saying(f"{project}/registry.yaml:1", "'modles'", "'models'")


def test_check_passes_a_good_model_and_a_good_plugin(project, harness):
    for name in ("length", "baselines", "kinds", "conversions", "recorded"):
        ran = harness("check", name, "--json")
        assert [finding for finding in ran.document if not finding["ok"]] == []
        assert ran.code == 0


def test_check_fails_a_model_that_breaks_a_rule(toys, harness):
    ran = harness("check", "toy-reader", "--json")
    assert ran.code == 1
    assert [(f["check"], f["ok"]) for f in ran.document if not f["ok"]] == [("answers", False)]
    ran = harness("check", "toy-unloadable")
    assert ran.code == 1
    assert ran.out == saying("FAIL", "toy-unloadable", "loads", "MemoryError: the weights do not fit")


def test_check_fails_a_plugin_whose_names_cannot_be_imported(toys, harness):
    ran = harness("check", "toys", "--json")
    assert ran.code == 1
    assert {f["subject"] for f in ran.document if not f["ok"]} == {
        "toys: model toy-missing",
        "toys: model toy-package",
    }


def test_check_fails_a_plugin_that_imports_something_heavy(add_plugin, harness):
    add_plugin("heavy", "import numpy\n")
    ran = harness("check", "heavy", "--json")
    assert ran.code == 1
    (finding,) = [f for f in ran.document if not f["ok"]]
    assert (finding["check"], finding["text"]) == ("imports nothing heavy at registration", "numpy")


def test_check_of_an_unknown_name_suggests_the_nearest(project, harness):
    ran = harness("check", "lenght")
    assert ran.code == 2
    assert "'lenght' (did you mean 'length'" in ran.err


@pytest.mark.parametrize("name", ["task", "benchmark", "registry"])
def test_schema_prints_a_json_schema(project, harness, name):
    schema = harness("schema", name).document
    assert schema["additionalProperties"] is False
    assert schema["type"] == "object"


def test_import_makes_recorded_rows_that_eval_reads(toys, write_task, rows, harness):
    write_task("demo/plain", rows(3))
    (toys / "results.txt").write_text("item-0 2 1\nitem-1 1 2\nitem-2 1 1\n")
    ran = harness("import", "toy-results", "results.txt", "-o", "out/r.jsonl")
    assert (ran.code, ran.out) == (
        0,
        saying("3", "out/r.jsonl", "-m LABEL=recorded:path=out/r.jsonl"),
    )
    ran = harness("eval", "-m", "mine=recorded:path=out/r.jsonl", "-t", "demo/plain", "--json")
    assert ran.code == 0
    assert ran.document["results"][0]["value"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["toy-reslts", "results.txt"], saying("'toy-reslts'", "'toy-results'")),
        (["toy-results", "nowhere.txt"], saying("nowhere.txt", "file")),
        (["toy-results", "results.txt", "--set", "taks=x"], saying("'taks'", "'task'")),
        (["toy-results", "results.txt", "--set", "task"], saying("--set task", "KEY=VALUE")),
        (["toy-results", "empty.txt"], saying("empty.txt: nothing to import was found")),
        (["toy-results", "results.txt"], saying("'toy-results'", "results.txt", "ValueError: could not")),
    ],
)
def test_import_explains_what_it_cannot_do(toys, harness, arguments, message):
    (toys / "results.txt").write_text("item-0 two one\n")
    (toys / "empty.txt").write_text("")
    ran = harness("import", *arguments, "-o", "r.jsonl")
    assert ran.code in (1, 2)
    assert ran.err == message
    assert "internal error" not in ran.err
    assert not (toys / "r.jsonl").exists()


def test_a_reader_that_goes_away_is_no_error(project):
    # The reader closes at once; a listing longer than a pipe's buffer then meets a closed pipe.
    code = "from harness.cli.main import main; main(['list', 'metrics', '--json'])"
    script = f"import sys, time; time.sleep(0.2); exec({code!r})"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (0, b"")


@pytest.mark.parametrize(
    "command", [["eval", "quickstart", "--json"], ["leaderboard", "quickstart"], ["show", "length"], ["--help"]]
)
def test_a_reader_that_goes_away_before_the_end_is_no_error(project, harness, command):
    if command[0] == "leaderboard":
        assert harness("eval", "quickstart", "-m", "length").code == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli.main", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 0
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


def test_a_broken_registry_file_hides_no_command_from_the_next_run(project, harness):
    from harness.cli.main import cli

    (project / "registry.yaml").write_text("plugins: [")
    assert harness("nosuch").code == 2
    (project / "registry.yaml").unlink()
    assert cli.get_command(click.Context(cli), "view") is not None
