"""What a response looks like, apart from what it says: its length, headers, lists and bold, outside code fences."""

from __future__ import annotations

import re
from typing import NamedTuple

_HEADER = re.compile(r"#{1,6}\s")
_LIST = re.compile(r"\s*(?:\d+\.|[-*+])\s")
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")
_FENCES = ("```", "~~~")


class Style(NamedTuple):
    """Counts of one response."""

    characters: int
    """Code points of the whole response."""
    headers: int
    """Lines that begin with one to six hash signs and a space."""
    lists: int
    """Lines that begin as an item of a list does, numbered or not."""
    bold: int
    """Spans between double asterisks or double underscores."""


def style_of(text: str) -> Style:
    r"""Count length, headers, lists and bold; lines inside code fences count for the length alone.

    >>> style_of("# Rome\n- **old**\n- large\n```\n# no header\n```")
    Style(characters=44, headers=1, lists=2, bold=1)
    """
    headers = lists = bold = 0
    fence = ""
    for line in text.split("\n"):
        opening = line.lstrip()[:3]
        if opening in _FENCES and fence in ("", opening):
            fence = "" if fence else opening
            continue
        if fence:
            continue
        headers += _HEADER.match(line) is not None
        lists += _LIST.match(line) is not None
        bold += len(_BOLD.findall(line))
    return Style(len(text), headers, lists, bold)
