"""What a leaderboard of a run file is made from, as the same values that ``harness leaderboard`` builds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.board_order import BoardOrder, outcome_file
from harness.leaderboard.inputs import BoardInputs
from harness.results.stores import StoreFiles

if TYPE_CHECKING:
    from harness.cli.runfiles.reading import ReadRun
    from harness.publisher import OutcomeFile
    from harness.tasks.schema import LeaderboardFile


def inputs_of(board: LeaderboardFile, store: str | Path | None, confidence: float | None) -> BoardInputs:
    """Return the stores and files from which a leaderboard takes its figures, and the level of its intervals.

    Args:
        board: The leaderboard.
        store: The store of the run.
        confidence: Nominal coverage of the intervals, in (0, 1); None: that of most evaluations.
    """
    return BoardInputs(StoreFiles(store, board.merge), [Path(name) for name in board.published], confidence)


def outcome_of(board: LeaderboardFile) -> OutcomeFile | None:
    """Return the table of outcomes that a leaderboard names; None where it names none.

    Raises:
        UsageError: it names a column and no table.
    """
    path = None if board.outcome is None else Path(board.outcome)
    return outcome_file(path, board.model_column, board.value_column)


def order_of(board: LeaderboardFile, run: ReadRun) -> BoardOrder:
    """Return what is to be written for a leaderboard of a run file.

    Raises:
        UsageError, UnknownName: the output cannot be what the leaderboard asks, which the checks say beforehand.
    """
    return BoardOrder(
        benchmarks=board.benchmarks,
        inputs=inputs_of(board, run.store, run.file.confidence),
        output=board.output,
        format=board.format,
        publisher=board.publisher,
        texts=board.texts,
        outcome=outcome_of(board),
    )
