"""Logs that garak, PyRIT, promptfoo, Inspect and JailbreakBench wrote themselves become rows with honest labels."""

import contextlib
import json
import sqlite3
from collections import Counter

import pytest
from harness_plugins.attack_logs import garak, inspect_logs, jailbreakbench, promptfoo, pyrit

from harness import DataError, UsageError


def outcomes(rows):
    return Counter(row["outcome"] for row in rows)


def by_goal(rows):
    return {row["goal"]: row for row in rows}


# garak


def test_a_report_of_garak_counts_each_reply_once_by_the_probes_own_detector(log, split):
    rows, notes = split(garak.read_log(log("garak-two-detectors.report.jsonl.gz")))
    assert len(rows) == len({row["id"] for row in rows}) == 16
    assert {row["grader"] for row in rows} == {"always.Pass"}
    assert outcomes(rows) == {"failure": 16}
    assert "garak 0.17.1" in notes[0]


def test_the_chosen_detector_gives_the_rate_that_garak_printed(log, split):
    path = log("garak-two-detectors.report.jsonl.gz")
    rows, _ = split(garak.read_log(path, detector="always.Random"))
    [evaluation] = [
        entry
        for entry in map(json.loads, path.read_text().splitlines())
        if entry["entry_type"] == "eval" and entry["detector"] == "always.Random"
    ]
    assert outcomes(rows) == {"success": evaluation["fails"], "failure": evaluation["passed"]}
    assert {row["label"] for row in rows} == {0, 1}
    assert rows[2]["prompt"][0]["role"] == "user"


def test_a_hit_log_says_that_no_rate_follows_from_it(log, split):
    rows, notes = split(garak.read_log(log("garak.hitlog.jsonl.gz")))
    assert outcomes(rows) == {"success": len(rows)}
    assert "no success rate" in notes[-1]


def test_hits_of_a_hit_log_are_the_successes_of_its_report(log, split):
    hits, _ = split(garak.read_log(log("garak.hitlog.jsonl.gz"), detector="always.Random"))
    rows, _ = split(garak.read_log(log("garak-two-detectors.report.jsonl.gz"), detector="always.Random"))
    assert {row["id"].removesuffix("/always.Random") for row in hits} == {r["id"] for r in rows if r["label"] == 1}


def test_several_detectors_and_no_word_which_is_the_probes_own_is_refused(log, tmp_path):
    kept = [
        line
        for line in log("garak-two-detectors.report.jsonl.gz").read_text().splitlines()
        if json.loads(line)["entry_type"] != "plugin_cache"
    ]
    path = tmp_path / "old.jsonl"
    path.write_text("\n".join(kept))
    with pytest.raises(UsageError, match="--set detector=always"):
        list(garak.read_log(path))


def test_a_missing_reply_is_an_error_and_a_missing_verdict_is_unscorable(log, split, tmp_path):
    entries = [json.loads(line) for line in log("garak-no-replies.report.jsonl.gz").read_text().splitlines()]
    finished = [entry for entry in entries if entry["entry_type"] == "attempt" and entry["status"] == 2]
    finished[0]["outputs"] = [None]
    finished[1]["detector_results"] = {"always.Pass": [None]}
    finished[2]["detector_results"] = {}
    finished[3]["detector_results"] = {"always.Pass": [float("nan")]}
    path = tmp_path / "gaps.jsonl"
    path.write_text("\n".join(map(json.dumps, entries)))
    rows, notes = split(garak.read_log(path))
    assert outcomes(rows) == {"error": 1, "unscorable": 3, "failure": 4}
    assert [(row["label"], row["score"]) for row in rows[:4]] == [(None, None)] * 4
    assert "4 of 8" in notes[1]


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "not valid JSON"), ("[1]", "expected an object"), ('{"a": 1}', "neither a report nor a hit log")],
)
def test_what_is_no_log_of_garak_is_refused_by_line(tmp_path, line, said):
    path = tmp_path / "log.jsonl"
    path.write_text(line)
    with pytest.raises(DataError, match=said) as refused:
        list(garak.read_log(path))
    assert f"{path}:1" in str(refused.value)


def test_a_detector_that_saw_nothing_is_refused(log):
    with pytest.raises(UsageError, match=r"always\.Pass"):
        list(garak.read_log(log("garak-no-replies.report.jsonl.gz"), detector="dan.DAN"))


# PyRIT


def test_pyrits_blocked_undetermined_and_broken_replies_are_no_attacks_that_failed(log, split):
    rows, notes = split(pyrit.read_memory(log("pyrit.db.gz")))
    found = {goal: (row["outcome"], row["label"]) for goal, row in by_goal(rows).items()}
    assert found == {
        "Say the secret word.": ("success", 1),
        "Tell me how to make tea.": ("failure", 0),
        "Please break down.": ("error", None),
        "This one is blocked.": ("refusal", 0),
        "Say the word again.": ("unscorable", None),
    }
    first = by_goal(rows)["Say the secret word."]
    assert (first["reply"], first["grader"], first["attack"]) == (
        "The word is plum.",
        "SubStringScorer",
        "PromptSendingAttack",
    )
    assert "PyRIT 1.1.0" in notes[0]


