"""How figures go up and down together because they stand on the same items.

Two tasks that ask the same question, two metrics of one task, and two models on one task are not independent. The
columns on file tell by how much: an item's influence on the one figure times its influence on the other, summed over
items, is their covariance. Items of two tasks are the same where they ask the same text, or where a data set's own ids
agree; items of one cluster count together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.leaderboard.influence_files import InfluenceFiles, file_of, key_of
from harness.metric import Columns, Metric
from harness.names.registry import Registry
from harness.running.table import OVERALL, Table, table_of_cell
from harness.store.reading import Readable
from harness.store.records import CellRecord
from harness.store.store import Store
from harness.task import Task
from harness.tasks.build import build_task
from harness.tasks.build_metric import metric_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Base = tuple[str, str, str]
"""Task, metric and domain of a figure that was measured."""
Combination = Mapping[Base, float]
"""A figure to first order: the measured ones that it is made of, and how much each weighs."""
_KEPT = 2**26
"""Numbers of influences that are kept in memory, half a gigabyte; others are read again when they are needed."""


_UNKNOWN = (
    "what its parts share is not on file, so they are taken as independent and the interval is too short where they "
    "agree on the same items; evaluate again to have it, which asks no model again"
)


class _Units(NamedTuple):
    """The items of a task that one model answered, and which independent unit of the board each belongs to."""

    ids: NDArray[np.bytes_]
    order: IntArray
    """That sorts the ids."""
    local: IntArray
    """(n,) number of each item's unit among the task's."""
    units: IntArray
    """(l,) numbers of the task's units among the board's."""
    file: str
    """Where influences on its metrics are kept."""


@dataclass(slots=True)
class _Known:
    """What influences add up to in each unit of a task."""

    sums: FloatArray | None
    """(l,); None where they cannot be had."""


class SharedItems:
    """The items of a board's cells, read when they are asked for.

    Args:
        registry: Where tasks and metrics are looked up.
        stores: Of the cells; the first holds those whose columns are named by a relative path.
        cells: The newest of each model and task.
    """

    def __init__(self, registry: Registry, stores: Sequence[Readable], cells: Sequence[CellRecord]) -> None:
        self._registry, self._store = registry, stores[0] if stores else None
        self._cells = {(cell.label, cell.task): cell for cell in cells}
        # A store that is only looked at gets no files beside it.
        self._files = InfluenceFiles(
            stores[0].folder / "influences" if stores and isinstance(stores[0], Store) else None
        )
        self._tasks: dict[str, Task] = {}
        self._metrics: dict[tuple[str, str], Metric] = {}
        self._found: dict[str, _Units] | None = None
        self._together: dict[str, int] = {}
        self._unsure: set[str] = set()
        self._sums: dict[tuple[str, Base], _Known] = {}
        self._kept = 0
        self._total = 0

    def correlation(self, model: str, figures: Sequence[Combination]) -> tuple[FloatArray | None, str]:
        """Correlations of a model's figures, and what a reader must know of them.

        Returns:
            (k, k), or None where no two of them share an item: they are then independent. The sentence says that items
            may be shared, but that by how much is not to be had, so that the figures are taken as independent.
        """
        tasks = {base[0] for figure in figures for base in figure}
        self._units()
        unsure = _UNKNOWN if len(tasks) > 1 and tasks & self._unsure else ""
        if len(figures) < 2 or not self._overlap(figures):
            return None, unsure
        vectors = np.zeros((len(figures), self._total))
        for row, figure in enumerate(figures):
            for base, weight in figure.items():
                sums = self._sums_of(model, base)
                if sums is None:
                    unsure = unsure or _UNKNOWN
                else:
                    np.add.at(vectors[row], self._units()[base[0]].units, weight * sums)
        return correlations(vectors @ vectors.T), unsure

    def between(self, figures: Mapping[str, Combination | None]) -> tuple[FloatArray, FloatArray, list[str]]:
        """Correlations of one figure of several models, which answered the same items.

        Returns:
            (m, m), 0 beside a model whose influences are not to be had; and (m,) the greatest influence of a single
            unit as a share of the standard error, below which no difference of two models can be told apart; and the
            models whose influences are not to be had.
        """
        models = list(figures)
        gram = np.zeros((len(models), len(models)))
        greatest = np.zeros(len(models))
        unknown = {i for i, model in enumerate(models) if not figures[model]}
        for group in self._groups({base[0] for figure in figures.values() for base in figure or ()}):
            vectors = self._vectors(figures, group, unknown)
            gram += vectors @ vectors.T
            greatest = np.maximum(greatest, np.abs(vectors).max(axis=1, initial=0.0))
        for i in unknown:
            gram[i], gram[:, i] = 0.0, 0.0
        size = np.sqrt(np.diag(gram))
        least = np.divide(greatest, size, out=np.zeros(len(models)), where=size > 0)
        return correlations(gram), least, [models[i] for i in unknown]

    def _vectors(self, figures: Mapping[str, Combination | None], group: set[str], unknown: set[int]) -> FloatArray:
        """What each model's figure owes to each unit of some tasks, (m, units); unknown ones are added to the set."""
        units = np.unique(np.concatenate([self._units()[task].units for task in group]))
        vectors = np.zeros((len(figures), units.size))
        for i, (model, figure) in enumerate(figures.items()):
            for base, weight in (figure or {}).items():
                if base[0] not in group or i in unknown:
                    continue
                sums = self._sums_of(model, base)
                if sums is None:
                    unknown.add(i)
                else:
                    np.add.at(vectors[i], np.searchsorted(units, self._units()[base[0]].units), weight * sums)
        return vectors

    def _groups(self, tasks: set[str]) -> Iterator[set[str]]:
        """The tasks that have cells, those together that share units."""
        self._units()
        known = [task for task in sorted(tasks) if task in self._together]
        for number in dict.fromkeys(self._together[task] for task in known):
            yield {task for task in known if self._together[task] == number}

    def _overlap(self, figures: Sequence[Combination]) -> bool:
        """Whether two figures share a task, or tasks that share units."""
        self._units()
        of_each = [{self._together[base[0]] for base in figure if base[0] in self._together} for figure in figures]
        return sum(map(len, of_each)) > len(set().union(*of_each))

    def _sums_of(self, model: str, base: Base) -> FloatArray | None:
        key = (model, base)
        if key in self._sums:
            return self._sums[key].sums
        sums = self._read_sums(model, base)
        size = 0 if sums is None else sums.size
        if self._kept + size <= _KEPT:
            self._sums[key] = _Known(sums)
            self._kept += size
        return sums

    def _read_sums(self, model: str, base: Base) -> FloatArray | None:
        task, text, domain = base
        cell, units = self._cells.get((model, task)), self._units().get(task)
        if cell is None or units is None or self._store is None:
            return None
        try:
            metric = self._metric(task, text)
            key = key_of(self._store.folder / cell.columns, metric, text, domain)
            row = None if key is None else self._files.get(units.file, key)
            if row is None:
                row = self._read_influences(cell, metric, domain, units)
                if row is not None and key is not None:
                    self._files.put(units.file, key, row)
        except HarnessError:
            return None  # the figure is on file, its columns are not
        if row is None:
            return None
        sums = np.bincount(units.local, weights=row, minlength=units.units.size)
        return np.asarray(sums, dtype=np.float64)

    def _read_influences(self, cell: CellRecord, metric: Metric, domain: str, units: _Units) -> FloatArray | None:
        """(n,) of the task's items."""
        table = self._table(cell)
        found = influence_on(metric, table, domain)
        if found is None:
            return None
        rows, influence = found
        places = rows
        if len(table.ids) != len(units.ids) or not (table.ids == units.ids).all():
            places = units.order[np.searchsorted(units.ids, table.ids[rows], sorter=units.order) % units.ids.size]
            same = units.ids[places] == table.ids[rows]
            places, influence = places[same], influence[same]
        row = np.zeros(units.ids.size)
        row[places] = influence
        return row

    def save(self) -> None:
        """Keep what was read beside the store, where that was much."""
        self._files.save()

    def _table(self, cell: CellRecord) -> Table:
        assert self._store is not None
        return table_of_cell(self._store, cell, self._task(cell.task).facts())

    def _task(self, name: str) -> Task:
        if name not in self._tasks:
            self._tasks[name] = build_task(self._registry, name)
        return self._tasks[name]

    def _metric(self, task: str, text: str) -> Metric:
        if (task, text) not in self._metrics:
            self._metrics[task, text] = metric_of(self._registry, self._task(task), text)
        return self._metrics[task, text]

    def _units(self) -> dict[str, _Units]:
        """By task; made once, from the cell with the most items of each."""
        if self._found is None:
            self._found = self._find_units()
        return self._found

    def _find_units(self) -> dict[str, _Units]:
        tables: dict[str, Table] = {}
        for (_, task), cell in self._cells.items():
            if task in tables:
                continue  # of whole results of one definition, all models have the same items but for unreadable ones
            try:
                tables[task] = self._table(cell)
            except HarnessError:
                continue  # another model's columns may be whole
        # Results of an earlier version do not say what each item asked; the number of a row says nothing.
        self._unsure = {t for t, table in tables.items() if table.prompts is None and np.char.isdigit(table.ids).any()}
        self._unsure |= {task for _, task in self._cells} - set(tables)
        numbers = _units_of(tables)
        self._total = 1 + max((int(of.max(initial=-1)) for of in numbers.values()), default=-1)
        found, first = {}, np.full(self._total, -1, dtype=np.int64)
        for position, (task, table) in enumerate(tables.items()):
            units, local = np.unique(numbers[task], return_inverse=True)
            found[task] = _Units(table.ids, np.argsort(table.ids), local, units, file_of(task, table.ids))
            met = first[units]
            others = {int(number) for number in np.unique(met[met >= 0])}
            for other, number in self._together.items():
                if number in others:
                    self._together[other] = position
            self._together[task] = position
            first[units] = position
            first[np.isin(first, list(others))] = position
        return found


