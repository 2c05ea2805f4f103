"""Robustness of a router: whether a question in other words goes to the same model."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Linearised, Metric, Range

from .choices import answered, choices


class RouteRobustness(Metric):
    """Share of questions all of whose rephrasings get the model that the question gets.

    A question and its rephrasings are rows of one code in the column ``rephrasings``. With one rephrasing a question it
    is RouterArena's robustness. What the outcomes are does not matter.
    """

    description = "share of questions of which every rephrasing is sent to the same model as the question"
    needs: ClassVar[tuple[str, ...]] = ("predicted", "rephrasings")

    def __init__(self, cost_weight: Annotated[float, Range(least=0)] = 0.0) -> None:
        self.cost_weight = cost_weight

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows that were answered, and have another one that was answered and says the same."""
        codes = columns.values["rephrasings"]
        there = answered(columns) & np.isfinite(codes)
        found, place, counts = np.unique(np.where(there, codes, -1), return_inverse=True, return_counts=True)
        return np.asarray(there & (counts[place] > 1) & (found[place] >= 0))

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        if not np.isfinite(columns.values["rephrasings"]).any():
            return "no question of the data rephrases another: map the field 'rephrases'"
        return "no question was answered together with a rephrasing of it"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the share; the influence of a question and its rephrasings stands on their first row."""
        chosen = choices(columns, self.cost_weight).model
        _, first, place = np.unique(columns.values["rephrasings"], return_index=True, return_inverse=True)
        differs = np.zeros(len(first))
        np.maximum.at(differs, place, (chosen != chosen[first][place]).astype(np.float64))
        same = 1.0 - differs
        value = float(same.mean())
        influence = np.zeros(len(chosen))
        influence[first] = (same - value) * len(chosen) / len(first)
        return Linearised(value, influence)

    def trials(self, columns: Columns) -> int:
        """Count the questions, without their rephrasings."""
        return len(np.unique(columns.values["rephrasings"]))
