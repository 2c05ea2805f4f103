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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import UsageError, did_you_mean
from harness.ranges import OneOf, Range, one_of

_EXPONENT = re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$")
_WHOLE = re.compile(r"^[-+]?\d+(_\d+)*$")
_MORE = re.compile(r"^\w+\s*=")
"""How a further argument begins, in a list of specifications that are not in brackets."""
_DIGITS = 40
"""Digits of a whole number; Python itself refuses to read more than 4,300."""
_BITS = 64
"""Of a whole number: no setting is larger, and an array could not hold it."""
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
        except (yaml.YAMLError, ValueError):  # ValueError: a number of thousands of digits, or a date that is none
            arguments[key] = value
        if _EXPONENT.match(value):  # YAML takes 1e-3, without a point, for a text
            arguments[key] = float(value)
        if isinstance(arguments[key], str):
            if not value.lstrip().startswith(("'", '"')):  # YAML takes | for an empty block, and cuts at a comment
                arguments[key] = value.strip()
        else:
            listed_in_brackets = isinstance(arguments[key], list) and value.lstrip().startswith("[")
            arguments.texts[key] = value.strip()[1:-1] if listed_in_brackets else value.strip()
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
    parameter gets what the user wrote. What an annotation says of the range of a number (`harness.Range`) or of the
    words there are (``Literal``) is held to. Parameters of other kinds get the value as YAML reads it.

    Args:
        what: For messages, such as ``"model 'length'"``.
        kind: The class.
        arguments: By name; `Arguments` where texts of the user's are known.

    Returns:
        The arguments to construct it with.

    Raises:
        UsageError: one is unknown, missing, not what its parameter takes, or outside its range; suggests the nearest.
    """
    if kind.__init__ is object.__init__:
        parameters: Sequence[inspect.Parameter] = ()
    else:
        parameters = list(inspect.signature(kind).parameters.values())
    named = {p.name: p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        _check_names(what, named, arguments, getattr(kind, "refused", {}))
    texts = getattr(arguments, "texts", {})
    made = {}
    for name, value in arguments.items():
        if name in getattr(kind, "part_lists", ()):
            made[name] = listed_specifications(f"{what}: {name}=", value)
            continue
        if name in getattr(kind, "part_names", ()) and isinstance(value, list) and len(value) == 1:
            value = value[0]  # [NAME] alone reads as a YAML list
        if name in getattr(kind, "data_names", ()) and isinstance(value, list):
            value = ",".join(map(str, value))
        given = texts.get(name, value)
        forms = forms_of(kind, named[name].annotation) if name in named else None
        made[name] = value if forms is None else fitted(f"{what}: {name}=", given, forms)
    return made


def listed_specifications(where: str, given: Any) -> list[str]:
    """Return the specifications in a list of models or adapters, however it was written.

    In a specification, as ``[a]``, ``[a,b]`` or ``[[a],[b:x=1]]``; in YAML, as a list of texts, or of lists like those.

    Args:
        where: For messages, such as ``"model 'firewall': detectors="``.
        given: As YAML or a specification gives it.

    Raises:
        UsageError: it is no such list, or it cannot be told where one specification ends.

    >>> listed_specifications("detectors=", "[a],[b:x=1,y=2]")
    ['a', 'b:x=1,y=2']
    >>> listed_specifications("detectors=", [["a"], "b:x=1"])
    ['a', 'b:x=1']
    """
    if given is None or given == "":
        return []
    if isinstance(given, str):
        found = _several_specifications(where, given)
    elif isinstance(given, list | tuple):
        found = [_one_specification(where, each) for each in given]
    else:
        raise UsageError(f"{where}{_shown(given)} is no list: write [[NAME],[NAME:key=value,...]]")
    for each in found:
        if not each:
            raise UsageError(f"{where}{_shown(given)}: an entry is empty")
    return found


def _several_specifications(where: str, given: str) -> list[str]:
    """Part a text between commas, except for those before further arguments of one specification.

    Raises:
        UsageError: ``key=value`` follows what takes no arguments yet.
    """
    found: list[str] = []
    open_ = False  # whether the last one is outside brackets, and has arguments
    for piece in map(str.strip, _split(given, given)):
        if _is_bracketed(piece):
            found.append(piece[1:-1].strip())
            open_ = False
        elif not _MORE.match(piece):
            found.append(piece)
            open_ = ":" in piece
        elif open_:
            found[-1] += f",{piece}"
        else:
            raise UsageError(f"{where}[{given}]: give each in brackets of its own: [[NAME],[NAME:key=value,...]]")
    return found


def _one_specification(where: str, given: Any) -> str:
    """Return an entry of a list; ``[NAME:x=1,y=2]`` reads as a YAML list of two texts.

    Raises:
        UsageError: it is neither a text nor a list of texts.
    """
    if isinstance(given, list | tuple) and given and all(isinstance(each, str) for each in given):
        given = ",".join(given)
    if not isinstance(given, str):
        raise UsageError(f"{where}{_shown(given)} names nothing: write NAME or NAME:key=value,... as a text")
    return given[1:-1].strip() if _is_bracketed(given) else given.strip()


def _is_bracketed(text: str) -> bool:
    """Whether one pair of brackets is around the whole text."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if depth <= 0:
            return position == len(text) - 1 and position > 0
    return False


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


