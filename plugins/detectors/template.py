"""Templates that are filled in one pass: what is put into a place is never read for places again.

``{name}`` is the value of that name, ``{{name}}`` the text ``{name}`` itself, anything else itself, braces included.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from harness.errors import did_you_mean

_PLACE = re.compile(r"\{\{(?P<literal>\w+)\}\}|\{(?P<name>\w+)\}")


def render(template: str, values: Mapping[str, str]) -> str:
    """The template with every place filled; there is a value for each."""
    return _PLACE.sub(lambda place: f"{{{place['literal']}}}" if place["literal"] else values[place["name"]], template)


def places(template: str) -> set[str]:
    """Names of the places."""
    return {place["name"] for place in _PLACE.finditer(template) if place["name"]}


def problem_of(template: str, known: Collection[str]) -> str:
    """What is wrong with a template's places, in one clause; empty where nothing is."""
    for name in sorted(places(template) - set(known)):
        mend = did_you_mean(name, known) or f" (there are: {', '.join(sorted(known))})"
        return f"unknown placeholder {{{name}}}{mend}; for the text itself write {{{{{name}}}}}"
    return ""
