"""A leaderboard on a terminal: as wide as that is, with the best of each column and what failed marked."""

from __future__ import annotations

import math

from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.rendering import board_banner, board_notes, render, title_line
from harness.leaderboard.shown_columns import shown_columns
from harness.leaderboard.unranked import sections
from harness.results.terminal_tables import FittedTable, for_a_terminal, say_fitted, say_prose
from harness.terminal import say

COMPAT = "@compat"
"""Ends the name of a metric that repeats a published convention, flaws included."""


def say_board(board: Board, *, blank: bool = True) -> None:
    """Print a leaderboard: fitted to a terminal, as the format ``table`` elsewhere.

    Args:
        board: What is shown.
        blank: End with an empty line.
    """
    if not for_a_terminal():
        say(render(board, "table"), nl=blank)
        return
    if board.verdict:
        say_prose(board.verdict, style="bold")
        say()
    say_prose(title_line(board))
    if banner := board_banner(board):
        say_prose(banner, style="bold")
    say()
    same = _same_as_exact(board)
    say_fitted(_table(board, same), "--wide, or harness view")
    say()
    for note in board_notes(board, short=True):
        say_prose(note)
    if same:
        say_prose(f"as published ({COMPAT}): the same in every row, not shown: {', '.join(c.title for c in same)}")
    if blank:
        say()


def _table(board: Board, left_out: list[Column]) -> FittedTable:
    shown = shown_columns(board)
    figures = board.columns
    first = shown.index(next(c for c in shown if c.heading == figures[0].heading)) if figures else 2
    texts = [[column.text(entry) for column in shown] for entry in board.entries]
    best = {(row, 1) for row, entry in enumerate(board.entries) if entry.rank == 1}
    for i, column in enumerate(figures):
        best |= {(row, first + i) for row in _best(board, column)}
    last = len(shown) - 1
    failed = {(row, last) for row, entry in enumerate(board.entries) if not entry.published and entry.n_failed}
    failed |= {
        (r, c) for r, row in enumerate(texts) for c, text in enumerate(row) if c > 1 and text.startswith("failed")
    }
    hidden = {first + figures.index(column) for column in left_out}
    kept = [i for i in range(len(shown)) if i not in hidden]
    place = {old: new for new, old in enumerate(kept)}
    heads = [column.heading for column in shown]
    for i, column in enumerate(figures):
        heads[first + i] = _two_lines(column)
    return FittedTable(
        head=[heads[i] for i in kept],
        rows=[[row[i] for i in kept] for row in texts],
        left=[place[i] for i in kept if shown[i].left or i == 0],
        keep=[place[i] for i in {0, 1, first, last} if i in place],
        best={(row, place[i]) for row, i in best if i in place},
        failed={(row, place[i]) for row, i in failed if i in place},
        dividers=_dividers(board),
    )


def _dividers(board: Board) -> dict[int, str]:
    """Return what stands above the rows that a divider parts from those before them, by the row's number."""
    dividers: dict[int, str] = {}
    row = 0
    for divider, entries in sections(board):
        if divider:
            dividers[row] = divider
        row += len(entries)
    return dividers


def _two_lines(column: Column) -> str:
    """Return a heading with the task above the metric, and the direction behind it where lower is better."""
    task, blank, metric = column.title.partition(" ")
    lower = "" if column.higher_is_better else " (lower better)"
    return f"{task}\n{metric}{lower}" if blank and ":" in column.key else f"{column.title}{lower}"


def _best(board: Board, column: Column) -> list[int]:
    """Return the rows of contenders with the best figure of a column; none where there is one model."""
    values = {
        row: entry.figures[column.key].value * (1 if column.higher_is_better else -1)
        for row, entry in enumerate(board.entries)
        if entry.contends and column.key in entry.figures and math.isfinite(entry.figures[column.key].value)
    }
    return [row for row, value in values.items() if value == max(values.values())] if len(values) > 1 else []


def _same_as_exact(board: Board) -> list[Column]:
    """Return the columns of published conventions that equal the exact figures in every row, but for the first."""
    keys = {column.key for column in board.columns}
    same = []
    for column in board.columns[1:]:
        exact = column.key.removesuffix(COMPAT)
        if exact == column.key or exact not in keys:
            continue
        if all(_value(entry, column.key) == _value(entry, exact) for entry in board.entries):
            same.append(column)
    return same


def _value(entry: BoardEntry, key: str) -> float | None:
    """Return a figure; None where there is none, which is not a number that equals nothing."""
    estimate = entry.figures.get(key)
    return None if estimate is None or math.isnan(estimate.value) else estimate.value
