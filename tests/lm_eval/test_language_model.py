"""A model of harness inside lm-eval gives what the same numbers give lm-eval directly, and is asked once."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import

PLUGIN = """
import hashlib
from harness import Model, hookimpl
from harness.capabilities import Completion, Likelihood

def number(*parts):
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big") / 2**32

class Fake(Model):
    def __init__(self, scale: float = 1.0):
        self.scale = scale
    def loglikelihood(self, requests):
        return [Likelihood(-self.scale * 50 * number(r.context, r.continuation), 1,
                           number(r.continuation, r.context) > 0.5) for r in requests]
    def generate(self, requests):
        return [(Completion(f"so #### {int(5 * number(r.prompt.text, r.sampling.seed))}"),) for r in requests]

class Scores(Model):
    def score(self, requests):
        return [[0.0 for _ in r.responses] for r in requests]

@hookimpl
def register_models(register):
    register("fake", "plugin_fakes:Fake", offers=("loglikelihood", "generate"))
    register("scores", "plugin_fakes:Scores", offers=("score",))
"""

CHOICE = """
task: toy_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list:
  - metric: acc
  - metric: acc_norm
"""
ROLLING = """
task: toy_rolling
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{{{question}}}}"
metric_list:
  - metric: word_perplexity
  - metric: bits_per_byte
"""
SAMPLED = """
task: toy_sampled
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "Q: {{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
repeats: 3
generation_kwargs: {{until: ["\\n"], do_sample: true, temperature: 0.7, max_gen_toks: 16}}
filter_list:
  - name: majority
    filter:
      - {{function: regex, regex_pattern: "#### (\\\\d+)"}}
      - {{function: majority_vote}}
      - {{function: take_first}}
metric_list:
  - metric: exact_match
"""


def number(*parts: Any) -> float:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big") / 2**32


@pytest.fixture
def folder(project: Path, add_plugin: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HOME", str(project / "hf"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(project / "hf" / "datasets"))
    add_plugin("fakes", PLUGIN)
    data = project / "docs.jsonl"
    rows = [
        {"question": f"what is {i}?", "choices": ["one", "two of them", "three", "four"], "answer": i % 4}
        for i in range(20)
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, text in {"choice": CHOICE, "rolling": ROLLING, "sampled": SAMPLED}.items():
        (project / f"{name}.yaml").write_text(text.format(data=data))
    return project


def scores(folder: Path, model: Any) -> dict[str, Any]:
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(folder), include_defaults=False)
    names = ["toy_choice", "toy_rolling", "toy_sampled"]
    found = simple_evaluate(model=model, tasks=names, task_manager=manager, bootstrap_iters=20)
    return dict(found["results"])


def direct() -> Any:
    """The same numbers straight from an ``LM``, without harness."""
    from lm_eval.api.model import LM

    class Direct(LM):  # type: ignore[misc]
        def loglikelihood(self, requests: Any) -> Any:
            return [(-50 * number(*r.args), number(*reversed(r.args)) > 0.5) for r in requests]

        def loglikelihood_rolling(self, requests: Any) -> Any:
            return [-50 * number("", r.args[0]) for r in requests]

        def generate_until(self, requests: Any) -> Any:
            seen: dict[str, int] = {}
            texts = []
            for r in requests:
                repeat = seen.get(r.args[0], 0)
                seen[r.args[0]] = repeat + 1
                texts.append(f"so #### {int(5 * number(r.args[0], repeat))}")
            return texts

    return Direct()


def test_scores_equal_those_without_harness_and_nothing_is_asked_twice(folder: Path) -> None:
    from harness_plugins.lm_eval.language_model import HarnessLM

    first = HarnessLM("fake", store=folder / "s.sqlite")
    through = scores(folder, first)
    expected = scores(folder, direct())
    assert through == expected
    assert 0 < expected["toy_choice"]["acc,none"] < 1
    assert 0 < expected["toy_sampled"]["exact_match,majority"] < 1
    assert first.computed == 20 * 4 + 20 + 20 * 3
    first.close()
    again = HarnessLM("fake", store=folder / "s.sqlite")
    assert scores(folder, again) == expected
    assert again.computed == 0
    again.close()


def test_arguments_of_the_model_are_passed_on(folder: Path) -> None:
    from harness_plugins.lm_eval.language_model import HarnessLM
    from lm_eval.api.instance import Instance

    request = Instance("loglikelihood", {}, ("a", "b"), 0)
    one = HarnessLM("fake", store=folder / "s.sqlite")
    two = HarnessLM.create_from_arg_string(
        f"model=fake,scale=2,store={folder / 's.sqlite'}", {"batch_size": 1, "device": None}
    )
    assert two.loglikelihood([request])[0][0] == 2 * one.loglikelihood([request])[0][0]
    one.close()
    two.close()


def test_what_cannot_be_asked_is_refused(folder: Path) -> None:
    from harness_plugins.lm_eval.language_model import HarnessLM, sampling_of

    from harness.errors import UsageError

    with pytest.raises(UsageError, match="offers score"):
        HarnessLM("scores", store=folder / "s.sqlite")
    with pytest.raises(UsageError, match="did you mean"):
        HarnessLM("fakes", store=folder / "s.sqlite")
    with pytest.raises(UsageError, match="'top_k' has no counterpart"):
        sampling_of({"until": ["x"], "top_k": 3})
    assert sampling_of({"until": "x", "max_gen_toks": 7}).stop == ("x",)


def test_the_command_line_of_lm_eval_knows_the_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness_plugins.lm_eval.__main__ import main
    from lm_eval.api.registry import get_model

    monkeypatch.setattr(sys, "argv", ["lm_eval", "run", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert get_model("harness").__name__ == "HarnessLM"
