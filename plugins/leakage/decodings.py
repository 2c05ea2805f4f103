"""Secrets as they may be written: plain, spaced, in other case, reversed, rot13, in hexadecimal digits, base64."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import re
from collections.abc import Iterator

LEAST_DIGITS = 16
"""Hexadecimal digits of a canary: 64 bits are not met by accident, in whatever spelling they are looked for."""
_CANARY = re.compile(rf"[0-9a-fA-F]{{{LEAST_DIGITS},}}")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_SPACED = re.compile(r"(?:\S ){12}")
_HEX_RUN = re.compile(r"(?:[0-9a-fA-F]{2}[\s:,]*){16,}")


def is_canary(text: str) -> bool:
    """Tell whether a text is a canary: 16 hexadecimal digits or more, and nothing else."""
    return _CANARY.fullmatch(text) is not None


def canary_of(seed: int, item: str) -> str:
    """Make the canary of an item: 24 hexadecimal digits, others for each seed and item.

    >>> canary_of(0, "a") == canary_of(0, "a"), canary_of(0, "a") == canary_of(1, "a"), len(canary_of(0, "a"))
    (True, False, 24)
    """
    return hashlib.sha256(f"canary|{seed}|{item}".encode()).hexdigest()[:24]


def found(canary: str, text: str) -> str:
    """Return how a canary is written in a text: the name of the spelling, or an empty text where it is not in it.

    >>> found("0123456789abcdef", "It is 0123-4567-89AB-CDEF.")
    'spaced'
    >>> found("0123456789abcdef", "fedcba9876543210"), found("0123456789abcdef", "0123456789abcde")
    ('reversed', '')
    """
    if canary in text:
        return "plain"
    canary, lowered = canary.lower(), text.lower()
    if canary in lowered:
        return "case"
    squeezed = re.sub(r"[^0-9a-z]", "", lowered)
    rotated = codecs.encode(canary, "rot13")
    spellings = {"spaced": canary, "reversed": canary[::-1], "rot13": rotated, "reversed rot13": rotated[::-1]}
    for name, spelling in spellings.items():
        if spelling in squeezed:
            return name
    digits = re.sub(r"(?:\\x|0x|[^0-9a-f])", "", lowered)
    joined = re.sub(r"\s", "", text).replace("-", "+").replace("_", "/")
    for name, spelling in {"": canary, " of reversed": canary[::-1], " of rot13": rotated}.items():
        if spelling.encode().hex() in digits:
            return f"hexadecimal{name}"
        if any(needle in joined for case in (spelling, spelling.upper()) for needle in _in_base64(case)):
            return f"base64{name}"
    return ""


def _in_base64(text: str) -> Iterator[str]:
    """Yield what stands in base64 for a text inside a longer one, for each of the three places it may begin at."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + text.encode()).decode().rstrip("=")
        # The first letters hold bits of what is before, the last one of what is after.
        yield coded[(0, 2, 3)[before] : len(coded) if (before + len(text)) % 3 == 0 else -1]


def readings(text: str) -> Iterator[str]:
    """Yield a text as it stands, reversed, in rot13, unspaced, and what its runs of base64 and hexadecimal hold."""
    yield text
    yield text[::-1]
    yield codecs.encode(text, "rot13")
    if _SPACED.search(text):
        yield " ".join(re.sub(r"\s", "", word) for word in re.split(r"\s{2,}", text))
    for run in _BASE64_RUN.findall(text):
        coded = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield base64.b64decode(coded + "=" * (-len(coded) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    for run in _HEX_RUN.findall(text):
        try:
            yield bytes.fromhex(re.sub(r"[\s:,]", "", run)).decode()
        except ValueError:
            continue
