"""Rows of several models on the same items: read from the columns on file, matched by item id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import StoreError, UsageError, did_you_mean
from harness.metric import Columns, Metric
from harness.results.field import FieldColumns
from harness.running.table import OVERALL, duplicate_ids, table_of_cell
from harness.store.reading import Readable
from harness.store.records import CellRecord
from harness.task import Task

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SelectedRows:
    """One model's rows of one selector."""

    cell: CellRecord
    task: Task
    metric: Metric
    number: int
    """Of the selector."""
    rows: IntArray
    """(r,) numbers of the rows of the table."""
    ids: NDArray[np.bytes_]
    """(r,)"""
    figures: FloatArray | None
    """(r,); None where the metric has no figure of each item."""
    prompts: NDArray[np.uint64] | None
    """(r,) hashes of what the items ask."""
    clusters: NDArray[np.int64] | None
    """(r,) codes, which mean something within this model's rows only."""


def rows_of(store: Readable, cell: CellRecord, task: Task, metric: Metric, domain: str, number: int) -> SelectedRows:
    """Read a model's rows of a task and domain.

    Args:
        store: Below which the columns lie that are not named by an absolute path.
        cell: The model's results on the task.
        task: The task.
        metric: Of which the figures are.
        domain: All rows, or those of one domain.
        number: Of the selector.

    Raises:
        StoreError: the columns cannot be read, or an item is there twice.
        UsageError: no item is of the domain, or the columns lack what the metric needs.
    """
    table = table_of_cell(store, cell, task.facts())
    twice = duplicate_ids(table)
    if twice:
        raise StoreError(
            f"{cell.label} on {cell.task}: items that are there twice cannot be matched: {', '.join(twice)}"
        )
    domains = dict(table.domains())
    if domain not in domains:
        names = sorted(set(domains) - {OVERALL})
        raise UsageError(f"{cell.task} has no items of the domain {domain!r}{did_you_mean(domain, names)}")
    mask = domains[domain]
    rows = np.arange(len(table.ids)) if mask is None else np.flatnonzero(mask)
    columns = table.columns if mask is None else table.columns.take(rows)
    lacking = [name for name in metric.needs if name not in columns.values]
    if lacking:
        raise UsageError(f"{cell.label} on {cell.task}: the columns on file lack {', '.join(lacking)}; evaluate again")
    figures = metric.item_figures(columns)
    if figures is not None and np.shape(figures) != (len(rows),):
        raise UsageError(
            f"{metric.name} gives figures of shape {np.shape(figures)}; expected one a row, ({len(rows)},)"
        )
    prompts = None if table.prompts is None else table.prompts[rows]
    clusters = None if table.columns.clusters is None else table.columns.clusters[rows]
    return SelectedRows(cell, task, metric, number, rows, table.ids[rows], figures, prompts, clusters)


def field_columns(store: Readable, models: Mapping[str, Sequence[SelectedRows]]) -> dict[str, FieldColumns]:
    """Bring the rows of all models into one order.

    Args:
        store: As for `rows_of`.
        models: By model, the rows of every selector.
    """
    selectors = range(len(next(iter(models.values()))))
    orders = [_order([parts[number].ids for parts in models.values()]) for number in selectors]
    starts = np.concatenate([[0], np.cumsum([len(order) for order in orders])])
    ids = np.concatenate(orders)
    selected = np.repeat(np.arange(len(orders)), [len(order) for order in orders])
    places = {
        label: [starts[part.number] + _places(orders[part.number], part.ids) for part in parts]
        for label, parts in models.items()
    }
    units = _units(models, places, len(ids))
    made = {}
    for label, parts in models.items():
        present = np.zeros(len(ids), dtype=bool)
        figures: FloatArray | None = np.full(len(ids), np.nan)
        for part, place in zip(parts, places[label], strict=True):
            present[place] = True
            if part.figures is None:
                figures = None
            elif figures is not None:
                figures[place] = part.figures
        better = parts[0].metric.higher_is_better
        reader = _FieldReader(store, parts, places[label], units)
        made[label] = FieldColumns(ids, figures, better, present, selected, units, reader)
    return made


