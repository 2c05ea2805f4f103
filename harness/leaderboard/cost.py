"""What answers took, as a column beside the figures they gave."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.leaderboard.board import BoardEntry, Column
from harness.stats import Estimate
from harness.store.origins import whole_computations
from harness.store.reading import Readable
from harness.store.records import CellRecord

COLUMN = Column("cost: milliseconds an item", "ms an item", "ms", higher_is_better=False)
NOTE = (
    "ms an item: time on the clock of evaluations that computed every answer, loading included; "
    "it depends on the machine, and is not ranked"
)


def add_cost(entries: Sequence[BoardEntry], cells: Sequence[CellRecord], stores: Sequence[Readable]) -> bool:
    """Give each entry the mean over the items of its cells, where they were computed and not taken from the store.

    Returns:
        Whether any entry has one.
    """
    known = [whole_computations(store, cells) for store in stores]
    found = False
    for entry in entries:
        own = {(cell.fingerprint, cell.task) for cell in cells if cell.label == entry.model}
        measured = [times[key] for key in own for times in known if key in times]
        items = sum(took.items for took in measured)
        if items:
            value = 1000 * sum(took.seconds for took in measured) / items
            entry.figures[COLUMN.key] = Estimate(value, math.nan, math.nan, math.nan, items, 0)
            found = True
    return found
