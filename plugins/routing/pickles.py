"""Pickles read without executing anything: what a pickle would call is noted down, and read as data.

A pickle names functions and has them called; whoever loads one from elsewhere runs what its author liked. Here every
name in it stands for an inert note of the name, the arguments and the state, whatever it is called with, and a name
beyond those of arrays and tables is refused. Arrays are then made from the notes, with shape, type and size checked.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import DataError

_NUMPY = {
    f"numpy.{core}.{name}": role
    for core in ("core", "_core")
    for name, role in {
        "multiarray._reconstruct": "array",
        "multiarray.scalar": "scalar",
        "numeric._frombuffer": "buffer array",
    }.items()
}
NAMES: Mapping[str, str] = {
    **_NUMPY,
    "numpy.ndarray": "class",
    "numpy.dtype": "dtype",
    "builtins.slice": "slice",
    "builtins.bytes": "bytes",
    "builtins.bytearray": "bytes",
    "_codecs.encode": "encoded",
    "pandas.DataFrame": "frame",
    "pandas.core.frame.DataFrame": "frame",
    "pandas.core.internals.managers.BlockManager": "manager",
    "pandas._libs.internals._unpickle_block": "block",
    "pandas.core.indexes.base._new_Index": "index",
    "pandas.Index": "class",
    "pandas.core.indexes.base.Index": "class",
    "pandas.RangeIndex": "class",
    "pandas.core.indexes.range.RangeIndex": "class",
    "pandas.core.indexes.numeric.Int64Index": "class",
    "pandas.StringDtype": "class",
    "pandas.core.arrays.string_.StringDtype": "class",
    "pandas.arrays.ArrowStringArray": "arrow texts",
    "pandas.core.arrays.string_arrow.ArrowStringArray": "arrow texts",
    "pyarrow.lib.chunked_array": "chunks",
    "pyarrow.lib._restore_array": "arrow array",
    "pyarrow.lib.type_for_alias": "arrow type",
    "pyarrow.lib.py_buffer": "bytes",
}
"""The names that a pickle may have in it, each with what a note of it is read as."""
_TYPES = frozenset(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"])


class Note:
    """What a pickle says should be called: never called, only noted."""

    role = ""
    name = ""
    args: tuple[Any, ...] = ()
    state: Any = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Note:
        """Note the arguments down."""
        note = object.__new__(cls)
        note.args = args if not kwargs else (*args, kwargs)
        return note

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the arguments are noted already."""

    def __setstate__(self, state: Any) -> None:
        """Note the state down."""
        self.state = state

    def __hash__(self) -> int:
        """Refuse to be the key of a mapping.

        Raises:
            DataError: always.
        """
        raise DataError(f"{self.name} is the key of a mapping in it; expected plain values")


class _Reader(pickle.Unpickler):
    """Reads plain values, and a note for everything else."""

    def __init__(self, stream: io.BufferedIOBase, where: str) -> None:
        super().__init__(stream)
        self._where = where
        self._made: dict[str, type[Note]] = {}

    def find_class(self, module: str, name: str) -> type[Note]:
        """Return an inert class in place of what is named.

        Raises:
            DataError: the name is none of an array or a table.
        """
        full = f"{module.replace('__builtin__', 'builtins')}.{name}"
        if full not in NAMES:
            raise DataError(
                f"{self._where}: the pickle names {full!r}, which no table of numbers and texts needs; it is not read. "
                "If you trust whoever made it, load it yourself and write it as Parquet or CSV"
            )
        if full not in self._made:
            self._made[full] = type("Noted", (Note,), {"role": NAMES[full], "name": full})
        return self._made[full]

    def persistent_load(self, pid: Any) -> Any:
        """Refuse what lies outside the file.

        Raises:
            DataError: always.
        """
        raise DataError(f"{self._where}: the pickle refers to something outside it")


def read_notes(path: Path, member: str = "") -> Any:
    """Read a pickle: plain values as they are, everything else as a `Note`.

    Args:
        path: The pickle, or a zip archive that it is in.
        member: Its name in the archive.

    Raises:
        DataError: the file is missing, is no pickle, or names what is not allowed.
    """
    import zipfile

    try:
        if not member:
            with path.open("rb") as stream:
                return _Reader(stream, str(path)).load()
        with zipfile.ZipFile(path) as archive, archive.open(member) as packed:
            return _Reader(io.BufferedReader(packed), f"{path}:{member}").load()  # type: ignore[type-var]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except DataError:
        raise
    except Exception as error:  # a damaged pickle fails in as many ways as there are instructions
        raise DataError(f"{path}: not a readable pickle: {type(error).__name__}: {error}") from error


