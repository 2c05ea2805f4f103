"""Platt scaling: turns a detector's log-odds in any unit into log-odds that are calibrated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Ask, Conversation, Failure, Item, Progress, Range, Task, Trainer

from . import saved
from .labelled import labelled, log_odds_of


class CalibratedDetector(saved.FittedOver):
    """Answers with slope * (the base's log-odds) + offset.

    Args:
        path: The directory that the trainer wrote.
        base: The detector to ask; by default the one that was trained over.
        prevalence: Share of positives in use; 0 takes the share of the split that was fitted to.
    """

    batch_size = 4096
    trainer: ClassVar[str] = "calibrated-detector"

    def __init__(self, path: str, base: str = "", prevalence: Annotated[float, Range(least=0, below=1)] = 0.0) -> None:
        self.path, self.base, self.prevalence = path, base, prevalence

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to detect."""
        return {"base": ("detect",)}

    def load(self) -> None:
        """Read slope and offset, and shift the offset to the given prevalence."""
        words = self.words()
        self._slope, self._offset = float(words["slope"]), float(words["offset"])
        if self.prevalence:
            self._offset += _logit(self.prevalence) - _logit(float(words["prevalence"]))

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return calibrated log-odds in nats; a `Failure` where the base failed."""
        answers = self.parts["base"]("detect", requests) if requests else []
        return [
            Failure(f"the base detector: {answer.reason}")
            if isinstance(answer, Failure)
            else self._slope * float(answer) + self._offset
            for answer in answers
        ]


class CalibratedDetectorTrainer(Trainer):
    """Fits slope and offset on a split that the base was not trained on (Platt 1999)."""

    model: ClassVar[str] = "calibrated-detector"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("detect",)

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Ask the base for the split's log-odds, fit slope and offset, and save them.

        Raises:
            ValueError: a class is missing, or the base gives positives the lower log-odds.
        """
        data = labelled(items, task.name)
        scores = log_odds_of(ask, data.conversations)
        slope, offset = platt(scores, data.labels)
        if slope <= 0:
            raise ValueError(f"the base gives positives no higher log-odds than negatives (slope {slope:.3g})")
        assert ask is not None
        words = {"trainer": "calibrated-detector", "base": ask.specification, "base_fingerprint": ask.fingerprint}
        figures = {"slope": slope, "offset": offset, "prevalence": float(data.labels.mean()), "texts": len(scores)}
        saved.write(workdir, {**words, **figures})
        return figures


def platt(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[float, float]:
    """Find slope and offset of the greatest likelihood under Platt's smoothed labels.

    A positive counts as (P + 1) / (P + 2) and a negative as 1 / (N + 2): the slope is finite even if the scores
    separate the classes entirely (Platt 1999, Probabilistic outputs for support vector machines, section 2.2).

    Args:
        scores: Log-odds in any unit, shape (n,).
        labels: Shape (n,); both classes occur.
    """
    from scipy.optimize import minimize

    positives, negatives = int(labels.sum()), int((~labels).sum())
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    x = (scores - centre) / spread

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = line[0] * x + line[1]
        slack = np.exp(-np.logaddexp(0.0, -z)) - target
        return float((np.logaddexp(0.0, z) - target * z).mean()), np.array([(slack * x).mean(), slack.mean()])

    start = np.array([0.0, math.log((positives + 1) / (negatives + 1))])
    slope, offset = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9}).x
    return float(slope / spread), float(offset - slope * centre / spread)


def _logit(share: float) -> float:
    return math.log(share) - math.log1p(-share)
