"""Templates that are filled in one pass: a value in a place is never searched for further places.

============================  =======================================================================
``{name}``                    the value of that name
``{if name}...{end}``         only if there is such a value; sections do not nest
``{{name}}``                  the text ``{name}`` itself
anything else                 itself, braces included
============================  =======================================================================
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\{\{(?P<literal>\w+)\}\}|\{if (?P<condition>\w+)\}|\{(?P<name>\w+)\}")
_END = "end"


class TemplateError(ValueError):
    """Raised for a template that cannot be used.

    Args:
        problem: The problem, in one clause.
        offset: Index of the character at which the problem begins.
    """

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.offset = offset


class MissingValue(LookupError):
    """Raised where a place outside any section has no value."""


@dataclass(frozen=True, slots=True)
class TemplatePlace:
    """A place in a template that a value goes to."""

    name: str


@dataclass(frozen=True, slots=True)
class TemplateSection:
    """A part of a template that appears only if a value of its name is given."""

    name: str
    pieces: tuple[str | TemplatePlace, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template as text and places, compiled once."""

    pieces: tuple[str | TemplatePlace | TemplateSection, ...]

    @property
    def names(self) -> set[str]:
        """Return the names of all places, also inside sections."""
        return {place.name for place in _places(self.pieces)}

    def render(self, values: Mapping[str, str]) -> str:
        """Fill every place; an empty condition leaves its section out.

        Raises:
            MissingValue: a place outside any section has no value.
        """
        texts: list[str] = []
        for piece in self.pieces:
            if not isinstance(piece, TemplateSection):
                texts.append(_text(piece, values))
            elif values.get(piece.name):
                texts += [_text(inner, values) for inner in piece.pieces]
        return "".join(texts)


def _text(piece: str | TemplatePlace, values: Mapping[str, str]) -> str:
    if isinstance(piece, str):
        return piece
    if piece.name not in values:
        raise MissingValue(piece.name)
    return values[piece.name]


def _places(pieces: tuple[str | TemplatePlace | TemplateSection, ...]) -> Iterator[TemplatePlace]:
    for piece in pieces:
        if isinstance(piece, TemplatePlace):
            yield piece
        elif isinstance(piece, TemplateSection):
            yield from _places(piece.pieces)


def compile_template(text: str, known: Collection[str]) -> Template:
    """Compile a template into text, places and sections.

    Args:
        text: The template.
        known: The names that places and conditions may have.

    Raises:
        TemplateError: an unknown name, or a section that is not opened or not closed.
    """
    from harness.errors import did_you_mean

    whole: list[str | TemplatePlace | TemplateSection] = []
    inner: list[str | TemplatePlace] = []
    opened: re.Match[str] | None = None
    last = 0
    for token in _TOKEN.finditer(text):
        current = whole if opened is None else inner
        current.append(text[last : token.start()] + (f"{{{token['literal']}}}" if token["literal"] else ""))
        last = token.end()
        name = token["condition"] or token["name"]
        if name is None:
            continue
        if token["name"] == _END:
            if opened is None:
                raise TemplateError("{end} closes no section", token.start())
            whole.append(TemplateSection(opened["condition"], tuple(inner)))
            inner, opened = [], None
        elif name not in known:
            mend = did_you_mean(name, known) or f" (there are: {', '.join(sorted(known))})"
            literal = f"; for the text itself write {{{{{name}}}}}"
            raise TemplateError(f"unknown placeholder {{{name}}}{mend}{literal}", token.start())
        elif token["condition"] is None:
            current.append(TemplatePlace(name))
        elif opened is not None:
            raise TemplateError(f"{{if {name}}} inside the section {opened[0]}: sections do not nest", token.start())
        else:
            opened = token
    if opened is not None:
        raise TemplateError(f"the section {opened[0]} is not closed with {{end}}", opened.start())
    whole.append(text[last:])
    return Template(tuple(piece for piece in whole if piece != ""))
