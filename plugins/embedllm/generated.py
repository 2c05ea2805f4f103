"""A matrix of outcomes made up from known weights, to try routers on: ``python -m harness_plugins.embedllm.generated``.

Questions are made of words, each word has a place in a space of few dimensions, and a question lies where its words lie
on average. A model's log-odds are linear in that place. Models come in families, which are alike; categories are words
that are drawn more often together. Whoever counts words can learn all of it, up to the luck of the draw.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, say

_SYLLABLES = ("ba", "co", "di", "fe", "gu", "ka", "lo", "mi", "ne", "pu", "ra", "so", "ti", "ve", "zu")
TASK = """\
kind: routing
description: Made-up questions, answered by made-up models of known weights.
data:
  train: {file: generated.csv}
  test: {file: generated.csv}
columns:
  prompt: question
  category: category
  outcomes: [MODELS]
options: {shares: {train: SHARE, test: REST}}
slices: [category]
"""


@dataclass(frozen=True, slots=True)
class Generated:
    """Questions, models, and the truth."""

    questions: list[str]
    categories: NDArray[np.int64]
    """(n,)."""
    vectors: FloatArray
    """(n, k), the questions' places."""
    families: NDArray[np.int64]
    """(m,)."""
    weights: FloatArray
    """(m, k)."""
    intercepts: FloatArray
    """(m,)."""
    chances: FloatArray
    """(n, m), how likely each answer was to be right."""
    outcomes: FloatArray
    """(n, m), 0 or 1."""

    @property
    def models(self) -> list[str]:
        """The models' names, which say their families."""
        return [f"family{family}-{i}" for i, family in enumerate(self.families)]


def generate(
    questions: int = 2500,
    models: int = 10,
    *,
    families: int = 3,
    categories: int = 6,
    dimensions: int = 8,
    alike: float = 0.9,
    within: float = 0.4,
    words: int = 10,
    vocabulary: int = 240,
    strength: float = 2.0,
    seed: int = 0,
) -> Generated:
    """Make up a matrix.

    Args:
        questions: n.
        models: m.
        families: How many of models.
        categories: How many of questions.
        dimensions: k.
        alike: Share of the variance of weights that lies between families, in [0, 1].
        within: Share of a question's words that its category does not say anything about, in [0, 1].
        words: Of a question.
        vocabulary: How many words there are.
        strength: Standard deviation of log-odds, about.
        seed: Another number gives another matrix.
    """
    draw = np.random.default_rng(seed)
    places = draw.normal(size=(vocabulary, dimensions))
    names = _names(vocabulary)
    own = draw.integers(0, categories, vocabulary)  # the category that each word is of
    category = draw.integers(0, categories, questions)
    by_category = [np.flatnonzero(own == code) for code in range(categories)]
    texts, vectors = [], np.zeros((questions, dimensions))
    for row, code in enumerate(category):
        common = int(draw.binomial(words, within))
        of_category = draw.choice(by_category[code], min(words - common, len(by_category[code])), replace=False)
        rest = draw.choice(np.setdiff1d(np.arange(vocabulary), of_category), words - len(of_category), replace=False)
        chosen = draw.permutation(np.concatenate([of_category, rest]))
        texts.append(" ".join(names[i] for i in chosen).capitalize() + "?")
        vectors[row] = places[chosen].mean(axis=0)
    family = np.arange(models) % families
    centres = draw.normal(size=(families, dimensions))
    weights = np.sqrt(alike) * centres[family] + np.sqrt(1 - alike) * draw.normal(size=(models, dimensions))
    weights *= strength / (weights @ vectors.T).std()
    intercepts = draw.normal(scale=0.5, size=models)
    odds = vectors @ weights.T + intercepts
    chances = 1 / (1 + np.exp(-odds))
    outcomes = (draw.random(chances.shape) < chances).astype(np.float64)
    return Generated(texts, category, vectors, family, weights, intercepts, chances, outcomes)


def _names(count: int) -> list[str]:
    return [_SYLLABLES[i % 15] + _SYLLABLES[i // 15 % 15] + _SYLLABLES[i // 225 % 15] for i in range(count)]


def write(made: Generated, folder: Path, *, train: float = 0.8) -> None:
    """Write the questions as a task: ``folder/generated.yaml`` and its CSV.

    Args:
        made: The matrix.
        folder: Below a task folder.
        train: Share of the questions to train on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "generated.csv").open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["id", "question", "category", *made.models])
        for i, (text, code) in enumerate(zip(made.questions, made.categories, strict=True)):
            out.writerow([i, text, f"category{code}", *(f"{value:.0f}" for value in made.outcomes[i])])
    task = TASK.replace("MODELS", ", ".join(made.models)).replace("SHARE", f"{train:g}")
    (folder / "generated.yaml").write_text(task.replace("REST", f"{1 - train:g}"), encoding="utf-8")


def main() -> None:
    """Write a matrix into a folder, and say what could at best be reached."""
    parser = argparse.ArgumentParser(description="Makes up a matrix of outcomes from known weights.")
    parser.add_argument("folder", type=Path, help="Where to write it, such as tasks/made-up.")
    parser.add_argument("--questions", type=int, default=2500)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    wishes = parser.parse_args()
    made = generate(wishes.questions, wishes.models, seed=wishes.seed)
    write(made, wishes.folder)
    best = made.outcomes[np.arange(len(made.outcomes)), made.chances.argmax(axis=1)].mean()
    right = (made.outcomes == (made.chances >= 0.5)).mean()
    say(f"{wishes.folder}: {len(made.questions)} questions, {len(made.models)} models")
    say(f"who knew the weights would route {100 * best:.2f} right and forecast {100 * right:.2f}")


if __name__ == "__main__":
    main()
