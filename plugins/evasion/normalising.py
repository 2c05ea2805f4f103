"""Undoes disguises: returns a text as a reader sees it, in plain characters."""

from __future__ import annotations

import re
import unicodedata

from .lookalikes import latinised

_KEPT_CONTROLS = frozenset("\t\n\r")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Marks, letters and a symbol that show nothing, beside what Unicode itself calls format characters."""
_SPACED = re.compile(r"(?<!\S)\w(?: \w){2,}(?!\S)")
_GAPS = re.compile(r" {2,}")


def normalised(text: str, *, spaced: bool = False) -> str:
    """Undo compatibility characters, invisible characters and look-alike letters.

    Args:
        text: Any text.
        spaced: Also close up letters that stand alone, three or more in a row. It changes what is honestly spelled out.
    """
    if not (text.isascii() and text.isprintable()):
        plain = latinised(visible(unicodedata.normalize("NFKC", text)))
        text = unicodedata.normalize("NFKC", plain)  # an accent may now follow another letter than before
    return closed_up(text) if spaced else text


def visible(text: str) -> str:
    """Remove control, format and other characters that show nothing."""
    return "".join(c for c in text if not _shows_nothing(c))


def _shows_nothing(character: str) -> bool:
    if character in _KEPT_CONTROLS:
        return False
    variation = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return variation or character in _INVISIBLE or unicodedata.category(character) in ("Cf", "Cc")


def closed_up(text: str) -> str:
    """Join letters that stand alone: the whole text if every second character is a space, else only runs."""
    if len(text) > 4 and not text[1::2].strip(" ") and text[::2].strip(" "):
        return text[::2]
    closed = _SPACED.sub(lambda match: match[0].replace(" ", ""), text)
    return _GAPS.sub(" ", closed) if closed != text else text
