"""Makes the order to write a leaderboard of a run file, with the same values that ``harness leaderboard`` uses."""

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
    """Return the table of outcomes of a leaderboard; None if it names no table.

    Raises:
        UsageError: the leaderboard names a column and no table.
    """
    path = None if board.outcome is None else Path(board.outcome)
    return outcome_file(path, board.model_column, board.value_column)


def order_of(board: LeaderboardFile, run: ReadRun) -> BoardOrder:
    """Return the order to write a leaderboard of a run file.

    Raises:
        UsageError, UnknownName: the output cannot hold what the leaderboard asks, which the checks report beforehand.
    """
    return BoardOrder(
        benchmarks=board.benchmarks,
        inputs=inputs_of(board, run.store, run.file.confidence),
        output=board.output,
        format=board.format,
        publisher=board.publisher,
        texts=board.texts,
        outcome=outcome_of(board),
        url=board.url,
    )
