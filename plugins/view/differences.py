"""The words in which two texts differ."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice

from markupsafe import Markup, escape

MOST_WORDS = 20_000
"""Most words of a text that are compared; those after them are shown without marks."""
_WORD = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")


@lru_cache(maxsize=8)
def marked_differences(first: str, second: str) -> tuple[Markup, Markup, bool]:
    """Mark in two texts the words that only one of them has.

    Returns:
        Both texts as markup, and whether all their words were compared.
    """
    one, other = _words(first), _words(second)
    whole = len(one) <= MOST_WORDS and len(other) <= MOST_WORDS
    left, right = one[:MOST_WORDS], other[:MOST_WORDS]
    # Blanks do not count: a text that is wrapped at other places says the same. Words of every tenth place or so are
    # passed over when places are looked for, which keeps long texts fast.
    matcher = SequenceMatcher(None, [word.strip() for word in left], [word.strip() for word in right])
    kept = matcher.get_matching_blocks()
    shown = (
        _marked(left, [(block.a, block.size) for block in kept]) + escape("".join(islice(one, MOST_WORDS, None))),
        _marked(right, [(block.b, block.size) for block in kept]) + escape("".join(islice(other, MOST_WORDS, None))),
    )
    return shown[0], shown[1], whole


def _words(text: str) -> list[str]:
    """Split a text into words and marks, each with the blanks before it."""
    return _WORD.findall(text)


def _marked(words: list[str], same: list[tuple[int, int]]) -> Markup:
    parts, end = [Markup("")], 0
    for start, size in same:
        alone = "".join(words[end:start])
        if alone:
            inner = alone.lstrip()
            blank = alone[: len(alone) - len(inner)]
            parts.append(escape(blank) + (Markup('<b class="only">') + escape(inner) + Markup("</b>") if inner else ""))
        parts.append(escape("".join(words[start : start + size])))
        end = start + size
    return Markup("").join(parts)
