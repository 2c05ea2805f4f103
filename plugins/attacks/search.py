"""A search for a text that gets through: seeded, offline, one text a query."""

from __future__ import annotations

import hashlib
import math
import random

from .moves import Changes, Words, moved, static_changes
from .plans import Plan

_TRIES = 50
"""How often a text that was tried already is drawn anew before nothing is left to try."""
_GOES_ON = 0.9
"""How often a search goes on from what was best, and does not begin anew."""


class Search:
    """Proposes a text, is told what became of it, and proposes the next.

    The same text, plan and answers give the same proposals. What needs no search is tried first, in an order that the
    text decides; then the search goes on from what was best.

    Args:
        text: What is to get through.
        plan: How to search.
    """

    def __init__(self, text: str, plan: Plan) -> None:
        self.plan = plan
        self.words = Words(text)
        name = f"{plan.seed}\0{plan.search}\0{text}".encode("utf-8", "surrogatepass")
        self._draw = random.Random(int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()))
        self._first = static_changes(self.words, plan.moves)
        self._draw.shuffle(self._first)
        self._best: list[tuple[float, int, Changes]] = [(math.inf, 0, self.words.plain)]
        self._tried = {hash(text)}
        self._asked = 0
        self._proposed: Changes | None = None

    def begin(self, score: float) -> None:
        """Take the score of the plain text, which anything has to be better than."""
        if self.plan.feedback == "score":
            self._best = [(score, 0, self.words.plain)]

    def propose(self) -> str | None:
        """Return the next text, none of which is tried twice; None where the moves allow no other."""
        while self._first:
            if (text := self._new(self._first.pop())) is not None:
                return text
        for _ in range(_TRIES):
            if (text := self._new(self._next())) is not None:
                return text
        return None

    def tell(self, score: float) -> None:
        """Take what the proposed text was given: the lower, the nearer to getting through."""
        assert self._proposed is not None
        width = self.plan.width if self.plan.search == "beam" else 1
        # Of two that score the same the newer one, so that a plateau is walked and not sat on.
        self._best = sorted([*self._best, (score, -self._asked, self._proposed)], key=lambda one: one[:2])[:width]

    def _next(self) -> Changes:
        """Draw the next changes: of the beginning or of what was best, more of them where nothing is told."""
        draw, moves = self._draw, self.plan.moves
        if self.plan.feedback == "decision" or self.plan.search == "random":
            most = 8 if self.plan.search == "random" else 1 + self._asked // 4
            return moved(self.words.plain, moves, draw, draw.randint(1, max(1, most)))
        base = self._best[self._asked % len(self._best)][2] if draw.random() < _GOES_ON else self.words.plain
        return moved(base, moves, draw, draw.randint(1, 3))

    def _new(self, changes: Changes) -> str | None:
        """Note changes as proposed, and return their text; None where it was tried, or cannot be read back."""
        text = self.words.changed(changes)
        if hash(text) in self._tried or not self.words.recoverable(text):
            return None
        self._tried.add(hash(text))
        self._proposed = changes
        self._asked += 1
        return text
