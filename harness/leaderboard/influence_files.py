"""Influences kept beside a store, so that a leaderboard of thousands of cells reads few files instead of all columns.

One file a task holds a row of influences for every cell, metric and domain that a leaderboard has asked for. A row is
known by the file of columns it was made from, its size and time of change, and the code of the metric, so that a cell
that was evaluated anew is read anew. Losing these files loses nothing but time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.files.npz import DamagedArrays, read_npz
from harness.metric import Metric

LEAST = 500
"""Rows read from columns that are worth a file; a smaller leaderboard is as fast without."""
_STALE = 4
"""A file with this many times the rows that were asked for holds mostly old ones, which are then left out."""


class InfluenceFiles:
    """Rows of influences by task; written once, by `save`.

    Args:
        folder: Where the files are; None: nowhere, so that nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, dict[bytes, NDArray[np.float64]]] = {}
        self._used: dict[str, set[bytes]] = {}
        self._new: dict[str, int] = {}

    def get(self, file: str, key: bytes) -> NDArray[np.float64] | None:
        """A row; None where it is not on file."""
        if file not in self._known:
            self._known[file] = self._read(file)
            self._used[file] = set()
        self._used[file].add(key)
        return self._known[file].get(key)

    def put(self, file: str, key: bytes, row: NDArray[np.float64]) -> None:
        """Remember a row until `save`."""
        if self._folder is not None:
            self._known[file][key] = row
            self._new[file] = self._new.get(file, 0) + 1

    def save(self) -> None:
        """Write what is new, where that is worth it and the folder can be written to."""
        if self._folder is None or sum(self._new.values()) < LEAST:
            return
        with contextlib.suppress(OSError):  # these files only save time
            self._folder.mkdir(parents=True, exist_ok=True)
            for file in self._new:
                self._write(file)
        self._new.clear()

    def _read(self, file: str) -> dict[bytes, NDArray[np.float64]]:
        if self._folder is None:
            return {}
        try:
            arrays = read_npz(self._folder / file)
            return dict(zip(arrays["keys"].tolist(), arrays["rows"], strict=True))
        except (OSError, DamagedArrays, KeyError, ValueError):
            return {}  # made anew

    def _write(self, file: str) -> None:
        assert self._folder is not None
        known, used = self._known[file], self._used[file]
        if len(known) > _STALE * len(used):
            known = {key: row for key, row in known.items() if key in used}
        partial = self._folder / f"{file}.{os.getpid()}.partial"
        with partial.open("wb") as stream:
            np.savez(stream, keys=np.array(list(known)), rows=np.array(list(known.values())))
        partial.replace(self._folder / file)


def file_of(task: str, ids: NDArray[np.bytes_]) -> str:
    """The name of a task's file: rows are in the order of these ids."""
    return hashlib.blake2b(task.encode() + b"\0" + ids.tobytes(), digest_size=12).hexdigest() + ".npz"


def key_of(columns: Path, metric: Metric, text: str, domain: str) -> bytes | None:
    """What a row is known by; None where its columns are not there."""
    try:
        found = columns.stat()
    except OSError:
        return None
    code = getattr(sys.modules.get(type(metric).__module__), "__file__", None)
    with contextlib.suppress(OSError, TypeError):
        code = f"{code} {os.stat(code).st_mtime_ns}" if code else code
    whole = f"{columns.name}\0{found.st_size}\0{found.st_mtime_ns}\0{code}\0{text}\0{domain}"
    return hashlib.blake2b(whole.encode(), digest_size=12).hexdigest().encode()
