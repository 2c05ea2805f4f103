"""A store that is only looked at: opened without leave to write, so that whoever looks can break nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import StoreError
from harness.store import schema as s
from harness.store.arrays import ArrayFiles
from harness.store.store import clear_errors

_FIND_AT_ONCE = 500


def check_store(path: Path) -> None:
    """Make sure that a file is a store; one that is not there, or empty, can become one.

    Raises:
        StoreError: it is another file, or was made by a newer version.
    """
    if path.is_file() and path.stat().st_size:
        StoreReader(path, briefly=True).close()


class Readable(Protocol):
    """What an open store and one that is only looked at have in common."""

    path: Path
    folder: Path

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A connection to read with."""
        ...


class StoreReader:
    """A store that is only looked at; usable from several threads.

    Args:
        path: The SQLite file.
        briefly: Make no files beside it either, where nobody has it open; for a look of a moment.

    Raises:
        StoreError: it is missing, no store, or made by a newer version.
    """

    def __init__(self, path: Path, *, briefly: bool = False) -> None:
        self.path, self._briefly = path, briefly
        if not path.is_file():
            raise StoreError(f"{path}: there is no such store")
        self.folder = path.with_name(path.name + ".files")
        self.arrays = ArrayFiles(self.folder / "arrays")
        self._engine = sa.create_engine("sqlite://", creator=self._connect, poolclass=sa.pool.QueuePool, pool_size=16)
        try:
            with clear_errors(path), self._engine.connect() as connection:
                self._check(connection)
        except SQLAlchemyError as error:
            raise StoreError(f"{path}: cannot be read: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        place = f"file:{quote(str(self.path.absolute()))}?mode=ro"
        if self._briefly and not self.path.with_name(self.path.name + "-wal").exists():
            place += "&immutable=1"
        connection = sqlite3.connect(place, uri=True, timeout=10, check_same_thread=False)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            # In a folder that cannot be written, the files that go with write-ahead mode cannot be made: nobody
            # writes there, so the database may be taken as it lies.
            connection.close()
            connection = sqlite3.connect(place + "&immutable=1", uri=True, check_same_thread=False)
        self._complete(connection)
        return connection

    @staticmethod
    def _complete(connection: sqlite3.Connection) -> None:
        """Tables that the version which made the store did not know yet are there, and empty."""
        present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if s.about.name not in present:
            return
        for table in s.metadata.sorted_tables:
            if table.name not in present:
                text = str(sa.schema.CreateTable(table)).strip()
                connection.execute(text.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))

    def _check(self, connection: sa.Connection) -> None:
        if s.about.name not in sa.inspect(connection).get_table_names():
            raise StoreError(f"{self.path}: not a store of harness")
        known = sa.select(s.about.c.value).where(s.about.c.key == "schema_version")
        version = str(connection.execute(known).scalar())
        if not version.isdecimal():
            raise StoreError(f"{self.path}: damaged: its schema version is {version!r}")
        if int(version) > s.SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: written by a newer version of harness (store schema {version}, this version knows "
                f"{s.SCHEMA_VERSION}); upgrade with: pip install -U harness-eval"
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with."""
        with clear_errors(self.path), self._engine.connect() as connection:
            yield connection

    def filed(self, fingerprint: str, capability: str, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """The rows of a model's responses under these keys, failed ones too: number, record, error."""
        r = s.responses.c
        found: dict[bytes, Any] = {}
        with self.reading() as connection:
            model = sa.select(s.models.c.id).where(s.models.c.fingerprint == fingerprint).scalar_subquery()
            asked = sa.select(s.capabilities.c.id).where(s.capabilities.c.name == capability).scalar_subquery()
            query = sa.select(r.key, r.number, r.record, r.error).where(
                r.model == model, r.capability == asked, r.key.in_(sa.bindparam("keys", expanding=True))
            )
            for start in range(0, len(keys), _FIND_AT_ONCE):
                rows = connection.execute(query, {"keys": keys[start : start + _FIND_AT_ONCE]})
                found.update((row.key, row) for row in rows)
        return found

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self.arrays.close()

    def __enter__(self) -> StoreReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
