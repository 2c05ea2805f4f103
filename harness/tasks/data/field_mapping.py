"""Maps a row's columns to a task's fields, by the ``columns`` block of a task file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.errors import BadValue, NoValue
from harness.tasks.data.column_forms import FieldForm, compile_form, compile_name, describe_absent
from harness.tasks.data.converters import CONVERTERS, GAPPED, TEXTUAL
from harness.tasks.data.rows import DataRow, has_path, value_at
from harness.tasks.data.values import UntypedText, domain_name, is_missing, shorten, truth_of

__all__ = ["CONVERTERS", "BadValue", "ColumnReader", "ReadRow", "Slice", "shorten"]


class ReadRow(NamedTuple):
    """The fields, id, domains and cluster of one row."""

    id: str
    fields: dict[str, Any]
    domains: tuple[str, ...]
    cluster: str | None
    withheld: bool
    row: DataRow | None = None
    """The row of data that the fields were read from."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A column whose values are domain names."""

    column: str
    pattern: re.Pattern[str] | None = None
    """If given, the domain is the pattern's first group (or whole match) in the value's text."""
    name: str = ""
    """If given, the one domain of the rows for which ``holds`` is true."""
    holds: Callable[[Any], bool] | None = None

    def domain(self, row: DataRow) -> str | None:
        """Return the domain of a row; None for a row without a value.

        A true boolean belongs to the domain with the column's name, a false one to none.
        """
        value = value_at(row.values, self.column)
        if is_missing(value):
            return None
        if self.name:
            return self.name if self.holds is None or self.holds(value) else None
        if self.pattern is not None:
            match = self.pattern.search(str(value))
            return ((match.group(1) if match.re.groups else match.group(0)) or None) if match else None
        truth = truth_of(value)
        if truth is not None:
            return self.column if truth else None
        return domain_name(value) or None


@dataclass(frozen=True, slots=True)
class _CompiledField:
    name: str
    form: FieldForm
    convert: Callable[[Any], Any]
    required: bool
    textual: bool


class ColumnReader:
    """Reads rows by the compiled column mapping of one part of a task.

    Args:
        columns: Field name to specification: a column's name or dotted path, a list of them, or a mapping with one of
            ``value`` (a constant), ``template``, ``withheld`` (that many absent texts), ``numbered`` (columns told
            apart by a number, from ``first`` to ``last``), ``any_of`` (whether one of these flags is set) or
            ``column`` with ``map``.
        types: Field name to (type, required), from the task's kind.
        slices: Columns that hold domain names.
        constants: Columns added to every row.
        cluster: Column or template of the cluster name.
    """

    def __init__(
        self,
        columns: Mapping[str, Any],
        types: Mapping[str, tuple[str, bool]],
        *,
        slices: Sequence[Slice] = (),
        constants: Mapping[str, Any] | None = None,
        cluster: str | None = None,
    ) -> None:
        self._constants = dict(constants or {})
        self._fields = [
            _CompiledField(
                name,
                compile_form(columns.get(name, name), with_gaps=kind in GAPPED),
                CONVERTERS[kind],
                required,
                kind in TEXTUAL,
            )
            for name, (kind, required) in types.items()
        ]
        self._withheld = any(isinstance(columns.get(name), Mapping) and "withheld" in columns[name] for name in types)
        self._id_spec = columns.get("id")
        self._id = compile_name(self._id_spec if self._id_spec is not None else "id")
        self._slices = tuple(slices)
        self._cluster = None if cluster is None else compile_name(cluster)

    def read(self, row: DataRow) -> ReadRow:
        """Read one row's fields, id, domains and cluster.

        Raises:
            BadValue: a value is missing or of the wrong type.
        """
        if self._constants:
            row = DataRow(row.number, row.where, {**row.values, **self._constants})
        fields: dict[str, Any] = {}
        for field in self._fields:
            value = field.form.get(row)
            if value is None or (not field.textual and isinstance(value, UntypedText) and is_missing(value)):
                if field.required:
                    raise self._missing((field.name,), row)
                continue
            try:
                fields[field.name] = field.convert(value)
            except BadValue as error:
                raise BadValue(f"{field.name!r}: {error}") from None
        domains = tuple(d for s in self._slices if (d := s.domain(row)) is not None) if self._slices else ()
        return ReadRow(self._read_id(row), fields, domains, self._read_cluster(row), self._withheld, row)

    def explained(self, error: BadValue, read: ReadRow) -> BadValue:
        """Add to a task's error about missing fields of a row the columns that the fields should have come from."""
        if not error.fields or error.columns or read.row is None:
            return error
        return self._missing(error.fields, read.row, str(error))

    def columns_of(self, field: str) -> tuple[str, ...]:
        """Return the names of the columns that a field is read from; none for a constant."""
        return next((compiled.form.columns for compiled in self._fields if compiled.name == field), ())

    def naming_columns(self) -> list[str]:
        """List the columns of the data that slices and the cluster name, which no field's type demands."""
        named = [*(s.column for s in self._slices), *(self._cluster.columns if self._cluster else ())]
        return [column for column in named if column not in self._constants]

    def _missing(self, names: Sequence[str], row: DataRow, problem: str = "") -> BadValue:
        """Make the error for missing fields: the column has no value in this row, or there is no such column."""
        columns = [c for field in self._fields if field.name in names for c in field.form.columns]
        problem = problem or f"{', '.join(map(repr, names))} is missing"
        clause = describe_absent(columns, row)
        if clause:
            absent = tuple(column for column in columns if not has_path(row.values, column))
            return NoValue(f"{problem}: {clause}", fields=tuple(names), columns=absent)
        renamed = [column for column in columns if column not in names]
        empty = f": the column {renamed[0]!r} has no value" if renamed else ""
        return NoValue(f"{problem}{empty}", fields=tuple(names))

    def _read_id(self, row: DataRow) -> str:
        if self._id_spec is None and "id" not in row.values:
            return str(row.number)
        value = self._id.get(row)
        if is_missing(value):
            spec = self._id_spec if self._id_spec is not None else "id"
            clause = describe_absent(self._id.columns, row)
            raise NoValue(
                f"the id column {spec!r} is missing{': ' if clause else ' in this row'}{clause}",
                fields=("id",),
                columns=self._id.columns if clause else (),
            )
        return str(value)

    def _read_cluster(self, row: DataRow) -> str | None:
        """Return the cluster's name; None, a row of its own, if a value is missing or an empty text."""
        if self._cluster is None:
            return None
        try:
            value = self._cluster.get(row)
        except NoValue as error:
            if error.columns:
                raise
            return None
        return None if is_missing(value) or value == "" else str(value)
