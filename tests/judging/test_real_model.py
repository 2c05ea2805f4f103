"""Judges over a real chat model: verdicts that were written or weighed by a model, not by a script."""

from __future__ import annotations

import pytest

PAIRS = [
    ("What is the capital of France?", "Paris.", "It is the city of Lyon."),
    ("How many legs does a spider have?", "Eight.", "Six legs, I think."),
    ("What do bees make?", "Honey.", "Bees make milk."),
    ("Which is larger, 7 or 3?", "7 is larger.", "3."),
]


@pytest.fixture
def judged(harness, write_task):
    """The figures of a judge on the pairs, by the metrics that tell what it goes by."""

    def run(model):
        rows = [{"id": f"{i}", "prompt": p, "chosen": good, "rejected": bad} for i, (p, good, bad) in enumerate(PAIRS)]
        metrics = ["accuracy", "first_position_rate", "order_consistency", "unparsed_rate"]
        write_task("demo/pairs", rows, kind="preference", metrics=metrics)
        ran = harness("eval", "-m", model, "-t", "demo/pairs", "--json", "--all-metrics")
        assert ran.code == 0, ran.err
        return {r["metric"]: r["value"] for r in ran.document["results"] if r["domain"] == "overall"}

    return run


def test_a_chat_model_too_small_to_judge_is_found_to_pick_a_side(chat_model, judged):
    """It names the first side in nearly every order, which both orders turn into chance; of four, one may count."""
    found = judged(f"judge:base=[{chat_model}],prompt=mt-bench,verdict=log-probability")
    assert found["unparsed_rate"] == 0
    assert found["first_position_rate"] >= 0.75
    assert found["order_consistency"] <= 0.25
    assert 0.375 <= found["accuracy"] <= 0.625
