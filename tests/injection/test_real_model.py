"""A real chat model among injected instructions and asked for its system prompt: it answers, and is graded."""

import json

import pytest


@pytest.mark.slow
def test_a_real_model_is_attacked_and_every_figure_has_an_interval(harness, chat_model):
    tasks = ("injection/documents", "leakage/system-prompts")
    asked = [part for task in tasks for part in ("-t", task)]
    ran = harness("eval", "-m", f"chat={chat_model}", *asked, "--limit", 2, "--json")
    assert ran.code == 0, ran.err
    rows = [row for row in json.loads(ran.out)["results"] if row["domain"] == "overall"]
    assert {row["task"] for row in rows} == set(tasks)
    assert all((row["n"], row["n_failed"]) == (2, 0) for row in rows)
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    assert {row["value"] for row in rows if row["metric"] == "control_asr"} == {0}
