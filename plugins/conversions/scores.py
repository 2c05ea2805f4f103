"""Adapters for a reward model that is asked for a comparison or a detection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness import Adapter, Candidates, Conversation, Pair, Request, Unsuitable, Verdict

BRIEF_NEEDED = (
    "the task's brief must describe its classes (brief: positive, negative), or the adapter's arguments: "
    "positive=...,negative=..."
)


class ScoreToCompare(Adapter):
    """Lets the response of the higher score win; equal scores tie."""

    gives: ClassVar[str] = "compare"
    needs: ClassVar[str] = "score"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return one request with both responses as candidates."""
        assert isinstance(request, Pair)
        return [Candidates(request.prompt, (request.first, request.second), origin=request.origin)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> Verdict:
        """Return a preference of 1 or 0 for the first response, or one half for a tie."""
        first, second = responses[0]
        return Verdict(0.5 if first == second else float(first > second))


@dataclass(frozen=True)
class ScoreToDetect(Adapter):
    """Scores the descriptions of both classes as replies to the text.

    Under the Bradley-Terry model the difference of two scores is the log-odds that the first is preferred.
    """

    positive: str = ""
    negative: str = ""
    gives: ClassVar[str] = "detect"
    needs: ClassVar[str] = "score"

    def configure(self, brief: Mapping[str, str]) -> ScoreToDetect:
        """Take the descriptions of both classes from the task's brief, where the arguments do not give them."""
        positive = self.positive or brief.get("positive", "")
        negative = self.negative or brief.get("negative", "")
        if not positive or not negative:
            raise Unsuitable(BRIEF_NEEDED)
        return ScoreToDetect(positive, negative)

    def expand(self, request: Request) -> Sequence[Request]:
        """Return one request, with both descriptions as replies to the text."""
        assert isinstance(request, Conversation)
        return [Candidates(Conversation(request.messages), (self.positive, self.negative))]

    def reduce(self, request: Request, responses: Sequence[Any]) -> float:
        """Return the difference of the two scores."""
        positive, negative = responses[0]
        return float(positive - negative)
