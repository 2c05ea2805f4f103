"""Numbered steps from one form of the store to the next, so that a store of an earlier version stays a store.

A change of `harness.store.schema` that an earlier file lacks is written down here, at the end of `MIGRATIONS`, and
never changed again. A new table or index needs no step: what is absent is made when a store is opened. A new column
does: name it in the schema, nullable or with a default, and add an `AddColumn`. Whoever opens such a file to write
upgrades it in place; whoever only reads it sees the columns with their default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Execute = Callable[[str], Iterable[Any]]
"""Runs one SQL statement on an open connection; gives its rows."""


@dataclass(frozen=True, slots=True)
class AddColumn:
    """A column that an earlier form of a table lacks."""

    table: str
    column: str
    type: str
    """As SQLite writes it: ``INTEGER``, ``FLOAT``, ``VARCHAR``, ``TEXT``, ``BLOB``."""
    default: str = "NULL"
    """An SQL literal: the value of the rows that are there."""


MIGRATIONS: tuple[Sequence[AddColumn], ...] = ()
"""The n-th leads from schema version n, counted from 1, to the next."""

FIRST_VERSION = 1


def current_version() -> int:
    """The schema version that this version of harness writes."""
    return FIRST_VERSION + len(MIGRATIONS)


def steps_from(version: int) -> list[AddColumn]:
    """What a file of an earlier version lacks."""
    return [step for migration in MIGRATIONS[version - FIRST_VERSION :] for step in migration]


def upgrade(execute: Execute, version: int) -> None:
    """Bring a file of an earlier version to the current one, inside the transaction that is open.

    A table that was made a moment ago has its new columns already.
    """
    for step in steps_from(version):
        if step.column not in columns_of(execute, step.table):
            default = "" if step.default == "NULL" else f" DEFAULT {step.default}"
            execute(f'ALTER TABLE "{step.table}" ADD COLUMN "{step.column}" {step.type}{default}')
    execute(f"UPDATE about SET value = '{current_version()}' WHERE key = 'schema_version'")


def show_as_current(execute: Execute, version: int) -> None:
    """Let a file that may not be written look like one of the current version, through temporary views."""
    lacking: dict[str, list[AddColumn]] = {}
    for step in steps_from(version):
        if step.column not in columns_of(execute, step.table):
            lacking.setdefault(step.table, []).append(step)
    for table, steps in lacking.items():
        more = ", ".join(f'{step.default} AS "{step.column}"' for step in steps)
        execute(f'CREATE TEMP VIEW "{table}" AS SELECT *, {more} FROM main."{table}"')


def columns_of(execute: Execute, table: str) -> set[str]:
    """Names of a table's columns; none where the file lacks the table."""
    return {str(row[1]) for row in execute(f'PRAGMA main.table_info("{table}")')}
