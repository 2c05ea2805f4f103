"""What an error of SQLite is, by its code: its words differ between versions and hold the names of tables and files."""

from __future__ import annotations

import sqlite3


def is_locked(error: BaseException | None) -> bool:
    """Whether another process or connection holds the database."""
    return _primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: BaseException | None) -> bool:
    """Whether there is no room left."""
    return _primary(error) == sqlite3.SQLITE_FULL


def is_interrupted(error: BaseException | None) -> bool:
    """Whether the query was stopped on purpose."""
    return _primary(error) == sqlite3.SQLITE_INTERRUPT


def _primary(error: BaseException | None) -> int | None:
    """The code without its extension; None for an error of the driver's own."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF
