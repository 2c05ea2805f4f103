"""A connection of its own to a store's database, without the tables that `Store` knows: to remove rows, to compact."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from harness.errors import StoreError
from harness.store.store import clear_errors

_BUSY_SECONDS = 60


@contextlib.contextmanager
def connected(path: Path, problem: str) -> Iterator[sqlite3.Connection]:
    """Open the database, each statement a transaction unless one is begun; close it at the end.

    Args:
        path: The file of the store.
        problem: What an error of the database means, such as ``nothing was removed``.

    Raises:
        StoreError: the database cannot be read or written.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        with clear_errors(path):
            try:
                yield connection
            except sqlite3.Error as error:
                raise StoreError(f"{path}: {problem}: {error}") from error
    finally:
        connection.close()
