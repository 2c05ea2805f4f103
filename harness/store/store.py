"""The store: one SQLite file that keeps every response and estimate; a folder beside it holds the arrays.

Responses are content-addressed: filed under (model fingerprint, capability, request key). One transaction a batch, in
WAL mode, so that a killed process loses at most the batch in flight and two processes can share a store.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError, OperationalError

from harness.capabilities import Capability
from harness.errors import HarnessError, StoreError
from harness.files.atomic import NO_ROOM
from harness.requests import Failure
from harness.store import migrations
from harness.store import schema as s
from harness.store.arrays import ArrayFiles
from harness.store.codec import Codec
from harness.store.in_use import leave, take_part
from harness.store.interrupts import held_interrupts
from harness.store.places import DamagedRecord
from harness.store.recognition import holds_store
from harness.store.sqlite_errors import is_full, is_locked

_FIND_AT_ONCE = 1000
_BUSY_SECONDS = 60


class Store:
    """An open store.

    Args:
        path: The SQLite file; made, with its folder, where it does not exist.

    Raises:
        StoreError: it cannot be written, is not a store, or was made by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.with_name(path.name + ".files")
        """Arrays, columns and trained models."""
        with clear_errors(path):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"{path}: cannot be made: {error.strerror}; choose another place with --store"
                ) from None
            holds_store(path)
            self._part = take_part(self.folder, path)
            self._engine = sa.create_engine(
                f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS}, poolclass=sa.pool.StaticPool
            )
            sa.event.listen(self._engine, "connect", _set_up_connection)
            try:
                self._create_or_check()
            except BaseException:  # whoever is refused has it open no longer
                leave(self._part)
                raise
        self.arrays = ArrayFiles(self.folder / "arrays")
        self.others: list[Path] = []
        """Folders of other stores, below which files of cells that were taken from there lie."""
        self.chosen: frozenset[str] | None = None  # every model's cells are seen, see `harness.store.choosing`
        self._damaged: list[str] = []
        self._codecs: dict[str, Codec] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._find = (
            sa.select(s.responses.c.key, s.responses.c.number, s.responses.c.record)
            .where(
                s.responses.c.model == sa.bindparam("model"),
                s.responses.c.capability == sa.bindparam("capability"),
            )
            .where(s.responses.c.key.in_(sa.bindparam("keys", expanding=True)), s.responses.c.error.is_(None))
        )
        self._on_file = (
            sa.select(s.responses.c.key)
            .where(
                s.responses.c.model == sa.bindparam("model"),
                s.responses.c.capability == sa.bindparam("capability"),
            )
            .where(s.responses.c.key.in_(sa.bindparam("keys", expanding=True)), s.responses.c.error.is_(None))
        )
        statement = insert(s.responses)
        self._file = statement.on_conflict_do_update(
            index_elements=["model", "capability", "key"],
            set_={name: statement.excluded[name] for name in ("number", "record", "error")},
            # What another process answered meanwhile stays; only a failure is replaced.
            where=s.responses.c.error.is_not(None),
        )

    def _create_or_check(self) -> None:
        current = migrations.current_version()
        with self._engine.begin() as connection:
            # Another process may be making or upgrading the same tables: whoever is second finds them done. Python's
            # sqlite3 begins no transaction by itself before statements that make or change tables.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.execute(sa.schema.CreateTable(s.about, if_not_exists=True))
            mine = {"key": "schema_version", "value": str(current)}
            connection.execute(insert(s.about).values(mine).on_conflict_do_nothing())
            known = sa.select(s.about.c.value).where(s.about.c.key == "schema_version")
            version = str(connection.execute(known).scalar_one())
            if not version.isdecimal() or int(version) < migrations.FIRST_VERSION:
                raise StoreError(
                    f"{self.path}: damaged: its schema version is {version!r}; choose another with --store"
                )
            if int(version) > current:
                raise StoreError(
                    f"{self.path}: written by a newer version of harness (store schema {version}, this version knows "
                    f"{current}); upgrade with: pip install -U harness-eval, or choose another with --store"
                )
            for table in s.metadata.sorted_tables:
                connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
            if int(version) < current:
                migrations.upgrade(connection.exec_driver_sql, int(version))
            for index in (index for table in s.metadata.sorted_tables for index in table.indexes):
                connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))

    # responses

    def codec(self, capability: Capability) -> Codec:
        """The codec of a capability's responses."""
        if capability.name not in self._codecs:
            self._codecs[capability.name] = Codec(capability, self.arrays)
        return self._codecs[capability.name]

    def model_id(self, fingerprint: str, description: str) -> int:
        """The row number of a model, filed on first sight."""
        return self._id(s.models, "fingerprint", fingerprint, {"description": description})

    def capability_id(self, name: str) -> int:
        """The row number of a capability, filed on first sight."""
        return self._id(s.capabilities, "name", name, {})

    def _id(self, table: sa.Table, column: str, value: str, more: Mapping[str, Any]) -> int:
        known = self._ids.get((table.name, value))
        if known is None:
            with self.transaction() as connection:
                connection.execute(insert(table).values({column: value, **more}).on_conflict_do_nothing())
                known = int(connection.execute(sa.select(table.c.id).where(table.c[column] == value)).scalar_one())
            self._ids[table.name, value] = known
        return known

    def find(self, model: int, capability: Capability, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """The responses on file under these keys; failed and missing ones are absent.

        One that is damaged is absent too, and filed as failed, so that it is asked again: see `take_damaged`.

        Raises:
            StoreError: a file of arrays is missing, cut off, or outside of the store.
        """
        codec, number = self.codec(capability), self.capability_id(capability.name)
        found: dict[bytes, Any] = {}
        damaged: dict[bytes, str] = {}
        with held_interrupts(), clear_errors(self.path), self._engine.connect() as connection:
            for start in range(0, len(keys), _FIND_AT_ONCE):
                asked = {"model": model, "capability": number, "keys": keys[start : start + _FIND_AT_ONCE]}
                for key, value, record in connection.execute(self._find, asked):
                    try:
                        found[key] = codec.decode(value, record)
                    except DamagedRecord as error:
                        damaged[key] = str(error)
        if damaged:
            self._set_aside(model, number, damaged)
        return found

    def _set_aside(self, model: int, capability: int, damaged: Mapping[bytes, str]) -> None:
        """File damaged responses as failed: an answer replaces a failure, and never another answer."""
        r = s.responses.c
        row = sa.and_(r.model == model, r.capability == capability, r.key == sa.bindparam("damaged"))
        failed = sa.update(s.responses).where(row).values(number=None, record=None, error=sa.bindparam("reason"))
        with self.transaction() as connection:
            connection.execute(failed, [{"damaged": key, "reason": reason} for key, reason in damaged.items()])
        self._damaged += damaged.values()

    def take_damaged(self) -> list[str]:
        """What was wrong with the responses found damaged since this was asked last; they are asked again."""
        taken, self._damaged = self._damaged, []
        return taken

    def on_file(self, model: int, capability: Capability, keys: Sequence[bytes]) -> list[bytes]:
        """Those of these keys under which there is a response, none of which is read."""
        number = self.capability_id(capability.name)
        found: list[bytes] = []
        with held_interrupts(), clear_errors(self.path), self._engine.connect() as connection:
            for start in range(0, len(keys), _FIND_AT_ONCE):
                asked = {"model": model, "capability": number, "keys": keys[start : start + _FIND_AT_ONCE]}
                found += connection.execute(self._on_file, asked).scalars()
        return found

    def file(self, model: int, capability: Capability, answers: Sequence[tuple[bytes, Any]]) -> dict[bytes, Any]:
        """File responses and failures, in one transaction.

        Returns:
            What was filed under each key: the response, or a `Failure` in place of one that has no form to be kept in.
        """
        if not answers:
            return {}
        codec, number = self.codec(capability), self.capability_id(capability.name)
        rows: list[dict[str, Any]] = []
        filed: dict[bytes, Any] = {}
        for key, value in answers:
            filed[key], (score, record, error) = _encoded(codec, value)
            rows.append(
                {
                    "model": model,
                    "capability": number,
                    "key": key,
                    "number": score,
                    "record": record,
                    "error": error,
                }
            )
        rows.sort(key=lambda row: row["key"])  # neighbours in the tree share pages
        if codec.form in ("array", "arrays"):
            self.arrays.flush()
        with self.transaction() as connection:
            connection.execute(self._file, rows)
        return filed

    # everything else

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A connection inside one transaction.

        Raises:
            StoreError: the database cannot be written (a full disk, say).
        """
        with held_interrupts(), clear_errors(self.path), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with."""
        with clear_errors(self.path), self._engine.connect() as connection:
            yield connection

    def count_responses(self) -> int:
        """How many responses, failed ones too, are on file."""
        with self.reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(s.responses)).scalar_one())

    def close(self) -> None:
        """Close the files."""
        self.arrays.close()
        self._engine.dispose()
        leave(self._part)
        self._part = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _encoded(codec: Codec, value: Any) -> tuple[Any, tuple[float | None, str | None, str | None]]:
    """Encode a response; one that cannot be kept becomes a failure, so that it does not take its whole batch along."""
    try:
        number, record, error = codec.encode(value)
        if record is not None and "\\ud" in record and codec.form == "record":
            value = codec.decode(number, record)  # JSON joins two halves that meet: a run must see what the next reads
        return value, (number, record, error)
    except (HarnessError, OSError):  # the disk, not the answer
        raise
    except (Exception, SystemExit) as error:  # whatever a plugin put into its response
        failure = Failure(f"the response cannot be filed: {type(error).__name__}: {error}")
        return failure, codec.encode(failure)


