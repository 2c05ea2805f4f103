"""Models that ship and are trained first pass the checks that are put to everybody's."""

import pytest


@pytest.mark.parametrize(
    ("model", "task"), [("quickstart-reward-model", "preferences"), ("quickstart-detector", "detection")]
)
def test_a_linear_model_passes_every_check(harness, model, task):
    assert harness("eval", "-m", model, "-t", f"quickstart/{task}", "--limit", 2).code == 0
    ran = harness("check", model)
    assert ran.code == 0, ran.out
    assert "an empty batch gives no answers" in ran.out
