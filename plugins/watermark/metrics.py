"""Metrics of evidence: how often a mark is found at a level, how often one is found that is not there, and z."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import INSIDE, Columns, FloatArray, MeanMetric, Metric, stats
from harness.stats import Estimate, Linearised


class OfOneClass(Metric):
    """The mean of a figure over the texts with a mark, or over those without."""

    marked: ClassVar[bool] = True

    def among(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the texts that count, (n,)."""
        return np.asarray(columns.values["label"] == float(self.marked))

    def figure(self, columns: Columns) -> FloatArray:
        """Return the figure of each text, (n,)."""
        raise NotImplementedError

    def nothing_valid(self, columns: Columns) -> str:
        """Say that no text has evidence: every request failed, or the model detects no mark."""
        return "no text has evidence of a mark: every request failed, or the model looks for none"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean over the class, and the influence of each text on it.

        Raises:
            ValueError: there is no text of the class.
        """
        among, figure = self.among(columns), self.figure(columns)
        if not among.any():
            raise ValueError(f"no text is {'' if self.marked else 'un'}marked")
        mean = float(figure[among].mean())
        return Linearised(mean, np.where(among, figure - mean, 0.0) * (len(among) / among.sum()))

    def trials(self, columns: Columns) -> int | None:
        """Count the texts of the class."""
        return int(self.among(columns).sum())

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return 0 for the texts of the class, and -1 for the others."""
        return np.where(self.among(columns), 0, -1)


class ShareAtLevel(OfOneClass):
    """Share of texts of a class whose p-value is at most a level.

    Args:
        level: The p-value from which a text counts as marked.
        by: ``count`` takes the p-value of all green tokens; ``window`` that of the best window.
    """

    def __init__(self, level: Annotated[float, INSIDE] = 0.01, by: Literal["count", "window"] = "count") -> None:
        self.level = level
        self.needs = ("mark_p" if by == "count" else "mark_window_p", "label")  # type: ignore[misc]

    def figure(self, columns: Columns) -> FloatArray:
        """Return 1 for texts at or below the level."""
        return (columns.values[self.needs[0]] <= self.level).astype(float)

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return Wilson's interval; for clustered texts that of the influences."""
        if columns.clusters is not None:
            return estimate.low, estimate.high
        hits, texts = self._counts(columns)
        return stats.wilson(hits, texts, confidence=confidence)

    def _counts(self, columns: Columns) -> tuple[int, int]:
        among = self.among(columns)
        return int(self.figure(columns)[among].sum()), int(among.sum())


class MarksFound(ShareAtLevel):
    """Share of marked texts that are found at a level."""

    description: ClassVar[str] = "share of marked texts whose p-value is at most `level`"


class FalseMarks(ShareAtLevel):
    """Share of unmarked texts that are taken for marked at a level: no more than the level if p-values hold."""

    description: ClassVar[str] = (
        "share of unmarked texts whose p-value is at most `level`: no more than that if p-values hold"
    )
    higher_is_better: ClassVar[bool] = False
    marked: ClassVar[bool] = False

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the level, and a note where more texts than that are shown to be below it."""
        hits, texts = self._counts(columns)
        low, _ = stats.clopper_pearson(hits, texts)
        if columns.clusters is not None or low <= self.level:
            return {"level": self.level}
        note = (
            f"{hits} of {texts} unmarked texts have p-values of at most {self.level:g}, more than chance explains: "
            "p-values do not hold on these texts"
        )
        return {"level": self.level, "note": note}


class MeanMarkZ(OfOneClass):
    """Mean z of the marked texts."""

    description: ClassVar[str] = "mean z of marked texts"
    unit: ClassVar[str] = "standard deviations"
    needs: ClassVar[tuple[str, ...]] = ("mark_z", "label")
    bounds: ClassVar[tuple[float, float] | None] = None

    def figure(self, columns: Columns) -> FloatArray:
        """Return z."""
        z: FloatArray = columns.values["mark_z"]
        return z


class MeanUnmarkedZ(MeanMarkZ):
    """Mean z of the texts without a mark: 0 by chance."""

    description: ClassVar[str] = "mean z of unmarked texts: 0 if z holds"
    higher_is_better: ClassVar[bool] = False
    marked: ClassVar[bool] = False


class SpreadOfUnmarkedZ(MeanUnmarkedZ):
    """Standard deviation of z on the texts without a mark: above 1 where repeats are counted."""

    description: ClassVar[str] = (
        "standard deviation of z on unmarked texts: 1 if z holds, more where repeats are counted"
    )

    def linearise(self, columns: Columns) -> Linearised:
        """Return the standard deviation, and the influence of each text on it.

        Raises:
            ValueError: there are fewer than two texts without a mark.
        """
        among, z = self.among(columns), self.figure(columns)
        count = int(among.sum())
        if count < 2:
            raise ValueError("fewer than two texts are unmarked")
        mean, spread = float(z[among].mean()), float(z[among].std(ddof=1))
        if not spread:
            return Linearised(0.0, np.zeros(len(z)))
        influence = np.where(among, ((z - mean) ** 2 - float(z[among].var())) / (2 * spread), 0.0)
        return Linearised(spread, influence * (len(z) / count))


class WordsKept(MeanMetric):
    """Mean share of a text's words that are still there after an attack."""

    description: ClassVar[str] = "mean share of a text's words that are still there after the attack"
    needs: ClassVar[tuple[str, ...]] = ("kept",)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the share of each text, (n,)."""
        return columns.values["kept"]
