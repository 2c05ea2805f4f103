"""A Bradley-Terry reward model on text features: r(x, y) = w . phi(x, y)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Ask, Candidates, Item, Model, Progress, Range, Task, Trainer, UsageError, file_identity

from . import linear

STYLE_FEATURES = (
    "log of the length",
    "sentences a word",
    "digits a character",
    "line breaks a word",
    "list items a line",
    "emphasis a word",
    "questions a sentence",
    "share of distinct words",
    "share of the prompt's words that recur",
    "share of words that are the prompt's",
)


def style(prompt: str, response: str) -> list[float]:
    """Measure the features of STYLE_FEATURES: the form of a response, and its overlap with the prompt."""
    words = response.lower().split()
    lines = response.splitlines() or [""]
    count = max(len(words), 1)
    sentences = max(sum(response.count(mark) for mark in ".!?"), 1)
    asked, given = set(prompt.lower().split()), set(words)
    common = len(asked & given)
    return [
        float(np.log1p(len(response))),
        sentences / count,
        sum(c.isdigit() for c in response) / max(len(response), 1),
        (len(lines) - 1) / count,
        sum(line.lstrip().startswith(("-", "*", "1", "2", "3")) for line in lines) / len(lines),
        response.count("**") / count,
        response.count("?") / sentences,
        len(given) / count,
        common / max(len(asked), 1),
        common / max(len(given), 1),
    ]


class Features:
    """Turns (prompt, response) into features: hashed word runs of the response, and its style.

    Args:
        dimensions: Number of hashed features.
        ngrams: Longest run of words.
        style_weight: How much the style features count beside the words.
    """

    def __init__(self, dimensions: int, ngrams: int, style_weight: float) -> None:
        self.dimensions, self.ngrams, self.style_weight = dimensions, ngrams, style_weight

    def matrix(self, prompts: Sequence[str], responses: Sequence[str]) -> Any:
        """Return the features as a sparse matrix of shape (n, dimensions + style features)."""
        from scipy import sparse
        from sklearn.feature_extraction.text import HashingVectorizer

        vectoriser = HashingVectorizer(n_features=self.dimensions, ngram_range=(1, self.ngrams), norm="l2")
        forms = np.array([style(p, r) for p, r in zip(prompts, responses, strict=True)])
        return sparse.hstack([vectoriser.transform(responses), self.style_weight * forms], format="csr")


class LinearRewardModel(Model):
    """A reward model that `LinearRewardTrainer` fitted.

    Args:
        path: The directory that the trainer wrote.
    """

    batch_size = 256
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def identity(self) -> Mapping[str, object]:
        """Return the hashes of the weights and of the feature settings.

        Raises:
            UsageError: the directory holds no trained model.
        """
        weights = Path(self.path) / linear.WEIGHTS
        if not weights.is_file():
            raise UsageError(
                f"{self.path} holds no trained model; train one with: harness train bt-linear -t TASK -o DIRECTORY"
            )
        return {
            "weights": file_identity(weights),
            "features": file_identity(weights.with_name("features.json")),
        }

    def load(self) -> None:
        """Read the weights and the settings of the features."""
        self._weights, settings, _ = linear.load_model(Path(self.path))
        self._features = Features(**settings)

    def score(self, requests: Sequence[Candidates]) -> list[NDArray[np.float64]]:
        """Return rewards in nats: the difference of two rewards is a Bradley-Terry log-odds."""
        if not requests:  # which the vectoriser refuses
            return []
        prompts = [request.prompt.text for request in requests for _ in request.responses]
        responses = [response for request in requests for response in request.responses]
        rewards = self._features.matrix(prompts, responses) @ self._weights
        ends = np.cumsum([len(request.responses) for request in requests])
        return np.split(rewards, ends[:-1])


class LinearRewardTrainer(Trainer):
    """Fits the Bradley-Terry model by maximum likelihood with an L2 penalty.

    Args:
        penalty: Strength of the penalty.
        dimensions: Number of hashed features.
        ngrams: Longest run of words.
        style_weight: How much the style features count beside the words.
    """

    model: ClassVar[str] = "bt-linear"
    trains_on: ClassVar[tuple[str, ...]] = ("preference",)

    def __init__(
        self,
        penalty: Annotated[float, Range(least=0)] = 1e-3,
        dimensions: Annotated[int, Range(least=1, most=2**24)] = 2**16,
        ngrams: Annotated[int, Range(least=1, most=8)] = 2,
        style_weight: Annotated[float, Range(least=0)] = 0.3,
    ) -> None:
        self.penalty, self.dimensions, self.ngrams, self.style_weight = (
            penalty,
            dimensions,
            ngrams,
            style_weight,
        )

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Fit the weights to the feature differences of the pairs, and save them.

        Raises:
            ValueError: the task has no pairs, or the fit does not converge.
        """
        settings = {"dimensions": self.dimensions, "ngrams": self.ngrams, "style_weight": self.style_weight}
        features = Features(self.dimensions, self.ngrams, self.style_weight)
        prompts: list[str] = []
        better: list[str] = []
        worse: list[str] = []
        for item in items:
            f = item.fields
            prompts.append(f["prompt"].text)
            better.append(f["second"] if f["better"] else f["first"])
            worse.append(f["first"] if f["better"] else f["second"])
        if not prompts:
            raise ValueError("it has no pairs")
        differences = features.matrix(prompts, better) - features.matrix(prompts, worse)
        weights, loss = linear.fit_logistic(differences, np.ones(len(prompts)), self.penalty, progress)
        linear.save_model(workdir, weights, settings)
        return {
            "pairs": len(prompts),
            "loss": loss,
            "train_accuracy": float((differences @ weights > 0).mean()),
        }
