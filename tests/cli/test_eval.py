from __future__ import annotations

import json

import pytest

from ..messages import saying

RESULT_KEYS = {
    "model",
    "task",
    "metric",
    "domain",
    "value",
    "stderr",
    "low",
    "high",
    "confidence",
    "n",
    "n_failed",
    "unit",
    "higher_is_better",
    "adapters",
    "detail",
    "chance",
    "at_chance",
    "generated",
}


@pytest.fixture
def plain(toys, write_task, rows):
    write_task("demo/plain", rows(9))
    return toys


def test_json_is_one_document_of_run_results_and_failures(plain, harness):
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert list(document) == ["run", "results", "failures", "remarks"]
    assert document["failures"] == document["remarks"] == []
    assert document["run"]["status"] == "done"
    first = document["results"][0]
    assert set(first) == RESULT_KEYS
    expected = {"model": "toy-reader", "task": "demo/plain", "metric": "best_of_k_accuracy", "domain": "overall"}
    expected |= {
        "value": pytest.approx(2 / 3),
        "n": 9,
        "n_failed": 0,
        "unit": "fraction",
        "higher_is_better": True,
        "adapters": [],
    }
    assert {key: first[key] for key in expected} == expected
    assert first["low"] < first["value"] < first["high"]


def test_without_json_the_table_goes_to_standard_output_and_progress_to_standard_error(plain, harness):
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain")
    assert ran.code == 0
    assert "best_of_k_accuracy  66.67" in ran.out
    assert ran.err == saying("toy-reader", "demo/plain", "best_of_k_accuracy", "66.67")


def test_a_failed_cell_exits_1_and_the_others_are_there(plain, harness):
    ran = harness("eval", "-m", "toy-unloadable", "-m", "toy-reader", "-t", "demo/plain", "--json")
    assert ran.code == 1
    document = ran.document
    assert {result["model"] for result in document["results"]} == {"toy-reader"}
    assert [(f["model"], f["task"], f["item"]) for f in document["failures"]] == [
        ("toy-unloadable", "demo/plain", None)
    ]
    assert document["failures"][0]["reason"] == saying("loaded", "MemoryError: the weights do not fit")


def test_a_wrong_request_exits_2_and_is_still_one_document(plain, harness):
    ran = harness("eval", "-m", "toy-raeder", "-t", "demo/plain", "--json")
    assert ran.code == 2
    reason = "no model is named 'toy-raeder' (did you mean 'toy-reader' or 'toy-writer' or 'toy-over'?)"
    failure = {"model": None, "task": None, "item": None, "reason": reason}
    assert ran.document == {"run": None, "results": [], "failures": [failure]}
    assert ran.err == f"error: {reason}\n"


def test_all_problems_of_a_request_are_reported_together(plain, harness):
    ran = harness("eval", "-m", "toy-raeder", "-m", "lenght", "-t", "demo/plian", "--role", "judge=nobody")
    assert ran.code == 2
    assert ran.err.splitlines()[0] == "error: 5 problems: nothing was run"
    assert [line.split(" (")[0] for line in ran.err.splitlines()[1:]] == [
        saying("benchmark", "'demo/plian'"),
        "- no model is named 'toy-raeder'",
        "- no model is named 'lenght'",
        "- no model is named 'nobody'",
        "- no task asked for has the role 'judge'",
    ]


def test_dry_run_prints_the_plan_and_stores_nothing(plain, harness):
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--dry-run", "--json")
    assert ran.code == 0
    assert ran.document == {
        "cells": [
            {
                "model": "toy-reader",
                "task": "demo/plain",
                "capability": "score",
                "adapters": [],
                "metrics": ["best_of_k_accuracy", "best_of_k_area", "pairwise_accuracy"],
                "needs_training": False,
                "stages": ["candidate: score"],
                "stage_count": 1,
                "items": 9,
                "requests": 9,
                "texts": 18,
                "most_requests": 9,
                "most_requests_assumed": False,
                "problem": "",
            }
        ],
        "trainings": [],
        "skipped": [],
        "warnings": [],
    }
    assert sorted(path.name for path in plain.iterdir()) == ["registry.yaml", "tasks"]
    shown = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--dry-run")
    assert shown.out.splitlines()[-1].split() == ["toy-reader", "demo/plain", "score", "-", "9", "9", "18"]


def test_dry_run_asks_no_model(plain, harness):
    from harness_toys.models import ASKED

    ASKED.clear()
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--dry-run").code == 0
    assert ASKED == []


