"""The picture above a table: the models on one axis, in their order, with intervals; drawn when the site is built."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.results import bounds, figure

from .content import Content, ModelRow, SiteColumn

MOST_LANES = 16
"""Most models that the picture shows."""
WIDTH = 1000
"""The width of the drawing in units of its own; pages stretch it."""
_MARGIN = 0.03
"""Share of the axis that is free at either end."""
_MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Lane:
    """One model in the picture."""

    row: ModelRow
    value: str
    interval: str
    """As ``[57.1, 67.2]``; empty without an interval."""


@dataclass(frozen=True, slots=True)
class RankingPicture:
    """Everything that the template of the picture needs; places on the axis are in units of `WIDTH`."""

    column: SiteColumn
    lanes: list[Lane]
    more: int
    """Number of models with a value that are not drawn, for want of room."""
    without: int
    """Number of models that have no value to be drawn."""
    own_ranges: str
    """The path of the intervals of evaluated models."""
    published_ranges: str
    own_dots: str
    """The path of the values of evaluated models, a point each."""
    published_dots: str
    ticks: list[tuple[str, str]]
    """Places on the axis in per cent, and their figures."""
    chance: tuple[str, str] | None
    """The place of what guessing gives, in per cent, and its figure; None where the metric does not say."""


def ranking_picture(content: Content) -> RankingPicture | None:
    """Draw the column that ranks; None where no column does, or fewer than two models have a value."""
    column = next((column for column in content.columns if column.key == content.board.ranking), None)
    if column is None:
        return None
    known = [row for row in content.rows if _has(row, column)]
    if len(known) < 2:
        return None
    shown = _chosen(known)
    scale = _Scale(column, shown)
    own, published = (
        [(i, row) for i, row in enumerate(shown) if bool(row.entry.published) is of] for of in (False, True)
    )
    return RankingPicture(
        column,
        [_lane(content, column, row) for row in shown],
        len(known) - len(shown),
        len(content.rows) - len(known),
        scale.ranges(own),
        scale.ranges(published),
        scale.dots(own),
        scale.dots(published),
        [(scale.percent(value), f"{_times(column) * value:.4g}") for value in scale.ticks()],
        None if column.chance is None else (scale.percent(column.chance), column.shown_chance),
    )


def _has(row: ModelRow, column: SiteColumn) -> bool:
    return column.key in row.figures and math.isfinite(row.figures[column.key].value)


def _times(column: SiteColumn) -> int:
    return 100 if column.unit == "fraction" else 1


def _chosen(known: Sequence[ModelRow]) -> list[ModelRow]:
    """Return the models that are drawn, in the order of the table: evaluated before published ones."""
    own = [row for row in known if not row.entry.published][:MOST_LANES]
    published = [row for row in known if row.entry.published][: MOST_LANES - len(own)]
    drawn = {row.slug for row in (*own, *published)}
    return [row for row in known if row.slug in drawn]


def _lane(content: Content, column: SiteColumn, row: ModelRow) -> Lane:
    estimate = row.figures[column.key]
    interval = bounds(estimate, column.unit, content.board.confidence)
    return Lane(row, figure(estimate.value, column.unit), interval)


class _Scale:
    """Where the values of some models lie on an axis that holds them all, with their intervals and chance."""

    def __init__(self, column: SiteColumn, rows: Sequence[ModelRow]) -> None:
        self._key = column.key
        estimates = [row.figures[column.key] for row in rows]
        ends = [v for e in estimates for v in (e.value, e.low, e.high) if math.isfinite(v)]
        if column.chance is not None:
            ends.append(column.chance)
        room = _MARGIN * (max(ends) - min(ends)) or abs(max(ends)) / 10 or 1
        self._least, self._most = min(ends) - room, max(ends) + room

    def _at(self, value: float) -> int:
        return round(WIDTH * (value - self._least) / (self._most - self._least))

    def percent(self, value: float) -> str:
        return f"{100 * self._at(value) / WIDTH:g}"

    def ranges(self, rows: Sequence[tuple[int, ModelRow]]) -> str:
        """Return the path of the intervals of some models by the number of their lane."""
        estimates = [(lane, row.figures[self._key]) for lane, row in rows]
        return "".join(
            f"M{self._at(e.low)} {lane}.5H{self._at(e.high)}" for lane, e in estimates if math.isfinite(e.low)
        )

    def dots(self, rows: Sequence[tuple[int, ModelRow]]) -> str:
        """Return the path of the values of some models: lines without length, whose round ends are points."""
        return "".join(f"M{self._at(row.figures[self._key].value)} {lane}.5h0" for lane, row in rows)

    def ticks(self) -> list[float]:
        """Return round values on the axis."""
        rough = (self._most - self._least) / _MOST_TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * (1 - 1e-9))
        first = math.ceil(self._least / step)
        return [step * i for i in range(first, math.floor(self._most / step) + 1)]
