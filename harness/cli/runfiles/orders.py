"""Makes the order to write a leaderboard of a run file, with the same values that ``harness leaderboard`` uses."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.board_order import BoardOrder, outcome_file
from harness.leaderboard.inputs import BoardInputs
from harness.results.stores import StoreFiles
from harness.store.choosing import ModelChoice

if TYPE_CHECKING:
    from harness.cli.runfiles.reading import ReadRun
    from harness.publisher import OutcomeFile
    from harness.running.plan import Plan
    from harness.tasks.schema import LeaderboardFile


def inputs_of(
    board: LeaderboardFile, store: str | Path | None, confidence: float | None, labels: Collection[str]
) -> BoardInputs:
    """Return what a leaderboard is made from, which models it shows, and what stands above it.

    Args:
        board: The leaderboard.
        store: The store of the run.
        confidence: Nominal coverage of the intervals, in (0, 1); None: that of most evaluations.
        labels: Labels of the models that the file evaluates. Of the store, which may hold trials of years, a board
            shows no others unless the board itself says which.
    """
    own = sorted(labels) if board.models is None else None
    return BoardInputs(
        StoreFiles(store, board.merge, own),
        [Path(name) for name in board.published],
        confidence,
        choice=ModelChoice(board.models or (), board.exclude),
        title=board.title,
        about=None if board.about is None else Path(board.about),
    )


def outcome_of(board: LeaderboardFile) -> OutcomeFile | None:
    """Return the table of outcomes of a leaderboard; None if it names no table.

    Raises:
        UsageError: the leaderboard names a column and no table.
    """
    path = None if board.outcome is None else Path(board.outcome)
    return outcome_file(path, board.model_column, board.value_column)


def labels_of(plan: Plan) -> set[str]:
    """Return the labels of the models that a plan evaluates."""
    return {cell.label for cell in plan.cells}


def order_of(board: LeaderboardFile, run: ReadRun, labels: Collection[str]) -> BoardOrder:
    """Return the order to write a leaderboard of a run file, whose models have these labels.

    Raises:
        UsageError, UnknownName: the output cannot hold what the leaderboard asks, which the checks report beforehand.
    """
    return BoardOrder(
        benchmarks=board.benchmarks,
        inputs=inputs_of(board, run.store, run.file.confidence, labels),
        output=board.output,
        format=board.format,
        publisher=board.publisher,
        texts=board.texts,
        show_sensitive=board.show_sensitive,
        outcome=outcome_of(board),
        url=board.url,
    )
