"""The figures of a cell's items, and the selection of items: failed or wrong ones, those of a domain, worst first."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, MeanMetric, Metric
from harness.running import OVERALL, Table, table_of_cell
from harness.stats import ranks_among_negatives

if TYPE_CHECKING:
    from harness import Task
    from harness.store import CellRecord, StoreReader

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_SIGNS = {"wrong": -1, "tie": 0, "right": 1}
SHOW = ("all", *_SIGNS, "failed")
ORDER = {"data": "order of the data", "worst": "worst first", "best": "best first"}


class ItemState(NamedTuple):
    """The state of an item, with its explanation."""

    state: str
    """``failed``, a state of `Credit.states`, or empty if the headline metric cannot judge the item."""
    words: str = ""
    why: str = ""


@dataclass(slots=True)
class Credit:
    """The contribution of each item to the headline metric."""

    metric: str
    values: FloatArray
    """(n,) the item's own figure if the metric is a mean over items, else its influence on the metric; NaN: failed."""
    middle: float
    """The value between wrong and right."""
    sign: int
    """1 if higher values are better, else -1."""
    own: bool
    """True where the values are the items' own figures."""

    @property
    def states(self) -> dict[int, str]:
        """The name of an item's state, by the sign of its merit."""
        return {-1: "wrong", 0: "tie", 1: "right"} if self.own else {-1: "worsens", 0: "neutral", 1: "improves"}

    def explained(self, state: str) -> tuple[str, str]:
        """Return a state in words, and a sentence that says what the state means."""
        better = ("lower", "higher")[self.sign > 0]
        if self.own:
            where = {"wrong": "on the worse side of", "tie": "at", "right": "on the better side of"}
            meaning = f"This item's own {self.metric} is {where[state]} {self.middle:.4g}; {better} is better."
            return state, meaning
        if state == "neutral":
            return f"no effect on {self.metric}", f"Without this item, {self.metric} would be the same."
        without = better if state == "worsens" else ("lower" if self.sign > 0 else "higher")
        return f"{state} {self.metric}", f"Without this item, {self.metric} would be {without}; {better} is better."

    @property
    def merit(self) -> FloatArray:
        """(n,) how good each item is: above 0 is right, below 0 is wrong."""
        away: FloatArray = self.sign * (self.values - self.middle)
        away[np.abs(away) < 1e-12] = 0.0  # the noise of sums must not make a tie wrong or right
        return away


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where a model ranks the items of two classes."""

    above: FloatArray
    """(n,) the share of the negatives that score lower, ties half; NaN: failed."""
    positive: Mask
    """(n,) whether an item is of the positive class."""
    negatives: int

    def words(self, row: int) -> str:
        """Return a row's rank in words; empty where the model failed."""
        share = 100 * float(self.above[row])
        if np.isnan(share):
            return ""
        digits = 0 if 0.5 < share < 99.5 or share in (0, 100) else 1
        return f"above {share:.{digits}f} % of {self.negatives:,} negatives"


