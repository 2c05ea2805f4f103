"""How much the comparisons of a benchmark may weigh, since they grow with the square of the models."""

from __future__ import annotations

from dataclasses import dataclass, field

from .content import Content, SiteColumn
from .pairs import BYTES_OWN, BYTES_SHARED

PAIR_BYTES = 960_000
"""Of all pairs of a benchmark that are on file."""


@dataclass(slots=True)
class Room:
    """What is left; whole tasks come before domains, also those of tasks that are still to come."""

    content: Content
    left: float = field(default_factory=lambda: float(PAIR_BYTES))
    awaited: dict[str, float] = field(default_factory=dict)
    """Bytes of the whole tasks that are still to come, by column."""
    left_out: int = 0
    """Columns that found no room."""

    def __post_init__(self) -> None:
        self.awaited = {c.key: self._weight(c) for c in self.content.columns if c.kind == "task"}

    def needs_none(self, column: SiteColumn) -> None:
        """Count a column as there without weighing anything."""
        self.awaited.pop(column.key, None)

    def takes(self, column: SiteColumn) -> bool:
        """Whether the pairs of a column find room, which is then taken."""
        weight = self._weight(column)
        self.awaited.pop(column.key, None)
        kept_free = sum(self.awaited.values()) if column.kind == "domain" else 0.0
        if weight + kept_free > self.left:
            self.left_out += 1
            return False
        self.left -= weight
        return True

    def _weight(self, column: SiteColumn) -> float:
        cells = [cell for row in self.content.evaluated for cell in row.cells if cell.task == column.task]
        whole = sum(not cell.failed_requests for cell in cells)
        alike = whole * (whole - 1) / 2
        return alike * BYTES_SHARED + (len(cells) * (len(cells) - 1) / 2 - alike) * BYTES_OWN

    def note(self) -> str:
        """What was left out; empty where everything found room."""
        if not self.left_out:
            return ""
        columns = sum(column.kind != "aggregate" for column in self.content.columns)
        return (
            f"{self.left_out} of {columns} columns are left out of the comparison of two models, since those of all "
            "pairs would make the site too large; harness compare gives them"
        )
