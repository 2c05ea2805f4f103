"""Stacking: a logistic regression on the log-odds of several detectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import Ask, CellError, Conversation, Failure, Item, Progress, Range, Task, Trainer

from . import logistic, saved
from .labelled import labelled, vectors_of


class DetectorStack(saved.FittedOver):
    """Answers with w · s + b for the log-odds s of an ensemble's detectors.

    Args:
        path: The directory that the trainer wrote.
        base: The ensemble to ask; by default the one that was trained over.
    """

    batch_size = 4096
    trainer: ClassVar[str] = "detector-stack"

    def __init__(self, path: str, base: str = "") -> None:
        self.path, self.base = path, base

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to give the log-odds of each detector."""
        return {"base": ("detect_each",)}

    def load(self) -> None:
        """Read the weights and the intercept."""
        numbers = saved.read_numbers(Path(self.path))
        self._line = logistic.LinearLogOdds(numbers["weights"], float(numbers["intercept"]))

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return log-odds in nats; a `Failure` where a detector failed.

        Raises:
            CellError: the ensemble has another number of detectors than there are weights.
        """
        rows = self.parts["base"]("detect_each", requests) if requests else []
        return [row if isinstance(row, Failure) else self._log_odds(row) for row in rows]

    def _log_odds(self, row: Any) -> float:
        if len(row) != len(self._line.weights):
            raise CellError(f"{self.path} weighs {len(self._line.weights)} detectors, and its base holds {len(row)}")
        return float(np.dot(np.asarray(row, dtype=np.float64), self._line.weights)) + self._line.intercept


class DetectorStackTrainer(Trainer):
    """Fits logistic regression to the log-odds of the base's parts; the base is a ``detector-ensemble``.

    Args:
        strength: C, the inverse of the penalty on standardised log-odds; 0 lets cross-validation choose.
        folds: Number of folds of the cross-validation.
        balanced: Weigh both classes the same; else the log-odds hold for the split's share of positives.
    """

    model: ClassVar[str] = "detector-stack"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)
    needs_base: ClassVar[bool] = True

    def __init__(
        self,
        strength: Annotated[float, Range(least=0)] = 0.0,
        folds: Annotated[int, Range(least=2, most=1000)] = 5,
        balanced: bool = False,
    ) -> None:
        self.strength, self.folds, self.balanced = strength, folds, balanced

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Ask every detector, choose the penalty, fit the weights, and save them.

        Raises:
            ValueError: the base is no ensemble, a detector failed, or a class is missing.
        """
        data = labelled(items, task.name)
        try:
            scores = vectors_of(ask, "detect_each", data.conversations)
        except ValueError as error:
            raise ValueError(f"the base has to be a detector-ensemble whose parts answer all texts: {error}") from error
        strength = self.strength or logistic.choose_strength(
            scores, data.labels, data.texts, balanced=self.balanced, folds=self.folds, told=progress
        )
        line = logistic.fit_standardised(scores, data.labels, strength=strength, balanced=self.balanced)
        assert ask is not None
        words = {"trainer": "detector-stack", "base": ask.specification, "base_fingerprint": ask.fingerprint}
        saved.write(workdir, {**words, "strength": strength}, weights=line.weights, intercept=np.array(line.intercept))
        return {"texts": len(data.labels), "strength": strength, "weights": line.weights.tolist()}
