"""Arguments as users write them, held against what a constructor says it takes.

YAML reads ``no`` as false, ``1e5`` as a number and ``none`` as a text. What an argument is, its parameter's annotation
says; so the text as it was written is kept beside YAML's reading of it, and the annotation decides between the two.
"""

from __future__ import annotations

import difflib
import inspect
import math
import os
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import UsageError, did_you_mean

_EXPONENT = re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$")
_WHOLE = re.compile(r"^[-+]?\d+(_\d+)*$")
_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_EXPECTED = {
    bool: "true or false (or yes, no, on, off, 1, 0)",
    int: "a whole number",
    float: "a number",
    str: "a text",
    type(None): "null",
}


class Arguments(dict[str, Any]):
    """Arguments by name as YAML reads them, with the texts they were read from.

    Args:
        values: As YAML reads them.
        texts: As they were written, where YAML reads no text.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, texts: Mapping[str, str] | None = None) -> None:
        super().__init__(values or {})
        self.texts = dict(texts or {})

    def replaced_by(self, others: Mapping[str, Any]) -> Arguments:
        """These, and the others in place of those of the same name."""
        kept = {name: text for name, text in self.texts.items() if name not in others}
        return Arguments({**self, **others}, {**kept, **getattr(others, "texts", {})})


def parse_arguments(listed: str, whole: str) -> Arguments:
    """``key=value,key=value`` as a dictionary.

    Raises:
        UsageError: a part is not of the form ``key=value``.
    """
    import yaml

    arguments = Arguments()
    for part in filter(None, _split(listed, whole)):
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals or not key:
            raise UsageError(f"{whole!r}: expected key=value after the colon, got {part!r}")
        if value[:1] + value[-1:] in ("[]", "()") and ("=" in value or ":" in value):
            arguments[key] = value[1:-1]
            continue
        try:
            arguments[key] = yaml.safe_load(value) if value else ""
        except yaml.YAMLError:
            arguments[key] = value
        if _EXPONENT.match(value):  # YAML takes 1e-3, without a point, for a text
            arguments[key] = float(value)
        if not isinstance(arguments[key], str):
            arguments.texts[key] = value[1:-1] if isinstance(arguments[key], list) else value.strip()
    return arguments


def _split(listed: str, whole: str) -> list[str]:
    """Parts between commas, none of which is taken inside brackets.

    Raises:
        UsageError: a bracket is not closed.
    """
    parts, depth = [""], 0
    for character in listed:
        depth += (character in "[({") - (character in "])}")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    if depth > 0:
        raise UsageError(f"{whole!r}: a bracket is opened and not closed")
    return parts


def check_arguments(what: str, kind: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Compare arguments with a constructor's parameters, and make them what its annotations say.

    Texts become what parameters of ``bool``, ``int``, ``float`` and ``str``, or one of these or None, take; a text
    parameter gets what the user wrote. Parameters of other kinds get the value as YAML reads it.

    Args:
        what: For messages, such as ``"model 'length'"``.
        kind: The class.
        arguments: By name; `Arguments` where texts of the user's are known.

    Returns:
        The arguments to construct it with.

    Raises:
        UsageError: one is unknown, missing, or not what its parameter takes; suggests the nearest.
    """
    if kind.__init__ is object.__init__:
        parameters: Sequence[inspect.Parameter] = ()
    else:
        parameters = list(inspect.signature(kind).parameters.values())
    named = {p.name: p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        _check_names(what, named, arguments, getattr(kind, "refused", {}))
    texts = getattr(arguments, "texts", {})
    fitted = {}
    for name, value in arguments.items():
        if name in getattr(kind, "part_names", ()) and isinstance(value, list) and len(value) == 1:
            value = value[0]  # [NAME] alone reads as a YAML list
        given = texts.get(name, value)
        allowed = _allowed(kind, named[name].annotation) if name in named else None
        fitted[name] = value if allowed is None else _fitted(f"{what}: {name}=", given, allowed)
    return fitted


def _check_names(
    what: str, named: Mapping[str, inspect.Parameter], arguments: Mapping[str, Any], refused: Mapping[str, str]
) -> None:
    known = [name for name in named if name not in refused]
    for name in arguments:
        for meant in difflib.get_close_matches(name.lower(), refused, n=1, cutoff=0.85):
            if name == meant or name not in named:  # nearly the same may be another argument
                raise UsageError(f"{what}: {name}= is refused: {refused[meant]}")
        if name not in named:
            allowed = did_you_mean(name, known) or (f" (it takes: {', '.join(known)})" if known else " (it takes none)")
            raise UsageError(f"{what} has no argument {name!r}{allowed}")
    missing = [p.name for p in named.values() if p.default is p.empty and p.name not in arguments]
    if missing:
        example = ",".join(f"{name}=..." for name in missing)
        raise UsageError(
            f"{what} needs the argument{'s' if len(missing) > 1 else ''} {', '.join(missing)}: "
            f"write {example} after a colon"
        )


def _allowed(kind: Any, annotation: Any) -> list[type] | None:
    """The types of an annotation; None where it says nothing, or something that is not converted to here."""
    if isinstance(annotation, str):  # from __future__ import annotations
        holder = types.SimpleNamespace(__annotations__={"it": annotation})
        try:
            annotation = typing.get_type_hints(holder, getattr(kind.__init__, "__globals__", {}))["it"]
        except Exception:  # a name that is imported for type checkers only
            return None
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    members = list(typing.get_args(annotation)) if union else [annotation]
    return members if all(member in _EXPECTED for member in members) else None


def _fitted(where: str, given: Any, allowed: Sequence[type]) -> Any:
    """The value as one of the types; what may be a text is tried as all else first.

    Raises:
        UsageError: it is none of them.
    """
    convert = {type(None): _as_none, bool: _as_bool, int: _as_int, float: _as_float, str: _as_text}
    for kind in convert:
        if kind in allowed and (found := convert[kind](given)) is not _NOTHING:
            return found
    expected = " or ".join(_EXPECTED[kind] for kind in allowed)
    quoted = f"; it is {_kind_of(given)} there: write it in quotes" if str in allowed else ""
    percent = "; 1 % is 0.01" if float in allowed and str(given).endswith("%") else ""
    raise UsageError(f"{where}{given} is not {expected}{quoted}{percent}")


_NOTHING: Any = object()


def _as_none(given: Any) -> Any:
    return None if given is None or (isinstance(given, str) and given.lower() in ("null", "~")) else _NOTHING


def _as_bool(given: Any) -> Any:
    if isinstance(given, bool):
        return given
    return _BOOLS.get(str(given).lower(), _NOTHING) if isinstance(given, str | int) else _NOTHING


def _as_int(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return _NOTHING
    if isinstance(given, str):
        if _WHOLE.match(given):
            return int(given)
        if not _EXPONENT.match(given):
            return _NOTHING
        given = float(given)
    return int(given) if math.isfinite(given) and given == int(given) else _NOTHING


def _as_float(given: Any) -> Any:
    whole = _as_int(given)
    if whole is not _NOTHING and not isinstance(given, float):
        return whole  # a whole number is a number, and stays what results were filed under
    try:
        found = float(given) if not isinstance(given, bool) else math.nan
    except (TypeError, ValueError):
        return _NOTHING
    return _NOTHING if math.isnan(found) else found


def _as_text(given: Any) -> Any:
    return os.fspath(given) if isinstance(given, str | os.PathLike) else _NOTHING


def _kind_of(given: Any) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return "nothing" if given is None else kinds.get(type(given), f"a {type(given).__name__}")