def test_limit_takes_the_first_items_and_never_makes_a_leaderboard_row(plain, harness):
    (plain / "tasks/demo/benchmark.yaml").write_text("tasks: [demo/plain]\n")
    ran = harness("eval", "-m", "toy-reader", "-t", "demo", "--limit", 4, "--json")
    assert {result["n"] for result in ran.document["results"]} == {4}
    board = harness("leaderboard", "demo")
    assert board.code == 2
    assert board.err == (saying("result", "harness eval -m MODEL -t demo"))


@pytest.mark.parametrize("option", [["--limit", "0"], ["--limit", "x"], ["--confidence", "2"], ["--seed", "x"]])
def test_an_option_that_is_no_number_or_out_of_range_exits_2(plain, harness, option):
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", *option)
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert f"Invalid value for '{option[0]}'" in ran.err


def test_confidence_widens_the_interval_and_leaves_the_value(plain, harness):
    narrow, wide = (
        harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--confidence", c, "--json").document["results"][0]
        for c in (0.8, 0.99)
    )
    assert narrow["value"] == wide["value"]
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]


def test_the_same_command_with_the_same_seed_gives_the_same_figures(plain, harness):
    command = ("eval", "-m", "random", "-t", "demo/plain", "--seed", 3, "--json")
    once = harness(*command, "--store", "a.sqlite").document["results"]
    again = harness(*command, "--store", "b.sqlite").document["results"]
    assert once == again


def test_labels_tell_arguments_of_one_model_apart(plain, harness):
    ran = harness(
        "eval", "-m", "up=toy-reader:scale=1", "-m", "down=toy-reader:scale=-1.0", "-t", "demo/plain", "--json"
    )
    accuracy = {r["model"]: r["value"] for r in ran.document["results"] if r["metric"] == "best_of_k_accuracy"}
    assert accuracy == pytest.approx({"up": 2 / 3, "down": 1 / 3})


def test_one_label_for_two_models_is_refused(plain, harness):
    ran = harness("eval", "-m", "a=toy-reader", "-m", "a=length", "-t", "demo/plain")
    assert (ran.code, ran.err) == (2, saying("'a'", "label", "LABEL=MODEL"))


def test_a_two_stage_task_asks_the_candidate_then_the_judge(toys, write_task, harness):
    rows = [{"id": str(i), "prompt": f"write {i}", "reference": "2.0"} for i in range(5)]
    write_task("demo/duel", rows, kind="toy-duel")
    ran = harness("eval", "-m", "toy-writer", "-t", "demo/duel", "--role", "judge=toy-judge", "--json")
    assert ran.code == 0
    (result,) = ran.document["results"]
    assert (result["model"], result["value"], result["n"]) == ("toy-writer", 0.5, 5)
    assert ran.document["run"]["roles"] == {"judge": "toy-judge"}


def test_a_role_may_be_filled_through_an_adapter(toys, write_task, harness):
    rows = [{"id": str(i), "prompt": f"write {i}", "reference": "2.0"} for i in range(5)]
    write_task("demo/duel", rows, kind="toy-duel")
    ran = harness("eval", "-m", "toy-writer", "-t", "demo/duel", "--role", "judge=toy-reader", "--json")
    (result,) = ran.document["results"]
    assert (result["value"], result["adapters"]) == (0.5, ["score-to-compare"])


def test_a_role_that_nobody_fills_is_named(toys, write_task, harness):
    write_task("demo/duel", [{"prompt": "write 1", "reference": "2.0"}], kind="toy-duel")
    ran = harness("eval", "-m", "toy-writer", "-t", "demo/duel")
    assert ran.code == 2
    assert ran.err == saying("demo/duel", "'judge'", "--role", "judge=MODEL")


def test_a_misspelt_role_is_suggested(toys, write_task, harness):
    write_task("demo/duel", [{"prompt": "write 1", "reference": "2.0"}], kind="toy-duel")
    ran = harness("eval", "-m", "toy-writer", "-t", "demo/duel", "--role", "jugde=toy-judge")
    assert ran.code == 2
    assert ran.err == saying("'jugde'", "'judge'")


