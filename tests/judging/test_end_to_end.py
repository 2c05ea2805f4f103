"""Judges on tasks, from the command line, over a scripted language model."""

import json

import pytest

from ..messages import saying

METRICS = ["accuracy", "first_position_rate", "order_consistency", "tie_rate", "unparsed_rate"]
PREFERENCES = "package://harness_plugins.quickstart/data/preferences.test.jsonl"
BEST_OF_16 = "package://harness_plugins.quickstart/data/best_of_16.test.jsonl"
QUESTION = "Which is longer?"


@pytest.fixture
def preferences(write_task):
    """The quickstart's pairs, with what is said of judges: ``demo/preferences``."""
    write_task("demo/preferences", kind="preference", data={"test": {"file": PREFERENCES}}, metrics=METRICS)


@pytest.fixture
def values(harness):
    """Evaluates models on a task: {(model, metric): estimate} and the document."""

    def run(task, *models, limit=40, code=0):
        named = [argument for model in models for argument in ("-m", model)]
        ran = harness("eval", *named, "-t", task, "--limit", limit, "--json")
        assert ran.code == code, ran.err
        overall = [r for r in ran.document["results"] if r["domain"] == "overall"]
        return {(r["model"], r["metric"]): r for r in overall}, ran.document

    return run


def judge(base="", **arguments):
    given = "".join(f",{key}={value}" for key, value in arguments.items())
    model = f"[scripted:{base}]" if base else "scripted"
    return f"judge=judge:base={model}{given}"


def test_a_judge_that_prefers_the_longer_is_the_baseline_that_does(scripted, preferences, values):
    found, document = values("demo/preferences", judge(), "length")
    assert found["judge", "accuracy"]["value"] == found["length", "accuracy"]["value"]
    assert found["judge", "order_consistency"]["value"] == 1.0
    assert found["judge", "first_position_rate"]["value"] == 0.5
    assert found["judge", "unparsed_rate"]["value"] == 0.0
    assert len(scripted) == 80  # both orders
    assert document["remarks"] == []


def test_a_judge_that_prefers_the_first_is_found_out(scripted, preferences, values):
    found, _ = values("demo/preferences", judge("how=first"))
    assert found["judge", "first_position_rate"]["value"] == 1.0
    assert found["judge", "order_consistency"]["value"] == 0.0
    assert found["judge", "accuracy"]["value"] == 0.5


def test_position_bias_by_log_probability_is_found_out_too(scripted, preferences, values):
    found, _ = values("demo/preferences", judge("how=first", prompt="alpaca-eval"))
    assert found["judge", "first_position_rate"]["value"] == 1.0
    assert {capability for capability, _ in scripted} == {"choose"}


def test_a_judge_that_says_nothing_has_no_accuracy_and_is_remarked_on(scripted, preferences, values):
    found, document = values("demo/preferences", judge("how=mute"))
    assert found["judge", "unparsed_rate"]["value"] == 1.0
    assert found["judge", "accuracy"]["value"] is None
    (remark,) = document["remarks"]
    assert remark["text"] == saying("80", "texts", "'bracketed-unanimous'")


def test_a_base_that_fails_is_failed_requests_and_not_losses(scripted, preferences, values):
    found, document = values("demo/preferences", judge("how=touchy"), "length")
    accuracy = found["judge", "accuracy"]
    assert accuracy["n_failed"] > 0
    assert accuracy["n"] + accuracy["n_failed"] == 40
    assert {failure["reason"] for failure in document["failures"]} == {"the judge: the context is too long"}
    assert found["judge", "unparsed_rate"]["value"] == 0.0


def test_a_base_that_always_fails_is_a_failed_cell_with_the_reason(scripted, preferences, values):
    found, document = values("demo/preferences", judge("how=broken"), code=1)
    assert found == {}
    assert document["failures"][0]["reason"] == saying("judge", "context")


def test_votes_are_one_request_and_are_counted(scripted, preferences, values):
    found, _ = values("demo/preferences", judge("how=split", votes=3, temperature=0.7), limit=4)
    assert found["judge", "first_position_rate"]["value"] == 1.0
    assert len(scripted) == 8


