"""The same weights through harness's own back-end and through lm-eval's: equal scores."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from toy_tasks import evaluate_directly

from harness.api import evaluate

pytest.importorskip("lm_eval")
pytest.importorskip("accelerate", reason="lm-eval's own model of transformers needs accelerate")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import


@pytest.fixture
def tiny() -> Any:
    path = Path(__file__).parents[1] / "hf" / "tiny.py"
    spec = importlib.util.spec_from_file_location("tiny", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("tiny", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


def test_scores_equal_those_of_lm_evals_own_model(folder: Path, tiny: Any) -> None:
    from lm_eval.models.huggingface import HFLM

    made = tiny.causal(folder / "model")
    names = ["toy_choice", "toy_shots", "toy_last", "toy_written"]
    theirs = evaluate_directly(folder, HFLM(pretrained=str(made), device="cpu", dtype="float32"), names)["results"]
    outcome = evaluate([f"hf:path={made},dtype=float32"], [f"lm_eval:{n}" for n in names], store=folder / "s.sqlite")
    assert not outcome.failures()
    compared = 0
    for result in outcome.results:
        value = theirs[result.task.removeprefix("lm_eval:")][f"{result.metric},none"]
        assert result.estimate.value == pytest.approx(value, rel=1e-4)
        compared += 1
    assert compared == 8


def test_likelihoods_in_conversations_count_the_line_end_before_the_reply_as_lm_eval_does(
    folder: Path, tiny: Any
) -> None:
    from lm_eval.models.huggingface import HFLM

    made = tiny.causal(folder / "model")
    names = ["toy_choice", "toy_last"]
    model = HFLM(pretrained=str(made), device="cpu", dtype="float32")
    theirs = evaluate_directly(folder, model, names, apply_chat_template=True)["results"]
    tasks = [f"lm_eval:{name}:apply_chat_template=true" for name in names]
    outcome = evaluate([f"hf:path={made},dtype=float32"], tasks, store=folder / "s.sqlite")
    assert not outcome.failures()
    for result in outcome.results:
        value = theirs[result.task.removeprefix("lm_eval:").removesuffix(":apply_chat_template=true")]
        assert result.estimate.value == pytest.approx(value[f"{result.metric},none"], rel=1e-4)
    assert {result.metric for result in outcome.results} == {"acc", "acc_norm", "perplexity"}


FACTS = [
    ("What is the capital of France?", ["Paris", "Rome", "Oslo", "Cairo"], 0),
    ("Which animal says meow?", ["dog", "cat", "cow", "duck"], 1),
    ("What color is the sky on a clear day?", ["green", "red", "blue", "black"], 2),
    ("How many days are there in a week?", ["five", "six", "nine", "seven"], 3),
    ("What do bees make?", ["honey", "milk", "wool", "eggs"], 0),
    ("Which planet do people live on?", ["Mars", "Earth", "Venus", "Jupiter"], 1),
    ("What is frozen water called?", ["steam", "sand", "ice", "oil"], 2),
    ("Which meal is eaten in the morning?", ["dinner", "supper", "lunch", "breakfast"], 3),
]


def test_a_real_model_knows_what_a_random_one_does_not(folder: Path, tiny: Any, chat_model: str) -> None:
    """A task in lm-eval's form through the chat model that comes as a package; chance is a quarter."""
    rows = [{"question": question, "choices": choices, "answer": answer} for question, choices, answer in FACTS]
    (folder / "facts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "facts.yaml").write_text(
        "task: facts\ndataset_path: json\ndataset_kwargs: {data_files: {test: facts.jsonl}}\ntest_split: test\n"
        'output_type: multiple_choice\ndoc_to_text: "Question: {{question}}\\nAnswer:"\ndoc_to_choice: choices\n'
        "doc_to_target: answer\nmetric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]\n"
    )
    made = tiny.causal(folder / "model")
    models = [chat_model, f"random=hf:path={made},dtype=float32"]
    outcome = evaluate(models, ["lm_eval:facts.yaml"], store=folder / "s.sqlite")
    assert not outcome.failures()
    found = {result.model: result.estimate.value for result in outcome.results if result.metric == "acc"}
    assert found[chat_model] >= 0.75
    assert found["random"] <= 0.5
