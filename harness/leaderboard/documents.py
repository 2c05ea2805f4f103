"""A leaderboard inside other documents: a LaTeX table for a paper, the model index of a model card."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from harness.leaderboard.board import Board, BoardEntry
from harness.leaderboard.shown_columns import ShownColumn
from harness.leaderboard.unranked import sections
from harness.results.numbers import figure
from harness.stats import Estimate
from harness.tasks.selectors import task_of
from harness.terminal import visible

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "†": r"\textdagger{}",
    **{character: "\\" + character for character in "&%$#_"},
}


def latex(board: Board, columns: Sequence[ShownColumn], notes: Sequence[str]) -> str:
    """Return a table for the packages booktabs and graphicx, notes below it; every text is escaped.

    Args:
        board: The leaderboard.
        columns: Its columns, from left to right.
        notes: Sentences below the table.
    """
    sides = "".join("l" if column.left else "r" for column in columns)
    lines = [
        r"% \usepackage[T1]{fontenc}, \usepackage{booktabs} and, for wide tables, \usepackage{graphicx}",
        r"\begin{table}",
        r"\centering",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        _line([column.heading for column in columns]),
        r"\midrule",
        *_body(board, columns),
        r"\bottomrule",
        r"\end{tabular}}",
        rf"\caption{{{latex_text(': '.join(filter(None, [board.heading, board.description])))}}}",
        *(rf"\par\footnotesize {latex_text(note)}" for note in notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _body(board: Board, columns: Sequence[ShownColumn]) -> list[str]:
    lines = []
    for divider, entries in sections(board):
        if divider:
            lines += [r"\midrule", rf"\multicolumn{{{len(columns)}}}{{l}}{{\emph{{{latex_text(divider)}}}}} \\"]
        lines += [_line([column.text(entry) for column in columns]) for entry in entries]
    return lines


def _line(cells: list[str]) -> str:
    return " & ".join(map(latex_text, cells)) + r" \\"


def latex_text(text: str) -> str:
    """Escape what LaTeX would obey, and show what turns the direction of writing: typesetters obey that too."""
    return "".join(_LATEX.get(character, character) for character in visible(" ".join(text.split())))


def model_index(board: Board) -> str:
    """The ``model-index`` of a model card on the Hugging Face hub, in YAML; one entry a model that was evaluated."""
    import yaml

    models = [
        {
            "name": entry.model,
            "results": [_result(board, entry, column) for column in board.columns if _has(entry, column.key)],
        }
        for entry in board.entries
        if not entry.published and any(_has(entry, column.key) for column in board.columns)
    ]
    return yaml.safe_dump({"model-index": models}, sort_keys=False, allow_unicode=False, width=120)


def _has(entry: BoardEntry, key: str) -> bool:
    return key in entry.figures and math.isfinite(entry.figures[key].value)


def _result(board: Board, entry: BoardEntry, column: Any) -> dict[str, Any]:
    e = entry.figures[column.key]
    # A card is read without the board.
    made = " (generated data)" if board.stands_in else ""
    bound = f" (a bound: {entry.bound})" if entry.bound else ""
    whole, _, metric = column.key.rpartition(":")
    name = column.title if column.title == column.key else f"{board.benchmark}: {column.title}"
    return {
        "task": {"type": "other", "name": name},
        "dataset": {"name": board.benchmark + made, "type": board.benchmark},
        "metrics": [
            {
                "type": metric if whole else "aggregate",
                "name": column.title + _bounds(e, column.unit) + bound,
                "value": float(e.value),
                "args": {**_args(e, column.unit), **_roles(entry, column.key)},
            }
        ],
    }


def _bounds(e: Estimate, unit: str) -> str:
    return f" [{figure(e.low, unit)}, {figure(e.high, unit)}]" if math.isfinite(e.low) else ""


def _args(e: Estimate, unit: str) -> dict[str, Any]:
    interval = [float(e.low), float(e.high)] if math.isfinite(e.low) else None
    return {"unit": unit, f"interval_{100 * e.confidence:.6g}": interval, "n": e.n, "n_failed": e.n_failed}


def _roles(entry: BoardEntry, key: str) -> dict[str, Any]:
    """Who judged, of a task that asks somebody else: the figure is one of both."""
    task = task_of(entry.roles, key)
    own = {task: entry.roles[task]} if task else {} if ":" in key else entry.roles
    return {"roles": own} if own else {}