def test_all_comes_from_the_store_the_second_time(scripted, preferences, values):
    values("demo/preferences", judge())
    scripted.clear()
    values("demo/preferences", judge())
    assert scripted == []


# a mended parser, another weight, another way to count: the language model is not asked again


def test_a_mended_parser_reads_the_texts_on_file(scripted, preferences, values, monkeypatch):
    import dataclasses

    from harness_plugins.judging.parsers import PARSERS

    base = "form=I choose {}"
    found, _ = values("demo/preferences", judge(base))
    assert found["judge", "unparsed_rate"]["value"] == 1.0
    assert len(scripted) == 80

    def mended(text, labels):
        return next((label for label in labels if text == f"I choose {label}"), None)

    old = PARSERS["bracketed-unanimous"]
    monkeypatch.setitem(PARSERS, old.name, dataclasses.replace(old, label=mended, version="2"))
    scripted.clear()
    found, _ = values("demo/preferences", judge(base), "length")
    assert found["judge", "unparsed_rate"]["value"] == 0.0
    assert found["judge", "accuracy"]["value"] == found["length", "accuracy"]["value"]
    assert scripted == []


@pytest.mark.parametrize(
    "other", [{"parser": "bracketed"}, {"slight": 0.75}, {"parser": "bracketed-listed@compat"}], ids=str
)
def test_another_reading_costs_no_inference(scripted, preferences, values, other):
    values("demo/preferences", judge())
    scripted.clear()
    found, _ = values("demo/preferences", judge(**other))
    assert found["judge", "unparsed_rate"]["value"] == 0.0
    assert scripted == []


def test_another_wording_asks_again_and_another_path_or_description_does_not(
    scripted, preferences, values, project, harness
):
    text = (
        "name: mine\nversion: 1\nkind: pairwise\nuser: |-\n  {conversation}\n\n"
        "  [The Start of Assistant A's Answer]\n  {first}\n  [The End of Assistant A's Answer]\n"
        "  [The Start of Assistant B's Answer]\n  {second}\n  [The End of Assistant B's Answer]\n"
        "labels: {A: first, C: tie, B: second}\nparser: bracketed\n"
    )
    (project / "mine.yaml").write_text(text)
    (project / "moved.yaml").write_text(text + "description: the same\n")
    (project / "worded.yaml").write_text(text.replace("{conversation}\n", "Question: {conversation}\n"))
    base = "labels=A C B"
    first, _ = values("demo/preferences", judge(base, prompt="mine.yaml"), "length")
    assert first["judge", "accuracy"]["value"] == first["length", "accuracy"]["value"]
    assert len(scripted) == 80
    again = harness("eval", "-m", judge(base, prompt="./moved.yaml"), "-t", "demo/preferences", "--limit", 40, "--json")
    assert again.code == 0
    assert len(scripted) == 80
    values("demo/preferences", judge(base, prompt="worded.yaml"))
    assert len(scripted) == 160


# other kinds of task


def test_a_pointwise_judge_picks_the_best_of_k(scripted, write_task, values):
    rows = [
        {"id": str(i), "prompt": QUESTION, "responses": ["x" * 40, "x" * 160, "x" * 90], "correct": [0, 1, 0]}
        for i in range(5)
    ]
    write_task("demo/best", rows)
    model = "grader=pointwise-judge:base=[scripted:how=grade]"
    found, _ = values("demo/best", model)
    assert found["grader", "best_of_k_accuracy"]["value"] == 1.0
    assert len(scripted) == 3  # equal texts are asked once


def test_a_pointwise_judge_on_the_quickstarts_best_of_16(scripted, write_task, values):
    write_task("demo/best", kind="best-of-k", data={"test": {"file": BEST_OF_16}})
    model = "verifier=pointwise-judge:base=scripted,prompt=yes-no"
    found, _ = values("demo/best", model, limit=5)
    estimate = found["verifier", "best_of_k_accuracy"]
    assert estimate["n"] == 5
    assert estimate["n_failed"] == 0
    assert {capability for capability, _ in scripted} == {"choose"}


