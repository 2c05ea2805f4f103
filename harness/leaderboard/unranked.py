"""Models without rank: why, in which order they stand, and whether one of them is ahead of the model ranked first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import NormalDist

import numpy as np

from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.ranking import MadeOf, by_what_there_is, covariance_of, error_for_ranking
from harness.leaderboard.references import nobody_beats
from harness.leaderboard.shared_items import SharedItems
from harness.results.numbers import figure


def why_unranked(board: Board, entry: BoardEntry) -> str:
    """Return what an entry without rank lacks, ``1 of 2 tasks``; empty for a ranked or published one."""
    if entry.published or entry.rank is not None:
        return ""
    if entry.bound:
        return f"a bound: {entry.bound}"
    if entry.short_of:
        return f"not shown to beat {entry.short_of}"
    if entry.missing_tasks:
        return f"{len(board.tasks) - len(entry.missing_tasks)} of {len(board.tasks)} tasks"
    return "lacks a part" if entry.reasons else "no figure to rank by"


def sections(board: Board) -> Iterator[tuple[str, list[BoardEntry]]]:
    """Yield the entries of a board from top to bottom, those of one kind together, each with the divider above them.

    The divider is empty above entries that stand by their ranking figure.
    """
    for divider, entries in groupby(board.entries, key=lambda entry: divider_of(board, entry)):
        yield divider, list(entries)


def divider_of(board: Board, entry: BoardEntry) -> str:
    """Return what stands above the entries of which this one is; empty above those that stand by their figure."""
    if why := why_unranked(board, entry):
        return f"not ranked: {why}"
    if not entry.published or not board.ranking:
        return ""
    ranking = entry.figures.get(board.ranking)
    return "" if ranking is not None and math.isfinite(ranking.value) else f"published, without {board.ranking!r}"


def sort_unranked(entries: list[BoardEntry], columns: Sequence[Column]) -> None:
    """Sort the entries without rank, in place behind the others: the fewest tasks missing first, then by their figures.

    Args:
        entries: Evaluated ones, the ranked ones first.
        columns: From left to right; the first that an entry has a figure of decides.
    """
    ranked = [entry for entry in entries if entry.rank is not None]
    rest = [entry for entry in entries if entry.rank is None]

    def key(entry: BoardEntry) -> tuple[object, ...]:
        # What an entry lacks comes first: entries of one divider stand together.
        lacking = (entry.bound, entry.short_of, len(entry.missing_tasks), bool(entry.reasons))
        return (*lacking, by_what_there_is(entry, columns), entry.model)

    entries[:] = [*ranked, *sorted(rest, key=key)]


def find_who_is_ahead(board: Board, shared: SharedItems, made_of: MadeOf) -> list[str]:
    """Mark the unranked entries that are significantly better than the model ranked first on a task that both have.

    Where there is one, no ranked model is called best, nor tied with the best.

    Args:
        board: Ranked; its entries are changed.
        shared: Says how the figures of two models correlate.
        made_of: The measured figures behind each column.

    Returns:
        Notes for the reader.
    """
    leader = next((entry for entry in board.entries if entry.rank == 1), None)
    if leader is None:
        return []
    told: list[str] = []
    for entry in board.entries:
        if entry.rank is None and entry.contends and not entry.short_of:
            ahead = [c for c in board.columns if _is_ahead(entry, leader, c, board.confidence, shared, made_of)]
            entry.ahead_of_best = tuple(column.key for column in ahead)
            told += [_better_by(entry, leader, column) for column in ahead[:1]]
    if not told:
        return []
    for entry in board.entries:
        entry.tied_with_best = False
    return [
        f"no model is called best: not ranked, and significantly better than {leader.model}, ranked first, on a shared "
        f"task: {'; '.join(told)}"
    ]


def _is_ahead(
    entry: BoardEntry,
    leader: BoardEntry,
    column: Column,
    confidence: float,
    shared: SharedItems,
    made_of: MadeOf,
) -> bool:
    """Return whether an entry's figure is better than the leader's by more than the error of the paired difference."""
    figures = [entry.figures.get(column.key), leader.figures.get(column.key)]
    if not all((model, column.key) in made_of for model in (entry.model, leader.model)):
        return False
    if any(e is None or not math.isfinite(e.value) for e in figures):
        return False
    mine, theirs = (e for e in figures if e is not None)
    gap = (mine.value - theirs.value) * (1 if column.higher_is_better else -1)
    if gap <= 0:
        return False
    errors = np.array([error_for_ranking(mine), error_for_ranking(theirs)])
    covariance, _ = covariance_of(errors, [entry.model, leader.model], column.key, shared, made_of)
    error = math.sqrt(max(0.0, covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))
    return gap > NormalDist().inv_cdf(0.5 + confidence / 2) * error


def _better_by(entry: BoardEntry, leader: BoardEntry, column: Column) -> str:
    mine, theirs = (figure(e.figures[column.key].value, column.unit) for e in (entry, leader))
    return f"{entry.model} by {column.title} ({mine} against {theirs})"


@dataclass(frozen=True, slots=True)
class Claim:
    """Who is best, of how many, as far as a board can say."""

    lead: str
    """``Best of 5 models``, or why nobody is named."""
    named: Sequence[BoardEntry]
    """The best, or those tied with it; empty where nobody is named."""
    rest: str
    """How many others lack a task; empty where none does."""


def claim(board: Board) -> Claim | None:
    """Return what a board says of who is best; None where nobody has a rank."""
    evaluated = board.contenders
    ranked = [entry for entry in evaluated if entry.rank is not None]
    if not ranked:
        return None
    lacking = [entry for entry in evaluated if entry.missing_tasks and entry.rank is None]
    others = [entry for entry in evaluated if entry.rank is None and not entry.missing_tasks]
    ahead = [entry.model for entry in evaluated if entry.ahead_of_best]
    of_all = f"of {len(evaluated)} models" if ahead else ""  # among whom are those that are named
    parts = []
    if lacking:
        parts.append(f"{len(lacking)} {of_all or _other(lacking)} {'lacks' if len(lacking) == 1 else 'lack'} a task")
    if others:
        parts.append(f"{len(others)} {of_all or _other(others)} {'is' if len(others) == 1 else 'are'} not ranked")
    rest = ", ".join(parts)
    if ahead:
        first = next(entry.model for entry in ranked if entry.rank == 1)
        named = ", ".join(ahead[:4]) + (f" and {len(ahead) - 4} more" if len(ahead) > 4 else "")
        verb = "is" if len(ahead) == 1 else "are"
        lead = f"No best is named: {named}, not ranked, {verb} significantly ahead of {first} on a shared task"
        return Claim(lead, [], rest)
    short = nobody_beats(board)
    if short:
        return Claim(short, [], rest)
    best = [entry for entry in ranked if entry.tied_with_best]
    kind = "Best" if len(best) == 1 else "Tied with the best"
    models = f"{len(ranked)} model{'' if len(ranked) == 1 else 's'}"
    whole = " with every task" if lacking else ""
    return Claim(f"{kind} of the {models}{whole}" if lacking or others else f"{kind} of {models}", best, rest)


def _other(entries: Sequence[BoardEntry]) -> str:
    return "other" if len(entries) == 1 else "others"
