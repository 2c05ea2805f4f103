"""What a capability declares of the arrays in its responses, and that its records hold none."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping
from typing import Any

from harness.array_values import NUMBER

TYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
"""Types that arrays are stored as: their names alone, for whoever declares one has not imported numpy."""

_ARRAY = re.compile(r"\b(ndarray|NDArray|ArrayLike|Tensor)\b")


def check_declared(name: str, form: str, arrays: Any) -> None:
    """Hold the declared arrays of a capability against its form.

    Raises:
        ValueError: the form is ``"arrays"`` and none is declared, or it is another and some are; or one is of a type
            that is not stored.
    """
    where = f"arrays of the capability {name!r}"
    if form != "arrays":
        if arrays:
            raise ValueError(f"{where}: its form is {form!r}; only the form 'arrays' declares any")
        return
    if not isinstance(arrays, Mapping) or not arrays:
        raise ValueError(f"{where}: expected a mapping of names to types such as 'float32', got {arrays!r}")
    for entry, stored in arrays.items():
        if not isinstance(entry, str) or not entry:
            raise ValueError(f"{where}: expected names that are texts, got {entry!r}")
        if stored not in TYPES and stored != NUMBER:
            raise ValueError(f"{where}: {entry!r}: expected {NUMBER!r} or one of {', '.join(TYPES)}; got {stored!r}")


def array_in_record(record: Any) -> str:
    """Name the place in the type of a record that is an array; empty where there is none, or the type says nothing."""
    return _find(record, _name(record), set())


def _find(kind: Any, place: str, seen: set[Any]) -> str:
    kind = getattr(kind, "__forward_arg__", kind)
    if isinstance(kind, str):  # an annotation that was not evaluated
        return place if _ARRAY.search(kind) else ""
    if _is_array_type(kind) or _is_array_type(typing.get_origin(kind)):
        return place
    for argument in typing.get_args(kind):
        found = _find(argument, place, seen)
        if found:
            return found
    if not isinstance(kind, type) or kind in seen:
        return ""
    seen.add(kind)
    for name, annotation in _annotations(kind).items():
        found = _find(annotation, f"{_name(kind)}.{name}", seen)
        if found:
            return found
    return ""


def _annotations(kind: type) -> Mapping[str, Any]:
    """Return the annotated fields of a record type; those of other classes are no fields."""
    is_record = dataclasses.is_dataclass(kind) or hasattr(kind, "__struct_fields__") or hasattr(kind, "__total__")
    if not is_record and not (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return {}
    try:
        return typing.get_type_hints(kind)
    except Exception:  # a name that only type checkers import
        return dict(getattr(kind, "__annotations__", {}))


def _is_array_type(kind: Any) -> bool:
    return isinstance(kind, type) and bool(_ARRAY.fullmatch(kind.__name__))


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))
