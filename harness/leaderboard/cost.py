"""What answers took, as a column beside the figures they gave."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.leaderboard.board import Column
from harness.stats import Estimate
from harness.store.origins import whole_computations
from harness.store.reading import Readable
from harness.store.records import CellRecord

COST_COLUMN = Column("cost: milliseconds an item", "ms an item", "ms", higher_is_better=False)
NOTE = (
    "ms an item: time on the clock of evaluations that computed every answer, loading included; "
    "it depends on the machine, and is not ranked"
)


def milliseconds_an_item(cells: Sequence[CellRecord], stores: Sequence[Readable]) -> dict[str, Estimate]:
    """Return the mean time an item took, over the cells that were computed and not taken from the store.

    Args:
        cells: The cells of a board.
        stores: The stores that know what it took to compute the answers.

    Returns:
        By the label of the model: milliseconds, without standard error or interval; a model is absent if every one of
        its cells has answers that were on file before.
    """
    computations = [whole_computations(store, cells) for store in stores]
    times: dict[str, Estimate] = {}
    for model in dict.fromkeys(cell.label for cell in cells):
        keys = {(cell.fingerprint, cell.task) for cell in cells if cell.label == model}
        measured = [computed[key] for key in keys for computed in computations if key in computed]
        items = sum(took.items for took in measured)
        if items:
            value = 1000 * sum(took.seconds for took in measured) / items
            times[model] = Estimate(value, math.nan, math.nan, math.nan, items, 0)
    return times
