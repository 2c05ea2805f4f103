"""Agreement with people in three classes, for boards: the first response, the second, or a tie."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, Linearised, MeanMetric, Metric
from harness.kinds.preference import OfVerdicts
from harness.kinds.preference_agreement import kappa

from .agreement import classes, macro


def _verdicts(columns: Columns, order: str) -> FloatArray:
    """Return the preference for the first response of the data, (n,)."""
    preference, better = columns.values[order], columns.values["better"]
    return np.asarray(np.where(better == 1, 1 - preference, preference))


def agreement_by_chance(metric: Metric, columns: Columns) -> float:
    """Return the agreement to expect of the same verdicts and labels, paired by chance."""
    people = classes(columns.values["people"])
    orders = [order for order in ("as_given", "exchanged") if order in metric.needs]
    expected = []
    for order in orders:
        verdicts = classes(np.nan_to_num(_verdicts(columns, order), nan=0.5))
        expected.append(sum(float((verdicts == k).mean() * (people == k).mean()) for k in range(3)))
    return float(np.mean(expected))


class PeopleAgreement(OfVerdicts, MeanMetric):
    """Share of verdicts in the class of the label: first, second or tie; mean of both orders."""

    description = "verdicts in the class that people say: first, second or tie; mean of both orders"
    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "better", "people")
    chance = agreement_by_chance

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the mean over both orders, for each pair."""
        people = classes(columns.values["people"])
        same = [classes(_verdicts(columns, order)) == people for order in ("as_given", "exchanged")]
        return np.asarray(np.array(same, dtype=np.float64).mean(axis=0))


class _AsGiven(OfVerdicts):
    """Base of what PandaLM publishes: the order of the data, and an unread verdict is a tie."""

    needs: ClassVar[tuple[str, ...]] = ("as_given", "better", "people", "answered")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows that were answered, readable or not."""
        return np.asarray(columns.values["answered"] == 1)

    @staticmethod
    def both(columns: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the classes of verdicts and of labels."""
        return classes(np.nan_to_num(_verdicts(columns, "as_given"), nan=0.5)), classes(columns.values["people"])


class PeopleAgreementCompat(_AsGiven, MeanMetric):
    """`PeopleAgreement` as PandaLM publishes it: one order, an unread verdict is a tie."""

    description = "as PandaLM publishes it: the order of the data, an unread verdict is a tie"
    chance = agreement_by_chance

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the classes are the same."""
        verdicts, people = self.both(columns)
        return np.asarray(verdicts == people, dtype=np.float64)


class PeopleKappa(OfVerdicts):
    """Cohen's kappa of verdicts and labels, in three classes; mean of both orders."""

    description = "agreement with people beyond chance, in three classes; mean of both orders"
    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "better", "people")
    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean of the kappas of both orders."""
        people = classes(columns.values["people"])
        one, other = (kappa(classes(_verdicts(columns, order)), people) for order in ("as_given", "exchanged"))
        return Linearised((one.value + other.value) / 2, (one.influence + other.influence) / 2)


class MacroF1Compat(_AsGiven):
    """Macro F1 over first, second and tie, as PandaLM publishes it."""

    description = "macro F1 over first, second and tie, as PandaLM publishes it: one order, an unread verdict is a tie"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean of the three F1 values."""
        return macro(*self.both(columns))["f1"]

    def detail(self, columns: Columns) -> dict[str, object]:
        """Return macro precision and recall beside it."""
        found = macro(*self.both(columns))
        return {"macro_precision": found["precision"].value, "macro_recall": found["recall"].value}
