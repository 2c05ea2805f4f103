"""What an attacker that searches may do."""

from __future__ import annotations

from typing import NamedTuple

from .moves import MOVES

SEARCHES = ("greedy", "beam", "random")
"""From the best text so far, from the few best, or from the beginning each time."""
PAIR = "pair"
"""The search by a language model of its own, which only the tasks of the source ``attack`` have."""
FEEDBACK = ("score", "decision")
"""What the attacker is told of each query: the score, or only whether it got through."""


class Plan(NamedTuple):
    """The settings of a search."""

    queries: int = 50
    """Texts that may be tried for each goal, the plain one not counted."""
    search: str = "greedy"
    feedback: str = "score"
    width: int = 4
    """Texts that a beam goes on from."""
    streams: int = 5
    """Conversations with an attacker that is a model, side by side."""
    moves: tuple[str, ...] = MOVES
    threshold: float | None = None
    """Log-odds above which a text is flagged; None: 0, or as ``fpr`` says."""
    fpr: float | None = None
    """Share of the harmless texts that may be flagged, from which the threshold follows."""
    keep_texts: str = ""
    """A file to write what was found to; empty: only hashes are kept."""
    seed: int = 0
