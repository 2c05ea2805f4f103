"""Rows, and the choice of some of them; where they come from is the business of `harness.data`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from harness.errors import DataError


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data set, or the reason why it could not be read."""

    number: int
    """Index in its source, from 0."""
    where: str
    """For messages: file and line, or data set and row."""
    values: Mapping[str, Any]
    problem: str = ""


class Source(Protocol):
    """Rows, and a name for them."""

    @property
    def description(self) -> str:
        """What is read, for messages and the record."""
        ...

    def rows(self) -> Iterator[Row]:
        """All rows, streamed; may be called again."""
        ...


@dataclass(frozen=True, slots=True)
class SelectedSource:
    """The rows of another source whose columns have certain values."""

    source: Source
    where: Mapping[str, Any]
    """Column to value, or to a list of values of which it has one."""

    @property
    def description(self) -> str:
        """The other source's."""
        return self.source.description

    def rows(self) -> Iterator[Row]:
        """The selected rows, and those that could not be read."""
        return (row for row in self.source.rows() if row.problem or selected(row.values, self.where))


def selected(values: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether the columns have the values, or one of the list of values, that are asked for."""
    return all(values.get(k) in v if isinstance(v, list) else values.get(k) == v for k, v in where.items())


@dataclass(frozen=True, slots=True)
class RangeSource:
    """A run of another source's rows, the rest of which is not read."""

    source: Source
    first: int
    """Counted from 0."""
    end: int
    """The first that no longer belongs to it."""

    @property
    def description(self) -> str:
        """The other source's, and which rows."""
        return f"{self.source.description}, rows {self.first} to {self.end - 1}"

    def rows(self) -> Iterator[Row]:
        """Those rows."""
        return islice(self.source.rows(), self.first, self.end)


@dataclass(frozen=True, slots=True)
class AbsentSource:
    """Data that lie nowhere on the hub and have no copy here."""

    description: str
    problem: str

    def rows(self) -> Iterator[Row]:
        """No rows.

        Raises:
            DataError: always; says where a copy is looked for.
        """
        raise DataError(self.problem)