def test_another_judge_makes_another_cell(toys, write_task, harness):
    write_task(
        "demo/duel", [{"id": str(i), "prompt": f"write {i}", "reference": "2.0"} for i in range(5)], kind="toy-duel"
    )
    command = ("eval", "-m", "toy-writer", "-t", "demo/duel", "--json", "--role")
    first = harness(*command, "judge=toy-judge").document["results"][0]["value"]
    second = harness(*command, "judge=toy-reader:scale=-1").document["results"][0]["value"]
    assert (first, second) == (0.5, 0.5)
    assert harness(*command, "judge=constant").document["results"][0]["value"] == 0.5


def test_a_glob_asks_for_all_tasks_that_match(toys, write_task, rows, harness):
    write_task("demo/one", rows(3))
    write_task("demo/two", rows(4))
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/*", "--json")
    assert {r["task"]: r["n"] for r in ran.document["results"]} == {"demo/one": 3, "demo/two": 4}
    nothing = harness("eval", "-m", "toy-reader", "-t", "demmo/*")
    assert (nothing.code, nothing.err) == (2, "error: no task matches 'demmo/*'\n")


def test_nothing_to_evaluate_says_what_to_give(project, harness):
    ran = harness("eval")
    assert (ran.code, ran.err) == (
        2,
        saying("-t", "harness list tasks"),
    )
    ran = harness("eval", "-t", "quickstart/detection")
    assert (ran.code, ran.err) == (
        2,
        saying("evaluate", "-m MODEL", "'models'", "harness list models"),
    )


def test_a_model_built_over_another_asks_it_through_the_store(plain, harness):
    from harness_toys.models import ASKED

    ASKED.clear()
    ran = harness("eval", "-m", "toy-reader", "-m", "turned=toy-over:inner=toy-reader", "-t", "demo/plain", "--json")
    accuracy = {r["model"]: r["value"] for r in ran.document["results"] if r["metric"] == "best_of_k_accuracy"}
    assert accuracy == pytest.approx({"toy-reader": 2 / 3, "turned": 1 / 3})
    assert len(ASKED) == 18


def test_quickstart_runs_from_an_empty_directory(project, harness):
    ran = harness("eval", "quickstart", "--json")
    assert ran.code == 0
    document = ran.document
    assert document["failures"] == []
    assert {r["model"] for r in document["results"]} == {
        "random",
        "length",
        "tfidf",
        "quickstart-reward-model",
        "quickstart-detector",
    }
    overall = [r for r in document["results"] if r["domain"] == "overall"]
    assert all(r["n_failed"] == 0 and r["low"] <= r["value"] <= r["high"] for r in overall)
    assert (project / ".harness/store.sqlite").is_file()


UNRESOLVABLE = "not resolvable with 350 negatives: at zero false positives the rate is only known to be below 0.85 %"


def test_what_a_reader_must_know_of_a_figure_stands_below_the_table_and_in_the_detail(project, harness):
    asked = ["eval", "-m", "constant", "-t", "quickstart/detection", "--metric", "tpr_at_fpr:rate=0.0001"]
    table = harness(*asked).out
    assert table == saying("tpr_at_fpr:rate=0.0001", f"{UNRESOLVABLE}", "quickstart/detection")
    assert "the reason is in the detail" not in table
    document = harness(*asked, "--json").document
    results = {(r["metric"], r["domain"]): r for r in document["results"]}
    assert results["tpr_at_fpr:rate=0.0001", "overall"]["detail"]["note"].startswith(UNRESOLVABLE)
    assert results["auroc", "overall"]["detail"]["constant"] == "gives all 500 items the same score"
    assert "both classes" in results["tpr_at_fpr:rate=0.0001", "advice"]["detail"]["reason"]


def test_every_domain_shows_the_rates_of_the_class_it_has(project, harness):
    wished = [word for name in ("true_positive_rate", "false_positive_rate") for word in ("--metric", name)]
    table = harness("eval", "-m", "constant", "-t", "quickstart/detection", *wished, "--domains").out
    rows = {tuple(line.split()[2:4]): line for line in table.splitlines() if line.startswith("constant ")}
    assert "0.00 [0.0, 4.1]" in rows["false_positive_rate", "advice"]  # none of 88
    assert rows["true_positive_rate", "advice"].split()[4] == "-"
    assert table == saying("no value", "auroc", "0 positive and 88 negative")


def test_length_is_refused_where_there_is_no_response_and_prompt_length_is_named(project, harness):
    ran = harness("eval", "-m", "length", "-t", "quickstart/detection")
    assert ran.code != 0
    assert ran.err == saying("length", "quickstart/detection", "prompt-length")
