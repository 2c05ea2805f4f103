"""A linear probe on any embedder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import Ask, CellError, Conversation, Failure, Item, Progress, Range, Task, Text, Trainer

from . import logistic, saved
from .labelled import labelled, vectors_of


class EmbeddingProbe(saved.FittedOver):
    """Answers with w · e(text) + b, where e is the embedder that `EmbeddingProbeTrainer` trained over.

    Args:
        path: The directory that the trainer wrote.
        base: The embedder to ask; by default the one that was trained over.
    """

    batch_size = 4096  # the base files its own answers
    trainer: ClassVar[str] = "embedding-probe"

    def __init__(self, path: str, base: str = "") -> None:
        self.path, self.base = path, base

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to embed."""
        return {"base": ("embed",)}

    def load(self) -> None:
        """Read the weights and the intercept."""
        numbers = saved.read_numbers(Path(self.path))
        self._weights, self._intercept = numbers["weights"], float(numbers["intercept"])

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return log-odds in nats; a `Failure` where the embedder failed.

        Raises:
            CellError: the embedder's vectors have another length than the weights.
        """
        vectors = self.parts["base"]("embed", [Text(request.text) for request in requests]) if requests else []
        return [self._log_odds(vector) for vector in vectors]

    def _log_odds(self, vector: Any) -> float | Failure:
        if isinstance(vector, Failure):
            return Failure(f"the embedder: {vector.reason}")
        if len(vector) != len(self._weights):
            raise CellError(
                f"{self.path} was trained on vectors of length {len(self._weights)}, and its base "
                f"{self.parts['base'].specification} gives {len(vector)}: use the embedder it was trained over"
            )
        # One product a vector, so that the sum is taken in the same order in a batch as alone.
        return float(np.dot(np.asarray(vector, dtype=np.float64), self._weights)) + self._intercept


class EmbeddingProbeTrainer(Trainer):
    """Fits logistic regression to the base's vectors, standardised, with an L2 penalty and balanced classes.

    Args:
        strength: C, the inverse of the penalty; 0 lets cross-validation choose from 1e-4, 1e-3, ..., 1e4.
        folds: Number of folds of the cross-validation.
        balanced: Weigh both classes the same.
    """

    model: ClassVar[str] = "embedding-probe"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("embed",)

    def __init__(
        self,
        strength: Annotated[float, Range(least=0)] = 0.0,
        folds: Annotated[int, Range(least=2, most=1000)] = 5,
        balanced: bool = True,
    ) -> None:
        self.strength, self.folds, self.balanced = strength, folds, balanced

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Embed the texts through the client, which keeps the vectors; choose the penalty; fit; save."""
        data = labelled(items, task.name)
        features = vectors_of(ask, "embed", [Text(text) for text in data.texts])
        strength = self.strength or logistic.choose_strength(
            features, data.labels, data.texts, balanced=self.balanced, folds=self.folds, told=progress
        )
        line = logistic.fit_standardised(features, data.labels, strength=strength, balanced=self.balanced)
        assert ask is not None
        words = {"trainer": "embedding-probe", "base": ask.specification, "base_fingerprint": ask.fingerprint}
        saved.write(workdir, {**words, "strength": strength}, weights=line.weights, intercept=np.array(line.intercept))
        return {
            "texts": len(data.labels),
            "positives": int(data.labels.sum()),
            "dimensions": features.shape[1],
            "strength": strength,
        }
