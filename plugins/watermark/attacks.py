"""Attacks on a mark by rules, offline: each depends on nothing but the text, its settings and the seed."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .synonyms import COMMON_WORDS, FILLER, SYNONYMS

VERSION = "2"
"""Raised when an attack changes, so that results are not mixed."""
_WORD = re.compile(r"\S+\s*")
_CORE = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MarkAttack:
    """An attack on the mark of a text.

    Args:
        how: One of `HOW`.
        share: For ``copy-paste``: share of the words of the result that are the marked text's. Else the share of the
            words, or of those with a synonym, that are changed.
        pieces: For ``copy-paste``: in how many pieces these are.
        seed: Of the places.
    """

    how: str
    share: float = 0.25
    pieces: int = 1
    seed: int = 0

    def __call__(self, text: str, host: str = "") -> str:
        """Return the attacked text.

        Args:
            text: The marked text.
            host: For ``copy-paste``: the text without a mark that pieces are put into; empty: filler sentences.
        """
        words = _WORD.findall(text)
        if not words:
            return text
        draws = self._random(text)
        if self.how == "copy-paste":
            return _copied(words, host or FILLER, self, draws)
        return "".join(HOW[self.how](words, self.share, draws)).strip()

    def _random(self, text: str) -> random.Random:
        name = f"{self.how}\0{self.seed}\0{text}".encode("utf-8", "surrogatepass")
        return random.Random(int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()))


def _copied(words: Sequence[str], host: str, attack: MarkAttack, draws: random.Random) -> str:
    """Put pieces of a text into another, so that the result has as many words as the text."""
    marked = max(1, round(attack.share * len(words)))
    pieces = min(attack.pieces, marked)
    around = _WORD.findall(host)
    while len(around) < len(words) - marked:
        around += around
    start = draws.randrange(len(around) - (len(words) - marked) + 1)
    around = around[start : start + len(words) - marked]
    sizes = [marked // pieces + (number < marked % pieces) for number in range(pieces)]
    gaps = sorted(draws.randrange(len(around) + 1) for _ in range(pieces))
    # Pieces keep their order and do not overlap: what is left of the marked text lies between them.
    left = sorted(draws.randrange(len(words) - marked + 1) for _ in range(pieces))
    result: list[str] = []
    before = taken = 0
    for gap, skipped, size in zip(gaps, left, sizes, strict=True):
        result += [*around[before:gap], *words[skipped + taken : skipped + taken + size]]
        before, taken = gap, taken + size
    return _joined([*result, *around[before:]])


def _joined(words: Sequence[str]) -> str:
    """Join words, each with the blanks behind it; one blank where there are none."""
    return "".join(word if word[-1:].isspace() else word + " " for word in words).strip()


def _deleted(words: Sequence[str], share: float, draws: random.Random) -> list[str]:
    kept = [word for word in words if draws.random() >= share]
    return kept or [words[0]]


def _inserted(words: Sequence[str], share: float, draws: random.Random) -> list[str]:
    result: list[str] = []
    for word in words:
        if draws.random() < share:
            result.append(f"{draws.choice(COMMON_WORDS)} ")
        result.append(word)
    return result


def _swapped(words: Sequence[str], share: float, draws: random.Random) -> list[str]:
    """Exchange neighbours: each exchange moves two words."""
    result = [word if word[-1:].isspace() else f"{word} " for word in words]
    at = 0
    while at + 1 < len(result):
        if draws.random() < share / 2:
            result[at], result[at + 1] = result[at + 1], result[at]
            at += 1
        at += 1
    return result


def _substituted(words: Sequence[str], share: float, draws: random.Random) -> list[str]:
    """Put any common word in the place of a word: what is left of the mark if nothing else is."""
    return [_like(word, draws.choice(COMMON_WORDS)) if draws.random() < share else word for word in words]


def _paraphrased(words: Sequence[str], share: float, draws: random.Random) -> list[str]:
    """Put a synonym in the place of a word that has one."""
    result = []
    for word in words:
        match = _CORE.match(word)
        choices = SYNONYMS.get(match[2].lower(), ()) if match else ()
        result.append(_like(word, draws.choice(choices)) if choices and draws.random() < share else word)
    return result


def _like(word: str, other: str) -> str:
    """Write another word with the capital, the punctuation and the blanks of a word."""
    match = _CORE.match(word)
    assert match is not None
    before, core, after = match.groups()
    return before + (other.capitalize() if core[:1].isupper() else other) + after


HOW: Mapping[str, Callable[[Sequence[str], float, random.Random], list[str]]] = {
    "copy-paste": lambda words, share, draws: list(words),
    "paraphrase": _paraphrased,
    "substitute": _substituted,
    "delete": _deleted,
    "insert": _inserted,
    "swap": _swapped,
}
"""The attacks by name; ``copy-paste`` is made by `MarkAttack` itself, since it needs a second text."""
REWRITE = "rewrite"
"""How the attack is named that asks a language model for other words."""
