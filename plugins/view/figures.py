"""The figures of a cell's items, and which of them a reader asks for: failed, wrong, of a domain, the worst first."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, MeanMetric, Metric
from harness.running import OVERALL, Table, table_of_cell

if TYPE_CHECKING:
    from harness import Task
    from harness.store import CellRecord, StoreReader

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_SIGNS = {"wrong": -1, "tie": 0, "right": 1}
SHOW = ("all", *_SIGNS, "failed")
ORDER = {"data": "order of the data", "worst": "worst first", "best": "best first"}


class ItemState(NamedTuple):
    """What is said of an item."""

    state: str
    """Empty: nothing."""
    words: str = ""
    why: str = ""


@dataclass(slots=True)
class Credit:
    """What each item contributes to the headline metric."""

    metric: str
    values: FloatArray
    """(n,) its own figure where the metric is a mean over items, else how far it pulls the metric; NaN: failed."""
    middle: float
    """Between wrong and right."""
    sign: int
    """1 where higher is better."""
    own: bool
    """True where the values are the items' own figures."""

    @property
    def states(self) -> dict[int, str]:
        """What the merit's sign says of an item."""
        return {-1: "wrong", 0: "tie", 1: "right"} if self.own else {-1: "worsens", 0: "neutral", 1: "improves"}

    def explained(self, state: str) -> tuple[str, str]:
        """A state in words, and what it means."""
        better = ("lower", "higher")[self.sign > 0]
        if self.own:
            where = {"wrong": "on the worse side of", "tie": "at", "right": "on the better side of"}
            said = f"This item's own {self.metric} is {where[state]} {self.middle:.4g}; {better} is better."
            return state, said
        if state == "neutral":
            return f"no effect on {self.metric}", f"Without this item, {self.metric} would be the same."
        without = better if state == "worsens" else ("lower" if self.sign > 0 else "higher")
        return f"{state} {self.metric}", f"Without this item, {self.metric} would be {without}; {better} is better."

    @property
    def merit(self) -> FloatArray:
        """(n,) above 0: right, below: wrong."""
        away: FloatArray = self.sign * (self.values - self.middle)
        away[np.abs(away) < 1e-12] = 0.0
        return away


