"""Answers as data give them, made comparable: which of two sets of answers have one in common."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Hashable, Iterable, Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(answer: str) -> str:
    """Return an answer in lower case, without punctuation and articles, its blanks joined.

    >>> normalised("The  Beatles!")
    'beatles'
    """
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split())


def answer_set(answers: Iterable[str]) -> frozenset[str]:
    """Return the normalised answers, without those of which nothing is left.

    >>> sorted(answer_set(["The Beatles", "beatles", "..."]))
    ['beatles']
    """
    return frozenset(filter(None, map(normalised, answers)))


class Components:
    """Sets of things that hang together, joined pair by pair.

    >>> joined = Components()
    >>> joined.join("a", "b"), joined.join("c", "b"), joined.join("d", "d")
    (None, None, None)
    >>> joined.of("a") == joined.of("c"), joined.of("a") == joined.of("d")
    (True, False)
    """

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def of(self, thing: Hashable) -> Hashable:
        """Return the thing that stands for the set: the same for all of one set."""
        above = self._above.setdefault(thing, thing)
        while above != self._above[above]:
            self._above[above] = above = self._above[self._above[above]]
        self._above[thing] = above
        return above

    def join(self, first: Hashable, second: Hashable) -> None:
        """Let two things be of one set."""
        self._above[self.of(second)] = self.of(first)


def groups_of_answers(answers: Sequence[frozenset[str]]) -> list[str]:
    """Return a name for each set of answers, the same where they are linked by answers in common.

    >>> groups_of_answers([frozenset("ab"), frozenset("bc"), frozenset("d")])
    ['0', '0', '2']
    """
    joined = Components()
    first: dict[str, int] = {}
    for i, own in enumerate(answers):
        joined.of(i)
        for answer in sorted(own):
            joined.join(first.setdefault(answer, i), i)
    least: dict[Hashable, int] = {}
    for i in range(len(answers)):
        least.setdefault(joined.of(i), i)
    return [str(least[joined.of(i)]) for i in range(len(answers))]


def lot(text: str, seed: int = 0) -> float:
    """Return a number in [0, 1) that follows from a text: which part of the data it is in.

    >>> lot("greeting") == lot("greeting"), 0 <= lot("greeting", 1) < 1
    (True, True)
    """
    digest = hashlib.sha256(f"{seed}\0{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
