"""Where a model stands among all models: what it is better and worse at, as far as the errors tell."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.stats import Estimate

from .content import Content, ModelRow, SiteColumn, shown_ends

FEWEST = 5
"""Fewest items of a domain's figure that a page shows among others, or calls a strength or a weakness."""
OPEN = 20
"""Most figures of domains that a page shows unfolded."""
SHOWN = 6
"""Most strengths, and most weaknesses, that a page lists."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One figure of a model, set against the figures of the other models."""

    column: SiteColumn
    estimate: Estimate
    place: int
    """1 + the number of contenders with a better value."""
    of: int
    """The number of contenders with a value."""
    distance: float
    """Distance from the median of the contenders, in standard deviations of their values; positive is better."""
    clear: bool
    """Whether the errors tell the figure from the median."""
    ends: tuple[float, float] = (0.0, 1.0)
    """Ends of the bars of all figures with this unit."""

    @property
    def whole(self) -> str:
        """The title of the figure over all items, of one on a domain."""
        return self.column.title.removesuffix(f" · {self.column.domain}")

    @property
    def shown_ends(self) -> str:
        """The ends of the bars, in the unit in which figures are shown."""
        return shown_ends(*self.ends, self.column.unit)


@dataclass(frozen=True, slots=True)
class DomainFigures:
    """A model's figures on the domains of all tasks."""

    shown: list[Standing]
    few: list[Standing]
    """Those of fewer than `FEWEST` items."""

    @property
    def words(self) -> str:
        """How many figures there are, of how many tasks, in words."""
        every = [*self.shown, *self.few]
        tasks = len({s.column.task for s in every})
        return f"{len(every)} figure{'' if len(every) == 1 else 's'} of {tasks} task{'' if tasks == 1 else 's'}"

    @property
    def open(self) -> bool:
        """Whether there are so few that a page shows them unfolded."""
        return 0 < len(self.shown) <= OPEN


def by_domain(row_standings: Sequence[Standing]) -> DomainFigures | None:
    """Return the figures on domains, in the order of the columns; None where there is none."""
    of_domains = [s for s in row_standings if s.column.kind == "domain"]
    few = [s for s in of_domains if _is_of_few(s)]
    return DomainFigures([s for s in of_domains if not _is_of_few(s)], few) if of_domains else None


def _is_of_few(s: Standing) -> bool:
    """Return whether a figure is known to rest on fewer than `FEWEST` items; a published one seldom says it."""
    return 0 < s.estimate.n < FEWEST


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
    others = [row.figures[column.key] for row in content.contenders if column.key in row.figures]
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
    good = [s for s in _telling(row_standings) if s.distance > 0]
    return sorted(good, key=lambda s: -s.distance)[:SHOWN]


def weaknesses(row_standings: list[Standing]) -> list[Standing]:
    """Return the figures that lie clearly below the models' median, the farthest first."""
    bad = [s for s in _telling(row_standings) if s.distance < 0]
    return sorted(bad, key=lambda s: s.distance)[:SHOWN]


def _telling(row_standings: Sequence[Standing]) -> Iterator[Standing]:
    """Yield the figures of tasks that the errors tell from the models' median, each once."""
    known = {(s.column.task, s.column.metric, s.column.domain) for s in row_standings}
    for s in row_standings:
        # A figure by a published convention says the same as the one beside it by the right convention.
        twin = (s.column.task, s.column.metric.removesuffix("@compat"), s.column.domain)
        is_twin = s.column.metric.endswith("@compat") and twin in known
        if s.clear and s.column.task and not is_twin and not _is_of_few(s):
            yield s
