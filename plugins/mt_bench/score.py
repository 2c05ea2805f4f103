"""Metrics of single grading: the score, how much of it there is, and the published conventions."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, MeanMetric

from .reading import HIGHEST, LOWEST, UNREAD


class MtBenchScore(MeanMetric):
    """Mean grade of both turns, of the answers that have one; both answers to a question are one cluster.

    A grade that cannot be read is missing, as a failed one is, and is never a number. How many grades there are stands
    beside the score: of a judge that is read where it likes an answer, the mean says little.

    Args:
        missing: What becomes of answers without a grade: ``left-out``; or the mean if all of them had the ``lowest``
            grade, or the ``highest``: between the two lies the mean of all answers, whatever the missing grades are.
    """

    description = "mean grade from 1 to 10, of the answers that have a grade"
    unit = "grade"
    needs: ClassVar[tuple[str, ...]] = ("grade",)
    bounds: ClassVar[tuple[float, float]] = (LOWEST, HIGHEST)

    def __init__(self, missing: Literal["left-out", "lowest", "highest"] = "left-out") -> None:
        self.missing = missing

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the answers that count, (n,)."""
        read = np.isfinite(columns.values["grade"])
        return read if self.missing == "left-out" else np.ones(len(columns), dtype=bool)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the grades, and what stands for a missing one."""
        grades = columns.values["grade"]
        return np.where(np.isfinite(grades), grades, LOWEST if self.missing == "lowest" else HIGHEST)

    def constant(self, columns: Columns) -> str:
        """Say so if all grades are the same, since the interval then has no width and says less than it seems to."""
        grades = columns.values["grade"][np.isfinite(columns.values["grade"])]
        same = self.missing == "left-out" and len(grades) > 1 and bool((grades == grades[0]).all())
        return f"all {len(grades):,} grades are {grades[0]:g}, so that the interval has no width" if same else ""

    def nothing_valid(self, columns: Columns) -> str:
        """Say whether judgments failed or could not be read."""
        answered = columns.values.get("grade_answered")
        if answered is not None and (answered == 1).any():
            return f"none of {int((answered == 1).sum()):,} judgments holds a grade that can be read"
        return super().nothing_valid(columns)


class MtBenchScoreCompat(MeanMetric):
    """The mean as published code has it: of any first number in brackets, ``array[0]`` too.

    Args:
        unread: What becomes of a judgment without a number: ``dropped``, without a word, as FastChat does; ``counted``
            as the -1 that is filed for it, which makes a mean of grades negative.
    """

    description = "the mean grade with judgments that cannot be read dropped, or counted as -1"
    unit = "grade"
    needs: ClassVar[tuple[str, ...]] = ("grade_published",)
    bounds: ClassVar[tuple[float, float] | None] = None

    def __init__(self, unread: Literal["dropped", "counted"] = "dropped") -> None:
        self.unread = unread

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows that count, (n,)."""
        read = columns.values["grade_published"]
        return np.asarray(np.isfinite(read) & ((read != UNREAD) | (self.unread == "counted")))

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the numbers on file."""
        return columns.values["grade_published"]

    def nothing_valid(self, columns: Columns) -> str:
        """Say that no judgment holds a number, if there are judgments."""
        if np.isfinite(columns.values["grade_published"]).any():
            return "no judgment holds a number in brackets"
        return super().nothing_valid(columns)


class MtBenchCoverage(MeanMetric):
    """Share of the answers that have a grade; one that failed has none."""

    description = "share of the answers with a grade; what failed or cannot be read has none"
    needs: ClassVar[tuple[str, ...]] = ("grade_answered", "grade")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark all rows, (n,)."""
        return np.isfinite(columns.values["grade_answered"])

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 for an answer with a grade."""
        return np.isfinite(columns.values["grade"]).astype(float)


class MtBenchUnreadRate(MeanMetric):
    """Share of the judge's texts that hold no grade."""

    description = "share of the judge's texts without a grade on the scale"
    higher_is_better = False
    needs: ClassVar[tuple[str, ...]] = ("grade_answered", "grade")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the answers that the judge wrote about, (n,)."""
        return np.asarray(columns.values["grade_answered"] == 1)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 for a text without a grade."""
        return np.isnan(columns.values["grade"]).astype(float)
