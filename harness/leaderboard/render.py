"""A leaderboard in every format. Whatever a model or data set wrote is text, never markup."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from typing import Any

from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.documents import latex, model_index
from harness.results.numbers import figure, interval, other_level, percent, plain_table, visible
from harness.stats import Estimate
from harness.tasks.selectors import task_of
from harness.terminal import plain_json

PUBLISHED = "†"
"""Marks rows that were published, not evaluated here."""


SCHEMA = "harness-leaderboard/1"
"""Of the JSON: keys may be added under the same number; one that is removed or changes its meaning raises it."""


def rank_text(entry: BoardEntry) -> str:
    """Place with the places that the errors allow: ``2 (1-3)``."""
    if entry.published:
        return PUBLISHED
    if entry.rank is None:
        return "-"
    same = entry.rank_low == entry.rank_high
    return str(entry.rank) if same else f"{entry.rank} ({entry.rank_low}-{entry.rank_high})"


def _cells(board: Board, entry: BoardEntry) -> list[str]:
    return [
        rank_text(entry),
        visible(entry.model) + ("*" if entry.adapters else "") + (f" {PUBLISHED}" if entry.published else ""),
        *(interval(entry.figures.get(c.key), c.unit, board.confidence) for c in board.columns),
        "-" if entry.published else str(entry.n_failed),
    ]


def _head(board: Board) -> list[str]:
    return [
        "rank",
        "model",
        *(c.title + ("" if c.higher_is_better else " (lower is better)") for c in board.columns),
        "failed",
    ]


def _notes(board: Board) -> list[str]:
    notes = [f"{percent(board.confidence)} intervals; rank (lowest-highest place that the errors allow)"]
    if any(entry.adapters for entry in board.entries):
        notes.append("* asked through adapters on at least one task")
    for source in dict.fromkeys(source for entry in board.entries for source in entry.published):
        notes.append(f"{PUBLISHED} published, not evaluated here, and not ranked: {visible(source)}")
    return [*notes, *map(visible, board.notes)]


def _table(board: Board) -> str:
    rows = [_cells(board, entry) for entry in board.entries]
    title = visible(f"{board.benchmark}: {board.description}" if board.description else board.benchmark)
    return "\n".join([title, "", plain_table(_head(board), rows), "", *_notes(board)]) + "\n"


def _markdown(board: Board) -> str:
    def line(cells: list[str]) -> str:
        return "| " + " | ".join(_markdown_text(cell) for cell in cells) + " |"

    head = _head(board)
    lines = [f"## {_markdown_text(board.benchmark)}", "", _markdown_text(board.description), "", line(head)]
    lines.append("|" + "|".join(" --- " if i == 1 else " ---: " for i in range(len(head))) + "|")
    lines += [line(_cells(board, entry)) for entry in board.entries]
    return "\n".join([*lines, "", *(f"{_markdown_text(note)}  " for note in _notes(board))]) + "\n"


def _markdown_text(text: str) -> str:
    """Characters that Markdown or HTML would read as markup, escaped."""
    text = visible(" ".join(text.split()))
    text = text.replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "|`*_[]~$":
        text = text.replace(character, "\\" + character)
    return text


def _csv(board: Board) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        [
            "rank",
            "rank_low",
            "rank_high",
            "model",
            "column",
            "value",
            "stderr",
            "low",
            "high",
            "n",
            "n_failed",
            "published",
            "confidence",
            "roles",
        ]
    )
    for entry in board.entries:
        for column in board.columns:
            e = entry.figures.get(column.key)
            if e is not None:
                numbers = [_number(v) for v in (e.value, e.stderr, e.low, e.high)]
                places = ["" if p is None else p for p in (entry.rank, entry.rank_low, entry.rank_high)]
                writer.writerow(
                    [
                        *places,
                        _csv_text(entry.model),
                        _csv_text(column.key),
                        *numbers,
                        *(["", ""] if entry.published and not e.n else [e.n, e.n_failed]),
                        _csv_text("; ".join(entry.published)),
                        _number(e.confidence) if math.isfinite(e.low) else "",
                        _csv_text(_roles(entry, column)),
                    ]
                )
    return stream.getvalue()


def _roles(entry: BoardEntry, column: Column) -> str:
    """``judge=LABEL`` of the column's task; of an aggregate, of all tasks."""
    task = task_of(entry.roles, column.key)
    own = [entry.roles[task]] if task else [] if ":" in column.key else entry.roles.values()
    return "; ".join(dict.fromkeys(f"{role}={label}" for roles in own for role, label in roles.items()))


def _csv_text(text: str) -> str:
    """A leading sign would be run as a formula by spreadsheets."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text


def _number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""


def as_json(board: Board) -> dict[str, Any]:
    """The leaderboard as plain data; None where a figure cannot be computed."""
    return {
        "schema": SCHEMA,
        "benchmark": board.benchmark,
        "description": board.description,
        "confidence": board.confidence,
        "columns": [
            {"key": c.key, "title": c.title, "unit": c.unit, "higher_is_better": c.higher_is_better}
            for c in board.columns
        ],
        "entries": [_entry_json(board.columns, entry) for entry in board.entries],
        "notes": board.notes,
    }


def _entry_json(columns: list[Column], entry: BoardEntry) -> dict[str, Any]:
    return {
        "model": entry.model,
        "rank": entry.rank,
        "rank_low": entry.rank_low,
        "rank_high": entry.rank_high,
        "tied_with_best": entry.tied_with_best,
        "published": bool(entry.published),
        "source": "; ".join(entry.published) or None,
        "n_failed": entry.n_failed,
        "adapters": {task: list(names) for task, names in entry.adapters.items()},
        "roles": entry.roles,
        "figures": {c.key: _figure_json(entry, c.key) for c in columns if c.key in entry.figures},
    }


def _figure_json(entry: BoardEntry, key: str) -> dict[str, Any]:
    figure = _estimate_json(entry.figures[key])
    return {**figure, **dict.fromkeys(("n", "n_failed"), None)} if entry.published and not figure["n"] else figure


def _estimate_json(e: Estimate) -> dict[str, Any]:
    figures = {"value": e.value, "stderr": e.stderr, "low": e.low, "high": e.high}
    plain: dict[str, Any] = {k: float(v) if math.isfinite(v) else None for k, v in figures.items()}
    level = e.confidence if plain["low"] is not None else None
    return {**plain, "confidence": level, "n": e.n, "n_failed": e.n_failed}


def _html(board: Board) -> str:
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("harness.leaderboard"), autoescape=True, trim_blocks=True)
    environment.filters["figure"] = figure
    environment.filters["visible"] = visible
    environment.globals["other_level"] = other_level
    return environment.get_template("board.html").render(
        board=board, head=_head(board), notes=_notes(board), rank_text=rank_text, mark=PUBLISHED
    )


def _latex(board: Board) -> str:
    return latex(board, [_cells(board, entry) for entry in board.entries], _head(board), _notes(board))


FORMATS: dict[str, Callable[[Board], str]] = {
    "table": _table,
    "markdown": _markdown,
    "csv": _csv,
    "json": lambda board: plain_json(json.dumps(as_json(board), indent=2)) + "\n",
    "html": _html,
    "latex": _latex,
    "model-card": model_index,
}


def render(board: Board, format_: str) -> str:
    """The leaderboard in one of FORMATS."""
    return FORMATS[format_](board)
