"""The figures of evaluated models as a table: one row an item, one column a model, matched by the items' ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, HarnessError, UsageError, did_you_mean
from harness.files.generated_data import GeneratedData, of_all
from harness.metric import Metric
from harness.names.plugins import plugin_code
from harness.names.registry import Registry
from harness.results.generated import say_generated, without_mixing
from harness.results.result_notes import notes_on_bounds
from harness.results.selection import choose_among
from harness.running.table import Table, table_of_cell
from harness.store.cells import latest_cells
from harness.store.reading import Readable
from harness.store.records import CellRecord
from harness.task import Task
from harness.tasks.build import build_task
from harness.tasks.build_metric import check_columns, metric_of


@dataclass(frozen=True, slots=True)
class Figures:
    """What each model scored on each item of a task.

    >>> values = np.array([[0.0, 1.0], [np.nan, 1.0]])
    >>> found = Figures("school/sums", "accuracy", ("a", "b"), ("small", "large"), values)
    >>> list(found.rows())
    [{'id': 'a', 'small': 0.0, 'large': 1.0}, {'id': 'b', 'small': None, 'large': 1.0}]
    """

    task: str
    metric: str
    ids: tuple[str, ...]
    """Of the n items, in data order."""
    models: tuple[str, ...]
    """Labels of the m models."""
    values: NDArray[np.float64]
    """(n, m); NaN where the request failed, or the model was not evaluated on the item."""
    unit: str = "fraction"
    higher_is_better: bool = True
    split: str = "test"
    notes: tuple[str, ...] = ()
    """What a reader must know, such as cells that are left out."""
    generated: GeneratedData | None = None
    """What is known of the items if a program made them; None for real data."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one mapping an item: its id, and by label each model's figure; None where there is none."""
        for id_, row in zip(self.ids, self.values.tolist(), strict=True):
            yield {"id": id_, **{m: None if v != v else v for m, v in zip(self.models, row, strict=True)}}


def read_figures(
    registry: Registry,
    stores: Sequence[Readable],
    task: str,
    metric: str | None = None,
    *,
    models: Sequence[str] = (),
    split: str = "test",
) -> Figures:
    """Read the figures of every model that was evaluated on a task.

    Args:
        registry: Where task and metric are looked up.
        stores: The first that has a model's cell on the task gives it.
        task: The task's name.
        metric: One that is a mean of figures of items; None: the task's headline.
        models: Labels, in the order of the columns; empty: all, sorted.
        split: Results on this split; whole evaluations before those with a limit.

    Raises:
        UnknownName: there is no such task or metric.
        UsageError: the metric has no figure an item, a model was not evaluated, or one label names two models.
        DataError: no model was evaluated on the task as it is defined now.
        StoreError: columns are missing or damaged.
    """
    built = build_task(registry, task)
    chosen = _metric(registry, built, metric or next(iter(built.metrics), ""))
    cells, notes = cells_of_figures(stores, built, split)
    if not cells:
        where = " and ".join(str(store.path) for store in stores)
        raise DataError("; ".join([f"no model was evaluated on {task} [{split}] in {where}", *notes]))
    labels = list(models) or sorted(cells)
    twice = [label for i, label in enumerate(labels) if label in labels[:i]]
    if twice:
        raise UsageError(f"the model {twice[0]!r} is named twice")
    for label in labels:
        if label not in cells:
            raise UsageError(f"no result of a model {label!r} on {task} [{split}]{did_you_mean(label, list(cells))}")
    with plugin_code(f"{task}: facts()"):
        facts = built.facts()
    columns: list[tuple[Table, NDArray[np.float64]]] = []
    for label in labels:
        store, cell = cells[label]
        if cell.settings.get("limit") is not None:
            notes.append(f"{label} was evaluated on the first {cell.settings['limit']} items only")
        table = table_of_cell(store, cell, facts)
        with plugin_code(f"{task}: the metric {chosen.name} of {label}"):
            figures = _item_figures(chosen, table)
        # Of a table, its ids alone are needed below: columns may be wide.
        columns.append((table._replace(columns=dataclasses.replace(table.columns, values={})), figures))
    ids, values = _matched(columns)
    better = chosen.higher_is_better
    notes += notes_on_bounds(cells[label][1] for label in labels)
    mark = of_all(cells[label][1].generated for label in labels)
    if mark is not None and mark.in_place_of:
        notes.append(say_generated({task: mark}))
    return Figures(task, chosen.name, ids, tuple(labels), values, chosen.unit, better, split, tuple(notes), mark)


def _metric(registry: Registry, task: Task, text: str) -> Metric:
    """Return the metric, which is to have a figure of each item.

    Raises:
        UsageError: it is not; names those of the task that are.
    """
    if not text:
        raise UsageError(f"{task.name} has no metric of its own; name one")
    metric = metric_of(registry, task, text)
    if _has_item_figures(metric):
        check_columns(metric, task)
        return metric
    others = []
    for name in task.metrics:
        try:
            others += [name] if _has_item_figures(metric_of(registry, task, name)) else []
        except HarnessError:  # one that cannot be made is no choice
            continue
    listed = f"; of this task these do: {', '.join(others)}" if others else "; name another with --metric"
    raise UsageError(f"the metric {text} gives no figure an item, only one of all of them{listed}")


def _has_item_figures(metric: Metric) -> bool:
    """Return whether the metric's class says what each item's figure is."""
    return type(metric).item_figures is not Metric.item_figures


def _item_figures(metric: Metric, table: Table) -> NDArray[np.float64]:
    """Return the figures of a table's rows, shape (n,)."""
    figures = np.asarray(metric.item_figures(table.columns), dtype=np.float64)
    if figures.shape != (len(table.ids),):
        raise ValueError(f"item_figures() gave an array of shape {figures.shape} for {len(table.ids)} rows")
    return figures


def cells_of_figures(
    stores: Sequence[Readable], task: Task, split: str
) -> tuple[dict[str, tuple[Readable, CellRecord]], list[str]]:
    """Return the newest cell of each model, by label, and what was left out.

    Raises:
        UsageError: one label names different models in two stores.
    """
    held: list[list[tuple[Readable, CellRecord]]] = []
    notes: list[str] = []
    for store in stores:
        found = {cell.label: cell for cell in latest_cells(store, [task.name], settings={"split": split})}
        whole = latest_cells(store, [task.name], settings={"split": split, "limit": None})
        found |= {cell.label: cell for cell in whole}
        current = [cell for cell in found.values() if cell.task_digest == task.definition.digest]
        if len(current) < len(found):
            earlier = sorted(label for label, cell in found.items() if cell not in current)
            notes.append(
                f"left out, since {task.name} was defined differently then: {', '.join(earlier)} in {store.path}; "
                "evaluate again"
            )
        held.append([(store, cell) for cell in current])
    chosen = choose_among(held)
    kept, mixed = without_mixing([cell for _, cell in chosen.values()])
    labels = {cell.label for cell in kept}
    return {label: pair for (label, _), pair in chosen.items() if label in labels}, [*notes, *mixed]


def _matched(columns: Sequence[tuple[Table, NDArray[np.float64]]]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Put figures of several tables side by side, in the data order of the longest; further items follow."""
    order: dict[bytes, int] = {}
    for table, _ in sorted(columns, key=lambda pair: -len(pair[0].ids)):
        for id_ in table.ids.tolist():
            order.setdefault(id_, len(order))
    values = np.full((len(order), len(columns)), np.nan)
    for number, (table, figures) in enumerate(columns):
        values[[order[id_] for id_ in table.ids.tolist()], number] = figures
    return tuple(id_.decode("utf-8", "replace") for id_ in order), values
