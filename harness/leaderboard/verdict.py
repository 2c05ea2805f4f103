"""What a leaderboard says in one sentence: who is best, who are tied, or that nobody can be called so."""

from __future__ import annotations

from collections.abc import Sequence

from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.references import beats, held_against, nobody_beats
from harness.leaderboard.unranked import claim
from harness.leaderboard.words import number, some
from harness.results.numbers import NO_FIGURE, chance_text, interval


def verdict_of(board: Board) -> str:
    """Return the result of a leaderboard in a sentence, from places that the errors allow; empty where it has no row.

    Published rows are never ranked, so the sentence is about the evaluated models only. Who is shown to beat what the
    figures are held against comes first; where nobody is by the ranking column, nobody is called best.
    """
    said, held = claim(board), list(held_against(board))
    lead = "; ".join(sentence if i == 0 else sentence[0].lower() + sentence[1:] for i, (_, sentence) in enumerate(held))
    if nobody_beats(board):
        return "; ".join(filter(None, [lead, said.rest if said else ""]))
    decides = next((column for column, _ in held if column.key == board.ranking), None)
    short = [entry for entry in (said.named if said else []) if decides is not None and not beats(entry, decides)]
    last = f"{some(short)}: not shown to beat {decides.reference}" if short and decides is not None else ""
    return "; ".join(filter(None, [lead, _places(board), last]))


def _places(board: Board) -> str:
    """Say who is best, or who are tied, by the ranking column."""
    evaluated = board.contenders
    if not evaluated:
        if any(entry.bound for entry in board.entries):
            return "No model is evaluated here that can be used; the figures are bounds"
        return "No model is evaluated here; all figures are published ones" if board.entries else ""
    column = next((column for column in board.columns if column.key == board.ranking), None)
    ranked = [entry for entry in evaluated if entry.rank is not None]
    said = claim(board)
    if said is None or column is None:
        return f"{_none_ranked(evaluated)}{_failures(evaluated)}"
    rest = f"; {said.rest}" if said.rest else ""
    if not said.named:
        return f"{said.lead}{rest}"
    whole = " with every task" if any(entry.missing_tasks for entry in evaluated) else ""
    if any(
        entry.published for entry in board.entries
    ):  # published rows may stand above the best of those that are ranked
        whole += " evaluated here"
    if len(ranked) == 1:
        return f"{_only(ranked[0], column, board, alone=len(evaluated) == 1)}{rest}"
    best = list(said.named)
    if all(entry.figures[column.key].at_chance for entry in ranked):
        chance = chance_text([entry.figures[column.key] for entry in ranked], column.unit)
        none = "Neither" if len(ranked) == 2 else "None"
        return f"{none} of the {number(len(ranked))} models{whole} is distinguishable from chance ({chance}){rest}"
    of = f"{number(len(ranked))}{f' models{whole}' if whole else ''}"
    if len(best) == 1:
        return f"{best[0].model} is best of {of}: {_figure(best[0], column, board)}{_but_chance(best, column)}{rest}"
    if len(best) < len(ranked):
        count = f"{number(len(best)).capitalize()} of {of}"
    else:
        count = f"All {of}" if len(ranked) > 2 else f"Both{f' models{whole}' if whole else ''}"
    return f"{count} are tied for first ({some(best)}); no single best{_but_chance(best, column)}{rest}"


def _only(entry: BoardEntry, column: Column, board: Board, *, alone: bool) -> str:
    """Say the figure of a model beside which no other has a rank."""
    who = f"{entry.model} is the only model" if alone else f"{entry.model} is the only model with a rank"
    return f"{who}: {_figure(entry, column, board)}{_but_chance([entry], column)}"


def _figure(entry: BoardEntry, column: Column, board: Board) -> str:
    """Return a figure with the column that it is of: the sentence is also read where no table stands below it."""
    # The one task of a board is what the board is about, and named beside the sentence.
    name = column.key.removeprefix(f"{board.tasks[0]}:") if len(board.tasks) == 1 else column.title
    return f"{name} {interval(entry.figures.get(column.key), column.unit, board.confidence) or NO_FIGURE}"


def _but_chance(entries: Sequence[BoardEntry], column: Column) -> str:
    """Say of those that are named which cannot be told from chance, or are worse."""
    at = [entry for entry in entries if entry.figures[column.key].at_chance]
    worse = [entry for entry in entries if entry.figures[column.key].worse_than_chance(column.higher_is_better)]
    alone = len(entries) == 1
    parts = []
    for told, words in ((at, "not distinguishable from chance"), (worse, "worse than chance")):
        if told:
            level = chance_text([entry.figures[column.key] for entry in told], column.unit)
            parts.append(f"{'' if alone else f'{some(told)}: '}{words} ({level})")
    return f"; {'; '.join(parts)}" if parts else ""


def _none_ranked(evaluated: Sequence[BoardEntry]) -> str:
    if short := next((entry.short_of for entry in evaluated if entry.short_of), ""):
        return f"No model is ranked: none is shown to beat {short}"
    if len(evaluated) == 1:
        lacks = "lacks a task" if evaluated[0].missing_tasks else "has no figure to rank by"
        return f"No model is ranked: {evaluated[0].model} {lacks}"
    lacking = sum(bool(entry.missing_tasks) for entry in evaluated)
    if not lacking:
        return "No model is ranked: none has a figure to rank by"
    every = "each" if lacking == len(evaluated) else f"{number(lacking)} of {number(len(evaluated))}"
    return f"No model is ranked: {every} {'lacks' if lacking in (1, len(evaluated)) else 'lack'} a task"


def _failures(evaluated: Sequence[BoardEntry]) -> str:
    failed = [entry for entry in evaluated if entry.failed_tasks]
    return f"; {some(failed)} failed on {'a task' if len(failed) == 1 else 'tasks'}" if failed else ""
