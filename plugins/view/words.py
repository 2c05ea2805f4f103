"""What counts as a word to the search, in texts and in what a reader types.

SQLite's tokenizer splits at spaces and marks. Chinese, Japanese, Thai and their like have none between words, so there
every character is a word of its own, and what a reader types is looked for as a row of them: found wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
"""Marks are part of words: the vowels of many scripts are marks."""
_BEFORE, _AFTER = 80, 200
"""Characters around a passage."""
_BREAK = "\n\ue000\n"
"""Between two texts, a word of its own that nobody types: no phrase goes on from one text into the next."""
_WITHOUT_SPACES = re.compile(
    "(["
    "\u0e00-\u0fff"  # Thai, Lao, Tibetan
    "\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa60-\uaa7f"  # Burmese, Khmer, ...
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Korean, whose words take endings
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff"  # kana, radicals, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # ideographs
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
    "])"
)


class Passage(NamedTuple):
    """Where a text has what was looked for."""

    before: str
    found: str
    after: str


def words_of(texts: Iterable[str]) -> str:
    """Texts, ready for the index."""
    return _BREAK.join(_spaced(text) for text in texts)


def match_of(text: str) -> str:
    """What a user typed as a query: all of the words; in quotes, side by side; with a star, all that begin so."""
    return " ".join(f'"{_spaced(word).strip()}"' + ("*" if word.endswith("*") else "") for word in _typed(text))


def passage(texts: Iterable[str], typed: str) -> Passage | None:
    """The first place in some texts that has one of the words typed; None where it is written there in another way.

    An accent that was not typed, or a wide form, makes another way; the item is found all the same.
    """
    wanted = re.compile("|".join(map(_as_written, _typed(typed))) or r"(?!)", re.IGNORECASE)
    for text in texts:
        found = wanted.search(text)
        if found:
            start = max(0, found.start() - _BEFORE)
            before, after = text[start : found.start()], text[found.end() : found.end() + _AFTER]
            return Passage(
                ("… " if start else "") + " ".join(before.split()) + " " * before[-1:].isspace(),
                " ".join(found[0].split()),
                " " * after[:1].isspace() + " ".join(after.split()) + " …" * (found.end() + _AFTER < len(text)),
            )
    return None


def _typed(text: str) -> list[str]:
    parts = text.replace("\0", " ").split('"')
    words = [*parts[1::2], *(word for part in parts[::2] for word in part.split())]
    return [word for word in words if any(c.isalnum() for c in word)]


def _as_written(word: str) -> str:
    """A pattern of the word, whole where its script has words."""
    plain = word.rstrip("*").strip()
    inside = r"\s+".join(map(re.escape, plain.split()))
    first, last = (bool(_WITHOUT_SPACES.match(c)) or not c.isalnum() for c in (plain[0], plain[-1]))
    return ("" if first else r"(?<!\w)") + inside + ("" if last or word.endswith("*") else r"(?!\w)")


def _spaced(text: str) -> str:
    """With spaces around every character of a script that has none; wide and narrow forms are the same."""
    if text.isascii():
        return text
    return _WITHOUT_SPACES.sub(r" \1 ", unicodedata.normalize("NFKC", text))
