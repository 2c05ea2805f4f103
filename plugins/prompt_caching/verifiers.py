"""Adapters to ``reuse``: what embeds, scores or compares is asked whether a cached response serves a new prompt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import ANY, Adapter, Candidates, Conversation, Failure, Pair, Range, Request, Text, Verdict

from .reuse import Reuse


def probability_of(similarity: float, temperature: float, offset: float) -> float:
    """Return sigma(similarity / temperature - offset), the model of arXiv 2402.01173.

    >>> probability_of(0.8, 0.05, 16.0), round(probability_of(0.9, 0.05, 16.0), 4)
    (0.5, 0.8808)
    """
    return sigmoid(similarity / temperature - offset)


def sigmoid(log_odds: float) -> float:
    """Return the probability of log-odds, of any size."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    raised = math.exp(log_odds)
    return raised / (1 + raised)


@dataclass(frozen=True)
class EmbedToReuse(Adapter):
    """Takes sigma(cosine / temperature - offset) of both prompts for the probability (arXiv 2402.01173).

    The defaults put one half at a cosine of 0.8 and belong to no embedder: ``cache-head`` learns them.
    """

    temperature: Annotated[float, Range(above=0)] = 0.05
    offset: Annotated[float, ANY] = 16.0
    gives: ClassVar[str] = "reuse"
    needs: ClassVar[str] = "embed"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return both prompts, as texts to embed."""
        assert isinstance(request, Reuse)
        return [Text(request.prompt), Text(request.cached)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> float:
        """Return the probability at the cosine; a vector of zeros has cosine 0 with everything."""
        first, second = (np.asarray(vector, dtype=np.float64) for vector in responses)
        length = float(np.linalg.norm(first) * np.linalg.norm(second))
        return probability_of(float(first @ second) / length if length else 0.0, self.temperature, self.offset)


@dataclass(frozen=True)
class ScoreToReuse(Adapter):
    """Takes sigma(score / temperature - offset) of the cached response, as a reply to the new prompt.

    Cross-encoders, reward models and judges score so; where the response is not known, the cached prompt is scored.
    """

    temperature: Annotated[float, Range(above=0)] = 1.0
    offset: Annotated[float, ANY] = 0.0
    gives: ClassVar[str] = "reuse"
    needs: ClassVar[str] = "score"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the cached response as the only candidate."""
        assert isinstance(request, Reuse)
        reply = request.response or request.cached
        return [Candidates(Conversation.user(request.prompt), (reply,), origin=request.origin)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> float:
        """Return the probability at the score."""
        return probability_of(float(responses[0][0]), self.temperature, self.offset)


@dataclass(frozen=True)
class CompareToReuse(Adapter):
    """Takes the preference for the cached response over a refusal, asked in both orders, for the probability."""

    against: str = "I do not know."
    gives: ClassVar[str] = "reuse"
    needs: ClassVar[str] = "compare"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the response and the refusal in both orders."""
        assert isinstance(request, Reuse)
        prompt, reply = Conversation.user(request.prompt), request.response or request.cached
        return [Pair(prompt, reply, self.against), Pair(prompt, self.against, reply)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> float | Failure:
        """Return the mean preference; a verdict that could not be read leaves no probability."""
        given, exchanged = responses
        assert isinstance(given, Verdict)
        assert isinstance(exchanged, Verdict)
        if given.p_first is None or exchanged.p_first is None:
            return Failure("the verdict could not be read")
        return (given.p_first + 1 - exchanged.p_first) / 2