def test_a_grade_that_cannot_be_read_is_a_failed_item(scripted, write_task, values):
    rows = [{"id": "1", "prompt": QUESTION, "responses": ["x", "y"], "correct": [1, 0]}]
    write_task("demo/best", rows)
    _, document = values("demo/best", "grader=pointwise-judge:base=[scripted:how=mute]", code=1)
    (failure,) = (failure for failure in document["failures"] if failure["item"])
    assert failure["item"] == "1"
    reason = "response 1 of 2: no grade from 1 to 10 could be read; the text ends 'I would rather not say.'"
    assert failure["reason"] == reason


def test_a_judge_of_pairs_scores_through_a_round_robin(scripted, write_task, values):
    rows = [{"id": "1", "prompt": QUESTION, "responses": ["x", "xxx", "xx"], "correct": [0, 1, 0]}]
    write_task("demo/best", rows)
    found, _ = values("demo/best", judge())
    assert found["judge", "best_of_k_accuracy"]["value"] == 1.0
    assert found["judge", "best_of_k_accuracy"]["adapters"] == ["compare-to-score"]
    assert len(scripted) == 6


def test_battles_of_an_arena_are_judged_in_both_orders(scripted, write_task, values):
    rows = [
        {
            "id": str(i),
            "prompt": QUESTION,
            "first": "x" * (3 + i % 2),
            "second": "x" * (4 - i % 2),
            "first_model": "one",
            "second_model": "two",
            "winner": "model_b" if i % 2 == 0 else "model_a",
        }
        for i in range(6)
    ]
    metrics = ["battle_accuracy", "first_position_rate", "unparsed_rate"]
    write_task("demo/arena", rows, kind="arena-battles", options={"models": ["one", "two"]}, metrics=metrics)
    found, _ = values(
        "demo/arena", judge(prompt="ppe"), judge("how=first", prompt="ppe").replace("judge=", "biased=", 1)
    )
    assert found["judge", "battle_accuracy"]["value"] == 1.0
    assert found["judge", "first_position_rate"]["value"] == 0.5
    assert found["biased", "battle_accuracy"]["value"] == 0.5
    assert found["biased", "first_position_rate"]["value"] == 1.0


# planning and showing


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("judge:base=length", saying("generate", "offers")),
        ("judge:base=length,prompt=alpaca-eval", saying("asks its base (length) for choose")),
        ("judge:base=scripted,prompt=arena", saying("prompt", "'arena'")),
        ("judge", saying("base")),
    ],
)
def test_what_cannot_work_is_refused_while_planning(scripted, preferences, harness, model, message):
    ran = harness("eval", "-m", model, "-t", "demo/preferences")
    assert ran.code == 2
    assert ran.err == message
    assert scripted == []


def test_the_models_are_listed_and_shown_with_their_prompts(harness):
    listed = harness("list", "models", "--json").document
    names = {entry["name"]: entry["description"] for entry in listed}
    assert names["judge"] == saying("language", "responses", "better")
    assert "arena-hard" in harness("show", "judge").out
    (shown,) = json.loads(harness("show", "pointwise-judge", "--json").out)
    assert shown["prompts"] == ["prometheus", "single-grade", "yes-no"]


@pytest.mark.parametrize(
    "model",
    [
        "judge:base=scripted",
        "judge:base=scripted,prompt=alpaca-eval",
        "pointwise-judge:base=[scripted:how=grade]",
        "pointwise-judge:base=scripted,prompt=yes-no",
    ],
)
def test_the_conformance_checks_pass(scripted, project, tmp_path, model):
    from functools import partial

    from harness.check.conformance import check_model
    from harness.names.registry import Registry
    from harness.names.resolving import resolve_model
    from harness.running.client import ModelClient
    from harness.running.executors import LocalExecutor
    from harness.store import Store

    registry = Registry()
    handle = resolve_model(registry, model, models_folder=tmp_path)
    store = Store(tmp_path / "store.sqlite")
    capabilities = {entry.name: entry.load() for entry in registry.entries("capability")}
    client = ModelClient(store, capabilities, LocalExecutor())
    handle.model.parts = {name: partial(client.ask, part) for name, part in handle.parts.items()}
    findings = list(check_model(registry, handle, handle.model))
    store.close()
    assert len(findings) > 8
    assert [finding for finding in findings if not finding.ok] == []
