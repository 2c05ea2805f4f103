"""A detector with a threshold: log-odds above the threshold become log-odds above 0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import INSIDE, Ask, Conversation, Failure, Item, Progress, Task, Trainer

from . import saved
from .labelled import labelled, log_odds_of
from .thresholds import Threshold, best_balanced_accuracy, best_f1, certified

_RATE = re.compile(r"fpr=(?P<rate>[\d.eE+-]+)")
RULES = ("fpr=RATE", "f1", "balanced-accuracy")


class OperatingPoint(saved.FittedOver):
    """Answers with the base's log-odds less the threshold that `OperatingPointTrainer` chose: positive means an alarm.

    Args:
        path: The directory that the trainer wrote.
        base: The detector to ask; by default the one that was trained over.
    """

    batch_size = 4096
    trainer: ClassVar[str] = "operating-point"

    def __init__(self, path: str, base: str = "") -> None:
        self.path, self.base = path, base

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to detect."""
        return {"base": ("detect",)}

    def load(self) -> None:
        """Read the threshold from the directory."""
        self._threshold = float(self.words()["threshold"])

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return log-odds less the threshold, in nats; exactly 0, no alarm, at the threshold itself."""
        answers = self.parts["base"]("detect", requests) if requests else []
        return [
            Failure(f"the base detector: {answer.reason}")
            if isinstance(answer, Failure)
            else float(answer) - self._threshold
            for answer in answers
        ]


class OperatingPointTrainer(Trainer):
    """Chooses the base detector's threshold on a split that the base was not trained on (``--split``).

    Args:
        rule: ``fpr=0.01``: the lowest threshold with a certified false positive rate of at most 0.01; ``f1`` or
            ``balanced-accuracy``: the threshold with the greatest value on the split.
        confidence: Confidence of the certified rate.
    """

    model: ClassVar[str] = "operating-point"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("detect",)

    def __init__(self, rule: str = "fpr=0.01", confidence: Annotated[float, INSIDE] = 0.95) -> None:
        self.rule, self.confidence = str(rule), float(confidence)

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Ask the base for the split's log-odds, choose the threshold, and save it.

        Raises:
            DataError: too few negatives certify the rate.
            ValueError: there is no such rule, or a class that the rule needs is missing.
        """
        rate = self._rate()
        data = labelled(items, task.name, both=rate is None)
        scores = log_odds_of(ask, data.conversations)
        cut = self._cut(scores, data.labels, rate)
        assert ask is not None
        words = {"trainer": "operating-point", "base": ask.specification, "base_fingerprint": ask.fingerprint}
        figures = _figures(scores, data.labels, cut)
        saved.write(workdir, {**words, "rule": self.rule, "confidence": self.confidence, **figures})
        return figures

    def _rate(self) -> float | None:
        """Return the rate of a rule that certifies one; None for the other rules.

        Raises:
            ValueError: the rule is none of RULES, or a number is out of range.
        """
        if self.rule in RULES[1:]:
            return None
        try:
            match = _RATE.fullmatch(self.rule)
            rate = float(match["rate"]) if match else None
        except ValueError:
            rate = None
        if rate is None or not 0 < rate < 1:
            raise ValueError(f"rule={self.rule}: expected {', '.join(RULES)}, RATE between 0 and 1")
        return rate

    def _cut(self, scores: NDArray[np.float64], labels: NDArray[np.bool_], rate: float | None) -> Threshold:
        if rate is not None:
            return certified(scores, labels, rate, self.confidence)
        return best_f1(scores, labels) if self.rule == "f1" else best_balanced_accuracy(scores, labels)


def _figures(scores: NDArray[np.float64], labels: NDArray[np.bool_], cut: Threshold) -> dict[str, Any]:
    alarms = scores > cut.threshold
    positives = int(labels.sum())
    return {
        "threshold": cut.threshold,
        "negatives": len(labels) - positives,
        "positives": positives,
        "false_positives": int((alarms & ~labels).sum()),
        "true_positives": int((alarms & labels).sum()),
        "false_positives_allowed": cut.allowed,
    }
