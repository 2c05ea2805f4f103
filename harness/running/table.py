"""Rows become columns: compact arrays that grow by a few bytes an item, whatever the texts weigh."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.array_values import array_problem, arrays_inside, is_array, plain_value
from harness.errors import DataError, StoreError
from harness.files.atomic import NO_ROOM, is_full
from harness.files.npz import DamagedArrays, read_npz, write_npz
from harness.metric import Columns
from harness.requests import Conversation
from harness.store.places import file_below
from harness.store.reading import Readable
from harness.store.records import CellRecord
from harness.task import Item

OVERALL = "overall"
"""The name of the domain that holds all items."""
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
    prompts: NDArray[np.uint64] | None = None
    """(n,) hashes of what each item asks, equal in two tasks that share it; None where they are not on file."""

    def domains(self) -> list[tuple[str, NDArray[np.bool_] | None]]:
        """Return (name, mask) of every domain; the first is all rows, whose mask is None."""
        domains: list[tuple[str, NDArray[np.bool_] | None]] = [(OVERALL, None)]
        for number, name in sorted(enumerate(self.domain_names), key=lambda pair: pair[1]):
            members = np.array([number in combination for combination in self.combinations], dtype=bool)
            domains.append((name, members[self.memberships]))
        return domains


class Collector:
    """Collects the rows of one cell, chunk by chunk.

    Args:
        names: The columns that the task declares.
        types: Of columns that are kept as something else than float64, by name.
        task: The task's name, for messages.
    """

    def __init__(self, names: Sequence[str], types: Mapping[str, str] | None = None, *, task: str = "") -> None:
        self._names = list(names)
        self._types = dict(types or {})
        self._of = f" of {task}" if task else ""
        self._chunks: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
        self._ids: list[NDArray[np.bytes_]] = []
        self._prompts: list[NDArray[np.uint64]] = []
        self._domains: dict[str, int] = {}
        self._combinations: dict[tuple[str, ...], int] = {}
        self._memberships: list[NDArray[np.int32]] = []
        self._clusters: dict[str, int] = {}
        self._codes: list[NDArray[np.int64]] = []
        self.count = 0

    def add(self, items: Sequence[Item], rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in the rows of a chunk of items.

        Raises:
            DataError: a column holds numbers and arrays, arrays of more than one dimension, or no real numbers.
        """
        if not self.count and rows:  # a task may learn from its first answers what figures it has
            self._names, self._chunks = [], {}
        for name in dict.fromkeys(name for row in rows for name in row):
            if name not in self._chunks:  # how many items are a chunk must not decide which figures there are
                self._names.append(name)
                self._chunks[name] = [np.full(self.count, np.nan)] if self.count else []
        for name in self._names:
            self._chunks[name].append(self._stacked(name, rows))
        self._ids.append(np.array([item.id.encode() for item in items]))
        self._prompts.append(np.fromiter(map(prompt_key, items), np.uint64, len(items)))
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

    def _stacked(self, name: str, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
        values = [row.get(name, math.nan) for row in rows]
        return _stack(f"{name!r}{self._of}", values, self._types.get(name, "float64"))

    def _cluster(self, item: Item, row: int) -> int:
        # A row without a cluster is one of its own, which negative codes cannot confuse with a named one.
        return -row - 1 if item.cluster is None else self._clusters.setdefault(item.cluster, len(self._clusters))

    def table(self, facts: Mapping[str, Any]) -> Table:
        """Return the columns of all rows; what was collected is given away.

        Raises:
            DataError: a column holds numbers in one chunk and arrays in another.
        """
        values = {name: _concatenate(f"{name!r}{self._of}", self._chunks.pop(name)) for name in self._names}
        names = list(dict.fromkeys(name for combination in self._combinations for name in combination))
        numbers = {name: i for i, name in enumerate(names)}
        return Table(
            Columns(values, np.concatenate(self._codes) if self._codes else None, facts),
            np.concatenate(self._ids) if self._ids else np.empty(0, "S1"),
            names,
            np.concatenate(self._memberships) if self._memberships else np.empty(0, np.int32),
            [tuple(numbers[name] for name in combination) for combination in self._combinations],
            np.concatenate(self._prompts) if self._prompts else np.empty(0, np.uint64),
        )


def prompt_key(item: Item) -> int:
    """Return a hash of what an item asks, whatever its responses or labels are: 64 bits, equal for equal texts.

    An item asks its prompt, or its text, else the first conversation, text or record among its fields, else its arrays.
    An item without any, or whose texts this copy of the data lacks, is known by its id; where the id is a mere number,
    by nothing: 0.
    """
    fields = [item.fields[name] for name in ("prompt", "text") if name in item.fields] or list(item.fields.values())
    asked = next((value for value in fields if isinstance(value, (str, Conversation, Mapping)) and value), None)
    if asked is None and not item.withheld:
        asked = _arrays_of(fields)
    if item.withheld or asked is None:
        if item.id.isdigit():  # the number of a row, which every task has
            return 0
        text = f"id {item.id}"
    elif isinstance(asked, Mapping):
        text = json.dumps(asked, sort_keys=True, default=_written)
    elif isinstance(asked, Conversation):
        # A text alone and a conversation of that one message ask the same.
        messages = asked.messages
        plain = len(messages) == 1 and messages[0].role == "user"
        text = messages[0].content if plain else "\0".join(f"{m.role}\0{m.content}" for m in messages)
    else:
        text = asked
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _arrays_of(fields: Sequence[Any]) -> Mapping[str, Any] | None:
    """Return the arrays among an item's fields as a record; None where there are none, or none that can be hashed."""
    arrays = [array for array in arrays_inside(fields) if array_problem(array) is None]
    return {"arrays": arrays} if arrays else None


def _written(value: Any) -> Any:
    """Write out what JSON has no form for; arrays by their hash, since their text leaves out what is in the middle."""
    if is_array(value) and array_problem(value) is None:
        return plain_value(value)
    return str(value)


def _stack(name: str, values: Sequence[Any], type_: str = "float64") -> NDArray[Any]:
    """Stack values to (n,) numbers, or to (n, k) of arrays of unequal length padded with NaN.

    A row whose request failed may hold NaN where the others hold arrays, for nobody knows how long an array that was
    never made would be: it becomes an empty row.

    Raises:
        DataError: the column holds numbers and arrays, arrays of more than one dimension, or no real numbers.
    """
    try:
        dimensions = {np.ndim(value) for value in values}
    except ValueError:
        raise DataError(f"the column {name} holds lists of unequal lengths inside a list") from None
    if dimensions - {0, 1}:
        raise DataError(
            f"the column {name} holds an array of {max(dimensions)} dimensions in a row; at most 1 is possible: reduce "
            "it in row(), or flatten it"
        )
    if any(issubclass(kind, (complex, np.complexfloating)) for kind in set(map(_kind, values))):
        # numpy would leave out the imaginary part
        raise DataError(f"the column {name} holds complex numbers; give their parts as two columns")
    try:
        if dimensions <= {0}:
            return np.array(values, dtype=type_)
        rows = [np.empty(0) if np.ndim(value) == 0 and _is_nan(value) else value for value in values]
        if any(np.ndim(row) == 0 for row in rows):
            raise DataError(f"the column {name} holds a number in one row and an array in another")
        width = max(len(row) for row in rows)
        stacked = np.full((len(rows), width), np.nan, dtype=type_)
        for i, row in enumerate(rows):
            stacked[i, : len(row)] = np.asarray(row, dtype=type_)
    except (TypeError, ValueError) as error:
        raise DataError(f"the column {name} holds what is no number: {error}; texts have no place in columns") from None
    return stacked


def _kind(value: Any) -> type:
    return value.dtype.type if is_array(value) else type(value)


def _is_nan(value: Any) -> bool:
    return value is None or math.isnan(value)


def _concatenate(name: str, chunks: list[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate the chunks of a column; beside chunks of arrays, one of NaN alone is one of empty rows.

    The chunks are given away one by one, so that a wide column is not in memory twice.

    Raises:
        DataError: one chunk holds numbers and another arrays.
    """
    if not chunks:
        return np.empty(0)
    if all(chunk.ndim == 1 for chunk in chunks):
        return np.concatenate(chunks)  # numbers: 8 bytes an item
    if any(chunk.ndim == 1 and not np.isnan(chunk).all() for chunk in chunks):
        raise DataError(f"the column {name} holds a number in one row and an array in another")
    width = max(chunk.shape[1] for chunk in chunks if chunk.ndim == 2)
    type_ = next(chunk.dtype for chunk in chunks if chunk.ndim == 2)
    whole = np.empty((sum(map(len, chunks)), width), dtype=type_)
    start = 0
    for chunk in _given_away(chunks):
        rows = whole[start : start + len(chunk)]
        rows[:] = np.nan
        if chunk.ndim == 2:  # else rows of NaN alone, whatever the width
            rows[:, : chunk.shape[1]] = chunk
        start += len(chunk)
    return whole


def _given_away(chunks: list[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Yield the chunks in order, and forget each."""
    chunks.reverse()
    while chunks:
        yield chunks.pop()


def duplicate_ids(table: Table) -> list[str]:
    """Return up to five ids that occur more than once."""
    ordered = np.sort(table.ids)
    return [value.decode() for value in np.unique(ordered[1:][ordered[1:] == ordered[:-1]])[:5]]


def save_table(table: Table, path: Path) -> None:
    """Write a table so that the file is there whole or not at all.

    Raises:
        StoreError: the file cannot be written.
    """
    arrays: dict[str, Any] = {f"column/{name}": value for name, value in table.columns.values.items()}
    arrays |= {
        "ids": table.ids,
        "memberships": table.memberships,
        "domains": np.array(table.domain_names, dtype="U"),
    }
    if table.columns.clusters is not None:
        arrays["clusters"] = table.columns.clusters
    if table.columns.ordered:
        arrays["ordered"] = np.array(True)
    if table.prompts is not None:
        arrays["prompts"] = table.prompts
    width = max((len(c) for c in table.combinations), default=0)
    arrays["combinations"] = np.array([[*c, *[-1] * (width - len(c))] for c in table.combinations], dtype=np.int32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_npz(path, arrays, compressed=True)
    except OSError as error:
        raise StoreError(f"{path}: {NO_ROOM if is_full(error) else f'cannot be written: {error.strerror}'}") from error


def load_table(path: Path, facts: Mapping[str, Any]) -> Table:
    """Read a table that was saved.

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
    """Read the columns of a cell on file.

    Raises:
        StoreError: the file is missing or damaged; names the model and the task.
    """
    try:
        return load_table(file_below(store.folder, cell.columns, store.others), facts)
    except StoreError as error:
        raise StoreError(f"{cell.label} on {cell.task}: {error}") from error


def _table_of(arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> Table:
    """Make a table of the arrays of a file, held to one row an item: a damaged file must not become a figure.

    Raises:
        DamagedArrays: the arrays are no columns of a cell.
    """
    lacking = [name for name in ("ids", "domains", "memberships", "combinations") if name not in arrays]
    if lacking:
        raise DamagedArrays(f"it lacks {', '.join(lacking)}")
    values = {name.removeprefix("column/"): value for name, value in arrays.items() if name.startswith("column/")}
    ids, memberships = arrays["ids"], arrays["memberships"]
    prompts, clusters = arrays.get("prompts"), arrays.get("clusters")
    try:
        names = [str(name) for name in arrays["domains"]]
        combinations = [tuple(int(i) for i in row if i >= 0) for row in np.atleast_2d(arrays["combinations"])]
        columns = Columns(values, clusters, facts, ordered=bool(arrays.get("ordered", False)))
    except (TypeError, ValueError, IndexError) as error:
        raise DamagedArrays(f"no columns of a cell: {error}") from error
    beside = [array for array in (prompts, clusters) if array is not None]
    if (
        ids.ndim != 1
        or ids.dtype.kind != "S"
        or any(len(value) != len(ids) for value in (*values.values(), *beside, memberships))
    ):
        raise DamagedArrays("its columns are not one row an item")
    if any(i >= len(names) for combination in combinations for i in combination) or (
        memberships.size and not 0 <= memberships.min() <= memberships.max() < len(combinations)
    ):
        raise DamagedArrays("its items are in domains that it does not name")
    return Table(columns, ids, names, memberships, combinations, prompts)