class _FieldReader:
    """Reads a model's columns in the field's order, when they are asked for: those of many models are large."""

    def __init__(
        self, store: Readable, parts: Sequence[SelectedRows], places: Sequence[IntArray], units: IntArray
    ) -> None:
        self._store, self._parts, self._places, self._units = store, parts, places, units

    def __call__(self) -> Columns:
        values: dict[str, FloatArray] = {}
        facts = [part.task.facts() for part in self._parts]
        for part, place, own in zip(self._parts, self._places, facts, strict=True):
            table = table_of_cell(self._store, part.cell, own)
            for name, column in table.columns.values.items():
                shape = (len(self._units), *column.shape[1:])
                if name not in values:
                    values[name] = np.full(shape, np.nan)
                elif values[name].shape != shape:
                    if values[name].ndim != len(shape):
                        raise UsageError(f"the column {name!r} holds numbers in one task and arrays in another")
                    wider = np.full((len(self._units), max(shape[1], values[name].shape[1])), np.nan)
                    wider[:, : values[name].shape[1]] = values[name]
                    values[name] = wider
                target = values[name]
                if column.ndim == 1:
                    target[place] = column[part.rows]
                else:
                    target[place, : column.shape[1]] = column[part.rows]
        one_task = len({part.task.name for part in self._parts}) == 1
        return Columns(values, self._units, facts[0] if one_task else {})


def _order(lists: Sequence[NDArray[np.bytes_]]) -> NDArray[np.bytes_]:
    """Return all ids, each once: those of the first model in data order, then what others have beside."""
    first = lists[0]
    if all(len(ids) == len(first) and (ids == first).all() for ids in lists[1:]):
        return first
    known = dict.fromkeys(value for ids in lists for value in ids.tolist())
    return np.array(list(known), dtype="S")


def _places(order: NDArray[np.bytes_], ids: NDArray[np.bytes_]) -> IntArray:
    if len(order) == len(ids) and (order == ids).all():
        return np.arange(len(ids))
    by_id = np.argsort(order)
    return np.asarray(by_id[np.searchsorted(order, ids, sorter=by_id)], dtype=np.int64)


def _units(
    models: Mapping[str, Sequence[SelectedRows]], places: Mapping[str, Sequence[IntArray]], size: int
) -> IntArray:
    """Return codes of what is independent, (n,): rows of one item, prompt or cluster are of one unit."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    keys: dict[object, int] = {}
    rows: list[IntArray] = []
    nodes: list[int] = []
    seen: set[tuple[int, bytes]] = set()
    for label, parts in models.items():
        for part, place in zip(parts, places[label], strict=True):
            if (part.number, place.tobytes()) in seen:
                continue  # the same items in the same order, so the same prompts and clusters
            seen.add((part.number, place.tobytes()))
            name = part.task.name
            ids = part.ids.tolist()
            said: list[list[object]] = [[(name, id_) for id_ in ids]]
            # The number of a row says nothing across tasks; an id of the data's own does.
            said.append([(name, id_) if id_.isdigit() else id_ for id_ in ids])
            if part.prompts is not None:
                said.append([prompt or (name, id_) for prompt, id_ in zip(part.prompts.tolist(), ids, strict=True)])
            if part.clusters is not None:
                said.append([(name, label, code) for code in part.clusters.tolist()])
            for named in said:
                rows.append(place)
                nodes += [size + keys.setdefault(key, len(keys)) for key in named]
    whole = size + len(keys)
    graph = coo_array((np.ones(len(nodes), np.int8), (np.concatenate(rows), nodes)), shape=(whole, whole))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(np.unique(labels[:size], return_inverse=True)[1], dtype=np.int64)
