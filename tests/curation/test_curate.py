"""``harness curate`` from end to end."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNTING = """
import json
from pathlib import Path

from harness import Model, hookimpl
from harness.capabilities import Completion


class Counting(Model):
    def generate(self, requests):
        Path("asked.json").write_text(json.dumps(requests[0].sampling.max_tokens))
        return [(Completion("The answer is (B)."),) * request.n for request in requests]


@hookimpl
def register_models(register):
    register("counting", "plugin_counting:Counting", offers=("generate",))
"""
COMMAND = ("curate", "demo/choice", "-m", "scripted", "-k", "10")


def rows_of(folder):
    return [json.loads(line) for line in Path(folder, "data.jsonl").read_text().splitlines()]


def test_a_set_in_the_schema_of_ppe_that_loads_as_a_task(harness, questions):
    questions(0, 1, 2, 5, 9, 10, "fail")
    ran = harness(*COMMAND, "-o", "curated/demo", "--json")
    assert ran.code == 0, ran.err
    (account,) = ran.document["generators"]
    assert (account["prompts"], account["kept"]) == (7, 2)  # 1 and 9 lie on the bounds, which are outside
    assert account["dropped"] == {"failed generation": 1, "too easy": 2, "too hard": 2}
    assert account["examples"] == {"failed generation": "q6: the server is busy"}

    rows = rows_of("curated/demo")
    assert [row["source_id"] for row in rows] == ["q2", "q3"]
    row = rows[0]
    assert row["scores"] == [True] * 2 + [False] * 8
    assert row["mean_score"] == 0.2
    assert row["parsed_outputs"] == ["A"] * 2 + ["B"] * 8
    assert row["response_1"] == "The answer is (A)."
    assert row["response_10"] == "The answer is (B)."
    assert row["conflict_pairs"] == [[i, j] for i in range(2) for j in range(2, 10)]
    sampled = row["sampled_conflict_pairs"]
    assert len(sampled) == 5
    assert all(sorted(pair) in row["conflict_pairs"] for pair in sampled)
    assert len({tuple(sorted(pair)) for pair in sampled}) == 5
    rest = {key: value for key, value in row.items() if key != "question_id"}
    assert row["question_id"] == hashlib.sha1(json.dumps(rest).encode()).hexdigest()

    Path("registry.yaml").write_text("task_folders: [tasks, curated]\n")
    found = harness("eval", "-m", "length", "-t", "demo/best-of-10", "--json")
    assert found.code == 0, found.err
    domains = {result["domain"] for result in found.document["results"]}
    assert domains == {"overall", "scripted"}
    accuracy = next(r for r in found.document["results"] if r["metric"] == "best_of_k_accuracy")
    assert accuracy["value"] == pytest.approx(0.35)  # all responses are of one length: the mean of the shares


def test_the_order_within_sampled_pairs_is_random(harness, questions):
    questions(*[5] * 40)
    harness(*COMMAND, "-o", "set")
    pairs = [pair for row in rows_of("set") for pair in row["sampled_conflict_pairs"]]
    exchanged = sum(i > j for i, j in pairs)
    assert len(pairs) == 200
    assert 70 < exchanged < 130  # five standard deviations of a fair coin are 35


def test_one_seed_one_set_and_another_another(harness, questions):
    questions(*[2, 3, 4, 5, 6, 7, 8] * 3)
    drawn = {}
    for folder, seed in (("a", 42), ("b", 42), ("c", 43)):
        arguments = ("-o", folder, "--per-generator", "9", "--seed", seed, "--store", f"{folder}.sqlite")
        assert harness(*COMMAND, *arguments).code == 0
        drawn[folder] = Path(folder, "data.jsonl").read_bytes()
    assert drawn["a"] == drawn["b"] != drawn["c"]
    assert len(rows_of("a")) == 9


def test_another_filter_generates_nothing_anew(harness, questions):
    questions(1, 2, 5)
    first = harness(*COMMAND, "-o", "a", "--json").document["generators"][0]
    second = harness(*COMMAND, "-o", "b", "--keep", "0.05", "0.45", "--json").document["generators"][0]
    assert (first["asked"], first["kept"]) == (30, 2)
    assert (second["asked"], second["kept"]) == (0, 2)
    assert [row["source_id"] for row in rows_of("b")] == ["q0", "q1"]


def test_several_generators_share_questions_and_not_slices(harness, questions):
    questions(2, 5)
    named = ("one=scripted:right=3", "two=scripted:right=6", "none=unloadable", "easy=scripted:right=10")
    models = [part for name in named for part in ("-m", name)]
    ran = harness("curate", "demo/choice", *models, "-k", "10", "-o", "set/demo", "--json")
    assert ran.code == 1  # two of the four kept nothing
    accounts = {account["model"]: account for account in ran.document["generators"]}
    assert "the weights do not fit" in accounts["none"]["problem"]
    assert accounts["easy"]["dropped"] == {"too easy": 2}
    rows = rows_of("set/demo")
    assert [(row["model_name"], row["source_id"]) for row in rows] == [
        ("one", "q0"), ("one", "q1"), ("two", "q0"), ("two", "q1")
    ]  # fmt: skip
    assert len({row["question_id"] for row in rows}) == 4


def test_the_provenance_says_what_the_set_came_from(harness, questions):
    questions(2, 5)
    harness(*COMMAND, "-o", "set", "--temperature", "0.9", "--max-tokens", "77")
    told = json.loads(Path("set/provenance.json").read_text())
    assert told["source_task"] == "demo/choice"
    assert told["checker"] == {"name": "choice", "settings": {}}
    assert (told["settings"]["seed"], told["settings"]["temperature"]) == (42, [0.9, 0.9, 0.9])
    assert told["settings"]["max_tokens"] == 77
    assert re.fullmatch(r"[0-9a-f]{32}", told["generators"][0]["fingerprint"])
    assert {"harness-eval", "python", "sympy"} <= set(told["versions"])
    assert told["made"].startswith("20")


def test_a_run_that_is_killed_goes_on_and_asks_nothing_twice(harness, questions):
    questions(*[2] * 24)
    command = ["curate", "demo/choice", "-m", "scripted=scripted:seconds=0.02,log=asked", "-k", "4", "-o", "set"]
    for _ in range(2):
        before = Path("asked").read_text().count("\n") if Path("asked").exists() else 0
        process = subprocess.Popen([sys.executable, "-m", "harness.cli.main", *command], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            if Path("asked").exists() and Path("asked").read_text().count("\n") >= before + 12:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not Path("set").exists()
    assert harness(*command).code == 0
    asked = Path("asked").read_text().splitlines()
    # A kill loses at most the batch in flight, which is four requests.
    assert 96 <= len(asked) <= 96 + 2 * 4
    assert len(set(asked)) == 96
    assert (
        harness("curate", "demo/choice", "-m", "scripted", "-k", "4", "-o", "whole", "--store", "other.sqlite").code
        == 0
    )
    assert Path("set/data.jsonl").read_bytes() == Path("whole/data.jsonl").read_bytes()
    assert sorted(path.name for path in Path("set").iterdir()) == ["best-of-4.yaml", "data.jsonl", "provenance.json"]


def test_programs_need_leave(harness, project, monkeypatch):
    monkeypatch.delenv("HARNESS_ALLOW_CODE", raising=False)
    command = (
        "curate",
        "curation/programs",
        "-m",
        "arithmetic-student:error_rate=0.4",
        "-k",
        "3",
        "-o",
        "set",
        "--limit",
        "4",
    )
    ran = harness(*command, "--keep", "0", "1")
    assert ran.code == 2
    assert "--allow-code" in ran.err
    assert not Path("set").exists()
    ran = harness(*command, "--keep", "0", "1", "--allow-code")
    assert ran.code == 0, ran.err
    assert "programs were held by resource limits" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-k", "1"), "needs at least 2 samples"),
        (("--keep", "0.9", "0.1"), "--keep 0.9 0.1: expected two shares in order"),
        (("--keep", "-1", "0.5"), "expected two shares in order"),
        (("--keep", "nan", "0.5"), "expected two shares in order"),
        (("--temperature", "0"), "all samples are the same"),
        (("--temperature", "1,2"), "expected a number, or three"),
        (("--temperature", "warm"), "expected a number, or three"),
        (("--temperature", "1,0,2"), "in order"),
        (("--per-generator", "0"), "at least 1"),
        (("--pairs", "0"), "at least 1"),
        (("--split", "dev"), "has no split 'dev'; it has: test"),
        (("-m", "scripted"), "two generators are called 'scripted'"),
        (("-m", "length"), "length: curate needs a model that offers generate; it offers score"),
        (("-m", "skripted"), "did you mean 'scripted'"),
    ],
)
def test_bad_input_is_found_before_anything_is_generated(harness, questions, arguments, message):
    questions(2, 5)
    ran = harness("curate", "demo/choice", "-m", "scripted", "-o", "set", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert not Path("set").exists()


def test_tasks_that_cannot_be_curated(harness, generators, write_task, rows):
    write_task("demo/plain", rows(3))
    ran = harness("curate", "demo/plain", "-m", "scripted", "-o", "set")
    assert ran.code == 2
    assert "demo/plain is of kind 'best-of-k', which has no references" in ran.err
    assert "did you mean" in harness("curate", "demo/plane", "-m", "scripted", "-o", "set").err
    write_task("demo/none", [{"prompt": "question 5"}] * 3, kind="verifiable", options={"checker": "choice"})
    ran = harness("curate", "demo/none", "-m", "scripted", "-o", "set")
    assert ran.code == 1
    assert "no row could be read" in ran.err
    assert "'reference' is missing" in ran.err
    twice = [{"id": "same", "prompt": "question 5", "reference": "A"}] * 2
    write_task("demo/twice", twice, kind="verifiable", options={"checker": "choice"})
    assert "'same' occurs more than once" in harness("curate", "demo/twice", "-m", "scripted", "-o", "set").err
    assert not Path("set").exists()


def test_nothing_kept_writes_nothing_and_says_why(harness, questions):
    questions(0, 10, "fail")
    ran = harness(*COMMAND, "-o", "set")
    assert ran.code == 1
    assert "no prompt was kept" in ran.err
    assert "1 failed generation" in ran.err
    assert not Path("set").exists()


def test_a_checker_that_breaks_drops_the_prompt_with_its_reason(harness, questions):
    questions(5, 10, checker="plugin_generators:moody")
    refused = harness(*COMMAND, "-o", "set", "--keep", "0", "1")
    assert refused.code == 2
    assert "--allow-code" in refused.err
    ran = harness(*COMMAND, "-o", "set", "--keep", "0", "1", "--allow-code")
    assert ran.code == 1
    assert "1 checker failed" in ran.err
    assert "no B please" in ran.err


@pytest.mark.parametrize(
    ("of_task", "options", "tokens"),
    [({"max_tokens": 60}, (), 60), ({"max_tokens": 60}, ("--max-tokens", "7"), 7), ({}, (), 4096)],
)
def test_completions_are_as_long_as_the_task_says_unless_the_command_does(
    harness, questions, add_plugin, of_task, options, tokens
):
    add_plugin("counting", COUNTING)
    questions(2, 5, **of_task)
    ran = harness("curate", "demo/choice", "-m", "counting", "-k", "10", "-o", "set", "--keep", "0", "1", *options)
    assert ran.code == 1  # it says how many tokens it may use, which is right nowhere
    assert json.loads(Path("asked.json").read_text()) == tokens


def test_what_lies_in_the_output_folder_is_not_overwritten(harness, questions):
    questions(2, 5)
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    assert "holds no curated set" in harness(*COMMAND, "-o", "mine").err
    assert harness(*COMMAND, "-o", "set").code == 0
    assert "give --replace" in harness(*COMMAND, "-o", "set").err
    assert harness(*COMMAND, "-o", "set", "--pairs", "1", "--replace").code == 0
    assert [len(row["sampled_conflict_pairs"]) for row in rows_of("set")] == [1, 1]
    assert sorted(p.name for p in Path().iterdir() if "set" in p.name) == ["set"]


def test_the_page_on_curation_runs_as_written(harness, project):
    text = (ROOT / "docs/curation.md").read_text("utf-8")
    blocks = re.findall(r"<!-- (run|file: \S+) -->\n```\w*\n(.*?)^```$", text, re.S | re.M)
    assert len(blocks) == 3
    for mark, block in blocks:
        if mark == "run":
            for line in block.strip().splitlines():
                ran = harness(*line.split()[1:])
                assert ran.code == 0, ran.err
        else:
            Path(mark.removeprefix("file: ")).write_text(block)
    assert "best_of_k_accuracy" in ran.out