def of_role(value: Any, *roles: str) -> Note:
    """Return a value that has to be a note of one of some roles.

    Raises:
        DataError: it is not.
    """
    if not isinstance(value, Note) or value.role not in roles:
        found = value.name if isinstance(value, Note) else type(value).__name__
        raise DataError(f"expected {' or '.join(roles)} in the pickle, found {found}")
    return value


def bytes_of(value: Any) -> bytes:
    """Return the bytes that a value or a note stands for.

    Raises:
        DataError: it stands for none.
    """
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, pickle.PickleBuffer):
        return value.raw().tobytes()
    note = of_role(value, "bytes", "encoded")
    if not note.args:
        return b""
    if note.role == "encoded" and isinstance(note.args[0], str):
        try:
            return note.args[0].encode("latin1")
        except UnicodeEncodeError:
            raise DataError("texts are given as bytes in the pickle") from None
    return bytes_of(note.args[0])


def _dtype(note: Any) -> str:
    """Return the type of an array as numpy writes it; ``O`` for objects.

    Raises:
        DataError: it is neither a number nor a text nor an object.
    """
    of_role(note, "dtype")
    code = note.args[0] if note.args else None
    if code in ("O8", "O4", "O", "object"):
        return "O"
    if code not in _TYPES and not (isinstance(code, str) and re.fullmatch(r"U[1-9][0-9]{0,7}", code)):
        raise DataError(f"an array of type {code!r} in the pickle; expected numbers, texts or objects")
    order = note.state[1] if isinstance(note.state, tuple) and len(note.state) > 1 else "|"
    return f"{order if order in '<>' else ''}{code}"


def array_of(value: Any) -> NDArray[Any]:
    """Return the array that a note stands for: of numbers, or of objects, whose values are then plain.

    Raises:
        DataError: the note is of something else, or shape, type and size do not fit together.
    """
    note = of_role(value, "array", "buffer array")
    try:
        if note.role == "buffer array":
            raw, dtype, shape, order = note.args[:4]
            kind, fortran = _dtype(dtype), order == "F"
        else:
            _, shape, dtype, fortran, raw = note.state
            kind = _dtype(dtype)
    except (TypeError, ValueError):
        raise DataError("an array in the pickle is not of a known form") from None
    if not (isinstance(shape, tuple) and all(type(length) is int and length >= 0 for length in shape)):
        raise DataError(f"an array of shape {shape!r} in the pickle")
    size = int(np.prod(shape, dtype=object)) if shape else 1
    if kind == "O":
        if not isinstance(raw, list) or len(raw) != size:
            raise DataError("an array of objects in the pickle has not as many values as its shape says")
        flat: NDArray[Any] = np.empty(size, dtype=object)
        flat[:] = [plain_of(part) for part in raw]
    else:
        content = bytes_of(raw)
        if len(content) != size * np.dtype(kind).itemsize:
            raise DataError("an array in the pickle has not as many bytes as its shape says")
        flat = np.frombuffer(content, dtype=kind)
    return flat.reshape(shape, order="F" if fortran else "C")


def plain_of(value: Any) -> Any:
    """Return a text, number, boolean or None; also of a scalar of numpy.

    Raises:
        DataError: it is something else.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    note = of_role(value, "scalar")
    kind = _dtype(note.args[0])
    if kind == "O" or len(note.args) < 2:
        raise DataError("a scalar of objects in the pickle")
    content = bytes_of(note.args[1])
    if len(content) != np.dtype(kind).itemsize:
        raise DataError("a scalar in the pickle has not as many bytes as its type says")
    return np.frombuffer(content, dtype=kind)[0].item()


def texts_of(value: Any) -> list[str]:
    """Return the texts of a list, a tuple or an array of objects.

    Raises:
        DataError: it is something else, or holds something else.
    """
    parts: Sequence[Any] = value if isinstance(value, (list, tuple)) else array_of(value).ravel().tolist()
    texts = [plain_of(part) for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise DataError("expected texts in the pickle, found numbers")
    return texts
