"""Rows become columns: compact arrays that grow by a few bytes an item, whatever the texts weigh."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import StoreError
from harness.metric import Columns
from harness.npz import DamagedArrays, read_npz
from harness.store.places import file_below
from harness.store.reading import Readable
from harness.store.records import CellRecord
from harness.task import Item

OVERALL = "overall"
_MEND = "evaluate again to write it anew, which asks no model again"


class Table(NamedTuple):
    """The columns of a whole cell, with what tells its rows apart."""

    columns: Columns
    ids: NDArray[np.bytes_]
    """(n,) item ids in UTF-8, in data order."""
    domain_names: list[str]
    memberships: NDArray[np.int32]
    """(n,) index of each row's combination of domains."""
    combinations: list[tuple[int, ...]]
    """For each combination, the indices of its domains."""

    def domains(self) -> list[tuple[str, NDArray[np.bool_] | None]]:
        """(name, mask) of every domain; the first is all rows."""
        found: list[tuple[str, NDArray[np.bool_] | None]] = [(OVERALL, None)]
        for number, name in sorted(enumerate(self.domain_names), key=lambda pair: pair[1]):
            members = np.array([number in combination for combination in self.combinations], dtype=bool)
            found.append((name, members[self.memberships]))
        return found


class Collector:
    """Collects the rows of one cell, chunk by chunk."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._chunks: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
        self._ids: list[NDArray[np.bytes_]] = []
        self._domains: dict[str, int] = {}
        self._combinations: dict[tuple[str, ...], int] = {}
        self._memberships: list[NDArray[np.int32]] = []
        self._clusters: dict[str, int] = {}
        self._codes: list[NDArray[np.int64]] = []
        self.count = 0

    def add(self, items: Sequence[Item], rows: Sequence[Mapping[str, Any]]) -> None:
        """The rows of a chunk of items."""
        if not self.count and rows:  # a task may learn from its first answers what figures it has
            self._names = list(dict.fromkeys(name for row in rows for name in row))
            self._chunks = {name: [] for name in self._names}
        for name in self._names:
            self._chunks[name].append(_stack([row.get(name, math.nan) for row in rows]))
        self._ids.append(np.array([item.id.encode() for item in items]))
        combinations = self._combinations
        self._memberships.append(
            np.fromiter((combinations.setdefault(i.domains, len(combinations)) for i in items), np.int32, len(items))
        )
        if self._clusters or any(item.cluster is not None for item in items):
            self._codes.append(
                np.fromiter(
                    (self._cluster(item, self.count + i) for i, item in enumerate(items)),
                    np.int64,
                    len(items),
                )
            )
        self.count += len(items)

    def _cluster(self, item: Item, row: int) -> int:
        # A row without a cluster is one of its own, which negative codes cannot confuse with a named one.
        return -row - 1 if item.cluster is None else self._clusters.setdefault(item.cluster, len(self._clusters))

    def table(self, facts: Mapping[str, Any]) -> Table:
        """All rows collected."""
        values = {name: _concatenate(self._chunks.pop(name)) for name in self._names}
        names = list(dict.fromkeys(name for combination in self._combinations for name in combination))
        numbers = {name: i for i, name in enumerate(names)}
        return Table(
            Columns(values, np.concatenate(self._codes) if self._codes else None, facts),
            np.concatenate(self._ids) if self._ids else np.empty(0, "S1"),
            names,
            np.concatenate(self._memberships) if self._memberships else np.empty(0, np.int32),
            [tuple(numbers[name] for name in combination) for combination in self._combinations],
        )


def _stack(values: Sequence[Any]) -> NDArray[np.float64]:
    """(n,) of numbers, or (n, k) of rows of unequal length padded with NaN."""
    if not values or np.ndim(values[0]) == 0:
        return np.array(values, dtype=np.float64)
    width = max(len(value) for value in values)
    stacked = np.full((len(values), width), np.nan)
    for i, value in enumerate(values):
        stacked[i, : len(value)] = value
    return stacked


def _concatenate(chunks: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    if not chunks:
        return np.empty(0)
    if chunks[0].ndim == 1:
        return np.concatenate(chunks)
    width = max(chunk.shape[1] for chunk in chunks)
    return np.concatenate([np.pad(c, ((0, 0), (0, width - c.shape[1])), constant_values=np.nan) for c in chunks])


def duplicate_ids(table: Table) -> list[str]:
    """Ids that occur more than once."""
    ordered = np.sort(table.ids)
    return [value.decode() for value in np.unique(ordered[1:][ordered[1:] == ordered[:-1]])[:5]]


def save_table(table: Table, path: Path) -> None:
    """Write a table so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    arrays: dict[str, Any] = {f"column/{name}": value for name, value in table.columns.values.items()}
    arrays |= {
        "ids": table.ids,
        "memberships": table.memberships,
        "domains": np.array(table.domain_names, dtype="U"),
    }
    if table.columns.clusters is not None:
        arrays["clusters"] = table.columns.clusters
    width = max((len(c) for c in table.combinations), default=0)
    arrays["combinations"] = np.array([[*c, *[-1] * (width - len(c))] for c in table.combinations], dtype=np.int32)
    try:
        with partial.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def load_table(path: Path, facts: Mapping[str, Any]) -> Table:
    """The table that was saved.

    Raises:
        StoreError: the file is missing or damaged.
    """
    try:
        return _table_of(read_npz(path), facts)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}; {_MEND}") from error
    except DamagedArrays as error:
        raise StoreError(f"{path}: damaged: {error}; {_MEND}") from error


def table_of_cell(store: Readable, cell: CellRecord, facts: Mapping[str, Any]) -> Table:
    """The columns of a cell on file.

    Raises:
        StoreError: the file is missing or damaged; names the model and the task.
    """
    try:
        return load_table(file_below(store.folder, cell.columns, store.others), facts)
    except StoreError as error:
        raise StoreError(f"{cell.label} on {cell.task}: {error}") from error


def _table_of(arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> Table:
    lacking = [name for name in ("ids", "domains", "memberships", "combinations") if name not in arrays]
    if lacking:
        raise DamagedArrays(f"it lacks {', '.join(lacking)}")
    values = {name.removeprefix("column/"): value for name, value in arrays.items() if name.startswith("column/")}
    ids, memberships = arrays["ids"], arrays["memberships"]
    try:
        names = [str(name) for name in arrays["domains"]]
        combinations = [tuple(int(i) for i in row if i >= 0) for row in np.atleast_2d(arrays["combinations"])]
        columns = Columns(values, arrays.get("clusters"), facts)
    except (TypeError, ValueError, IndexError) as error:
        raise DamagedArrays(f"no columns of a cell: {error}") from error
    if (
        ids.ndim != 1
        or ids.dtype.kind != "S"
        or any(len(value) != len(ids) for value in (*values.values(), memberships))
    ):
        raise DamagedArrays("its columns are not one row an item")
    if any(i >= len(names) for combination in combinations for i in combination) or (
        memberships.size and not 0 <= memberships.min() <= memberships.max() < len(combinations)
    ):
        raise DamagedArrays("its items are in domains that it does not name")
    return Table(columns, ids, names, memberships, combinations)