def influence_on(metric: Metric, table: Table, domain: str) -> tuple[IntArray, FloatArray] | None:
    """Rows and their influences, divided by how many there are; None where the metric has none."""
    mask = None if domain == OVERALL else dict(table.domains()).get(domain)
    if domain != OVERALL and mask is None:
        return None
    columns: Columns = table.columns if mask is None else table.columns.take(mask)
    try:
        part, reason = metric.on(columns)
    except (NotImplementedError, KeyError):
        return None  # a metric without influences, or one of columns that are not on file
    if reason:
        return None
    rows = np.arange(len(table.ids)) if mask is None else np.flatnonzero(mask)
    kept = ~np.isnan(part.influence)
    return rows[kept], part.influence[kept] / max(1, int(kept.sum()))


def _units_of(tables: Mapping[str, Table]) -> dict[str, IntArray]:
    """The independent unit of each row: rows that share a prompt, an id of the data's own or a cluster are of one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    total = sum(len(table.ids) for table in tables.values())
    keys: dict[object, int] = {}
    rows: list[int] = []
    nodes: list[int] = []
    start = 0
    for task, table in tables.items():
        if table.columns.ordered and table.columns.clusters is not None:
            # What is asked comes again and again in a stream: by prompts or ids all blocks would be a single unit.
            stream = _stream_of(task, table)
            for i, block in enumerate(table.columns.clusters.tolist()):
                rows.append(start + i)
                nodes.append(total + keys.setdefault((stream, block), len(keys)))
            start += len(table.ids)
            continue
        prompts = None if table.prompts is None else table.prompts.tolist()
        clusters = None if table.columns.clusters is None else table.columns.clusters.tolist()
        for i, id_ in enumerate(table.ids.tolist()):
            shared: list[object] = []
            if prompts is not None and prompts[i]:
                shared.append(prompts[i])
            if not id_.isdigit():  # the number of a row says nothing across tasks
                shared.append(id_)
            if clusters is not None:
                shared.append((task, clusters[i]))
            for key in shared:
                rows.append(start + i)
                nodes.append(total + keys.setdefault(key, len(keys)))
        start += len(table.ids)
    size = total + len(keys)
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, nodes)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    _, labels = np.unique(labels[:total], return_inverse=True)
    ends = np.cumsum([len(table.ids) for table in tables.values()])
    parts = np.split(np.asarray(labels, dtype=np.int64), ends[:-1]) if tables else []
    return dict(zip(tables, parts, strict=True))


def _stream_of(task: str, table: Table) -> str:
    """The name of a sequence, the same for tasks that ask the same in the same order, in the same blocks."""
    asked: bytes = b""
    if table.prompts is not None and table.prompts.all():
        asked = table.prompts.tobytes()
    elif not np.char.isdigit(table.ids).any():  # the number of a row says nothing across tasks
        asked = b"\0".join(table.ids.tolist())
    assert table.columns.clusters is not None
    blocks = table.columns.clusters.tobytes()
    return f"stream {hashlib.blake2b(asked + blocks, digest_size=16).hexdigest()}" if asked else f"stream of {task}"


def correlations(gram: FloatArray) -> FloatArray:
    """From products of influences; 1 on the diagonal, 0 beside a figure without any."""
    size = np.sqrt(np.diag(gram))
    scale = np.outer(size, size)
    made = np.divide(gram, scale, out=np.zeros(gram.shape), where=scale > 0)
    np.fill_diagonal(made, 1.0)
    return np.asarray(np.clip(made, -1.0, 1.0))
