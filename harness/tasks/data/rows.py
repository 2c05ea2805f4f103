"""Rows, and the selection of some of them; `harness.tasks.data.sources` reads rows from files and functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from harness.errors import DataError, did_you_mean
from harness.tasks.data.values import same


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row of a data set, or the reason why it could not be read."""

    number: int
    """Index of the row in its source, from 0."""
    where: str
    """Place of the row, for messages: file and line, or data set and row."""
    values: Mapping[str, Any]
    problem: str = ""


class RowSource(Protocol):
    """The interface of every source of rows: a stream of rows, and a name for the stream."""

    @property
    def description(self) -> str:
        """Name the data that the source reads, for messages and the record."""
        ...

    def rows(self) -> Iterator[DataRow]:
        """Stream all rows, from the first at every call."""
        ...


@dataclass(frozen=True, slots=True)
class SelectedSource:
    """The rows of another source whose columns have certain values."""

    source: RowSource
    where: Mapping[str, Any]
    """Column to value, or to a list of values of which it has one."""

    @property
    def description(self) -> str:
        """Return the description of the source that is selected from."""
        return self.source.description

    def rows(self) -> Iterator[DataRow]:
        """Stream the selected rows, and the rows that could not be read.

        Raises:
            DataError: none is selected, and no row has one of the columns.
        """
        unseen, names = set(self.where), {}
        for row in self.source.rows():
            if row.problem:
                yield row
                continue
            if unseen:
                unseen = {column for column in unseen if not has_path(row.values, column)}
                names.update(dict.fromkeys(map(str, row.values)))
            if selected(row.values, self.where):
                unseen.clear()  # the selection finds rows, so a column that no row has is absent on purpose
                yield row
        # A misspelt column would select no row, or with null among its values every row, without a word.
        if unseen and names:
            column = min(unseen)
            hint = did_you_mean(column, names)
            raise DataError(f"{self.source.description}: no row has the column {column!r}, which 'where' names{hint}")


def selected(values: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Tell whether each column of a row has the value, or one of the values, that ``where`` names (`values.same`)."""
    for column, asked_for in where.items():
        value = value_at(values, column)
        if not any(same(value, allowed) for allowed in (asked_for if isinstance(asked_for, list) else [asked_for])):
            return False
    return True


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """Return a column by name, or by dotted path into nested columns and lists; None where the column is absent."""
    value = _find(values, path)
    return None if value is _ABSENT else value


def has_path(values: Mapping[str, Any], path: str) -> bool:
    """Tell whether the row has such a column, with or without a value."""
    return _find(values, path) is not _ABSENT


_ABSENT: Any = object()


def _find(values: Mapping[str, Any], path: str) -> Any:
    if path in values:
        return values[path]
    if "." not in path:
        return _ABSENT
    value: Any = values
    for key in path.split("."):
        if isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            return _ABSENT
    return value


@dataclass(frozen=True, slots=True)
class RangeSource:
    """A range of another source's rows; the rows after the range are not read."""

    source: RowSource
    first: int
    """Index of the range's first row, from 0."""
    end: int
    """Index of the first row after the range."""

    @property
    def description(self) -> str:
        """Return the description of the other source, and the numbers of the range's first and last row."""
        return f"{self.source.description}, rows {self.first} to {self.end - 1}"

    def rows(self) -> Iterator[DataRow]:
        """Stream the rows of the range."""
        return islice(self.source.rows(), self.first, self.end)


@dataclass(frozen=True, slots=True)
class AbsentSource:
    """The source of data that are not on the hub and have no copy on this machine."""

    description: str
    problem: str

    def rows(self) -> Iterator[DataRow]:
        """Raise the error that says where a copy of the data was looked for.

        Raises:
            DataError: always.
        """
        raise DataError(self.problem)
