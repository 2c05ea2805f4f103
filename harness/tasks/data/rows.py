"""Rows, and the choice of some of them; where they come from is the business of `harness.tasks.data.sources`."""

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
    """Index in its source, from 0."""
    where: str
    """For messages: file and line, or data set and row."""
    values: Mapping[str, Any]
    problem: str = ""


class RowSource(Protocol):
    """A stream of rows, and a name for it."""

    @property
    def description(self) -> str:
        """Say what is read, for messages and the record."""
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
        unseen, known = set(self.where), {}
        for row in self.source.rows():
            if row.problem:
                yield row
                continue
            if unseen:
                unseen = {column for column in unseen if not has_path(row.values, column)}
                known.update(dict.fromkeys(map(str, row.values)))
            if selected(row.values, self.where):
                unseen.clear()  # a column that may be absent, asked for where it is
                yield row
        # A column written wrongly would select nothing, and a list with null in it everything, without a word.
        if unseen and known:
            column = min(unseen)
            hint = did_you_mean(column, known)
            raise DataError(f"{self.source.description}: no row has the column {column!r}, which 'where' names{hint}")


def selected(values: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Tell whether each column has the value, or one of the list of values, that ``where`` asks for (`values.same`)."""
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
    """A run of another source's rows, the rest of which is not read."""

    source: RowSource
    first: int
    """Counted from 0."""
    end: int
    """The first that no longer belongs to it."""

    @property
    def description(self) -> str:
        """Return the description of the source that holds the run, and the numbers of the first and the last row."""
        return f"{self.source.description}, rows {self.first} to {self.end - 1}"

    def rows(self) -> Iterator[DataRow]:
        """Stream the rows of the run."""
        return islice(self.source.rows(), self.first, self.end)


@dataclass(frozen=True, slots=True)
class AbsentSource:
    """Data that lie nowhere on the hub and have no copy here."""

    description: str
    problem: str

    def rows(self) -> Iterator[DataRow]:
        """Refuse to give rows.

        Raises:
            DataError: always; the message says where a copy is looked for.
        """
        raise DataError(self.problem)