@dataclass(frozen=True, slots=True)
class Form:
    """One thing that a parameter takes, as its annotation says."""

    kind: type
    range: Range | None = None
    """Of numbers; None where the annotation says nothing of it."""
    choices: tuple[Any, ...] = ()
    """The only values; empty where all of the kind are taken."""

    def __str__(self) -> str:
        if self.choices:
            return one_of(self.choices)
        return " ".join(filter(None, [_EXPECTED[self.kind], str(self.range or "")]))

    def holds(self, value: Any) -> bool:
        """Whether a value of the kind is one that is taken."""
        if self.choices:
            return value in self.choices
        return self.range is None or self.range.holds(value)


def forms_of(kind: Any, annotation: Any) -> list[Form] | None:
    """What an annotation of a constructor's parameter takes.

    Returns:
        None where it says nothing, or something that is not held to here.
    """
    if isinstance(annotation, str):  # from __future__ import annotations
        holder = types.SimpleNamespace(__annotations__={"it": annotation})
        names = getattr(getattr(kind, "__init__", None), "__globals__", {})
        try:
            annotation = typing.get_type_hints(holder, names, include_extras=True)["it"]
        except Exception:  # a name that is imported for type checkers only
            return None
    forms = _forms(annotation, None)
    return None if any(form is None for form in forms) else typing.cast(list[Form], forms)


def _forms(annotation: Any, range_: Range | None) -> list[Form | None]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        choices = next((extra.values for extra in arguments[1:] if isinstance(extra, OneOf)), ())
        if choices:
            return [Form(arguments[0], choices=choices)] if arguments[0] in _EXPECTED else [None]
        said = next((extra for extra in arguments[1:] if isinstance(extra, Range)), range_)
        return _forms(arguments[0], said)
    if origin in (typing.Union, types.UnionType):
        return [form for member in arguments for form in _forms(member, range_)]
    if origin is typing.Literal:
        kinds = dict.fromkeys(type(value) for value in arguments)
        return [
            Form(kind, choices=tuple(v for v in arguments if type(v) is kind)) if kind in _EXPECTED else None
            for kind in kinds
        ]
    if annotation not in _EXPECTED:
        return [None]
    return [Form(annotation, range_ if annotation in (int, float) else None)]


def fitted(where: str, given: Any, forms: Sequence[Form]) -> Any:
    """A value as one of these forms; what may be a text is tried as all else first.

    Args:
        where: For the message: what the value is given for, such as ``"model 'length': unit="``.
        given: As the user wrote it.
        forms: What is taken.

    Raises:
        UsageError: it is none of them, or outside the range of the one that it is.
    """
    for kind, convert in _CONVERT.items():
        for form in forms:
            if form.kind is kind and (found := convert(given)) is not _NOTHING and form.holds(found):
                return found
    allowed = {form.kind for form in forms}
    expected = " or ".join(map(str, forms))
    shown = _shown(given)
    fits = any(_CONVERT[form.kind](given) is not _NOTHING for form in forms)
    quoted = f"; it is {_kind_of(given)} there: write it in quotes" if str in allowed and not fits else ""
    percent = "; 1 % is 0.01" if float in allowed and str(shown).endswith("%") else ""
    near = [str(choice) for form in forms for choice in form.choices]
    hint = f" (did you mean {meant[0]!r}?)" if (meant := difflib.get_close_matches(shown, near, n=1)) else ""
    raise UsageError(f"{where}{shown} is not {expected}{hint}{quoted}{percent}")


def _shown(given: Any) -> str:
    """A value as messages show it; a number of thousands of digits can be neither shown nor read."""
    try:
        text = str(given)
    except ValueError:  # Python refuses to write numbers of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text)} characters)"


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
            return int(given) if len(given) <= _DIGITS else _NOTHING
        if not _EXPONENT.match(given):
            return _NOTHING
        given = float(given)
    if isinstance(given, int):
        return given if given.bit_length() <= _BITS else _NOTHING
    return int(given) if abs(given) < 2.0**_BITS and given == int(given) else _NOTHING


def _as_float(given: Any) -> Any:
    whole = _as_int(given)
    if whole is not _NOTHING and not isinstance(given, float):
        return whole  # a whole number is a number, and stays what results were filed under
    try:
        found = float(given) if not isinstance(given, bool) else math.nan
    except (TypeError, ValueError):
        return _NOTHING
    except OverflowError:  # a whole number that no float can hold
        return _NOTHING
    return found if math.isfinite(found) else _NOTHING


def _as_text(given: Any) -> Any:
    return os.fspath(given) if isinstance(given, str | os.PathLike) else _NOTHING


_CONVERT: dict[Any, Callable[[Any], Any]] = {
    type(None): _as_none,
    bool: _as_bool,
    int: _as_int,
    float: _as_float,
    str: _as_text,
}
"""In the order in which they are tried: what may be a text is tried as all else first."""


def _kind_of(given: Any) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return "nothing" if given is None else kinds.get(type(given), f"a {type(given).__name__}")
