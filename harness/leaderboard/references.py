"""Columns whose figures are held against a reference: who is shown to beat it, which a board says before all else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.errors import HarnessError
from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.ranking import MadeOf
from harness.leaderboard.words import number, some
from harness.names.registry import Registry
from harness.tasks.build_metric import build_metric


def with_references(registry: Registry, columns: Sequence[Column], made_of: MadeOf) -> list[Column]:
    """Return the columns with what their figures are held against: what all metrics behind a column declare.

    Args:
        registry: Where metrics are looked up; one that is not known here declares nothing.
        columns: The columns.
        made_of: The measured figures behind each entry's columns.
    """
    behind: dict[str, set[str]] = {}
    for (_, key), combination in made_of.items():
        if combination is not None:
            behind.setdefault(key, set()).update(metric for _, metric, _ in combination)
    declared = {name: _declared(registry, name) for name in {name for names in behind.values() for name in names}}
    made = []
    for column in columns:
        found = {declared[name] for name in behind.get(column.key, ())}
        if len(found) == 1:
            reference, only_above = found.pop()
            made.append(replace(column, reference=reference, ranks_only_above=only_above and bool(reference)))
        else:
            made.append(column)
    return made


def _declared(registry: Registry, metric: str) -> tuple[str, bool]:
    """Return what a metric holds models against, and whether those that are not shown to beat it have no rank."""
    try:
        found = build_metric(registry, metric)
    except HarnessError:  # of a plugin that is not installed here, or that fails: its figures are shown all the same
        return "", False
    return found.reference_in_words(), bool(getattr(found, "ranks_only_above", False))


def without_rank(entries: Sequence[BoardEntry], ranking: Column | None) -> None:
    """Mark the entries that are to have no rank, since they are not shown to beat what the ranking column asks for.

    Args:
        entries: Those of evaluated models; changed in place.
        ranking: The column that ranks; None: there is none.
    """
    if ranking is None or not ranking.ranks_only_above:
        return
    for entry in entries:
        # Without an interval nothing is shown; where the figure itself is missing, that is why there is no rank.
        if ranking.key in entry.figures and not beats(entry, ranking):
            entry.short_of = ranking.reference


def beats(entry: BoardEntry, column: Column) -> bool | None:
    """Return whether an entry is shown to beat a column's reference, its interval leaving 0 out; None: not known."""
    figure = entry.figures.get(column.key)
    if not column.reference or figure is None or not math.isfinite(figure.low) or not math.isfinite(figure.high):
        return None
    return figure.low > 0 if column.higher_is_better else figure.high < 0


def held_against(board: Board) -> Iterator[tuple[Column, str]]:
    """Yield the column that decides on each reference, and who is shown to beat it, as a sentence without full stop.

    It is the ranking column, or the first that is held against the reference.
    """
    by_reference: dict[str, list[Column]] = {}
    for column in sorted(board.columns, key=lambda column: column.key != board.ranking):
        if column.reference:
            by_reference.setdefault(column.reference, []).append(column)
    for reference, columns in by_reference.items():
        column = columns[0]
        known = [(entry, beats(entry, column)) for entry in board.contenders]
        known = [(entry, beaten) for entry, beaten in known if beaten is not None]
        if not known:
            continue
        better = [entry for entry, beaten in known if beaten]
        where = f" (by {column.title})" if len(columns) > 1 else ""
        yield column, _sentence(better, [entry for entry, _ in known], f"{reference}{where}")


def nobody_beats(board: Board) -> str:
    """Return that no model is shown to beat what the ranking column is held against; empty where one is, or it is not.

    Where there is a sentence, nobody is to be called best.
    """
    for column, sentence in held_against(board):
        if column.key == board.ranking:
            return "" if any(beats(entry, column) for entry in board.contenders) else sentence
    return ""


def _sentence(better: Sequence[BoardEntry], known: Sequence[BoardEntry], reference: str) -> str:
    if len(known) == 1:
        return f"{known[0].model} is {'' if better else 'not '}shown to beat {reference}"
    if not better:
        return f"None of the {number(len(known))} models is shown to beat {reference}"
    verb = "is" if len(better) == 1 else "are"
    if len(better) == len(known):
        count = "Both" if len(known) == 2 else f"All {number(len(known))}"
    else:
        count = f"{number(len(better)).capitalize()} of the {number(len(known))}"
    return f"{count} models {verb} shown to beat {reference}: {some(better)}"
