"""Kinds of SQLite errors, told apart by code: messages differ between versions and hold names of tables and files."""

from __future__ import annotations

import sqlite3


def is_locked(error: BaseException | None) -> bool:
    """Tell whether an error means that another process or connection holds the database."""
    return _primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: BaseException | None) -> bool:
    """Tell whether an error means that there is no room left."""
    return _primary(error) == sqlite3.SQLITE_FULL


def is_interrupted(error: BaseException | None) -> bool:
    """Tell whether an error means that the query was stopped on purpose."""
    return _primary(error) == sqlite3.SQLITE_INTERRUPT


def _primary(error: BaseException | None) -> int | None:
    """Return the error code without its extension; None for an error of the driver's own."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF
