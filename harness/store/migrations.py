"""Numbered steps from one form of the store to the next, so that a store of an earlier version stays usable.

Write each change of `harness.store.schema` that earlier files lack at the end of `MIGRATIONS`, and never change it
afterwards. A new table or index needs no step: opening a store makes it. A new column does: name it in the schema,
nullable or with a default, and add an `AddColumn`. A process that opens such a file to write upgrades the file in
place; a process that only reads the file sees the columns with their default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Execute = Callable[[str], Iterable[Any]]
"""Runs one SQL statement on an open connection, and returns its rows."""


@dataclass(frozen=True, slots=True)
class AddColumn:
    """A column that an earlier form of a table lacks."""

    table: str
    column: str
    type: str
    """The type as SQLite writes it: ``INTEGER``, ``FLOAT``, ``VARCHAR``, ``TEXT``, ``BLOB``."""
    default: str = "NULL"
    """An SQL literal: the value that existing rows get."""


MIGRATIONS: tuple[Sequence[AddColumn], ...] = ()
"""The n-th entry leads from schema version n, counted from 1, to version n + 1."""

FIRST_VERSION = 1


def current_version() -> int:
    """Return the schema version that this version of harness writes."""
    return FIRST_VERSION + len(MIGRATIONS)


def steps_from(version: int) -> list[AddColumn]:
    """Return the columns that a file of an earlier version lacks."""
    return [step for migration in MIGRATIONS[version - FIRST_VERSION :] for step in migration]


def upgrade(execute: Execute, version: int) -> None:
    """Bring a file of an earlier version to the current one, inside the open transaction.

    A table that was made a moment ago has its new columns already, so columns that exist are left out.
    """
    for step in steps_from(version):
        if step.column not in columns_of(execute, step.table):
            default = "" if step.default == "NULL" else f" DEFAULT {step.default}"
            execute(f'ALTER TABLE "{step.table}" ADD COLUMN "{step.column}" {step.type}{default}')
    execute(f"UPDATE about SET value = '{current_version()}' WHERE key = 'schema_version'")


def show_as_current(execute: Execute, version: int) -> None:
    """Make a read-only file look like one of the current version, through temporary views."""
    lacking: dict[str, list[AddColumn]] = {}
    for step in steps_from(version):
        if step.column not in columns_of(execute, step.table):
            lacking.setdefault(step.table, []).append(step)
    for table, steps in lacking.items():
        more = ", ".join(f'{step.default} AS "{step.column}"' for step in steps)
        execute(f'CREATE TEMP VIEW "{table}" AS SELECT *, {more} FROM main."{table}"')


def columns_of(execute: Execute, table: str) -> set[str]:
    """Return the names of a table's columns; none if the file lacks the table."""
    return {str(row[1]) for row in execute(f'PRAGMA main.table_info("{table}")')}
