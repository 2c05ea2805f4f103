"""Tasks of lm-eval that are Python: several kinds of request a document, figures that only the answers name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_tasks import evaluate_directly

from harness.api import evaluate

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import

MIXED = '''
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask


class Mixed(ConfigurableTask):
    """Writes an answer, and says how likely none is, as SQuAD 2.0 does."""

    def __init__(self, config):
        super().__init__(config={key: value for key, value in config.items() if key != "class"})

    def construct_requests(self, doc, ctx, **kwargs):
        chosen = {"doc": doc, "metadata": kwargs["metadata"]}
        return [
            Instance("generate_until", arguments=(ctx, {"until": ["\\n"]}), idx=0, **chosen),
            Instance("loglikelihood", arguments=(ctx, " none"), idx=1, **chosen),
            Instance("generate_until", arguments=(ctx + "again", {"until": ["\\n"]}), idx=2, **chosen),
        ]

    def process_results(self, doc, results):
        first, (nats, _), second = results
        return {"same": float(first == second), "none": nats + len(first)}

    def aggregation(self):
        return {"same": mean, "none": lambda values: max(values)}

    def higher_is_better(self):
        return {"same": True, "none": False}
'''
SEVERAL = """
def at_k(references, predictions, k):
    return {f"pass@{n}": float(f"#### {n}" in predictions[0]) for n in k}
"""


def test_each_capability_is_asked_for_in_its_own_stage(folder: Path, direct_model: Callable[[], Any]) -> None:
    tasks = folder / "tasks"
    (tasks / "mixed.py").write_text(MIXED)
    (tasks / "mixed.yaml").write_text("include: toy_written.yaml\ntask: toy_mixed\nclass: !function mixed.Mixed\n")
    theirs = evaluate_directly(folder, direct_model(), ["toy_mixed"])["results"]["toy_mixed"]
    outcome = evaluate(["fake"], ["lm_eval:toy_mixed"], store=folder / "s.sqlite")
    assert not outcome.failures()
    found = {result.metric: result for result in outcome.results}
    assert found["same"].estimate.value == theirs["same,none"]
    assert found["none"].estimate.value == theirs["none,none"]
    assert not found["none"].higher_is_better
    assert found["none"].estimate.low <= found["none"].estimate.value
    assert outcome.cells[0].requests == 20 * 3


def test_figures_that_only_the_answers_name_take_the_place_of_the_metric(
    folder: Path, direct_model: Callable[[], Any]
) -> None:
    tasks = folder / "tasks"
    (tasks / "several.py").write_text(SEVERAL)
    (tasks / "several.yaml").write_text(
        "include: toy_written.yaml\ntask: toy_several\n"
        "metric_list: [{metric: !function several.at_k, aggregation: mean, higher_is_better: true, k: [1, 3]}]\n"
    )
    theirs = evaluate_directly(folder, direct_model(), ["toy_several"])["results"]["toy_several"]
    outcome = evaluate(["fake"], ["lm_eval:toy_several"], store=folder / "s.sqlite")
    values = {result.metric: result.estimate.value for result in outcome.results}
    assert values == {"pass@1": theirs["pass@1,none"], "pass@3": theirs["pass@3,none"]}
    assert outcome.results[0].headline
