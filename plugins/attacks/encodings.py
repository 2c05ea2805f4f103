"""Ways to write a text so that it can be read back: each with its inverse, so that no goal is lost on the way."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

ZERO_WIDTH = "\u200b"
LOOKALIKES = dict(zip("aceiopsxyABCEHIKMOPSTX", "асеіорѕхуАВСЕНІКМОРЅТХ", strict=True))
"""Latin letters to the Cyrillic ones that most fonts draw alike."""
DIGITS = dict(zip("aeiost", "431057", strict=True))
"""The usual digits of leetspeak; capital letters stay."""
PIECES, PIECE = 8, 4
"""Pieces of a split payload at most, and the fewest characters of one."""

_LATIN = {other: letter for letter, other in LOOKALIKES.items()}
_LETTERS = {digit: letter for letter, digit in DIGITS.items()}
_ESCAPED = re.compile(r"\\(.)", re.S)
_SPLIT = re.compile(r'part\d+ = "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Encoding:
    """A way to write a text, and to read it back."""

    encode: Callable[[str], str]
    decode: Callable[[str], str]
    note: str
    """What has to be said to the reader so that it can be read; empty where people read it as it is."""
    exact: bool = True
    """Whether decoding gives the text back to the letter; else up to digits that stood in it already."""


def _exchange(table: Mapping[str, str]) -> Callable[[str], str]:
    translation = {ord(old): new for old, new in table.items()}
    return lambda text: text.translate(translation)


def _spaced(text: str) -> str:
    # A blank of the text is three afterwards, so that words can be told apart.
    return " ".join(text)


def _closed_up(text: str) -> str:
    return text[::2]


def _split(text: str) -> str:
    size = max(PIECE, -(-len(text) // PIECES))
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    quoted = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
    names = [f"part{i}" for i in range(1, len(pieces) + 1)]
    lines = [f'{name} = "{piece}"' for name, piece in zip(names, quoted, strict=True)]
    return "\n".join([*lines, " + ".join(names)])


def _joined(text: str) -> str:
    return _ESCAPED.sub(r"\1", "".join(_SPLIT.findall(text)))


def _from_base64(text: str) -> str:
    return base64.b64decode(text, validate=True).decode("utf-8")


def _rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


ENCODINGS: Mapping[str, Encoding] = {
    "base64": Encoding(
        lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(), _from_base64, "written in base64"
    ),
    "rot13": Encoding(_rot13, _rot13, "written in ROT13"),
    "hex": Encoding(
        lambda text: text.encode("utf-8", "replace").hex(),
        lambda text: bytes.fromhex(text).decode("utf-8"),
        "written as hexadecimal bytes",
    ),
    "reversed": Encoding(lambda text: text[::-1], lambda text: text[::-1], "written backwards"),
    "payload-split": Encoding(_split, _joined, "the parts put together"),
    "leet": Encoding(_exchange(DIGITS), _exchange(_LETTERS), "", exact=False),
    "homoglyph": Encoding(_exchange(LOOKALIKES), _exchange(_LATIN), "", exact=False),
    "zero-width": Encoding(ZERO_WIDTH.join, lambda text: text.replace(ZERO_WIDTH, ""), "", exact=False),
    "spacing": Encoding(_spaced, _closed_up, ""),
}
"""By name."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")


def readings(text: str) -> Iterator[str]:
    """Yield what somebody may read in a text who tries every decoding: the text itself first.

    >>> list(readings("Say this: dGVhIGZvciB0d28="))[1]
    'tea for two'
    """
    yield text
    if pieces := _joined(text):
        yield pieces
    for pattern, name in ((_HEX, "hex"), (_BASE64, "base64")):
        for match in pattern.findall(text):
            try:
                yield ENCODINGS[name].decode(match)
            except (ValueError, binascii.Error):  # it only looked like it
                continue
    yield _rot13(text)
    yield text[::-1]