@dataclass
class CellFigures:
    """The columns of a cell."""

    table: Table
    failed: Mask
    credit: Credit | None
    """None where the headline metric says nothing of single items."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why items failed, of those whose reason is kept."""

    @property
    def domains(self) -> list[str]:
        """All domains but the whole."""
        return sorted(self.table.domain_names)

    @cached_property
    def merit(self) -> FloatArray:
        """(n,) NaN where nothing is said."""
        return np.full(len(self.table.ids), np.nan) if self.credit is None else self.credit.merit

    @cached_property
    def worst_first(self) -> Rows:
        """Row numbers; failed ones come last."""
        return np.argsort(self.merit, kind="stable")

    @cached_property
    def best_first(self) -> Rows:
        """Row numbers; failed ones come last."""
        return np.argsort(-self.merit, kind="stable")

    @cached_property
    def rows(self) -> dict[bytes, int]:
        """Row number of every item id."""
        return {id_: row for row, id_ in enumerate(self.table.ids.tolist())}

    def row(self, id_: str, near: int = -1) -> int | None:
        """Row number of an item, looked for first where it was in the data."""
        wanted = id_.encode("utf-8", "surrogatepass")
        if 0 <= near < len(self.table.ids) and bytes(self.table.ids[near]) == wanted:
            return near
        return self.rows.get(wanted)

    def id(self, row: int) -> str:
        """The item id of a row."""
        return bytes(self.table.ids[row]).decode("utf-8", "replace")

    def in_domain(self, name: str) -> Mask | None:
        """Rows of a domain; None: all."""
        if name in ("", OVERALL) or name not in self.table.domain_names:
            return None
        number = self.table.domain_names.index(name)
        members = np.array([number in combination for combination in self.table.combinations], dtype=bool)
        return np.asarray(members[self.table.memberships])

    def mask(self, domain: str, show: str) -> Mask:
        """Rows of a domain that are as ``show`` says."""
        kept = np.ones(len(self.table.ids), dtype=bool)
        if show == "failed":
            kept = self.failed
        elif show in _SIGNS:
            kept = (np.sign(self.merit) == _SIGNS[show]) & ~self.failed
        inside = self.in_domain(domain)
        return kept if inside is None else kept & inside

    def select(self, domain: str, show: str, order: str) -> Rows:
        """The rows to show, in order."""
        kept = self.mask(domain, show)
        if order == "data" or self.credit is None:
            return np.flatnonzero(kept)
        ordered = self.worst_first if order == "worst" else self.best_first
        return ordered[kept[ordered]]

    def names_of(self, row: int) -> list[str]:
        """Domains of a row."""
        combination = self.table.combinations[int(self.table.memberships[row])]
        return [self.table.domain_names[number] for number in combination]

    def values(self, row: int) -> dict[str, Any]:
        """A row's figures by column: a number, or a list without the padding."""
        found: dict[str, Any] = {}
        for name, column in self.table.columns.values.items():
            value = column[row]
            found[name] = float(value) if np.ndim(value) == 0 else _unpadded(value)
        return found

    def state(self, row: int) -> str:
        """``failed``, one of the states of its credit, or empty where nothing is said."""
        if self.failed[row]:
            return "failed"
        merit = self.merit[row]
        return "" if self.credit is None or np.isnan(merit) else self.credit.states[int(np.sign(merit))]

    def mark(self, row: int) -> ItemState:
        """The state of a row, in words too."""
        state = self.state(row)
        if state in ("", "failed") or self.credit is None:
            return ItemState(state, state)
        return ItemState(state, *self.credit.explained(state))

    def choices(self) -> dict[str, str]:
        """What `mask` can show, in words."""
        metric = self.credit.metric if self.credit is not None else ""
        own = {
            "wrong": "wrong: score and label disagree",
            "tie": "neither right nor wrong",
            "right": "right: score and label agree",
        }
        pull = {"wrong": f"worsens {metric}", "tie": f"no effect on {metric}", "right": f"improves {metric}"}
        said = {} if self.credit is None else own if self.credit.own else pull
        return {"all": "all items", **said, "failed": "failed or unreadable"}


def _unpadded(values: FloatArray) -> list[float]:
    finite = np.flatnonzero(np.isfinite(values))
    return [float(v) for v in values[: finite[-1] + 1]] if len(finite) else []


def load_figures(store: StoreReader, cell: CellRecord, task: Task | None, metric: Metric | None) -> CellFigures:
    """The figures of a cell.

    Args:
        store: Where its columns lie.
        cell: The cell.
        task: Its task; None where that is not there.
        metric: The headline metric; None where that is not there.

    Raises:
        StoreError: the file of columns is missing or damaged.
    """
    table = table_of_cell(store, cell, task.facts() if task is not None else {})
    reasons = dict(cell.failures)
    failed = np.isin(table.ids, np.array([id_.encode("utf-8", "surrogatepass") for id_ in reasons] or [b""]))
    credit = None
    if metric is not None and set(metric.needs) <= set(table.columns.values):
        failed |= ~metric.valid(table.columns)
        credit = credit_of(metric, table)
    return CellFigures(table, failed, credit, reasons)


def credit_of(metric: Metric, table: Table) -> Credit | None:
    """What each item contributes to a metric; None where the metric has no influence of single items."""
    columns, sign = table.columns, 1 if metric.higher_is_better else -1
    valid = metric.valid(columns)
    if not valid.any():
        return None
    if isinstance(metric, MeanMetric):
        values = metric.figures(columns)
        inside = metric.bounds is not None
        middle = 0.5 * sum(metric.bounds or (0, 0)) if inside else float(np.nanmean(values))
        return Credit(metric.name, values, middle, sign, own=True)
    try:
        found, problem = metric.on(columns)
    except NotImplementedError:
        return None
    return None if problem else Credit(metric.name, found.influence, 0.0, sign, own=False)
