"""The rule for what counts as a word in a search, both in texts and in the words that a reader types.

SQLite's tokenizer splits at spaces and marks. Chinese, Japanese, Thai and similar scripts have none between words. So
every character of these scripts counts as a word, and typed text is searched for as a row of such words, which is found
wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
"""Setting of SQLite's tokenizer. Marks are part of words, since the vowels of many scripts are marks."""
_BEFORE, _AFTER = 80, 200
"""Most characters shown before and after a passage."""
_BREAK = "\n\ue000\n"
"""A word between two texts that nobody types, so that no phrase is found across the end of a text."""
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
    """The place in a text that matches a search, with the text around it."""

    before: str
    found: str
    after: str


def words_of(texts: Iterable[str]) -> str:
    """Join texts into one text for the index."""
    return _BREAK.join(_spaced(text) for text in texts)


def match_of(text: str) -> str:
    """Turn typed words into a query: all words must occur, quoted words side by side, starred words as beginnings."""
    return " ".join(f'"{_spaced(word).strip()}"' + ("*" if word.endswith("*") else "") for word in _typed(text))


def pattern_of(typed: str) -> re.Pattern[str]:
    """Make the pattern of the typed words, as they are written in texts."""
    return re.compile("|".join(map(_as_written, _typed(typed))) or r"(?!)", re.IGNORECASE)


def passage(texts: Iterable[str], typed: str) -> Passage | None:
    """Find the first place in some texts that has one of the typed words; None if no text has a word exactly as typed.

    The index also finds words with other accents or of another width; such a place has no passage.
    """
    pattern = pattern_of(typed)
    for text in texts:
        match = pattern.search(text)
        if match:
            start = max(0, match.start() - _BEFORE)
            before, after = text[start : match.start()], text[match.end() : match.end() + _AFTER]
            return Passage(
                ("… " if start else "") + " ".join(before.split()) + " " * before[-1:].isspace(),
                " ".join(match[0].split()),
                " " * after[:1].isspace() + " ".join(after.split()) + " …" * (match.end() + _AFTER < len(text)),
            )
    return None


def _typed(text: str) -> list[str]:
    parts = text.replace("\0", " ").split('"')
    words = [*parts[1::2], *(word for part in parts[::2] for word in part.split())]
    return [word for word in words if any(c.isalnum() for c in word)]


def _as_written(word: str) -> str:
    """Make the regular expression of a word; it matches whole words only, in scripts that separate words."""
    plain = word.rstrip("*").strip()
    inside = r"\s+".join(map(re.escape, plain.split()))
    first, last = (bool(_WITHOUT_SPACES.match(c)) or not c.isalnum() for c in (plain[0], plain[-1]))
    return ("" if first else r"(?<!\w)") + inside + ("" if last or word.endswith("*") else r"(?!\w)")


def _spaced(text: str) -> str:
    """Put spaces around every character of a script without spaces; wide and narrow forms become the same."""
    if text.isascii():
        return text
    return _WITHOUT_SPACES.sub(r" \1 ", unicodedata.normalize("NFKC", text))