def _set_up_connection(connection: sqlite3.Connection, _: object) -> None:
    cursor = connection.cursor()
    _use_write_ahead_log(cursor)
    # With WAL, NORMAL keeps every committed transaction through a killed process; only a power cut can take the last.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA cache_size = -4096")  # KiB; bounds memory however large the store grows
    cursor.execute("PRAGMA wal_autocheckpoint = 16384")  # pages; a page rewritten often is copied back seldom
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Switch to WAL; while another process does the same for a new file, SQLite refuses without waiting."""
    for attempt in range(100):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_locked(error) or attempt == 99:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn the database's errors into one sentence with the file's name and the mend."""
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        if is_locked(error.orig):
            raise StoreError(
                f"{path}: locked by another process for over {_BUSY_SECONDS} s; wait, or stop it"
            ) from error
        if is_full(error.orig):
            raise StoreError(f"{path}: {NO_ROOM}") from error
        raise StoreError(f"{path}: cannot be opened or written: {reason}; choose another place with --store") from error
    except DatabaseError as error:
        raise StoreError(f"{path}: not a usable store: {error.orig}; choose another with --store") from error
    except json.JSONDecodeError as error:
        raise StoreError(f"{path}: damaged: a field that should hold JSON does not: {error}") from error
    except DamagedRecord as error:  # which does not know the file that it stands in
        raise DamagedRecord(f"{path}: {error}; bring it back from a copy, or choose another with --store") from error
