"""From a row's columns to a task's fields, as the ``columns`` block of a task file says."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.rows import Row

Getter = Callable[[Row], Any]


class BadValue(ValueError):
    """A row's value is missing or of the wrong type; the text names the column and what was expected."""


class Read(NamedTuple):
    """One row, read."""

    id: str
    fields: dict[str, Any]
    domains: tuple[str, ...]
    cluster: str | None
    withheld: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """A column whose values are domain names."""

    column: str
    pattern: re.Pattern[str] | None = None
    """Where given, the domain is its first group (or whole match) in the value."""
    name: str = ""
    """Where given, the one domain of the rows for which ``holds`` is true."""
    holds: Callable[[Any], bool] | None = None

    def domain(self, row: Row) -> str | None:
        """The domain a row belongs to; a true boolean belongs to the one named like the column."""
        value = get_path(row, self.column)
        if self.name:
            return self.name if value is not None and (self.holds is None or self.holds(value)) else None
        if value is None or value is False:
            return None
        if value is True:
            return self.column
        text = str(value)
        if self.pattern is None:
            return text
        match = self.pattern.search(text)
        return (match.group(1) if match.re.groups else match.group(0)) if match else None


class ColumnReader:
    """Compiled column mapping of one part of a task.

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
        self._getters: list[tuple[str, Getter, Callable[[Any], Any], bool]] = []
        self._withheld = False
        for name, (kind, required) in types.items():
            spec = columns.get(name, name)
            if isinstance(spec, Mapping) and "withheld" in spec:
                self._withheld = True
            self._getters.append((name, _getter(spec), CONVERTERS[kind], required))
        self._id = _id_getter(columns.get("id"))
        self._slices = tuple(slices)
        self._cluster = None if cluster is None else _getter({"template": cluster} if "{" in cluster else cluster)

    def read(self, row: Row) -> Read:
        """One row's fields, id, domains and cluster.

        Raises:
            BadValue: a value is missing or of the wrong type.
        """
        if self._constants:
            row = Row(row.number, row.where, {**row.values, **self._constants})
        fields: dict[str, Any] = {}
        for name, get, convert, required in self._getters:
            value = get(row)
            if value is None:
                if required:
                    raise BadValue(f"{name!r} is missing; the row has: {', '.join(map(str, row.values)) or 'nothing'}")
                continue
            try:
                fields[name] = convert(value)
            except BadValue as error:
                raise BadValue(f"{name!r}: {error}") from None
        domains = tuple(d for s in self._slices if (d := s.domain(row)) is not None) if self._slices else ()
        cluster = None if self._cluster is None else _name_or_none(self._cluster(row))
        return Read(self._id(row), fields, domains, cluster, self._withheld)


def get_path(row: Row, path: str) -> Any:
    """A column by name, or by dotted path into nested columns and lists; None where it is absent."""
    values = row.values
    if path in values:
        return values[path]
    if "." not in path:
        return None
    value: Any = values
    for key in path.split("."):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            return None
    return value


def _getter(spec: Any) -> Getter:
    if isinstance(spec, str):
        return lambda row: get_path(row, spec)
    if isinstance(spec, list):
        getters = [_getter(part) for part in spec]

        def several(row: Row) -> Any:
            values = [get(row) for get in getters]
            return None if any(value is None for value in values) else values

        return several
    if "value" in spec:
        return lambda row: spec["value"]
    if "template" in spec:
        return lambda row: _fill(spec["template"], row)
    if "withheld" in spec:
        return lambda row: [""] * int(spec["withheld"])
    if "any_of" in spec:
        return lambda row: _any_of(spec["any_of"], row)
    if "numbered" in spec:
        return _numbered(str(spec["numbered"]), int(spec["first"]), int(spec["last"]))
    return _mapped(str(spec["column"]), spec.get("map") or {})


def _any_of(columns: Sequence[str], row: Row) -> float | None:
    """1 where one of the flags is set, 0 where none is; flags that are absent do not count, unless all are."""
    known = {column: value for column in columns if (value := get_path(row, column)) is not None}
    try:
        return max((_flag(value) for value in known.values()), default=None)
    except BadValue as error:
        raise BadValue(f"one of the columns {', '.join(known)}: {error}") from None


def _numbered(template: str, first: int, last: int) -> Getter:
    """A list of the columns that a number tells apart; a null stays in it, a column that is absent is an error."""
    names = [template.format(number) for number in range(first, last + 1)]

    def get(row: Row) -> Any:
        missing = [name for name in names if name not in row.values]
        if missing:
            raise BadValue(f"no column {missing[0]!r}; expected {names[0]!r} to {names[-1]!r}")
        return [row.values[name] for name in names]

    return get


def _mapped(column: str, table: Mapping[Any, Any]) -> Getter:
    def get(row: Row) -> Any:
        value = get_path(row, column)
        if value is None or not table:
            return value
        key = value if isinstance(value, Hashable) and value in table else str(value)
        if key not in table:
            raise BadValue(f"column {column!r} holds {value!r}; expected one of {', '.join(map(repr, table))}")
        return table[key]

    return get


def _fill(template: str, row: Row) -> str:
    try:
        return template.format_map({**row.values, "index": row.number})
    except KeyError as error:
        raise BadValue(f"the template {template!r} names {error.args[0]!r}, which the row lacks") from None
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise BadValue(f"the template {template!r} cannot be filled: {error}") from None


def _id_getter(spec: Any) -> Callable[[Row], str]:
    if spec is None:
        return lambda row: str(row.values["id"]) if "id" in row.values else str(row.number)
    get = _getter({"template": spec} if isinstance(spec, str) and "{" in spec else spec)

    def read(row: Row) -> str:
        value = get(row)
        if value is None:
            raise BadValue(f"the id column {spec!r} is missing")
        return str(value)

    return read


def _name_or_none(value: Any) -> str | None:
    """A name; an empty cell of a CSV file is none."""
    return None if value in (None, "") else str(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise BadValue(f"expected a text, got {shorten(value)}")


def _texts(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return value
    if isinstance(value, str):
        return [value]
    raise BadValue(f"expected a list of texts, got {shorten(value)}")


def _texts_with_gaps(value: Any) -> list[str | None]:
    if isinstance(value, list) and all(part is None or isinstance(part, str) for part in value):
        return value
    raise BadValue(f"expected a list of texts or nulls, got {shorten(value)}")


def _number(value: Any) -> float:
    if isinstance(value, str):  # CSV has only texts
        try:
            value = float(value)
        except ValueError:
            raise BadValue(f"expected a number, got {shorten(value)}") from None
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    raise BadValue(f"expected a finite number, got {shorten(value)}")


def _numbers(value: Any) -> list[float]:
    if isinstance(value, list):
        return [_number(part) for part in value]
    raise BadValue(f"expected a list of numbers, got {shorten(value)}")


_FLAGS = {"true": 1.0, "1": 1.0, "1.0": 1.0, "yes": 1.0, "false": 0.0, "0": 0.0, "0.0": 0.0, "no": 0.0}


def _flag(value: Any) -> float:
    flag = _FLAGS.get(str(value).strip().lower())
    if flag is None:
        raise BadValue(f"expected a label of 0 or 1, true or false, got {shorten(value)}")
    return flag


def _flags(value: Any) -> list[float]:
    if isinstance(value, list):
        return [_flag(part) for part in value]
    raise BadValue(f"expected a list of labels, got {shorten(value)}")


def _conversation(value: Any) -> Any:
    from harness.task import conversation

    return conversation(value)


CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "conversation": _conversation,
    "text": _text,
    "texts": _texts,
    "texts with gaps": _texts_with_gaps,
    "number": _number,
    "numbers": _numbers,
    "flag": _flag,
    "flags": _flags,
    "any": lambda value: value,
}


def shorten(value: object) -> str:
    """A value for a message, cut to 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
