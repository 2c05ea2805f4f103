"""Sentences below a leaderboard: what a reader has to know of its figures, its rows and its places."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.leaderboard.board import Board, BoardEntry, Chosen, Column
from harness.names.registry import Registry
from harness.results.chance_notes import ChanceNote, Shown, against_chance
from harness.results.generated import say_generated
from harness.results.judges import evaluated_fingerprints, others_asked
from harness.results.numbers import percent
from harness.store.records import CellRecord


def notes_on_figures(columns: Sequence[Column], entries: Sequence[BoardEntry]) -> list[str]:
    """Return what metrics say that a reader of their figures must know, each with the models for which it holds."""
    models: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        for entry in entries:
            figure = entry.figures.get(column.key)
            if figure is not None and figure.detail.get("note"):
                models.setdefault((column.title, str(figure.detail["note"])), []).append(entry.model)
    titles: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (title, note), names in models.items():
        titles.setdefault((note, tuple(sorted(names))), []).append(title)
    return [f"{', '.join(of)}: {note} ({', '.join(names)})" for (note, names), of in titles.items()]


def note_on_generated(board: Board) -> str:
    """Say which tasks' data are generated, and that nothing published stands beside them; empty where all are real."""
    said = say_generated(board.generated, of=len(board.items) or None)
    if board.published_left_out:
        many = board.published_left_out > 1
        said += f"; {board.published_left_out} published row{'s are' if many else ' is'} left out"
    return said


def items_text(fewest: int, most: int) -> str:
    """Say how many items were evaluated, as ``200 items`` or ``190 to 200 items``."""
    if fewest != most:
        return f"{fewest:,} to {most:,} items"
    return f"{most:,} item{'' if most == 1 else 's'}"


def note_on_items(board: Board) -> str:
    """Say how many items of each task were evaluated, of which descriptions say how many the full set has."""
    tasks: dict[str, list[str]] = {}
    for task, counts in board.items.items():
        tasks.setdefault(items_text(*counts), []).append(task)
    told = "; ".join(
        f"{text} of {of[0]}" if len(of) == 1 else f"{text} each of {', '.join(of[:-1])} and {of[-1]}"
        for text, of in tasks.items()
    )
    return f"evaluated: {told}" if told else ""


def notes_on_chosen(chosen: Chosen | None) -> list[str]:
    """Say that models were left out, without their names: who leaves one out need not publish what it was called."""
    if chosen is None or chosen.shown >= chosen.of:
        return []
    left = chosen.of - chosen.shown
    return [
        f"{chosen.shown} of {chosen.of} models with results were chosen for this board, and {left} "
        f"{'is' if left == 1 else 'are'} left out; ranks, ties and figures of the field are among the chosen"
    ]


def notes_on_chance(columns: Sequence[Column], entries: Sequence[BoardEntry]) -> list[ChanceNote]:
    """Say which figures of evaluated models cannot be told from chance, and which are worse than it."""
    return against_chance(
        Shown(column.title, entry.model, column.unit, column.higher_is_better, entry.figures[column.key])
        for column in columns
        for entry in entries
        if column.key in entry.figures
    )


def notes_on_limited(limited: Sequence[CellRecord]) -> list[str]:
    """Name the evaluations of the first items only, which are left out."""
    if not limited:
        return []
    tasks: dict[str, list[str]] = {}
    for cell in limited:
        tasks.setdefault(cell.label, []).append(cell.task)
    told = "; ".join(f"{label} on {', '.join(on)}" for label, on in sorted(tasks.items()))
    return [f"left out, since only the first items were evaluated; evaluate without --limit: {told}"]


def notes_on_constant(columns: Sequence[Column], entries: Sequence[BoardEntry]) -> list[str]:
    """Name the models whose scores are all equal on a task that no column of its own shows."""
    shown = {column.key for column in columns}
    models: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        for task, text in entry.constant_on.items():
            if not any(key.startswith(f"{task}:") for key in shown):
                models.setdefault((task, text), []).append(entry.model)
    return [f"{task}: {text} ({', '.join(sorted(names))})" for (task, text), names in models.items()]


def notes_on_published(entries: Sequence[BoardEntry], level: float) -> list[str]:
    """Name the levels of published intervals, which are as they were published and cannot be computed anew."""
    levels = {e.confidence for entry in entries for e in entry.figures.values() if math.isfinite(e.low)} - {level}
    return [f"published intervals are those of {percent(other)}, not of {percent(level)}" for other in sorted(levels)]


def notes_on_labels(registry: Registry, cells: Sequence[CellRecord]) -> list[str]:
    """Name the labels under which different models were evaluated, or one was asked in different ways.

    Args:
        registry: Says which roles of a task are the model's own.
        cells: Those of the board.
    """
    fingerprints: dict[str, set[frozenset[str]]] = {}
    for cell in cells:
        fingerprints.setdefault(cell.label, set()).add(evaluated_fingerprints(registry, cell))
    mixed = sorted(label for label, models in fingerprints.items() if len(models) > 1)
    notes = [f"one label, different models behind its tasks; evaluate again: {', '.join(mixed)}"] if mixed else []
    ways: dict[tuple[str, str], dict[tuple[str, ...], list[str]]] = {}
    for cell in cells:
        others = others_asked(registry, cell)
        for asked in {a.capability: a for a in cell.asked if a.role not in others}.values():
            ways.setdefault((cell.label, asked.capability), {}).setdefault(tuple(asked.adapters), []).append(cell.task)
    for (label, capability), tasks in ways.items():
        if len(tasks) > 1:
            told = "; ".join(f"{' > '.join(names) or 'no adapter'} ({', '.join(on)})" for names, on in tasks.items())
            notes.append(f"{label} was asked for {capability} in different ways on different tasks: {told}")
    return notes


def notes_on_missing(entries: Sequence[BoardEntry], ranking: str) -> list[str]:
    """Say why aggregates are missing, and why models are without rank.

    Args:
        entries: Those of evaluated models.
        ranking: Key of the column that ranks.
    """
    notes = []
    for task, why in dict.fromkeys(failed for entry in entries for failed in entry.failed_tasks.items()):
        notes.append(
            f"failed on {task}: {', '.join(e.model for e in entries if e.failed_tasks.get(task) == why)}: {why}"
        )
    for reason in dict.fromkeys(reason for entry in entries for reason in entry.reasons):
        notes.append(f"{reason}: {', '.join(e.model for e in entries if reason in e.reasons)}")
    # A bound has no rank for a reason of its own, and who does not beat the reference neither; their dividers say why.
    unranked = [entry for entry in entries if entry.rank is None and not entry.bound and not entry.short_of]
    for lacks, models in (
        ("needs tasks that failed", [e.model for e in unranked if e.failed_tasks]),
        ("needs tasks not evaluated", [e.model for e in unranked if not e.failed_tasks and not e.reasons]),
        ("lacks a part", [e.model for e in unranked if not e.failed_tasks and e.reasons]),
    ):
        if models:
            notes.append(f"without rank, since {ranking!r} {lacks}: {', '.join(models)}")
    return notes
