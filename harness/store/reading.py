"""A store that is only looked at: opened without leave to write, so that whoever looks can break nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import StoreError
from harness.files.regular_files import is_file
from harness.store import migrations
from harness.store import schema as s
from harness.store.arrays import ArrayFiles
from harness.store.recognition import holds_store, is_at_rest, read_only
from harness.store.store import clear_errors

_FIND_AT_ONCE = 500


def check_store(path: Path) -> None:
    """Make sure that a file is a store; one that is not there, or empty, can become one.

    Raises:
        StoreError: it is another file, or was made by a newer version.
    """
    if holds_store(path):
        StoreReader(path, briefly=True).close()


class Readable(Protocol):
    """What an open store and one that is only looked at have in common."""

    path: Path
    folder: Path
    others: list[Path]

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
        if not is_file(path):
            raise StoreError(f"{path}: there is no such store")
        if not holds_store(path):
            raise StoreError(f"{path}: empty, not a store of harness; choose another with --store")
        self.folder = path.with_name(path.name + ".files")
        self.arrays = ArrayFiles(self.folder / "arrays")
        self.others: list[Path] = []
        """Folders of other stores, below which files of cells that were taken from there lie."""
        self._engine = sa.create_engine("sqlite://", creator=self._connect, poolclass=sa.pool.QueuePool, pool_size=16)
        try:
            with clear_errors(path), self._engine.connect() as connection:
                self._check(connection)
        except SQLAlchemyError as error:
            self.close()
            raise StoreError(f"{path}: cannot be read: {error}") from error
        except StoreError:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = read_only(self.path, immutable=self._briefly and is_at_rest(self.path))
        self._complete(connection)
        known = connection.execute("SELECT value FROM about WHERE key = 'schema_version'").fetchone()
        if known is not None and str(known[0]).isdecimal():
            migrations.show_as_current(connection.execute, max(int(known[0]), migrations.FIRST_VERSION))
        return connection

    @staticmethod
    def _complete(connection: sqlite3.Connection) -> None:
        """Tables that the version which made the store did not know yet are there, and empty."""
        present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in s.metadata.sorted_tables:
            if table.name not in present:
                text = str(sa.schema.CreateTable(table)).strip()
                connection.execute(text.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))

    def _check(self, connection: sa.Connection) -> None:
        known = sa.select(s.about.c.value).where(s.about.c.key == "schema_version")
        version = str(connection.execute(known).scalar())
        if not version.isdecimal():
            raise StoreError(f"{self.path}: damaged: its schema version is {version!r}")
        if int(version) > migrations.current_version():
            raise StoreError(
                f"{self.path}: written by a newer version of harness (store schema {version}, this version knows "
                f"{migrations.current_version()}); upgrade with: pip install -U harness-eval"
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

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """What tells whether anything was filed since: as long as it is the same, every reading gives the same.

        Returns:
            (time of the last change in nanoseconds, bytes) of the database and of its write-ahead file; (0, 0) for one
            that is not there.
        """
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        states = [file.stat() if file.exists() else None for file in files]
        return tuple((0, 0) if state is None else (state.st_mtime_ns, state.st_size) for state in states)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self.arrays.close()

    def __enter__(self) -> StoreReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
