"""What a detector of marks finds beyond rules that look at the length of a text, or at how often it repeats itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import INSIDE, Columns, FloatArray, Metric, stats
from harness.stats import Linearised

SHORTCUTS = ("words", "repeats")
"""Columns that say nothing of a mark: the number of words, and the share of pairs of words that stand there before."""


class _Rule(NamedTuple):
    found: Linearised
    words: str


class MarkLift(Metric):
    """Share of marked texts found at a rate of false alarms, less that of the best rule that knows nothing of the mark.

    The rules: long texts or short ones, texts that repeat pairs of words more or less, and chance, which finds as large
    a share as it gives false alarms. Ties are let in at random as needed, for rules and detector alike.

    Args:
        rate: Rate of false alarms.
    """

    description: ClassVar[str] = (
        "marked texts found at a false alarm rate of `rate`, beyond rules of length and repeats"
    )
    needs: ClassVar[tuple[str, ...]] = ("log_odds", "label", *SHORTCUTS)
    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    compared_with: ClassVar[str] = "the best rule of length or repeats"
    ranks_only_above: ClassVar[bool] = True
    """Whoever is not shown to be above has no rank."""

    def __init__(self, rate: Annotated[float, INSIDE] = 0.01) -> None:
        self.rate = rate

    def linearise(self, columns: Columns) -> Linearised:
        """Return the difference, and the influence of each text on it, the rule taken as it is.

        Raises:
            ValueError: all texts are marked, or none is.
        """
        labels = columns.values["label"]
        if labels.min() == labels.max():
            raise ValueError("all texts are of one class, and a lift is of how far two are told apart")
        own, rule = self._at(columns.values["log_odds"], labels), self._rule(columns)
        return Linearised(own.value - rule.found.value, own.influence - rule.found.influence)

    def _at(self, scores: FloatArray, labels: FloatArray) -> Linearised:
        return stats.true_positive_rate_at_false_positive_rate(scores, labels, self.rate, interpolated=True)

    def _rule(self, columns: Columns) -> _Rule:
        """Return the best rule on these texts."""
        labels = columns.values["label"]
        best = _Rule(Linearised(self.rate, np.zeros(len(columns))), "chance")
        for name, more, less in (
            ("words", "long texts", "short texts"),
            ("repeats", "texts that repeat themselves", "texts that do not repeat themselves"),
        ):
            for sign, words in ((1.0, more), (-1.0, less)):
                found = self._at(sign * columns.values[name], labels)
                if found.value > best.found.value + 1e-12:
                    best = _Rule(found, words)
        return best

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels: in each class the influences have mean zero."""
        return np.asarray(columns.values["label"] == 1, dtype=np.int64)

    def trials(self, columns: Columns) -> int | None:
        """Count the marked texts."""
        return int((columns.values["label"] == 1).sum())

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the rule, and what it finds."""
        rule = self._rule(columns)
        return {"shortcut": rule.words, "shortcut_gain": rule.found.value}
