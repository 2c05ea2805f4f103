"""Describes where a YAML file breaks its schema, in words for the person who wrote the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date
from typing import TYPE_CHECKING, Any

from harness.errors import Place, did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_FORMS = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_WORDS = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be greater than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "literal_error": "must be {expected}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must not be empty",
}
"""By pydantic's types of errors, filled in with their context."""
_NUMBERS = frozenset({"int_type", "int_parsing", "int_from_float", "float_type", "float_parsing", "finite_number"})
_UNION_MEMBER = re.compile(r"(str|int|float|bool)$|(list|dict|tuple|function-\w+)\[|[A-Z][A-Za-z]*File$")
_LONGEST = 60


def mistakes_of(model: type[BaseModel], error: ValidationError) -> Iterator[tuple[Place, str]]:
    """Yield each mistake once: the keys that lead to the mistake, and a sentence with these keys and what is wrong."""
    errors = _said_once(error.errors())
    forms: dict[Place, list[str]] = {}
    for one in errors:
        if one["type"] in _FORMS:
            forms.setdefault(_location(one), []).append(one["type"])
    for one in errors:
        place = _location(one)
        if one["type"] not in _FORMS:
            yield place, _explain(model, one, place)
        elif place in forms:
            yield place, _with_key(place, _of_another_form(forms.pop(place), one.get("input")))


def _said_once(errors: Sequence[Any]) -> list[Any]:
    """Drop errors about forms that a key was not written in, if another error explains the form that was written.

    Pydantic tries every form that a key may have (a text, a list, a mapping) and reports an error for each.
    """
    explained = [_location(e) for e in errors if not _is_other_form(e)]
    above = {place[:length] for place in explained for length in range(len(place) + 1)}
    return [e for e in errors if not _is_other_form(e) or _location(e) not in above]


def _location(error: Any) -> Place:
    return tuple(key for key in error["loc"] if not _is_union_member(key))


def _is_other_form(error: Any) -> bool:
    """Tell whether an error is about a form that the key was not written in; the written form says what is wrong."""
    forms = {
        "string_type": (Mapping, list),
        "list_type": (Mapping, str),
        "dict_type": (str, list),
        "model_type": (str, list),
    }
    union = _is_union_member(error["loc"][-1]) if error["loc"] else False
    return union and isinstance(error.get("input"), forms.get(error["type"], ()))


def _is_union_member(key: str | int) -> bool:
    """Tell whether pydantic added this key to a location as the name of the alternative that it tried."""
    return isinstance(key, str) and _UNION_MEMBER.match(key) is not None


def _explain(model: type[BaseModel], error: Any, place: Place) -> str:
    key = ".".join(map(str, place))
    if error["type"] == "extra_forbidden":
        from harness.files.strict import fields_at

        return f"unknown key {key!r}{did_you_mean(str(place[-1]), fields_at(model, place[:-1]))}"
    if error["type"] == "missing":
        return f"the key {key!r} is missing"
    got = error.get("input")
    wording = _WORDS.get(error["type"])
    problem = wording.format_map(error.get("ctx", {})) if wording else error["msg"].removeprefix("Value error, ")
    problem = problem.replace("have at least 1 entries", "not be empty").replace(" 1 entries", " 1 entry")
    is_quoted = error["type"] in _NUMBERS and isinstance(got, str) and _is_number(got)
    unquoted = "; write it without quotes" if is_quoted else ""
    return _with_key(place, problem + ("" if isinstance(got, Mapping) else f", got {_shown(got)}") + unquoted)


def _of_another_form(forms: Sequence[str], got: Any) -> str:
    """Write which forms a key may have, what was given, and how to write one of these forms."""
    *others, last = dict.fromkeys(_FORMS[form] for form in forms)
    expected = f"{', '.join(others)} or {last}" if others else last
    return f"must be {expected}, got {_shown(got)}{_mend(set(forms), got)}"


def _mend(forms: Set[str], got: Any) -> str:
    scalar = got is not None and not isinstance(got, Mapping | list)
    if forms == {"list_type"}:
        entries = "; begin each entry with '- '" if isinstance(got, Mapping) else ""
        return f"; write [{got}]" if scalar else entries
    if "string_type" not in forms:
        return ""
    colon = "; quote it if it holds ': '" if isinstance(got, Mapping) else ""
    return "; write it in quotes" if scalar else colon


def _with_key(place: Place, problem: str) -> str:
    return f"{'.'.join(map(str, place))}: {problem}" if place else problem


def _shown(got: Any) -> str:
    """Write the value that was given, cut to its beginning if it is long."""
    if got is None:
        return "nothing"
    text = str(got).lower() if isinstance(got, bool) else str(got) if isinstance(got, date) else repr(got)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
