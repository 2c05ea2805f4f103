"""A matrix of outcomes that is made, with known truth: ``python -m harness_plugins.routing.demonstration FOLDER``.

Five models answer questions of three subjects. How likely each is right follows from what a question asks for, of which
a subject has two kinds that only its words tell apart: so a router that knows the subject beats the best constant, and
one that reads the words beats the subject, by amounts that are known before anything is drawn.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness import FloatArray, say

MODELS = ("small", "coder", "jurist", "solver", "large")
COSTS = (0.0002, 0.001, 0.001, 0.002, 0.01)
"""USD a question on average."""
KINDS: dict[tuple[str, str], tuple[tuple[float, ...], str]] = {
    ("code", "write"): ((0.25, 0.85, 0.15, 0.45, 0.65), "function loop list return sort class parse string"),
    ("code", "explain"): ((0.60, 0.50, 0.35, 0.45, 0.75), "why error message traceback meaning version warning line"),
    ("law", "statute"): ((0.30, 0.15, 0.85, 0.40, 0.70), "section clause statute paragraph amended code act article"),
    ("law", "case"): ((0.25, 0.15, 0.50, 0.45, 0.75), "court judge appeal verdict plaintiff held ruling damages"),
    ("maths", "compute"): ((0.35, 0.45, 0.15, 0.90, 0.60), "sum product divide percent remainder total integer area"),
    ("maths", "word problem"): ((0.40, 0.20, 0.25, 0.55, 0.75), "train apples buys shares older sister bakery tickets"),
}
"""Subject and kind of question: how likely each model is right, and the words of such questions."""
COMMON = tuple("the a of what is how please give in one to and for with this that does when".split())  # noqa: SIM905


def truth() -> dict[str, float]:
    """Return what routers can expect: the best constant, the best model of a subject, and of a question's kind.

    >>> {name: round(value, 4) for name, value in truth().items()}
    {'best constant': 0.7, 'best of the subject': 0.7167, 'best of the kind': 0.8083}
    """
    chances = np.array([chance for chance, _ in KINDS.values()])
    subjects = [subject for subject, _ in KINDS]
    of_subject = [chances[[one == subject for one in subjects]].mean(axis=0) for subject in dict.fromkeys(subjects)]
    return {
        "best constant": float(chances.mean(axis=0).max()),
        "best of the subject": float(np.max(of_subject, axis=1).mean()),
        "best of the kind": float(chances.max(axis=1).mean()),
    }


def questions(n: int, seed: int) -> tuple[list[dict[str, str]], FloatArray, FloatArray]:
    """Draw questions, outcomes (n, m) and costs (n, m)."""
    random = np.random.default_rng(seed)
    kinds = list(KINDS.items())
    rows, outcomes, costs = [], [], []
    for i in range(n):
        (subject, _), (chances, words) = kinds[i % len(kinds)]
        own = random.choice(words.split(), 4)
        text = random.permutation([*own, *random.choice(COMMON, 8)])
        rows.append({"id": f"q{i:05}", "question": " ".join(text) + "?", "subject": subject})
        outcomes.append(random.random(len(MODELS)) < chances)
        costs.append(np.array(COSTS) * random.uniform(0.5, 1.5))
    return rows, np.array(outcomes, dtype=np.float64), np.array(costs)


TASK = """\
kind: routing
description: Questions that were made, whose truth is known; of five models.
generated: true
licence: MIT
data:
  train: {file: questions.csv}
  test: {file: questions.csv}
columns:
  prompt: question
  category: subject
  outcomes: [small, coder, jurist, solver, large]
  costs: [cost of small, cost of coder, cost of jurist, cost of solver, cost of large]
options: {shares: {train: 0.6, test: 0.4}}
slices: [subject]
metrics: [route_gain, route_gain_over_category, route_accuracy, aiq, cost_saved, forecast_auroc, oracle]
"""
BENCHMARK = """\
description: >-
  Is any router better than always asking the model that was best on train? Only one whose gain has an interval that
  leaves 0 out.
tasks: [routers/questions]
metrics:
  routers/questions: [route_accuracy, route_gain_over_category, aiq, cost_saved]
aggregates:
  - name: gain over the best constant
    of: [routers/questions:route_gain]
default_models:
  - constant=train:constant-router:task=routers/questions
  - category=train:category-router:task=routers/questions
  - length=train:length-router:task=routers/questions
  - neighbours=train:neighbour-router:task=routers/questions,base=[tfidf]
  - random=random-router
  - best-on-test=best-on-test-router
  - oracle=oracle-router
"""


def write(folder: Path, n: int = 2000, seed: int = 0) -> None:
    """Write a project: a registry, the task and its data, and a benchmark."""
    from harness.files import write_atomically

    rows, outcomes, costs = questions(n, seed)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*rows[0], *MODELS, *(f"cost of {name}" for name in MODELS)])
    for row, right, paid in zip(rows, outcomes, costs, strict=True):
        writer.writerow([*row.values(), *right.astype(int).tolist(), *(f"{cost:.3g}" for cost in paid)])
    place = folder / "tasks" / "routers"
    place.mkdir(parents=True, exist_ok=True)
    write_atomically(place / "questions.csv", stream.getvalue())
    write_atomically(place / "questions.yaml", TASK)
    write_atomically(place / "benchmark.yaml", BENCHMARK)
    write_atomically(folder / "registry.yaml", "task_folders: [tasks]\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the project into the folder that the command line names, and say what is true of it."""
    parser = argparse.ArgumentParser(prog="python -m harness_plugins.routing.demonstration", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.questions < len(KINDS):
        parser.error(f"--questions: expected {len(KINDS)} or more")
    if (given.folder / "registry.yaml").exists():
        parser.error(f"{given.folder} holds a registry.yaml already; name another folder")
    write(given.folder, given.questions, given.seed)
    known = ", ".join(f"{name} {100 * value:.1f}" for name, value in truth().items())
    say(f"{given.folder}: {given.questions} questions, {len(MODELS)} models; true route accuracy: {known}")


if __name__ == "__main__":
    main()
