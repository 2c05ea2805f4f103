"""Ways to disguise a text from a detector so that a reader still understands the text.

Each disguise changes places of a text, a character or a gap between two, with a probability: the strength. The result
depends on nothing but the text, the strength and the seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .words import BENIGN_WORDS

VERSION = "1"
"""Raised when a disguise changes, so that results are not mixed."""

LOOKALIKES = dict(zip("aceiopsxyABCEHIKMOPSTX", "асеіорѕхуАВСЕНІКМОРЅТХ", strict=True))
"""Latin letters to the Cyrillic ones that most fonts draw alike."""

DIGITS = dict(zip("aeiost", "431057", strict=True))
"""The usual digits of leetspeak; capital letters stay."""

ZERO_WIDTH_SPACE = "\u200b"
VOWELS = frozenset("aeiou")


@dataclass(frozen=True, slots=True)
class Disguise:
    """A way to disguise texts, with its settings."""

    how: str
    strength: float = 1.0
    """Share of the places that are changed, in (0, 1]."""
    words: int = 120
    """For ``padding``: how many words are put behind the text."""
    seed: int = 0

    def __call__(self, text: str) -> str:
        """Disguise a text; an empty text stays empty."""
        return HOW[self.how](text, self) if text else text

    def chosen(self, text: str, places: Sequence[bool]) -> list[bool]:
        """Choose which of the possible places are changed; at full strength all are."""
        if self.strength >= 1:
            return list(places)
        draws = self.random(text)
        return [possible and draws.random() < self.strength for possible in places]

    def random(self, text: str) -> random.Random:
        """Return a random generator for this text, the same on every machine."""
        name = f"{self.how}\0{self.seed}\0{text}".encode("utf-8", "surrogatepass")
        return random.Random(int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()))


def _exchanged(table: Mapping[str, str]) -> Callable[[str, Disguise], str]:
    """Return a disguise that exchanges the characters of the table."""

    def apply(text: str, disguise: Disguise) -> str:
        chosen = disguise.chosen(text, [character in table for character in text])
        return "".join(table[c] if change else c for c, change in zip(text, chosen, strict=True))

    return apply


def _inserted(mark: str) -> Callable[[str, Disguise], str]:
    """Return a disguise that inserts a mark into the gaps between characters."""

    def apply(text: str, disguise: Disguise) -> str:
        chosen = disguise.chosen(text, [True] * (len(text) - 1))
        return text[0] + "".join((mark if here else "") + c for c, here in zip(text[1:], chosen, strict=True))

    return apply


def _without_vowels(text: str, disguise: Disguise) -> str:
    chosen = disguise.chosen(text, [character in VOWELS for character in text])
    return "".join(c for c, drop in zip(text, chosen, strict=True) if not drop)


def _padded(text: str, disguise: Disguise) -> str:
    """Append as many harmless words as the disguise asks for, in an order that the text determines."""
    draws = disguise.random(text)
    words: list[str] = []
    while len(words) < disguise.words:
        words += sorted(BENIGN_WORDS, key=lambda _: draws.random())
    return f"{text} {' '.join(words[: disguise.words])}"


HOW: Mapping[str, Callable[[str, Disguise], str]] = {
    "homoglyph": _exchanged(LOOKALIKES),
    "zero-width": _inserted(ZERO_WIDTH_SPACE),
    "spacing": _inserted(" "),
    "leet": _exchanged(DIGITS),
    "padding": _padded,
    "drop-vowels": _without_vowels,
}
"""The disguises by name."""