def test_an_attack_that_pyrit_calls_failed_without_any_score_is_unscorable(log, split):
    path = log("pyrit.db.gz")
    with contextlib.closing(sqlite3.connect(path)) as memory, memory:
        memory.execute("UPDATE AttackResultEntries SET last_score_id = NULL WHERE outcome = 'failure'")
    rows, _ = split(pyrit.read_memory(path))
    assert by_goal(rows)["Tell me how to make tea."]["label"] is None
    assert outcomes(rows)["unscorable"] == 2


def test_reading_a_memory_leaves_no_file_beside_it(log):
    path = log("pyrit.db.gz")
    list(pyrit.read_memory(path))
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_is_no_memory_is_refused(tmp_path):
    text = tmp_path / "pyrit.db"
    text.write_text("no database")
    with pytest.raises(DataError, match="SQLite"):
        list(pyrit.read_memory(text))
    text.write_bytes(b"")
    with pytest.raises(DataError, match="no table AttackResultEntries"):
        list(pyrit.read_memory(text))


# promptfoo


def test_promptfoos_unreadable_verdict_is_unscorable_and_no_attack(log, split):
    rows, notes = split(promptfoo.read_results(log("promptfoo.json.gz")))
    found = {goal: row["outcome"] for goal, row in by_goal(rows).items()}
    assert found == {
        "get the secret word": "success",
        "make tea": "failure",
        "break": "error",
        "say hello": "unscorable",
        "good evening": "failure",
    }
    assert "promptfoo 0.121.20" in notes[0]


def test_a_passed_test_means_what_the_user_says(log, split):
    rows, _ = split(promptfoo.read_results(log("promptfoo.json.gz"), passed="succeeded"))
    assert by_goal(rows)["get the secret word"]["outcome"] == "failure"
    assert by_goal(rows)["make tea"]["outcome"] == "success"
    with pytest.raises(UsageError, match="resisted or succeeded"):
        list(promptfoo.read_results(log("promptfoo.json.gz"), passed="yes"))


# Inspect


@pytest.mark.parametrize("name", ["inspect.json.gz", "inspect.eval"])
def test_a_log_of_inspect_reads_the_same_as_json_and_as_eval(log, split, name):
    rows, notes = split(inspect_logs.read_log(log(name), scorer="harm", success=">=0.5"))
    assert outcomes(rows) == {"failure": 3, "success": 2, "unscorable": 1}
    [unscored] = [row for row in rows if row["outcome"] == "unscorable"]
    assert unscored["reply"] == "bananas are yellow"
    assert [message["role"] for message in unscored["prompt"]] == ["system", "user"]
    assert "inspect_ai 0.3.285" in notes[0]


def test_without_a_direction_the_scores_of_inspect_are_no_labels(log, split):
    rows, notes = split(inspect_logs.read_log(log("inspect.json.gz")))
    assert outcomes(rows) == {"unscorable": 6}
    assert "--set success=C" in notes[-1]


def test_letters_and_several_scorers(log, split):
    path = log("inspect.json.gz")
    rows, _ = split(inspect_logs.read_log(path, scorer="includes", success="C"))
    assert outcomes(rows) == {"success": 4, "failure": 2}
    with pytest.raises(UsageError, match="--set scorer=includes"):
        list(inspect_logs.read_log(path, success="C"))
    with pytest.raises(UsageError, match="no number"):
        list(inspect_logs.read_log(path, scorer="includes", success=">=0.5"))


def test_a_word_for_success_that_no_score_has_is_said(log, split):
    rows, notes = split(inspect_logs.read_log(log("inspect.json.gz"), scorer="includes", success="yes"))
    assert outcomes(rows) == {"failure": 6}
    assert "C (4), I (2)" in notes[-1]


def test_a_scorer_of_several_values_gives_no_verdict(log):
    path = log("inspect.json.gz")
    found = json.loads(path.read_text())
    found["samples"][0]["scores"]["harm"]["value"] = {"helpful": 1, "harmful": 0}
    path.write_text(json.dumps(found))
    with pytest.raises(UsageError, match="several values"):
        list(inspect_logs.read_log(path, scorer="harm", success="1"))


def test_a_sample_that_failed_is_an_error(log, split):
    path = log("inspect.json.gz")
    found = json.loads(path.read_text())
    found["samples"][0]["error"] = {"message": "the server is gone"}
    path.write_text(json.dumps(found))
    rows, _ = split(inspect_logs.read_log(path, scorer="harm", success="1"))
    assert (rows[0]["outcome"], rows[0]["reply"]) == ("error", None)
    assert outcomes(rows)["success"] == 2


# JailbreakBench


def test_an_artifact_says_which_goals_have_no_prompt(log, split):
    rows, notes = split(jailbreakbench.read_artifact(log("jailbreakbench.json")))
    assert [(row["goal"], row["label"]) for row in rows] == [
        ("Tell me how to make tea.", 1),
        ("Tell me how to bake bread.", 0),
    ]
    assert "1 of 3 goals" in notes[-1]


@pytest.mark.parametrize(
    "read", [promptfoo.read_results, inspect_logs.read_log, jailbreakbench.read_artifact, pyrit.read_memory]
)
@pytest.mark.parametrize("content", ["", "[]", '{"eval": 1, "results": {"results": 3}, "jailbreaks": 2, "samples": 1}'])
def test_rubbish_is_refused_in_a_sentence_that_names_the_file(tmp_path, read, content):
    path = tmp_path / "rubbish.json"
    path.write_text(content)
    with pytest.raises(DataError, match="rubbish"):
        list(read(path))
