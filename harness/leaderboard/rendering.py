"""A leaderboard in every format. Whatever a model or data set wrote is text, never markup."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from harness.leaderboard.about import about_html, about_markdown
from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.documents import latex, model_index
from harness.leaderboard.notes import note_on_generated, note_on_items
from harness.leaderboard.published_places import against_published
from harness.leaderboard.shown_columns import PUBLISHED, failure_of, shown_columns
from harness.leaderboard.shown_columns import rank_text as rank_text
from harness.leaderboard.unranked import sections, why_unranked
from harness.results.numbers import percent, plain_table, visible
from harness.stats import Estimate, not_available
from harness.tasks.selectors import task_of
from harness.terminal import plain_json

SCHEMA = "harness-leaderboard/1"
"""Of the JSON: keys may be added under the same number; one that is removed or changes its meaning raises it."""

_MOST_IN_COVARIANCE = 200
"""Models of a covariance in JSON; one of 200 models takes about a megabyte."""


def board_notes(board: Board, *, short: bool = False) -> list[str]:
    """Return the sentences below a leaderboard, of the marks in its rows and of its own.

    Args:
        board: Whose.
        short: Long ones name a few columns only, and say where the others are named.
    """
    # Data in the place of others are said above the table; those that no reader could take for others, below it.
    made = "" if board.stands_in else note_on_generated(board)
    notes = [f"{percent(board.confidence)} intervals; rank (lowest-highest place that the errors allow)"]
    evaluated = note_on_items(board)
    notes += [visible(evaluated)] if evaluated else []
    if any(entry.adapters for entry in board.entries):
        notes.append("* asked through adapters on at least one task")
    for source in dict.fromkeys(source for entry in board.entries for source in entry.published):
        notes.append(f"{PUBLISHED} published, not evaluated here, and not ranked: {visible(source)}")
    own = [board.long_notes[note].short if short and note in board.long_notes else note for note in board.notes]
    return [*notes, *map(visible, own), *([visible(made)] if made else [])]


def board_banner(board: Board) -> str:
    """Return what a reader has to see before the figures: that the data are not those they stand for; else nothing."""
    return visible(note_on_generated(board)) if board.stands_in else ""


def title_line(board: Board) -> str:
    """Return the line above a table: the title, the benchmark where that is another name, and its description."""
    name = f"{board.title} ({board.benchmark})" if board.title and board.title != board.benchmark else board.heading
    return f"{name}: {board.description}" if board.description else name


def _table(board: Board) -> str:
    columns = shown_columns(board)
    rows = [[column.text(entry) for column in columns] for entry in board.entries]
    # A text may look like a number, such as a model called 7b.
    left = [i for i, column in enumerate(columns) if column.left]
    title = visible(title_line(board))
    head, rule, *lines = plain_table([c.heading for c in columns], rows, left=left).split("\n")
    table, shown = [head, rule], iter(lines)
    for divider, entries in sections(board):
        table += [f"-- {visible(divider)}"] if divider else []
        table += [next(shown) for _ in entries]
    banner = board_banner(board)
    said = [visible(board.verdict), ""] if board.verdict else []
    above = [title, banner] if banner else [title]
    return "\n".join([*said, *above, "", *table, "", *board_notes(board)]) + "\n"


def _markdown(board: Board) -> str:
    def line(cells: list[str]) -> str:
        return "| " + " | ".join(_markdown_text(cell) for cell in cells) + " |"

    columns = shown_columns(board)
    lines = [
        f"## {_markdown_text(board.heading)}",
        "",
        *([f"**{_markdown_text(board.verdict)}**", ""] if board.verdict else []),
        _markdown_text(board.description),
        "",
        *([f"**{_markdown_text(banner)}**", ""] if (banner := board_banner(board)) else []),
        *([about_markdown(board.about)] if board.about else []),
        line([c.heading for c in columns]),
    ]
    lines.append("|" + "|".join(" --- " if column.left else " ---: " for column in columns) + "|")
    for divider, entries in sections(board):
        if divider:
            lines.append(f"| | *{_markdown_text(divider)}* |" + " |" * (len(columns) - 2))
        lines += [line([column.text(entry) for column in columns]) for entry in entries]
    return "\n".join([*lines, "", *(f"{_markdown_text(note)}  " for note in board_notes(board))]) + "\n"


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
            "missing_tasks",
            "failed_tasks",
            "generated",
            "bound",
            *(_csv_text(column.key) for column in board.text_columns),
        ]
    )
    for entry in board.entries:
        facts = [_csv_text("; ".join(entry.missing_tasks)), _csv_text("; ".join(entry.failed_tasks))]
        bound = _csv_text(entry.bound)
        if entry.failed_tasks and not board.columns:  # where every model failed, nobody says which metrics there were
            texts = [_csv_text(entry.texts.get(text.key, "")) for text in board.text_columns]
            writer.writerow(
                ["", "", "", _csv_text(entry.model), *[""] * 5, 0, entry.n_failed, *[""] * 3, *facts, "", bound, *texts]
            )
        for column in board.columns:
            e = entry.figures.get(column.key)
            if e is None and failure_of(entry, column):  # a model of which every task failed has rows too
                e = not_available()
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
                        *facts,
                        "true" if _is_generated(board, column) else "",
                        bound,
                        *(_csv_text(entry.texts.get(text.key, "")) for text in board.text_columns),
                    ]
                )
    return stream.getvalue()


def _is_generated(board: Board, column: Column) -> bool:
    """Tell whether a program made the data behind a column; of an aggregate, those of any task."""
    task = task_of(board.tasks, column.key)
    return task in board.generated if task else bool(board.generated)


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
    """Return the leaderboard as plain data; None where a figure cannot be computed.

    The keys ``title`` and ``about`` are there on boards that were given them, ``chosen`` where models were chosen. The
    key ``generated`` says whether a program made the data of any task; then ``generated_data`` says by task who did,
    and in whose place, and ``published_left_out`` how many published rows are not shown for it. The keys
    ``text_columns`` and, in an entry, ``texts`` are there on boards that have columns of text; ``covariances`` on
    boards that have an aggregate of the field, of at most 200 models; ``against_published`` on boards with published
    figures that can be held against the interval of a model evaluated here.
    """
    against = against_published(board)
    covariances = {
        key: {"models": list(of.models), "values": of.values.tolist()}
        for key, of in board.covariances.items()
        if len(of.models) <= _MOST_IN_COVARIANCE
    }
    generated = {task: mark.as_json() for task, mark in board.generated.items()}
    texts = [{"key": column.key, "title": column.title} for column in board.text_columns]
    return {
        "schema": SCHEMA,
        "benchmark": board.benchmark,
        "description": board.description,
        **({"title": board.title} if board.title else {}),
        **({"about": board.about} if board.about else {}),
        **({"chosen": {"models": board.chosen.shown, "of": board.chosen.of}} if board.chosen is not None else {}),
        "confidence": board.confidence,
        "verdict": board.verdict,
        "items": {task: {"fewest": counts[0], "most": counts[1]} for task, counts in board.items.items()},
        "generated": bool(board.generated),
        **({"generated_data": generated, "published_left_out": board.published_left_out} if generated else {}),
        "columns": [
            {"key": c.key, "title": c.title, "unit": c.unit, "higher_is_better": c.higher_is_better}
            for c in board.columns
        ],
        **({"text_columns": texts} if texts else {}),
        "entries": [_entry_json(board, entry) for entry in board.entries],
        **({"covariances": covariances} if covariances else {}),
        **({"against_published": against} if against else {}),
        "notes": board.notes,
    }


def _entry_json(board: Board, entry: BoardEntry) -> dict[str, Any]:
    return {
        "model": entry.model,
        "rank": entry.rank,
        "rank_low": entry.rank_low,
        "rank_high": entry.rank_high,
        "tied_with_best": entry.tied_with_best,
        "published": bool(entry.published),
        "source": "; ".join(entry.published) or None,
        "n_failed": entry.n_failed,
        **({"bound": entry.bound} if entry.bound else {}),
        "missing_tasks": list(entry.missing_tasks),
        "failed_tasks": entry.failed_tasks,
        "ahead_of_best": list(entry.ahead_of_best),
        "constant_on": entry.constant_on,
        "adapters": {task: list(names) for task, names in entry.adapters.items()},
        "roles": entry.roles,
        "figures": {c.key: _figure_json(entry, c.key) for c in board.columns if c.key in entry.figures},
        **({"texts": {c.key: entry.texts.get(c.key) for c in board.text_columns}} if board.text_columns else {}),
    }


def _figure_json(entry: BoardEntry, key: str) -> dict[str, Any]:
    figure = _estimate_json(entry.figures[key])
    return {**figure, **dict.fromkeys(("n", "n_failed"), None)} if entry.published and not figure["n"] else figure


def _estimate_json(e: Estimate) -> dict[str, Any]:
    figures = {"value": e.value, "stderr": e.stderr, "low": e.low, "high": e.high}
    plain: dict[str, Any] = {k: float(v) if math.isfinite(v) else None for k, v in figures.items()}
    level = e.confidence if plain["low"] is not None else None
    chance = {"chance": e.chance, "at_chance": e.at_chance}
    return {**plain, "confidence": level, **chance, "n": e.n, "n_failed": e.n_failed}


def _html(board: Board) -> str:
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    environment = Environment(loader=PackageLoader("harness.leaderboard"), autoescape=True, trim_blocks=True)
    environment.filters["visible"] = visible
    about = Markup(about_html(board.about)) if board.about else ""
    columns, parts = shown_columns(board), list(sections(board))
    badge = partial(why_unranked, board)
    template = environment.get_template("board.html")
    shown = {"board": board, "columns": columns, "sections": parts, "badge": badge, "about": about}
    return template.render(**shown, notes=board_notes(board), banner=board_banner(board))


def _latex(board: Board) -> str:
    return latex(board, shown_columns(board), [*filter(None, [board_banner(board)]), *board_notes(board)])


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
