"""One deterministic model as a plugin of harness and as an ``LM`` of lm-eval, and toy tasks in lm-eval's form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PLUGIN = """
import hashlib
from harness import Model, hookimpl
from harness.capabilities import Completion, Likelihood

def number(*parts):
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big") / 2**32

def text_of(context):
    if isinstance(context, str):
        return context
    messages = context.messages
    if messages[-1].role == "text":
        return messages[-1].content
    return "".join(f"<{m.role}>{m.content}" for m in messages)

class Fake(Model):
    def __init__(self, scale: float = 1.0, broken: str = ""):
        self.scale, self.broken = scale, broken
    def loglikelihood(self, requests):
        for r in requests:
            if self.broken and self.broken in text_of(r.context):
                raise ValueError("cannot read this")
        return [Likelihood(-self.scale * 50 * number(text_of(r.context), r.continuation), 1,
                           number(r.continuation, text_of(r.context)) > 0.5) for r in requests]
    def generate(self, requests):
        return [(Completion(f"so #### {int(5 * number(text_of(r.prompt), r.sampling.seed))} two of them"),)
                for r in requests]

class Scores(Model):
    def score(self, requests):
        return [[0.0 for _ in r.responses] for r in requests]

@hookimpl
def register_models(register):
    register("fake", "plugin_fakes:Fake", offers=("loglikelihood", "generate"))
    register("likelihoods", "plugin_fakes:Fake", offers=("loglikelihood",))
    register("scores", "plugin_fakes:Scores", offers=("score",))
"""

DATA = """
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}, train: {train}}}}}
test_split: test
"""
CHOICE = """
output_type: multiple_choice
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
"""
GENERATE = """
output_type: generate_until
doc_to_text: "Q: {{{{question}}}}"
doc_to_target: "{{{{answer}}}} two of them"
"""
TASKS = {
    "choice": DATA + CHOICE + "metric_list: [{{metric: acc}}, {{metric: acc_norm}}]",
    "informed": DATA + CHOICE + "metric_list: [{{metric: acc_mutual_info}}, {{metric: brier_score}}, {{metric: mcc}}]",
    "binary": DATA
    + CHOICE.replace("{{{{choices}}}}", "{{{{choices[:2]}}}}").replace("{{{{answer}}}}", "{{{{answer % 2}}}}")
    + "metric_list: [{{metric: f1}}]",
    "shots": DATA + CHOICE + "training_split: train\nnum_fewshot: 2\nmetric_list: [{{metric: acc}}]",
    "inputs": DATA
    + """
output_type: multiple_choice
doc_to_text: "{{{{answer}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: " is {{{{question}}}}"
""",
    "rolling": DATA
    + """
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{{{question}}}}"
metric_list: [{{metric: word_perplexity}}, {{metric: byte_perplexity}}, {{metric: bits_per_byte}}]
""",
    "last": DATA
    + """
output_type: loglikelihood
doc_to_text: "{{{{question}}}}"
doc_to_target: " {{{{choices[0]}}}}"
metric_list: [{{metric: perplexity}}, {{metric: acc}}]
""",
    "sampled": DATA
    + """
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
  - name: first
    filter:
      - {{function: regex, regex_pattern: "#### (\\\\d+)"}}
      - {{function: take_first}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true, ignore_case: true}}]
""",
    "written": DATA + GENERATE + "metric_list: [{{metric: bleu}}, {{metric: chrf}}, {{metric: exact_match}}]",
    "prefixed": DATA
    + GENERATE
    + 'gen_prefix: "The answer:"\ndescription: "Be brief."\nmetric_list: [{{metric: exact_match}}]',
}


def number(*parts: Any) -> float:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big") / 2**32


def write_documents(path: Path, count: int, *, first: int = 0) -> None:
    rows = [
        {"question": f"what is {i}?", "choices": ["one", "two of them", "three", "four"], "answer": i % 4}
        for i in range(first, first + count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_task(tasks: Path, name: str, text: str, *, documents: str = "docs.jsonl") -> None:
    project = tasks.parent
    made = text.format(data=project / documents, train=project / "train.jsonl")
    (tasks / f"{name}.yaml").write_text(f"task: {name}\n{made}\n")


def evaluate_directly(folder: Path, model: Any, names: Sequence[str], **settings: Any) -> dict[str, Any]:
    """lm-eval's own results."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(folder / "tasks"), include_defaults=False)
    chosen = {"bootstrap_iters": 20, **settings}
    return dict(simple_evaluate(model=model, tasks=list(names), task_manager=manager, **chosen))
