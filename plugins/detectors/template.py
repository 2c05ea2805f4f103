"""Templates that are filled in one pass: a value in a place is never searched for further places.

``{name}`` is the value of that name, ``{{name}}`` the text ``{name}`` itself; any other text, braces included, stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from harness.errors import did_you_mean

_PLACE = re.compile(r"\{\{(?P<literal>\w+)\}\}|\{(?P<name>\w+)\}")


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill every place of the template; ``values`` holds a value for each."""
    return _PLACE.sub(lambda place: f"{{{place['literal']}}}" if place["literal"] else values[place["name"]], template)


def places(template: str) -> set[str]:
    """Return the names of the template's places."""
    return {place["name"] for place in _PLACE.finditer(template) if place["name"]}


def problem_of(template: str, known: Collection[str]) -> str:
    """Describe a template's unknown place in one clause; empty if all places are known."""
    for name in sorted(places(template) - set(known)):
        mend = did_you_mean(name, known) or f" (there are: {', '.join(sorted(known))})"
        return f"unknown placeholder {{{name}}}{mend}; for the text itself write {{{{{name}}}}}"
    return ""
