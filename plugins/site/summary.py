"""What a board says in short: the title of its page, one sentence, and its first rows as places on an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.leaderboard import BoardEntry
from harness.results import bounds, figure
from harness.stats import Estimate

from .content import Content, ModelRow, SiteColumn

SHOWN = 5
"""Most rows of a picture."""


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """One model on the axis of a picture."""

    label: str
    slug: str
    published: bool
    tied: bool
    """Whether it is tied with the best."""
    value: str
    interval: str
    """As shown, ``[57.1, 67.2]``; empty where there is none."""
    at: float
    """Place of the value on the axis, in per cent of its length."""
    low: float
    """Place of the interval's lower end; that of the value where there is no interval."""
    high: float
    chance: float | None
    """Place of the figure that guessing gives; None where none is known."""


@dataclass(frozen=True, slots=True)
class TopRows:
    """The first rows of a board by one column, on one axis."""

    column: SiteColumn
    rows: Sequence[PlacedRow]
    ends: tuple[str, str]
    """Both ends of the axis, as shown."""


def headline(content: Content) -> str:
    """Return who leads in a few words, ``Skywork-8B leads, 3 tied``; empty where nobody has a rank."""
    claim = content.claim
    if claim is None:
        return ""
    if not claim.named:
        return "no single best"
    figures = [entry.figures.get(content.board.ranking) for entry in claim.named]
    if all(e is not None and e.at_chance for e in figures):
        return "none told from chance"
    first = claim.named[0].model
    return f"{first} leads" if len(claim.named) == 1 else f"{first} leads, {len(claim.named)} tied"


def title(content: Content) -> str:
    """Return the title of a board's page, which chat programs show with a link to it."""
    name, lead = content.board.title or f"{content.board.benchmark} leaderboard", headline(content)
    return f"{name}: {lead}" if lead else name


def sentence(content: Content) -> str:
    """Return what the board says of who is best, of how many, as one sentence; what it is about where it is empty."""
    verdict = content.board.verdict
    return f"{verdict}." if verdict else content.board.description


def top_rows(content: Content) -> TopRows | None:
    """Return the first rows by the column that ranks; None for a board without a figure.

    Where models without rank are ahead on a shared task, the rows are those by that task: by the ranking column a
    picture would leave out the very models that the sentence beside it names.
    """
    ahead = [key for entry in content.board.entries for key in entry.ahead_of_best]
    wanted = [*ahead[:1], content.board.ranking, *(column.key for column in content.columns)]
    for key in wanted:
        column = next((one for one in content.columns if one.key == key), None)
        found = [] if column is None else [row for row in content.rows if _has(row, key)]
        # A bound would stand above the models that the sentence beside it names; alone it is all there is.
        found = [row for row in found if not row.entry.bound] or found
        if column is not None and found:
            return _placed(column, _first(found, column), content)
    return None


def _has(row: ModelRow, key: str) -> bool:
    return key in row.figures and math.isfinite(row.figures[key].value)


def _first(rows: Sequence[ModelRow], column: SiteColumn) -> list[ModelRow]:
    """Return the best few rows, with the best of those that were evaluated here among them."""
    sign = -1 if column.higher_is_better else 1
    ordered = sorted(rows, key=lambda row: sign * row.figures[column.key].value)
    shown = ordered[:SHOWN]
    own = [row for row in ordered if not row.entry.published][:1]
    return shown if not own or own[0] in shown else [*shown[:-1], *own]


def _placed(column: SiteColumn, rows: Sequence[ModelRow], content: Content) -> TopRows:
    estimates = [row.figures[column.key] for row in rows]
    guessed = [e.chance for e in estimates if e.chance is not None]
    ends = [v for e in estimates for v in (e.value, e.low, e.high) if math.isfinite(v)] + guessed
    least, most = min(ends), max(ends)
    margin = 0.04 * (most - least) or 1.0
    low, high = least - margin, most + margin

    def at(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    def place(row: ModelRow, e: Estimate) -> PlacedRow:
        bounded = math.isfinite(e.low)
        entry: BoardEntry = row.entry
        return PlacedRow(
            label=entry.model,
            slug=row.slug,
            published=bool(entry.published),
            tied=entry.tied_with_best,
            value=figure(e.value, column.unit),
            interval=bounds(e, column.unit, content.board.confidence) if bounded else "",
            at=at(e.value),
            low=at(e.low) if bounded else at(e.value),
            high=at(e.high) if bounded else at(e.value),
            chance=None if e.chance is None else at(e.chance),
        )

    placed = [place(row, e) for row, e in zip(rows, estimates, strict=True)]
    return TopRows(column, placed, (figure(least, column.unit), figure(most, column.unit)))
