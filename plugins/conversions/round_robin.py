"""The adapter for a judge that is asked for scores: every pair in both orders, then Bradley-Terry strengths."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import permutations
from typing import Any, ClassVar

import numpy as np

from harness import Adapter, Candidates, Failure, Origin, Pair, Request, stats

PRIOR = 1.0
"""Weight of the prior that keeps strengths finite where a response wins, or loses, every game."""


class CompareToScore(Adapter):
    """Scores k responses by their strengths in nats, fitted to k (k - 1) comparisons."""

    gives: ClassVar[str] = "score"
    needs: ClassVar[str] = "compare"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return every ordered pair of responses, k (k - 1) in all."""
        assert isinstance(request, Candidates)
        return [
            Pair(request.prompt, request.responses[i], request.responses[j], origin=_origin(request, i, j))
            for i, j in permutations(range(len(request.responses)), 2)
        ]

    def reduce(self, request: Request, responses: Sequence[Any]) -> Any:
        """Return the strengths of one request's responses, shape (k,), in nats."""
        return self.reduce_all([request], [responses])[0]

    def reduce_all(self, requests: Sequence[Request], responses: Sequence[Sequence[Any]]) -> list[Any]:
        """Return the strengths for many requests; requests with equally many responses are fitted together."""
        scores: list[Any] = [None] * len(requests)
        by_size: dict[int, list[int]] = {}
        for i, request in enumerate(requests):
            assert isinstance(request, Candidates)
            # Strengths rest on all games at once: without one of them none of the scores is known.
            if any(verdict.p_first is None for verdict in responses[i]):
                scores[i] = Failure("a verdict of the round robin could not be read")
            else:
                by_size.setdefault(len(request.responses), []).append(i)
        for k, members in by_size.items():
            wins = np.zeros((len(members), k, k))
            first, second = np.array(list(permutations(range(k), 2)), dtype=int).reshape(-1, 2).T
            for row, i in enumerate(members):
                p = np.array([verdict.p_first for verdict in responses[i]])
                np.add.at(wins[row], (first, second), p)
                np.add.at(wins[row], (second, first), 1 - p)
            for i, strengths in zip(members, stats.fit_matrix(wins, prior=PRIOR), strict=True):
                scores[i] = strengths
        return scores


def _origin(request: Candidates, i: int, j: int) -> Origin | None:
    origin = request.origin
    if origin is None or not origin.positions:
        return None
    return dataclasses.replace(origin, positions=(origin.positions[i], origin.positions[j]))
