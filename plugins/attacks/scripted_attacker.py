"""An attacker by rule in the place of a language model: for tests and demonstrations without one."""

from __future__ import annotations

import random
from collections.abc import Sequence

from harness import Completion, Generation, Model

from .asking import request_in
from .moves import MOVES, Words, moved, static_changes


class ScriptedAttacker(Model):
    """Answers as an attacker is asked to, with the request changed by the moves of a search, one after the other.

    It knows no more than those moves, and what it is told of its messages it does not heed.

    Args:
        moves: Moves, joined by ``+``; empty: all.
    """

    batch_size = 512

    def __init__(self, moves: str = "") -> None:
        self.moves = tuple(moves.split("+")) if moves else MOVES
        if unknown := [move for move in self.moves if move not in MOVES]:
            raise ValueError(f"moves: there is no {unknown[0]!r}; there are {', '.join(MOVES)}")

    def generate(self, requests: Sequence[Generation]) -> list[tuple[Completion, ...]]:
        """Return a proposal for each request, as often as it is asked for."""
        return [(Completion(self._proposal(request)),) * request.n for request in requests]

    def _proposal(self, request: Generation) -> str:
        goal = request_in(request.prompt)
        if not goal:
            return "There is no request."
        words, turn = Words(goal), sum(message.role == "assistant" for message in request.prompt.messages)
        draw = random.Random(f"{request.sampling.seed} {goal}")
        changes = static_changes(words, self.moves)
        draw.shuffle(changes)
        for _ in range(turn + 1 - len(changes)):
            changes.append(moved(words.plain, self.moves, draw, 1 + turn // 2))
        text = words.changed(changes[turn])
        return f"I change how it is written.\n<message>{text}</message>"
