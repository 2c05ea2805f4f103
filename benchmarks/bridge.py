"""lm-eval's tasks in harness against lm-eval itself, with a model that takes no time.

    python benchmarks/bridge.py

A multiple-choice task of 2,000 documents, without examples and with five. Times cover prompts, filters, metrics and,
for harness, the store; the values of both are checked to be equal.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCUMENTS = 2000
TASK = """
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}, train: {data}}}}}
training_split: train
test_split: test
output_type: multiple_choice
num_fewshot: {shots}
doc_to_text: "Question: {{{{question}}}}\\nAnswer:"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
"""
PLUGIN = """
from harness import Model, hookimpl
from harness.capabilities import Likelihood

class Instant(Model):
    def loglikelihood(self, requests):
        return [Likelihood(-float(len(r.continuation)), 1, False) for r in requests]

@hookimpl
def register_models(register):
    register("instant", "instant:Instant", offers=("loglikelihood",))
"""


def write_project(folder: Path) -> None:
    """The documents, two tasks, and the model as a plugin of harness."""
    rows = [
        {"question": f"what is {i} + {i}?", "choices": [str(2 * i), str(i), f"{i}{i}", "none"], "answer": i % 4}
        for i in range(DOCUMENTS)
    ]
    (folder / "docs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "tasks").mkdir()
    for shots in (0, 5):
        text = TASK.format(name=f"sums{shots}", data=folder / "docs.jsonl", shots=shots)
        (folder / "tasks" / f"sums{shots}.yaml").write_text(text)
    (folder / "registry.yaml").write_text("sources: {lm_eval: {include: [tasks]}}\n")
    (folder / "instant.py").write_text(PLUGIN)
    metadata = folder / "instant-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: instant\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[harness.plugins]\ninstant = instant\n")
    sys.path.insert(0, str(folder))


def directly(task: str) -> float:
    """By lm-eval."""
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    class Instant(LM):  # type: ignore[misc]
        def loglikelihood(self, requests: Any) -> Any:
            return [(-float(len(r.args[1])), False) for r in requests]

        loglikelihood_rolling = generate_until = loglikelihood

    manager = TaskManager(include_path="tasks", include_defaults=False)
    found = simple_evaluate(Instant(), tasks=[task], task_manager=manager, log_samples=False)
    return float(found["results"][task]["acc,none"])


def through(task: str) -> float:
    """By harness."""
    from harness.api import evaluate

    outcome = evaluate(["instant"], [f"lm_eval:{task}"], store=f"{task}.sqlite")
    return outcome.results[0].estimate.value


def timed(call: Callable[[], float]) -> tuple[float, float]:
    """A value and the seconds it took; what is printed meanwhile is not shown."""
    start = time.perf_counter()
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        value = call()
    return value, time.perf_counter() - start


def main() -> None:
    """Print seconds and ratios."""
    with tempfile.TemporaryDirectory() as place:
        os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=f"{place}/hf")
        write_project(Path(place))
        os.chdir(place)
        import lm_eval.evaluator  # noqa: F401  its import is not what is timed

        timed(lambda: directly("sums0"))  # the data set is converted once
        print(f"{DOCUMENTS:,} documents of 4 choices, seconds")
        # lm-eval first: the bridge lets it remember compiled templates, which would flatter it afterwards.
        plain = {shots: timed(lambda name=f"sums{shots}": directly(name)) for shots in (0, 5)}
        for shots, (expected, seconds) in plain.items():
            value, first = timed(lambda name=f"sums{shots}": through(name))
            _, again = timed(lambda name=f"sums{shots}": through(name))
            assert value == expected, (value, expected)
            print(
                f"{shots} examples: lm-eval {seconds:.2f}, harness {first:.2f} ({seconds / first:.1f}x), "
                f"again from the store {again:.2f} ({seconds / again:.1f}x)"
            )


if __name__ == "__main__":
    main()
