"""Arguments as users write them, checked against what a constructor says it takes.

YAML reads ``no`` as false, ``1e5`` as a number and ``none`` as a text. The annotation of a parameter says what its
argument is. So the text as it was written is kept beside YAML's reading, and the annotation decides between the two.
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
    """Arguments by name as YAML reads them, with the texts that they were read from.

    Args:
        values: The values as YAML reads them.
        texts: The texts as they were written, of the values that YAML does not read as texts.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, texts: Mapping[str, str] | None = None) -> None:
        super().__init__(values or {})
        self.texts = dict(texts or {})

    def replaced_by(self, others: Mapping[str, Any]) -> Arguments:
        """Return these arguments, with others in place of the arguments of the same name."""
        kept = {name: text for name, text in self.texts.items() if name not in others}
        return Arguments({**self, **others}, {**kept, **getattr(others, "texts", {})})


def parse_checked(listed: str, whole: str, checks: Mapping[str, tuple[Callable[[Any], bool], str]]) -> Arguments:
    """Parse the options in a task's name, such as ``how=leet,strength=0.3``, and check each of them.

    Args:
        listed: The options.
        whole: The whole name, for messages.
        checks: For each option, whether a value fits, and what is expected.

    Raises:
        UsageError: an option is unknown, is there twice, or has another value than it may have.
    """
    given = parse_arguments(listed, whole)
    for key, value in given.items():
        if key not in checks:
            raise UsageError(f"{whole}: there is no option {key!r}{did_you_mean(key, checks)}")
        fits, expected = checks[key]
        if not fits(value):
            raise UsageError(f"{whole}: {key} must be {expected}, not {value!r}")
    return given


def parse_arguments(listed: str, whole: str) -> Arguments:
    """Parse ``key=value,key=value``.

    Args:
        listed: The arguments.
        whole: The whole specification that the arguments are part of, for messages.

    Raises:
        UsageError: a part is not of the form ``key=value``, or a key is there twice.
    """
    import yaml

    arguments = Arguments()
    for part in filter(None, _split(listed, whole)):
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals or not key:
            raise UsageError(f"{whole!r}: expected key=value after the colon, got {part!r}")
        # One of the two would be lost without a word: a detector of a list, say, that was written as two lists.
        if key in arguments:
            raise UsageError(f"{whole!r}: {key}= is given twice; give it once")
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
    """Split a text at its commas, except commas inside brackets.

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
    """Check arguments against a constructor's parameters, and convert them to the types that its annotations name.

    Texts become the values that parameters of ``bool``, ``int``, ``float``, ``str``, or one of these or None, take. A
    parameter annotated as a text gets exactly what the user wrote. The range of a number (`harness.Range`) and the
    allowed words (``Literal``) of an annotation are enforced. Parameters of other types get the value as YAML reads it.

    Args:
        what: What is constructed, for messages, such as ``"model 'length'"``.
        kind: The class.
        arguments: The arguments by name; `Arguments` if the texts that the user wrote are known.

    Returns:
        The arguments to call the constructor with.

    Raises:
        UsageError: an argument is unknown, missing, not what its parameter takes, or outside its range; the message
            suggests the nearest name or word.
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
    taken = [name for name in named if name not in refused]
    for name in arguments:
        for meant in difflib.get_close_matches(name.lower(), refused, n=1, cutoff=0.85):
            if name == meant or name not in named:  # an argument that exists may be spelt nearly like a refused one
                raise UsageError(f"{what}: {name}= is refused: {refused[meant]}")
        if name not in named:
            allowed = did_you_mean(name, taken) or (f" (it takes: {', '.join(taken)})" if taken else " (it takes none)")
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
    """One type of value that a parameter takes, as its annotation says."""

    kind: type
    range: Range | None = None
    """The range of a number; None if the annotation names no range."""
    choices: tuple[Any, ...] = ()
    """The only allowed values; empty if all values of the type are allowed."""

    def __str__(self) -> str:
        if self.choices:
            return one_of(self.choices)
        return " ".join(filter(None, [_EXPECTED[self.kind], str(self.range or "")]))

    def holds(self, value: Any) -> bool:
        """Tell whether a value of the type is in the range, or among the choices."""
        if self.choices:
            return value in self.choices
        return self.range is None or self.range.holds(value)


def forms_of(kind: Any, annotation: Any) -> list[Form] | None:
    """Return the forms that the annotation of a constructor's parameter allows.

    Args:
        kind: The class or function, whose module resolves annotations that are texts.
        annotation: The annotation of the parameter.

    Returns:
        The forms; None if the annotation is absent, cannot be resolved, or names a type that is not checked here.
    """
    if isinstance(annotation, str):  # from __future__ import annotations
        holder = types.SimpleNamespace(__annotations__={"it": annotation})
        names = getattr(getattr(kind, "__init__", None), "__globals__", {})
        try:
            annotation = typing.get_type_hints(holder, names, include_extras=True)["it"]
        except Exception:  # the annotation names a type that is imported for type checkers only
            return None
    forms = _forms(annotation, None)
    return None if any(form is None for form in forms) else typing.cast(list[Form], forms)


def _forms(annotation: Any, range_: Range | None) -> list[Form | None]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        choices = next((extra.values for extra in arguments[1:] if isinstance(extra, OneOf)), ())
        if choices:
            return [Form(arguments[0], choices=choices)] if arguments[0] in _EXPECTED else [None]
        inner_range = next((extra for extra in arguments[1:] if isinstance(extra, Range)), range_)
        return _forms(arguments[0], inner_range)
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
    """Convert a value to the first of some forms that it fits; all other forms are tried before a text.

    Args:
        where: What the value is given for, for the message, such as ``"model 'length': unit="``.
        given: The value as the user wrote it.
        forms: The allowed forms.

    Raises:
        UsageError: the value has none of the forms, or is outside the range of the form that it has.
    """
    for kind, convert in _CONVERT.items():
        for form in forms:
            if form.kind is kind and (converted := convert(given)) is not _NOTHING and form.holds(converted):
                return converted
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
    """Write a value for messages; a number of thousands of digits can be neither shown nor read."""
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
        return whole  # 1 must not become 1.0: results are filed under the number as it was written
    try:
        converted = float(given) if not isinstance(given, bool) else math.nan
    except (TypeError, ValueError):
        return _NOTHING
    except OverflowError:  # a whole number that no float can hold
        return _NOTHING
    return converted if math.isfinite(converted) else _NOTHING


def _as_text(given: Any) -> Any:
    return os.fspath(given) if isinstance(given, str | os.PathLike) else _NOTHING


_CONVERT: dict[Any, Callable[[Any], Any]] = {
    type(None): _as_none,
    bool: _as_bool,
    int: _as_int,
    float: _as_float,
    str: _as_text,
}
"""Conversions by type, in the order in which they are tried: a text, which everything written is, comes last."""


def _kind_of(given: Any) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return "nothing" if given is None else kinds.get(type(given), f"a {type(given).__name__}")
