"""Search indices outside the store, in the user's cache: the questions asked about each item, and the models' texts.

One file of questions serves all models that were asked in the same way. One file of answers serves each cell whose
model writes texts. Indices are made on first use, can be read while they grow, and can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.files import try_alone

from .words import TOKENIZER

_CHUNK = 256
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE docs (number INTEGER PRIMARY KEY, id TEXT UNIQUE, excerpt TEXT, doc BLOB);
CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize="{TOKENIZER}");
"""


class IndexedItem(NamedTuple):
    """One item of an index."""

    number: int
    id: str
    excerpt: str
    doc: bytes
    words: str


def cache_folder() -> Path:
    """Return the folder of the indices: ``$XDG_CACHE_HOME/harness/view``."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "harness" / "view"


class SearchIndex:
    """A file of documents and words, which can be searched while it is made.

    Args:
        path: The file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def build(self, entries: Callable[[], Iterable[IndexedItem]]) -> None:
        """Make the file, unless it is complete already; commit often, so that readers can use it meanwhile.

        If another process is making the file, return at once.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with try_alone(self.path.with_suffix(".lock")) as mine:
            if not mine:
                return
            if self.complete:
                self.path.touch()  # `forget_old` deletes the indices that were used longest ago
                return
            for suffix in ("", "-wal", "-shm"):  # what a killed process left is incomplete
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            with contextlib.closing(sqlite3.connect(self.path)) as connection:
                self.path.chmod(0o600)  # other users of the machine must not read the data's texts in the cache
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = OFF")  # an index lost with the power can be made again
                connection.executescript(_SCHEMA)
                self._fill(connection, entries())
                connection.execute("INSERT INTO meta VALUES ('complete', '1')")
                connection.commit()

    @staticmethod
    def _fill(connection: sqlite3.Connection, entries: Iterable[IndexedItem]) -> None:
        for chunk in _chunks(entries):
            kept = [entry[:4] for entry in chunk if entry.id]
            connection.executemany("INSERT OR IGNORE INTO docs VALUES (?, ?, ?, ?)", kept)
            connection.executemany(
                "INSERT INTO words (rowid, text) VALUES (?, ?)", [(e.number, e.words) for e in chunk if e.words]
            )
            connection.commit()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        try:
            connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
        except sqlite3.OperationalError:
            yield None
            return
        with contextlib.closing(connection):
            yield connection

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        try:
            with self._open() as connection:
                return [] if connection is None else connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError:  # the file is so new that it has no tables yet, or it is damaged
            return []

    @property
    def complete(self) -> bool:
        """Whether the index holds all items."""
        return bool(self._rows("SELECT 1 FROM meta WHERE key = 'complete'"))

    def count(self) -> int:
        """Return how many items the index holds so far."""
        rows = self._rows("SELECT max(number) + 1 FROM docs")
        return int(rows[0][0] or 0) if rows else 0  # type: ignore[call-overload]

    def excerpts(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the beginnings of the prompts of some items, by item id."""
        marks = ",".join("?" * len(ids))
        return dict(self._rows(f"SELECT id, excerpt FROM docs WHERE id IN ({marks})", ids))  # type: ignore[arg-type]

    def document(self, id_: str) -> bytes | None:
        """Return the encoded document of an item; None if the index does not hold the item."""
        rows = self._rows("SELECT doc FROM docs WHERE id = ?", [id_])
        return rows[0][0] if rows else None  # type: ignore[return-value]

    def ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the item ids of some numbers, by number."""
        marks = ",".join("?" * len(numbers))
        return dict(self._rows(f"SELECT number, id FROM docs WHERE number IN ({marks})", numbers))  # type: ignore[arg-type]

    def documents(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number and the encoded document of every item, in order."""
        with self._open() as connection:
            if connection is not None:
                yield from connection.execute("SELECT number, doc FROM docs ORDER BY number")

    def matching(self, wanted: str, start: int, stop: int, *, seconds: float = 60) -> list[int]:
        """Return the numbers of the items that match a query, in order.

        Args:
            wanted: The query, from `words.match_of`; empty: no item matches.
            start: The first number to search.
            stop: The number after the last to search.
            seconds: Time after which the query is given up.

        Raises:
            TimeoutError: the query took longer; the beginning of a word can stand for all words that there are.
        """
        if not wanted:
            return []
        query = "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid"
        try:
            with self._open() as connection, _interrupted_after(connection, seconds):
                rows = connection.execute(query, (wanted, start, stop)).fetchall() if connection is not None else []
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise TimeoutError from None
            return []  # the file is so new that it has no tables yet, or it is damaged
        return [number for (number,) in rows]


@contextlib.contextmanager
def _interrupted_after(connection: sqlite3.Connection | None, seconds: float) -> Iterator[None]:
    if connection is None:
        yield
        return
    timer = threading.Timer(seconds, connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # an interrupt must not meet a connection that is closed meanwhile


def _chunks(entries: Iterable[IndexedItem]) -> Iterator[list[IndexedItem]]:
    chunk: list[IndexedItem] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def forget_old(folder: Path, *, largest: int) -> None:
    """Delete the indices that were used longest ago, until the folder holds at most ``largest`` bytes."""
    files = sorted((f for f in folder.glob("*") if f.is_file()), key=lambda f: f.stat().st_mtime, reverse=True)
    size = 0
    for file in files:
        size += file.stat().st_size
        if size > largest:
            file.unlink(missing_ok=True)
