"""Where a model stands among all models: what it is better and worse at, as far as the errors tell."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats import Estimate

from .content import Content, ModelRow, SiteColumn, shown_ends

SHOWN = 6
"""Most strengths, and most weaknesses, that a page lists."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One figure of a model, set against the figures of the other models."""

    column: SiteColumn
    estimate: Estimate
    place: int
    """1 + the number of evaluated models with a better value."""
    of: int
    distance: float
    """Distance from the median of all models, in standard deviations of their values; positive is better."""
    clear: bool
    """Whether the errors tell the figure from the median."""
    ends: tuple[float, float] = (0.0, 1.0)
    """Ends of the bars of all figures with this unit."""

    @property
    def shown_ends(self) -> str:
        """The ends of the bars, in the unit in which figures are shown."""
        return shown_ends(*self.ends, self.column.unit)


def standings(content: Content, row: ModelRow) -> list[Standing]:
    """Return the standing of each figure of a row, in the order of the columns."""
    standing_figures = []
    ends = _ends(content)
    for column in content.columns:
        estimate = row.figures.get(column.key)
        if estimate is not None and math.isfinite(estimate.value):
            standing_figures.append(_standing(content, column, estimate, ends[column.unit]))
    return standing_figures


def _ends(content: Content) -> dict[str, tuple[float, float]]:
    """Return the least and greatest end of any bar, by unit: figures of one unit are drawn on one scale."""
    ends: dict[str, tuple[float, float]] = {}
    for column in content.columns:
        least, most = ends.get(column.unit, (math.inf, -math.inf))
        ends[column.unit] = (min(least, column.least), max(most, column.most))
    return ends


def _standing(content: Content, column: SiteColumn, estimate: Estimate, ends: tuple[float, float]) -> Standing:
    sign = 1 if column.higher_is_better else -1
    others = [row.figures[column.key] for row in content.evaluated if column.key in row.figures]
    finite = [other for other in others if math.isfinite(other.value)]
    gap = sign * (estimate.value - column.median)
    distance = gap / column.spread if column.spread > 0 else math.nan
    place = 1 + sum(sign * other.value > sign * estimate.value for other in finite)
    return Standing(column, estimate, place, len(finite), distance, _clear(column.median, estimate, finite), ends)


def _clear(median: float, estimate: Estimate, others: Sequence[Estimate]) -> bool:
    """Tell whether the interval excludes the median, and the value lies outside the models' median interval.

    The second test is needed because near a bound an interval may exclude a median that lies on the bound.
    """
    bounded = [other for other in others if math.isfinite(other.low)]
    if not bounded or not math.isfinite(estimate.low):
        return False
    low = statistics.median(other.low for other in bounded)
    high = statistics.median(other.high for other in bounded)
    return not estimate.low <= median <= estimate.high and not low <= estimate.value <= high


def strengths(row_standings: list[Standing]) -> list[Standing]:
    """Return the figures that lie clearly above the models' median, the farthest first."""
    good = [s for s in row_standings if s.clear and s.distance > 0 and s.column.task]
    return sorted(good, key=lambda s: -s.distance)[:SHOWN]


def weaknesses(row_standings: list[Standing]) -> list[Standing]:
    """Return the figures that lie clearly below the models' median, the farthest first."""
    bad = [s for s in row_standings if s.clear and s.distance < 0 and s.column.task]
    return sorted(bad, key=lambda s: s.distance)[:SHOWN]
