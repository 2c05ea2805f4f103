"""Counts of what makes a response look like more: characters, headers, lists and bold words."""

from __future__ import annotations

import re

FEATURES: tuple[str, ...] = ("characters", "headers", "lists", "bold")
"""What is counted of a response, in the order of `counts`."""

# As Arena-Hard counts (arXiv 2406.11939, `count_markdown_elements`): a fence ends at the next backtick of three, and
# one that holds a single backtick is not taken for a fence. Another rule would not give its published features.
_FENCED = re.compile(r"```([^`]*)```")
_HEADER = re.compile(r"^#{1,6}\s", re.MULTILINE)
_LISTED = re.compile(r"^\s*(?:\d+\.|[-*+])\s", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


def counts(response: str) -> tuple[float, float, float, float]:
    """Count characters (code points), and headers, items of lists and bold passages outside fenced code.

    >>> counts("# Title\\n\\n1. **one**\\n2. two\\n")
    (27.0, 1.0, 2.0, 1.0)
    """
    prose = _FENCED.sub("", response)
    found = (len(pattern.findall(prose)) for pattern in (_HEADER, _LISTED, _BOLD))
    headers, lists, bold = map(float, found)
    return float(len(response)), headers, lists, bold
