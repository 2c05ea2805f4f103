"""MULI over a real chat model: its first token tells what a random model's does not."""

from __future__ import annotations

import pytest


@pytest.mark.slow
def test_a_detector_over_a_chat_model_tells_unseen_texts_apart(chat_model, harness):
    """Mails that ask for a secret, among others; chance is one half."""
    ran = harness("train", "muli", "-t", "quickstart/detection", "--base", chat_model, "-o", "d", "--limit", 150)
    assert ran.code == 0, ran.err
    ran = harness("eval", "-m", "muli:path=d", "-t", "quickstart/detection", "--limit", 100, "--json")
    assert ran.code == 0, ran.err
    (auroc,) = [r for r in ran.document["results"] if r["metric"] == "auroc" and r["domain"] == "overall"]
    assert auroc["low"] > 0.5
