"""A pickled table of pandas, read column by column without pandas and without executing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness import DataError

from .pickles import Note, array_of, bytes_of, of_role, plain_of, read_notes

Table = dict[str, list[Any]]
"""Values by column, all columns of one length; None where one is missing."""
_COLUMNS = 100_000


def read_frame(path: Path) -> Table:
    """Read the columns of a pickled ``pandas.DataFrame``, as texts, numbers, booleans and None.

    Raises:
        DataError: the file is missing, names what is not allowed, or holds no such table.
    """
    try:
        return _frame(read_notes(path))
    except DataError as error:
        text = str(error)
        raise DataError(text if text.startswith(str(path)) else f"{path}: {text}") from None
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        # Whatever else stands where a number or a list is expected: a damaged file, or one that was made to harm.
        raise DataError(f"{path}: no pickled table of a known form: {type(error).__name__}") from error


def _frame(value: Any) -> Table:
    state = of_role(value, "frame").state
    manager = state.get("_mgr", state.get("_data")) if isinstance(state, Mapping) else None
    blocks, (names, rows) = _parts_of(of_role(manager, "manager"))
    labels, length = _index(names), len(_index(rows))
    if len(labels) > _COLUMNS:
        raise DataError(f"the pickled table has {len(labels)} columns; expected {_COLUMNS} at most")
    table: dict[int, list[Any]] = {}
    for values, places in blocks:
        columns = _block(values)
        places = _places(places, len(labels))
        if len(places) != len(columns) or any(len(column) != length for column in columns):
            raise DataError("a block of the pickled table has another shape than its columns and rows")
        table.update(zip(places, columns, strict=True))
    if sorted(table) != list(range(len(labels))) or len(set(labels)) < len(labels):
        raise DataError("the pickled table has columns without values, or two of one name")
    return {str(label): table[i] for i, label in enumerate(labels)}


def _parts_of(manager: Note) -> tuple[list[tuple[Any, Any]], tuple[Any, Any]]:
    """Return (values, places) of each block, and the indices of columns and rows."""
    if manager.args:  # pandas 1.3 and later
        blocks, axes = manager.args[:2] if len(manager.args) > 1 else ((), ())
        pairs = [of_role(block, "block").args[:2] for block in blocks]
    else:
        state = manager.state
        form = state[3].get("0.14.1") if isinstance(state, tuple) and len(state) > 3 else None
        if not isinstance(form, Mapping):
            raise DataError("a pickled table of a form that is not known")
        axes = form["axes"]
        pairs = [(block["values"], block["mgr_locs"]) for block in form["blocks"]]
    if len(axes) != 2 or any(len(pair) != 2 for pair in pairs):
        raise DataError("expected a pickled table of rows and columns")
    return [(values, places) for values, places in pairs], (axes[0], axes[1])


def _index(value: Any) -> Sequence[Any]:
    note = of_role(value, "index")
    content = note.args[1] if len(note.args) > 1 else None
    if not isinstance(content, Mapping):
        raise DataError("an index of the pickled table is not of a known form")
    if "start" in content:
        return range(content["start"], content["stop"], content["step"])  # any length costs nothing
    return _flat(content.get("data"))


def _places(value: Any, columns: int) -> list[int]:
    if isinstance(value, Note) and value.role == "slice":
        return list(range(columns))[slice(*value.args)]
    return [int(place) for place in array_of(value).ravel()]


def _block(value: Any) -> list[list[Any]]:
    """Return the columns of a block: arrays hold a column a row, texts of Arrow are one column."""
    if isinstance(value, Note) and value.role == "arrow texts":
        return [_flat(value)]
    array = array_of(value)
    if array.ndim != 2:
        raise DataError("a block of the pickled table has no rows and columns")
    return [column.tolist() for column in array]


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Note) and value.role == "arrow texts":
        state = value.state
        held = state.get("_pa_array", state.get("_data")) if isinstance(state, Mapping) else None
        return list(_arrow_texts(held))
    return list(array_of(value).ravel().tolist())


def _arrow_texts(value: Any) -> Iterator[str | None]:
    """Yield the texts of an array of Arrow, from its buffers: which are there, where each ends, and all of them."""
    note = of_role(value, "chunks", "arrow array")
    if note.role == "chunks":
        for chunk in note.args[0]:
            yield from _arrow_texts(chunk)
        return
    form = note.args[0]
    if not (isinstance(form, tuple) and len(form) >= 5 and isinstance(form[4], list) and len(form[4]) == 3):
        raise DataError("texts of the pickled table are not of a known form")
    kind, length, _, start, buffers = form[:5]
    alias = plain_of(of_role(kind, "arrow type").args[0])
    if alias not in ("string", "large_string") or type(length) is not int or type(start) is not int:
        raise DataError(f"expected texts in the pickled table, found {alias!r}")
    width = "<i8" if alias == "large_string" else "<i4"
    ends = np.frombuffer(bytes_of(buffers[1]), dtype=width)
    content = b"" if buffers[2] is None else bytes_of(buffers[2])
    there = np.ones(start + length, dtype=bool)
    if buffers[0] is not None:
        there = np.unpackbits(np.frombuffer(bytes_of(buffers[0]), dtype="u1"), bitorder="little").astype(bool)
    if length < 0 or start < 0 or len(ends) < start + length + 1 or len(there) < start + length:
        raise DataError("texts of the pickled table are cut off")
    for i in range(start, start + length):
        yield content[ends[i] : ends[i + 1]].decode("utf-8", "replace") if there[i] else None
