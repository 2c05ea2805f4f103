"""Reads grades and verdicts from a judge's text: as they are meant, and as the published code reads them."""

from __future__ import annotations

import re

LOWEST, HIGHEST = 1.0, 10.0
"""The ends of the scale."""
UNREAD = -1.0
"""What the published code files in place of a grade that it cannot read."""
_NUMBER = r"(\d+(?:\.\d+)?)"
_DOUBLE = re.compile(rf"\[\[\s*{_NUMBER}\s*(?:/\s*10)?\s*\]\]")
# Behind a word or a bracket it is an index, as in ``array[0]``, which the published code takes for a grade.
_SINGLE = re.compile(rf"(?<![\w\])\[])\[\s*{_NUMBER}\s*(?:/\s*10)?\s*\](?!\])")
_PUBLISHED = (re.compile(r"\[\[(\d+\.?\d*)\]\]"), re.compile(r"\[(\d+\.?\d*)\]"))
_LABEL = re.compile(r"\[\[\s*([ABC])\s*\]\]")
_THOUGHTS = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL)


def grade(text: str) -> float | None:
    """Read the first grade in double brackets, else in single ones; None without one, or where it is off the scale.

    >>> grade("Good. Rating: [[7]]"), grade("Rating: [7.5]"), grade("[[0]]"), grade("return array[3]")
    (7.0, 7.5, None, None)
    """
    text = _THOUGHTS.sub("", text)
    # The first: some judges go on to write a better answer, and grade that one too.
    for pattern in (_DOUBLE, _SINGLE):
        found = pattern.findall(text)
        if found:
            value = float(found[0])
            return value if LOWEST <= value <= HIGHEST else None
    return None


def published_grade(text: str) -> float:
    """Read a grade as the published code does: the first number in brackets, on the scale or not; else -1.

    >>> published_grade("return array[0]"), published_grade("Good.")
    (0.0, -1.0)
    """
    for pattern in _PUBLISHED:
        match = pattern.search(text)
        if match:
            return float(match[1])
    return UNREAD


def label(text: str) -> str | None:
    """Read ``A``, ``B`` or ``C``; None without a label in double brackets, or with several that differ.

    >>> label("[[A]]"), label("either [[A]] or [[B]]"), label("A")
    ('A', None, None)
    """
    found = set(_LABEL.findall(_THOUGHTS.sub("", text)))
    return found.pop() if len(found) == 1 else None
