"""Large array responses: appended to files beside the database, found through their rows.

A file belongs to one writing process, so two never interleave. Arrays are flushed to disk before the transaction that
names them commits: a row never points at bytes that are not there, and what a killed process left behind the last
committed row is unreachable and harmless.
"""

from __future__ import annotations

import contextlib
import math
import os
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import StoreError
from harness.files.atomic import NO_ROOM, is_full
from harness.store.in_use import hold
from harness.store.places import DamagedRecord, file_below

_MAPPED = 32 << 20
"""Bytes that are read before files are mapped anew."""
_MEND = "bring it back from where the store was copied, or evaluate into another --store"


class ArrayFiles:
    """The array files of one store, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._name = ""
        self._maps: dict[str, NDArray[np.uint8]] = {}
        self._read = 0

    def append(self, array: NDArray[Any]) -> dict[str, Any]:
        """Write an array; returns where it lies, as the row is to say it. Not durable until `flush`.

        Raises:
            StoreError: it cannot be written (a full disk, say).
        """
        content = _bytes_of(array)
        with self._writing():
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._name = f"{uuid.uuid4().hex}.bin"
                self._file = (self._folder / self._name).open("xb")
                hold(self._file.fileno())  # no row names it yet, and whoever gives room back has to see that it is used
            offset = self._file.tell()
            self._file.write(content)
        place = {"file": self._name, "offset": offset, "dtype": array.dtype.str, "shape": list(array.shape)}
        return {**place, "crc32": zlib.crc32(content)}

    def flush(self) -> None:
        """Make everything appended durable.

        Raises:
            StoreError: it cannot be written (a full disk, say).
        """
        if self._file is not None:
            with self._writing():
                self._file.flush()
                os.fsync(self._file.fileno())

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn an error into one sentence; the file is written no further, for nobody knows what of it is there."""
        try:
            yield
        except OSError as error:
            self._abandon()
            reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}"
            raise StoreError(f"{self._folder}: {reason}") from error

    def _abandon(self) -> None:
        """Close the file whatever it takes; rows that name what was flushed before go on finding it."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what is buffered is tried once more, in vain
                file.close()

    def read(self, place: dict[str, Any]) -> NDArray[Any]:
        """A copy of the array that lies at ``place``; one written before arrays had a checksum is taken as it is.

        An empty array lies nowhere.

        Raises:
            StoreError: its file is missing or too short: it was deleted, or not copied along with the database; or it
                lies outside of the store.
            DamagedRecord: ``place`` is no place, or other bytes lie there than were written.
        """
        name, offset, dtype, shape, checksum = place_of(place)
        length = dtype.itemsize * math.prod(shape)
        if length:
            self._map(name, offset + length)  # a damaged row may name more than there is, and than memory holds
        array = np.empty(shape, dtype)
        flat, sum_ = array.reshape(-1).view(np.uint8), 0
        for start in range(0, length, _MAPPED):
            piece = self._piece(name, offset + start, min(_MAPPED, length - start), offset + length)
            flat[start : start + len(piece)] = piece
            sum_ = zlib.crc32(piece.data, sum_)
        self._hold(name, offset, length, sum_, checksum)
        return array

    def verify(self, place: dict[str, Any]) -> None:
        """Look over the array that lies at ``place``, without keeping it in memory.

        Raises:
            StoreError, DamagedRecord: as `read`.
        """
        name, offset, dtype, shape, checksum = place_of(place)
        length, sum_ = dtype.itemsize * math.prod(shape), 0
        if length:
            self._map(name, offset + length)
        if checksum is None:
            return
        for start in range(0, length, _MAPPED):
            piece = self._piece(name, offset + start, min(_MAPPED, length - start), offset + length)
            sum_ = zlib.crc32(piece.data, sum_)
        self._hold(name, offset, length, sum_, checksum)

    def _hold(self, name: str, offset: int, length: int, found: int, checksum: int | None) -> None:
        """Hold the checksum of the bytes that were read against that of those written.

        Raises:
            DamagedRecord: they are others.
        """
        if checksum is not None and found != checksum:
            raise DamagedRecord(
                f"{self._folder / name}: damaged: bytes {offset} to {offset + length} are not those written"
            )

    def _piece(self, name: str, offset: int, length: int, needed: int) -> NDArray[np.uint8]:
        """Return some bytes of a file, as they are mapped; the next call may let go of the map.

        Args:
            name: The file.
            offset: Where they begin.
            length: How many.
            needed: The last byte that the store names, up to which the file has to be there.
        """
        if self._read > _MAPPED:  # pages that were read count as this process's memory until their map is gone
            self._maps.clear()
            self._read = 0
        self._read += length
        return self._map(name, needed)[offset : offset + length]

    def _map(self, name: str, needed: int) -> NDArray[np.uint8]:
        known = self._maps.get(name)
        if known is None or known.size < needed:
            path = file_below(self._folder.parent, f"{self._folder.name}/{name}")
            if self._file is not None and name == self._name:
                with self._writing():
                    self._file.flush()
            try:
                known = self._maps[name] = np.memmap(path, dtype=np.uint8, mode="r")
            except (OSError, ValueError) as error:
                raise StoreError(f"{path}: cannot be read, but the store names it: {error}; {_MEND}") from error
            if known.size < needed:
                raise StoreError(
                    f"{path}: damaged: {known.size} bytes long, but the store names bytes up to {needed}; {_MEND}"
                )
        return known

    def close(self) -> None:
        """Close the file that is written to."""
        self._abandon()
        self._maps.clear()


def _bytes_of(array: NDArray[Any]) -> Any:
    """Return the bytes of an array in C order, which are not copied where they lie so already."""
    if not array.dtype.itemsize or array.dtype.hasobject:
        return array.tobytes()
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


class Place(NamedTuple):
    """Where an array lies, as a row says."""

    file: str
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    checksum: int | None

    @property
    def length(self) -> int:
        """Bytes."""
        return self.dtype.itemsize * math.prod(self.shape)


def place_of(place: Any) -> Place:
    """Read the place of an array that a row says.

    Raises:
        DamagedRecord: it says no such thing.
    """
    try:
        name, offset, shape, checksum = place["file"], place["offset"], place["shape"], place.get("crc32")
        dtype = np.dtype(place["dtype"])
        whole = [offset, *shape, *([] if checksum is None else [checksum])]
        if not isinstance(name, str) or any(type(number) is not int or number < 0 for number in whole):
            raise ValueError("a size is no whole number")
        if dtype.hasobject or not dtype.itemsize:
            raise ValueError(f"arrays of {dtype} are not kept")
    except (TypeError, ValueError, LookupError, AttributeError, SyntaxError) as error:
        raise DamagedRecord(f"damaged: the place of an array is unreadable: {error}") from error
    return Place(name, offset, dtype, tuple(shape), checksum)
