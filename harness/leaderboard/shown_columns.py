"""The columns of a leaderboard as tables show them: heading, side, and each cell as text and as HTML."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.leaderboard.board import Board, BoardEntry, Column, TextColumn
from harness.results.numbers import NO_FIGURE, chance_text, figure, interval, other_level
from harness.stats import Estimate
from harness.tasks.selectors import task_of
from harness.terminal import visible

if TYPE_CHECKING:
    from markupsafe import Markup

PUBLISHED = "†"
"""Marks rows that were published, not evaluated here."""
FAILED = "failed"
"""Stands where a figure would, had the task not failed whole."""
_DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """One column of a table; what models and files wrote in it is text, never markup."""

    heading: str
    text: Callable[[BoardEntry], str]
    """Returns a cell as text."""
    html: Callable[[BoardEntry], Markup]
    """Returns the inside of a cell as HTML, in which every text is escaped."""
    left: bool = False
    """Whether the cells stand at the left, as text does, rather than at the right, as numbers do."""


def shown_columns(board: Board) -> list[ShownColumn]:
    """Return the columns of a leaderboard from left to right."""
    return [
        ShownColumn("rank", rank_text, lambda entry: _escaped(rank_text(entry))),
        ShownColumn("model", _model_text, _model_html, left=True),
        *(_figures(column, board.confidence) for column in board.columns),
        *(_texts(column) for column in board.text_columns),
        ShownColumn("failed", partial(failed_text, none=NO_FIGURE), _failed_html),
    ]


def rank_text(entry: BoardEntry) -> str:
    """Return the place with the places that the errors allow, ``2 (1-3)``."""
    if entry.published:
        return PUBLISHED
    if entry.rank is None:
        return NO_FIGURE
    same = entry.rank_low == entry.rank_high
    return str(entry.rank) if same else f"{entry.rank} ({entry.rank_low}-{entry.rank_high})"


def _figures(column: Column, level: float) -> ShownColumn:
    def text(entry: BoardEntry) -> str:
        return FAILED if failure_of(entry, column) else interval(entry.figures.get(column.key), column.unit, level)

    return ShownColumn(column.heading, text, lambda entry: _figure_html(entry, column, level))


def failure_of(entry: BoardEntry, column: Column) -> str:
    """Return why an entry has no figure of a column whose task was tried; empty where it has one, or was not tried."""
    if column.key in entry.figures:
        return ""
    return entry.failed_tasks.get(task_of(entry.failed_tasks, column.key), "")


def _texts(column: TextColumn) -> ShownColumn:
    def text(entry: BoardEntry) -> str:
        return visible(entry.texts.get(column.key) or NO_FIGURE)

    return ShownColumn(column.title, text, lambda entry: _escaped(text(entry)), left=True)


def _model_text(entry: BoardEntry) -> str:
    return visible(entry.model) + ("*" if entry.adapters else "") + (f" {PUBLISHED}" if entry.published else "")


def _model_html(entry: BoardEntry) -> Markup:
    from markupsafe import Markup

    shown = _escaped(visible(entry.model))
    if entry.published:
        title = f"published, not evaluated here: {visible('; '.join(entry.published))}"
        shown += Markup(' <abbr title="{}">{}</abbr>').format(title, PUBLISHED)
    if entry.adapters:
        through = "".join(f"{task}: {' > '.join(names)}; " for task, names in entry.adapters.items())
        shown += Markup('<abbr title="asked through: {}">*</abbr>').format(through)
    return shown


def _figure_html(entry: BoardEntry, column: Column, level: float) -> Markup:
    from markupsafe import Markup

    if why := failure_of(entry, column):
        return Markup('<abbr class="bad" title="{}">{}</abbr>').format(visible(why), FAILED)
    estimate = entry.figures.get(column.key)
    if estimate is None or math.isnan(estimate.value):
        return Markup("&ndash;")
    shown = _escaped(figure(estimate.value, column.unit))
    if not math.isnan(estimate.low):
        low, high = figure(estimate.low, column.unit), figure(estimate.high, column.unit)
        ends = f"{low} to {high}{other_level(estimate, level)}"
        shown += Markup('<span class="range">{}</span>').format(ends)
    if said := chance_of(estimate, column):
        shown += Markup(' <span class="badge" title="chance: {}">{}</span>').format(
            chance_text([estimate], column.unit), said
        )
    return shown


def chance_of(estimate: Estimate, column: Column) -> str:
    """Return how a figure stands to chance in words: ``at chance``, ``worse than chance``; empty where it is better."""
    if estimate.at_chance:
        return "at chance"
    return "worse than chance" if estimate.worse_than_chance(column.higher_is_better) else ""


def failed_text(entry: BoardEntry, none: str) -> str:
    """Return how many requests failed, and how many tasks whole, ``270 (1 task)``; of a published row nobody knows."""
    if entry.published:
        return none
    tasks = len(entry.failed_tasks)
    return f"{entry.n_failed} ({tasks} task{'' if tasks == 1 else 's'})" if tasks else str(entry.n_failed)


def _failed_html(entry: BoardEntry) -> Markup:
    from markupsafe import Markup

    shown = _escaped(failed_text(entry, _DASH))
    return Markup('<span class="bad">{}</span>').format(shown) if entry.failed_tasks else shown


def _escaped(text: str) -> Markup:
    from markupsafe import escape

    return escape(text)
