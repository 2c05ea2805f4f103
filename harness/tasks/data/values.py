"""Rules for single values of a data set: when a value is missing, when two are the same, and how a value is named.

The rules hold for every kind of file, so that the same rows give the same items whether they are written as CSV, JSONL
or Parquet (docs/tasks.md, "Values"). CSV has no types: a cell stays the text that it is, for a field that wants a text,
and is compared and named by the value that the text spells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


class UntypedText(str):
    """The text of a CSV cell that may stand for another value: it is empty, or spells true, false or no number."""

    __slots__ = ()


_TRUTHS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
_NO_NUMBERS = frozenset({"nan", "NaN"})
_AMBIGUOUS = {text: UntypedText(text) for text in ("", *_TRUTHS, *_NO_NUMBERS)}
_WHOLE = re.compile(r"[-+]?\d{1,300}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\d{1,300}\.?\d{0,300}|\.\d{1,300})([eE][-+]?\d{1,4})?", re.ASCII)
_WHOLE_FLOAT = re.compile(r"(-?)(0|[1-9]\d{0,14})\.0+", re.ASCII)
_EXACT = 10.0**15
"""Whole floats below it are written with all their digits."""


def from_cell(text: str) -> str:
    """Mark the text of a CSV cell that may stand for another value: nothing, a boolean, or no number."""
    return _AMBIGUOUS.get(text, text)


def present(value: Any) -> Any:
    """Return the value of a field that may be a text; None for an empty CSV cell and for not-a-number."""
    if isinstance(value, UntypedText):
        return value or None
    return None if isinstance(value, float) and value != value else value


def plain(value: Any) -> Any:
    """Return the same value without numpy's types, which compare and print in ways of their own."""
    kind = type(value)
    if kind in (str, int, float, bool, type(None)):
        return value
    if kind is list:
        return [plain(part) for part in value]
    if kind is dict:
        return {key: plain(part) for key, part in value.items()}
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return value


def is_missing(value: Any) -> bool:
    """Tell whether a value is missing: None, an empty CSV cell, or not-a-number."""
    if value is None:
        return True
    if isinstance(value, UntypedText):
        return not value or value in _NO_NUMBERS
    if isinstance(value, (float, Decimal, date)):  # pandas' absent time is a datetime that differs from itself
        return bool(value != value)
    return False


def truth_of(value: Any) -> bool | None:
    """Return a boolean, also from a CSV cell that spells one; None where the value is no boolean."""
    if isinstance(value, UntypedText):
        return _TRUTHS.get(value)
    return value if isinstance(value, bool) else None


def number_of(value: Any) -> int | float | None:
    """Return a number, also from a text that spells a number or a truth value; None where the value is no number."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        if value in _TRUTHS:
            return _TRUTHS[value]
        if _WHOLE.fullmatch(value):
            return int(value)
        return float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, Decimal) and value.is_finite():
        whole = value == value.to_integral_value()
        return int(value) if whole and abs(value) < Decimal(_EXACT) else float(value)
    return None


def same(value: Any, listed: Any) -> bool:
    """Tell whether a value of the data is the value that a task file names.

    Two texts are the same if they are equal. A number is the same as an equal number and as a text that spells it; a
    boolean as 1 or 0 and as a text that spells it; a date as a text in ISO form.
    """
    if is_missing(value) or listed is None:
        return is_missing(value) and listed is None
    if isinstance(value, str) and isinstance(listed, str):
        # CSV written by pandas says True, by JavaScript true; both are one boolean there.
        return value == listed or (truth_of(value) is not None and truth_of(value) is _TRUTHS.get(listed))
    if isinstance(value, date) or isinstance(listed, date):
        left, right = _time_of(value), _time_of(listed)
        return left is not None and left == right
    left_number, right_number = number_of(value), number_of(listed)
    if left_number is not None and right_number is not None:
        return left_number == right_number
    return bool(value == listed)


def _time_of(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def find_same(value: Any, table: Mapping[Any, Any]) -> Any:
    """Return the key of a table that is the same as a value, an equal text before all others; None without one."""
    if isinstance(value, str) and value in table:
        return str(value)
    return next((key for key in table if same(value, key)), None)


def domain_name(value: Any) -> str:
    """Name the domain of all rows with this value: whole numbers have no point, days no hour."""
    if isinstance(value, datetime):
        midnight = value.tzinfo is None and value.time() == datetime.min.time()
        return str(value.date() if midnight else value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, str):
        # The same number is 2024 in one file and 2024.0 in another, where pandas had a gap in its column.
        match = _WHOLE_FLOAT.fullmatch(value)
        if match is not None:
            return f"{match[1]}{match[2]}" if match[2] != "0" else "0"
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


def shorten(value: object) -> str:
    """Write a value for a message, cut to 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
