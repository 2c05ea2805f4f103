"""The forms in which a task file says how a field is made from columns, each compiled once and applied to every row."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness.errors import BadValue, NoValue, nearest
from harness.tasks.data.converters import flag
from harness.tasks.data.rows import DataRow, has_path, value_at
from harness.tasks.data.values import find_same, is_missing, present, shorten

LARGEST_LIST = 10_000
"""Most columns or texts that one field may be made of: a task file may not ask for more than there is memory."""
_LONG_NUMBER = re.compile(r"\d{5}")


class FieldForm(NamedTuple):
    """How one field is made of a row."""

    get: Callable[[DataRow], Any]
    """From a row to the value of the field; None where the value is missing."""
    columns: tuple[str, ...] = ()
    """The columns that ``get`` reads."""


def compile_form(spec: Any, *, with_gaps: bool = False) -> FieldForm:
    """Compile what the ``columns`` block says of a field (see `field_mapping.ColumnReader`).

    Args:
        spec: What it says.
        with_gaps: Whether the field takes nulls among its values, so that a list of columns keeps them.
    """
    if isinstance(spec, str):
        return FieldForm(lambda row: present(value_at(row.values, spec)), (spec,))
    if isinstance(spec, list):
        return _several([compile_form(part) for part in spec], with_gaps)
    if "value" in spec:
        return FieldForm(lambda row: spec["value"])
    if "template" in spec:
        return _template(spec["template"])
    if "withheld" in spec:
        return FieldForm(lambda row: [""] * int(spec["withheld"]))
    if "any_of" in spec:
        return FieldForm(lambda row: _any_of(spec["any_of"], row), tuple(spec["any_of"]))
    if "numbered" in spec:
        return _numbered(str(spec["numbered"]), int(spec["first"]), int(spec["last"]))
    return _mapped(str(spec["column"]), spec.get("map") or {})


def compile_name(spec: Any) -> FieldForm:
    """Compile what a task file says of an id or a cluster, where a text with ``{`` is a template."""
    return compile_form({"template": spec} if isinstance(spec, str) and "{" in spec else spec)


def describe_absent(columns: Sequence[str], row: DataRow) -> str:
    """Write a clause that says which columns a row lacks, the nearest ones, and all that the row has; empty if none."""
    absent = [column for column in columns if not has_path(row.values, column)]
    if not absent:
        return ""
    names = list(map(str, row.values))
    hints = [f"no column {column!r}{nearest(column, names)}" for column in absent[:3]]
    return f"{', '.join(hints)}; the row has: {', '.join(names[:50]) or 'nothing'}"


def _several(forms: Sequence[FieldForm], with_gaps: bool) -> FieldForm:
    columns = tuple(column for form in forms for column in form.columns)

    def get(row: DataRow) -> Any:
        values = [form.get(row) for form in forms]
        if with_gaps:
            # A gap is a value that is missing; a column that the row lacks is a mistake of the task file.
            absent = tuple(column for column in columns if not has_path(row.values, column))
            if absent:
                raise BadValue(describe_absent(absent, row), columns=absent)
            return values
        return None if any(value is None for value in values) else values

    return FieldForm(get, columns)


def _any_of(columns: Sequence[str], row: DataRow) -> float | None:
    """Return 1 if one of the flags is set, 0 if none is set, and None if all flags are absent."""
    flags = {column: value for column in columns if not is_missing(value := value_at(row.values, column))}
    try:
        return max((flag(value) for value in flags.values()), default=None)
    except BadValue as error:
        raise BadValue(f"one of the columns {', '.join(flags)}: {error}") from None


def _numbered(template: str, first: int, last: int) -> FieldForm:
    """Make a list of the columns that a number tells apart; a null stays in the list, an absent column is an error."""
    if last - first >= LARGEST_LIST:
        raise BadValue(f"{last - first + 1} numbered columns are asked for; at most {LARGEST_LIST} can be read")
    names = tuple(template.format(number) for number in range(first, last + 1))

    def get(row: DataRow) -> Any:
        missing = [name for name in names if name not in row.values]
        if missing:
            raise BadValue(
                f"no column {missing[0]!r}; expected {names[0]!r} to {names[-1]!r}", columns=tuple(missing[:1])
            )
        return [present(row.values[name]) for name in names]

    return FieldForm(get, names)


def _mapped(column: str, table: Mapping[Any, Any]) -> FieldForm:
    def get(row: DataRow) -> Any:
        value = value_at(row.values, column)
        if is_missing(value) or not table:
            return present(value)
        key = find_same(value, table)
        if key is None:
            raise BadValue(f"column {column!r} holds {shorten(value)}; expected one of {', '.join(map(repr, table))}")
        return table[key]

    return FieldForm(get, (column,))


# templates


class _TemplateColumns:
    """The columns of a row by the names that stand in a template; ``{name?}`` is empty where the row has no value."""

    __slots__ = ("_row", "_template")

    def __init__(self, template: str, row: DataRow) -> None:
        self._template, self._row = template, row

    def __getitem__(self, name: str) -> Any:
        if name == "index":
            return self._row.number
        optional = name.endswith("?")
        plain_name = name[:-1] if optional else name
        # `present`, not `is_missing`: in a template, a text that reads nan is the text that somebody wrote.
        value = present(self._row.values.get(plain_name))
        if value is None:
            if optional:
                return ""
            absent = plain_name not in self._row.values
            raise NoValue(
                f"the template {self._template!r} names {plain_name!r}, which the row lacks"
                + ("" if absent else f"; write {{{plain_name}?}} where it may be empty"),
                columns=(plain_name,) if absent else (),
            )
        return value


def _template(template: str) -> FieldForm:
    names = [_first_name(field) for field in _fields(template)]
    columns = tuple(dict.fromkeys(name for name in names if name != "index" and not name.endswith("?")))

    def get(row: DataRow) -> str:
        try:
            return template.format_map(_TemplateColumns(template, row))
        except BadValue:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise BadValue(f"the template {template!r} cannot be filled: {error}") from None

    return FieldForm(get, columns)


def _fields(template: str) -> list[str]:
    """List the field names in a template as they stand; none where the template cannot be taken apart."""
    try:
        return [field for _, field, _, _ in string.Formatter().parse(template) if field]
    except ValueError:
        return []


def _first_name(field: str) -> str:
    return re.split(r"[.\[]", field, maxsplit=1)[0]


def problems_of_template(template: str) -> Iterator[str]:
    """Yield a sentence for each mistake in a template, before any row is read."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        yield f"the template {template!r} is not one: {error}"
        return
    for _, field, spec, _ in parts:
        if field is None:
            continue
        if not field or field[0].isdigit() or "__" in field:  # "__": {a.__class__} would reach beyond the data
            yield f"the template {template!r} has {{{field}}}; expected the name of a column in braces"
        # A width makes a text as long as it says: a few characters of a task file, or of the data, could fill memory.
        if spec and ("{" in spec or _LONG_NUMBER.search(spec)):
            yield f"the template {template!r} asks for the width {spec!r}; at most 9999 can be given"
