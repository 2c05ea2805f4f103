"""Converters from raw values to field values, by the types that a kind of task declares."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from harness.array_values import array_problem
from harness.errors import BadValue
from harness.tasks.data.conversations import conversation
from harness.tasks.data.values import UntypedText, present, shorten

TEXTUAL = frozenset({"conversation", "text", "texts", "texts with gaps"})
"""Types whose values are texts: a CSV cell that reads ``nan`` or ``True`` is that text there."""
GAPPED = frozenset({"texts with gaps", "numbers with gaps"})
"""Types that take nulls among their values."""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise BadValue(f"expected a text, got {shorten(value)}")


def _texts(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return [str(part) for part in value]
    if isinstance(value, str):
        return [str(value)]
    raise BadValue(f"expected a list of texts, got {shorten(value)}")


def _texts_with_gaps(value: Any) -> list[str | None]:
    if isinstance(value, list) and all(part is None or isinstance(part, str) for part in value):
        return [part if part is None else str(part) for part in value]
    raise BadValue(f"expected a list of texts or nulls, got {shorten(value)}")


def _number(value: Any) -> float:
    if isinstance(value, (str, Decimal)):  # CSV has only texts
        try:
            value = float(value)
        except ValueError:
            raise BadValue(f"expected a number, got {shorten(value)}") from None
    try:
        if isinstance(value, (int, float)) and math.isfinite(value):
            return float(value)
    except OverflowError:  # a whole number beyond all floats
        pass
    raise BadValue(f"expected a finite number, got {shorten(value)}")


def _numbers(value: Any) -> list[float]:
    if isinstance(value, list):
        return [_number(part) for part in value]
    raise BadValue(f"expected a list of numbers, got {shorten(value)}")


def _numbers_with_gaps(value: Any) -> list[float | None]:
    if isinstance(value, list):
        return [None if present(part) is None else _number(part) for part in value]
    raise BadValue(f"expected a list of numbers or nulls, got {shorten(value)}")


_FLAGS = {"true": 1.0, "1": 1.0, "1.0": 1.0, "yes": 1.0, "false": 0.0, "0": 0.0, "0.0": 0.0, "no": 0.0}


def flag(value: Any) -> float:
    """Return 1 or 0 for the ways in which data sets write true and false.

    Raises:
        BadValue: the value is neither.
    """
    number = None if isinstance(value, (list, dict)) else _FLAGS.get(str(value).strip().lower())
    if number is None:
        raise BadValue(f"expected a label of 0 or 1, true or false, got {shorten(value)}")
    return number


def _flags(value: Any) -> list[float]:
    if isinstance(value, list):
        return [flag(part) for part in value]
    raise BadValue(f"expected a list of labels, got {shorten(value)}")


def _conversation(value: Any) -> Any:
    return conversation(str(value) if isinstance(value, UntypedText) else value)


def _array(value: Any) -> Any:
    """Return an array of numpy as it is, and one of float64 of numbers in lists, however deep."""
    import numpy as np  # heavy for a module that every command loads

    if isinstance(value, np.ndarray):
        problem = array_problem(value)
        if problem:
            raise BadValue(f"expected an array, got {problem}")
        return value
    if not isinstance(value, (list, tuple)):
        raise BadValue(f"expected an array, or numbers in lists; got {shorten(value)}")
    try:
        found = np.asarray(value)
    except ValueError:
        raise BadValue(f"expected an array, got lists of unequal lengths: {shorten(value)}") from None
    if found.dtype.kind not in "biuf":
        raise BadValue(f"expected an array of numbers, got {shorten(value)}")
    return found.astype(np.float64, copy=False)


def _any(value: Any) -> Any:
    return str(value) if isinstance(value, UntypedText) else value


CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "conversation": _conversation,
    "text": _text,
    "texts": _texts,
    "texts with gaps": _texts_with_gaps,
    "number": _number,
    "numbers": _numbers,
    "numbers with gaps": _numbers_with_gaps,
    "flag": flag,
    "flags": _flags,
    "array": _array,
    "any": _any,
}
