"""Recognition of stores, without writing to the file: it may be the database of another program."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import quote

from harness.errors import StoreError
from harness.files.regular_files import is_file
from harness.store import schema as s
from harness.store.sqlite_errors import is_locked

_BUSY_SECONDS = 10
_WRITE_AHEAD = b"\2\2"
"""Bytes 18 and 19 of a database in write-ahead mode (https://www.sqlite.org/fileformat2.html)."""
_TABLES = frozenset(table.name for table in s.metadata.sorted_tables)
_COLUMNS = sorted(column.name for column in s.about.columns)


def holds_store(path: Path) -> bool:
    """Tell whether a file is a store; False for a missing or empty file, so that a store can be made there.

    Raises:
        StoreError: the file is something else; the file stays as it is.
    """
    if not is_file(path) or not path.stat().st_size:
        return False
    try:
        with contextlib.closing(read_only(path, immutable=is_at_rest(path))) as connection:
            return _is_store(connection, path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}; choose another with --store") from error
    except sqlite3.OperationalError as error:
        mend = "wait for it" if is_locked(error) else "choose another place with --store"
        raise StoreError(f"{path}: cannot be opened: {error}; {mend}") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: not a usable store: {error}; choose another with --store") from error


def read_only(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """Open a connection that cannot write, usable from several threads.

    Args:
        path: The SQLite file.
        immutable: Promises that nobody writes to the file meanwhile; then SQLite makes no files beside it.
    """
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    if not immutable:
        connection = sqlite3.connect(place, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return connection
        except sqlite3.DatabaseError as error:
            connection.close()
            if not isinstance(error, sqlite3.OperationalError) or is_locked(error):
                raise
            # SQLite cannot make the files of write-ahead mode in a read-only folder. But nobody can write there, so
            # the database may be read as it lies.
    return sqlite3.connect(place + "&immutable=1", uri=True, check_same_thread=False)


def is_at_rest(path: Path) -> bool:
    """Tell whether a database in write-ahead mode is open nowhere: reading it would then leave files beside it."""
    real = path.resolve()
    with real.open("rb") as stream:
        header = stream.read(20)
    return header[18:] == _WRITE_AHEAD and not real.with_name(real.name + "-wal").exists()


def _is_store(connection: sqlite3.Connection, path: Path) -> bool:
    present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
    if not present:
        return False  # a process was stopped before it made the first table
    columns = sorted(row[1] for row in connection.execute(f"PRAGMA table_info({s.about.name})"))
    if columns == _COLUMNS:
        versions = connection.execute("SELECT count(*) FROM about WHERE key = 'schema_version'").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if versions or tables <= _TABLES:  # the version is filed last: a killed process may have left the tables alone
            return True
    raise StoreError(f"{path}: an SQLite file, but not a store of harness; choose another with --store")
