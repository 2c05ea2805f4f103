"""Reading of stores without permission to write, so that a reader can break nothing."""

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
    """Make sure that a file is a store, or is missing or empty, so that it can become a store.

    Raises:
        StoreError: the file is something else, or was made by a newer version.
    """
    if holds_store(path):
        StoreReader(path, briefly=True).close()


class Readable(Protocol):
    """The interface that a `Store` and a `StoreReader` share."""

    path: Path
    folder: Path
    others: list[Path]
    chosen: frozenset[str] | None
    """Labels of the models whose cells are seen; None: of all."""

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """Open a connection to read with."""
        ...


class StoreReader:
    """A store that is open for reading only; usable from several threads.

    Args:
        path: The SQLite file.
        briefly: Also make no files beside the store while nobody else has it open; for readers that close it at once.

    Raises:
        StoreError: the file is missing, is no store, or was made by a newer version.
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
        """Folders of other stores; files of cells that come from these stores lie below them."""
        self.chosen: frozenset[str] | None = None
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
        version = connection.execute("SELECT value FROM about WHERE key = 'schema_version'").fetchone()
        if version is not None and str(version[0]).isdecimal():
            migrations.show_as_current(connection.execute, max(int(version[0]), migrations.FIRST_VERSION))
        return connection

    @staticmethod
    def _complete(connection: sqlite3.Connection) -> None:
        """Add empty temporary tables for all tables that the version which made the store did not know yet."""
        present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in s.metadata.sorted_tables:
            if table.name not in present:
                text = str(sa.schema.CreateTable(table)).strip()
                connection.execute(text.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))

    def _check(self, connection: sa.Connection) -> None:
        query = sa.select(s.about.c.value).where(s.about.c.key == "schema_version")
        version = str(connection.execute(query).scalar())
        if not version.isdecimal():
            raise StoreError(f"{self.path}: damaged: its schema version is {version!r}")
        if int(version) > migrations.current_version():
            raise StoreError(
                f"{self.path}: written by a newer version of harness (store schema {version}, this version knows "
                f"{migrations.current_version()}); upgrade with: pip install -U harness-eval"
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection to read with."""
        with clear_errors(self.path), self._engine.connect() as connection:
            yield connection

    def filed(self, fingerprint: str, capability: str, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """Return the rows of a model's responses under some keys, including failed ones.

        Args:
            fingerprint: Fingerprint of the model.
            capability: Name of the capability that the model itself was asked for.
            keys: The keys of the responses.

        Returns:
            Rows with ``key``, ``number``, ``record`` and ``error``, by key; keys without a response are absent.
        """
        r = s.responses.c
        filed: dict[bytes, Any] = {}
        with self.reading() as connection:
            model = sa.select(s.models.c.id).where(s.models.c.fingerprint == fingerprint).scalar_subquery()
            asked = sa.select(s.capabilities.c.id).where(s.capabilities.c.name == capability).scalar_subquery()
            query = sa.select(r.key, r.number, r.record, r.error).where(
                r.model == model, r.capability == asked, r.key.in_(sa.bindparam("keys", expanding=True))
            )
            for start in range(0, len(keys), _FIND_AT_ONCE):
                rows = connection.execute(query, {"keys": keys[start : start + _FIND_AT_ONCE]})
                filed.update((row.key, row) for row in rows)
        return filed

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Return a stamp of the store's content: while the stamp stays the same, every reading gives the same.

        Returns:
            (time of the last change in nanoseconds, bytes) of the database and of its write-ahead file; (0, 0) for a
            file
            that does not exist.
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