@dataclass
class CellFigures:
    """The columns of a cell, with the state of each item."""

    table: Table
    failed: Mask
    credit: Credit | None
    """None if the headline metric cannot be divided among single items."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why items failed, by item id, for the items whose reason is kept."""
    ranks: Ranks | None = None
    """Set where the headline metric tells two classes apart by scores."""
    task: Task | None = None
    """The task, which tells what became of an item; None if it cannot be used."""

    @property
    def domains(self) -> list[str]:
        """The names of all domains, without the whole, sorted."""
        return sorted(self.table.domain_names)

    @cached_property
    def merit(self) -> FloatArray:
        """(n,) how good each item is; NaN for items that the metric cannot judge."""
        return np.full(len(self.table.ids), np.nan) if self.credit is None else self.credit.merit

    @cached_property
    def worst_first(self) -> Rows:
        """Row numbers, the worst item first; failed items come last."""
        return np.argsort(self.merit, kind="stable")

    @cached_property
    def best_first(self) -> Rows:
        """Row numbers, the best item first; failed items come last."""
        return np.argsort(-self.merit, kind="stable")

    @cached_property
    def rows(self) -> dict[bytes, int]:
        """The row number of every item, by item id."""
        return {id_: row for row, id_ in enumerate(self.table.ids.tolist())}

    def row(self, id_: str, near: int = -1) -> int | None:
        """Return the row number of an item, trying row ``near`` first; None for an unknown item."""
        item_id = id_.encode("utf-8", "surrogatepass")
        if 0 <= near < len(self.table.ids) and bytes(self.table.ids[near]) == item_id:
            return near
        return self.rows.get(item_id)

    def id(self, row: int) -> str:
        """Return the item id of a row."""
        return bytes(self.table.ids[row]).decode("utf-8", "replace")

    def in_domain(self, name: str) -> Mask | None:
        """Return a mask of the rows of a domain; None if the name stands for all rows."""
        if name in ("", OVERALL) or name not in self.table.domain_names:
            return None
        number = self.table.domain_names.index(name)
        members = np.array([number in combination for combination in self.table.combinations], dtype=bool)
        return np.asarray(members[self.table.memberships])

    def mask(self, domain: str, show: str) -> Mask:
        """Return a mask of the rows of a domain whose state is the one that ``show`` names."""
        kept = np.ones(len(self.table.ids), dtype=bool)
        if show == "failed":
            kept = self.failed
        elif show in _SIGNS:
            kept = (np.sign(self.merit) == _SIGNS[show]) & ~self.failed
        inside = self.in_domain(domain)
        return kept if inside is None else kept & inside

    def select(self, domain: str, show: str, order: str) -> Rows:
        """Return the numbers of the rows to show, in the order that ``order`` names."""
        kept = self.mask(domain, show)
        if order == "data" or self.credit is None:
            return np.flatnonzero(kept)
        ordered = self.worst_first if order == "worst" else self.best_first
        return ordered[kept[ordered]]

    def names_of(self, row: int) -> list[str]:
        """Return the names of the domains of a row."""
        combination = self.table.combinations[int(self.table.memberships[row])]
        return [self.table.domain_names[number] for number in combination]

    def values(self, row: int) -> dict[str, Any]:
        """Return a row's figures by column: a number, or a list without its padding."""
        figures: dict[str, Any] = {}
        for name, column in self.table.columns.values.items():
            value = column[row]
            figures[name] = float(value) if np.ndim(value) == 0 else _unpadded(value)
        return figures

    def state(self, row: int) -> str:
        """Return ``failed``, one of the states of the credit, or an empty text if the metric cannot judge the row."""
        if self.failed[row]:
            return "failed"
        merit = self.merit[row]
        return "" if self.credit is None or np.isnan(merit) else self.credit.states[int(np.sign(merit))]

    def mark(self, row: int) -> ItemState:
        """Return the state of a row, with its explanation."""
        state = self.state(row)
        if state in ("", "failed") or self.credit is None:
            return ItemState(state, state)
        return ItemState(state, *self.credit.explained(state))

    def choices(self) -> dict[str, str]:
        """Return the values of ``show`` that `mask` knows, each with a text for readers."""
        metric = self.credit.metric if self.credit is not None else ""
        judged = {
            "wrong": "wrong: score and label disagree",
            "tie": "neither right nor wrong",
            "right": "right: score and label agree",
        }
        pull = {"wrong": f"worsens {metric}", "tie": f"no effect on {metric}", "right": f"improves {metric}"}
        states = {} if self.credit is None else judged if self.credit.own else pull
        return {"all": "all items", **states, "failed": "failed or unreadable"}


def _unpadded(values: FloatArray) -> list[float]:
    finite = np.flatnonzero(np.isfinite(values))
    return [float(v) for v in values[: finite[-1] + 1]] if len(finite) else []


def load_figures(store: StoreReader, cell: CellRecord, task: Task | None, metric: Metric | None) -> CellFigures:
    """Load the columns of a cell, and compute the credit of its items.

    Args:
        store: The store that holds the cell.
        cell: The cell.
        task: The cell's task; None if the task cannot be used.
        metric: The headline metric; None if the metric cannot be used.

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
    ranks = None if metric is None or credit is None or credit.own else _ranks(metric, table)
    return CellFigures(table, failed, credit, reasons, ranks, task)


def _ranks(metric: Metric, table: Table) -> Ranks | None:
    """Rank a model's scores among the negatives; None for a metric that does not tell two classes apart."""
    both = metric.scores_of_classes(table.columns)
    if both is None:
        return None
    scores, labels = (np.asarray(values, dtype=np.float64) for values in both)
    if np.isnan(scores).all() or not np.isin(labels, (0, 1)).all() or not (labels == 0).any():
        return None
    return Ranks(ranks_among_negatives(scores, labels), labels == 1, int((labels == 0).sum()))


def credit_of(metric: Metric, table: Table) -> Credit | None:
    """Return the contribution of each item to a metric; None if the metric knows no influence of single items."""
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
        part, problem = metric.on(columns)
    except NotImplementedError:
        return None
    return None if problem else Credit(metric.name, part.influence, 0.0, sign, own=False)
