"""A real chat model through every kind: it answers, and nothing of it is taken for what it is not."""

import json

import pytest


@pytest.mark.slow
def test_a_real_model_is_attacked_and_every_figure_has_an_interval(harness, chat_model):
    tasks = ("injection/documents", "injection/agents", "leakage/system-prompts")
    asked = [part for task in tasks for part in ("-t", task)]
    ran = harness("eval", "-m", f"chat={chat_model}", *asked, "--limit", 3, "--json")
    assert ran.code == 0, ran.err
    rows = [row for row in json.loads(ran.out)["results"] if row["domain"] == "overall"]
    assert {row["task"] for row in rows} == set(tasks)
    assert all(row["n"] == 3 and row["n_failed"] == 0 for row in rows if row["metric"] != "refusal_rate")
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    controls = [row["value"] for row in rows if row["metric"] in ("control_asr", "control_leak_rate")]
    assert controls == [0, 0, 0]
