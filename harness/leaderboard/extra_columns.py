"""Columns that stand beside the figures of tasks, each declared once; every format and the site take them from here.

To add one, write an `ExtraColumn` and list it in `EXTRA_COLUMNS`: with a `Column` it is a number, with a `TextColumn` a
text. A number is shown with its interval, where it has one, and is never ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.leaderboard.board import Board, Column, TextColumn
from harness.leaderboard.cost import COST_COLUMN, NOTE, milliseconds_an_item
from harness.names.registry import Registry
from harness.stats import Estimate
from harness.store.reading import Readable
from harness.store.records import CellRecord
from harness.tasks.schema import BenchmarkFile


@dataclass(frozen=True, slots=True)
class ColumnSources:
    """What the values of an extra column can be taken from."""

    registry: Registry
    """Where names are looked up."""
    benchmark: BenchmarkFile
    cells: Sequence[CellRecord]
    """The cells that the board is made of."""
    stores: Sequence[Readable]
    """The stores that know how the answers were computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraColumn:
    """A column beside the figures of tasks."""

    column: Column | TextColumn
    """How the column is called, and for numbers its unit and direction."""
    values: Callable[[ColumnSources], Mapping[str, Estimate | str]]
    """Returns the values by the labels of evaluated models: estimates for a `Column`, texts for a `TextColumn`."""
    asked_for: Callable[[BenchmarkFile], bool] = lambda benchmark: True
    """Says whether the boards of a benchmark have the column."""
    note: str = ""
    """A sentence for readers of the board, below it wherever the column is there."""


EXTRA_COLUMNS: tuple[ExtraColumn, ...] = (
    ExtraColumn(
        column=COST_COLUMN,
        values=lambda sources: milliseconds_an_item(sources.cells, sources.stores),
        asked_for=lambda benchmark: benchmark.cost,
        note=NOTE,
    ),
)
"""In the order in which boards show them."""


def add_extra_columns(board: Board, sources: ColumnSources) -> None:
    """Add to a board the extra columns for which any of its entries has a value.

    Args:
        board: Its columns, entries and notes are added to.
        sources: What the values are taken from.
    """
    for extra in EXTRA_COLUMNS:
        values = extra.values(sources) if extra.asked_for(sources.benchmark) else {}
        for entry in board.entries:
            value = values.get(entry.model)
            if isinstance(value, Estimate):
                entry.figures[extra.column.key] = value
            elif value is not None:
                entry.texts[extra.column.key] = value
        if not any(entry.model in values for entry in board.entries):
            continue  # an empty column would ask the reader what is missing
        if isinstance(extra.column, Column):
            board.columns.append(extra.column)
        else:
            board.text_columns.append(extra.column)
        board.notes += [extra.note] if extra.note else []
