"""Rows of a store's tables, with each value checked against the type that the schema gives its column.

SQLite keeps any value in any column, so a value that damage or another program left there comes back as it is: a text
in place of a figure would end as a traceback far from here, or as a wrong figure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from harness.store.columns import JsonNames, JsonObject, Moment
from harness.store.places import DamagedRecord

_ALSO_NAMED = ("label", "task")
"""Columns that, beside the key, tell a reader which row is meant."""


class CheckedRow:
    """One row of a table, whose values are checked when they are read.

    Args:
        table: The table.
        values: The values of the row by column, as SQLite gives them.
    """

    __slots__ = ("_table", "_values")

    def __init__(self, table: sa.Table, values: Mapping[Any, Any]) -> None:
        self._table, self._values = table, values

    def __getitem__(self, name: str) -> Any:
        """Return the value of a column, of the type that the schema gives the column; None for an allowed empty value.

        Raises:
            DamagedRecord: the file holds a value of another type; names the table, the row and the column.
        """
        column, value = self._table.c[name], self._values[name]
        if value is None and column.nullable:
            return None
        try:
            return _checked(column.type, value)
        except (TypeError, ValueError, RecursionError) as error:
            raise self.damaged(name, str(error)) from error

    def raw(self, name: str) -> Any:
        """Return the value of a column as SQLite gives it, unchecked: to tell equal values apart from others."""
        return self._values[name]

    def damaged(self, name: str, expected: str) -> DamagedRecord:
        """Make the error that says what a column holds, and what it should hold."""
        named = [column.name for column in self._table.primary_key]
        named += [more for more in _ALSO_NAMED if more in self._table.c and more not in named]
        row = ", ".join(f"{key} {str(self._values[key])[:60]!r}" for key in named)
        return DamagedRecord(
            f"damaged: the column {name!r} of the table {self._table.name!r} should hold {expected}, "
            f"and holds {str(self._values[name])[:40]!r} in the row {row}"
        )


def select_checked(table: sa.Table) -> sa.Select[Any]:
    """Make a query of all columns of a table for `read_checked`; restrict and order it like any other query."""
    # The library's own types turn a value into another, or raise an error that names neither table nor row.
    columns = (sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in table.c)
    return sa.select().add_columns(*columns)


def read_checked(connection: sa.Connection, table: sa.Table, query: sa.Select[Any]) -> Iterator[CheckedRow]:
    """Yield the rows of a query that `select_checked` made."""
    for row in connection.execute(query).mappings():
        yield CheckedRow(table, row)


def _checked(kind: Any, value: Any) -> Any:
    """Return a value as the type of its column has it.

    Raises:
        TypeError, ValueError: the value is of another type; the message names the expected type.
    """
    if isinstance(kind, sa.Boolean):
        if value not in (0, 1):
            raise ValueError("0 or 1")
        return bool(value)
    if isinstance(kind, (sa.Integer, sa.Float)):
        if not isinstance(value, (int, float)):
            raise TypeError("a number")
        # A plugin's metric may count its items in weights, so a count with a fraction stays as it was filed.
        return float(value) if isinstance(kind, sa.Float) else value
    if isinstance(kind, sa.LargeBinary):
        return value
    if not isinstance(value, str):
        raise TypeError("a text")
    if isinstance(kind, JsonObject):
        return parse_json(value, dict, "a JSON object")
    if isinstance(kind, JsonNames):
        return tuple(map(str, parse_json(value, list, "a JSON list")))
    if isinstance(kind, Moment):
        return _moment(value)
    return value


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise ValueError("a time as ISO 8601 with its offset from UTC")
    return value


def parse_json(text: str, kind: type[dict[str, Any]] | type[list[Any]], expected: str) -> Any:
    """Return the list or object that a JSON text holds.

    Raises:
        ValueError: the text is not JSON of that kind; the message is ``expected``.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise ValueError(expected)
    return value
