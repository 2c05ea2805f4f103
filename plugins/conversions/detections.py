"""Adapters for a detector that is asked for scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from harness import Adapter, Candidates, Request


class DetectToScore(Adapter):
    """Scores a response by the log-odds that it is *not* of the positive class: detectors look for unwanted text."""

    gives: ClassVar[str] = "score"
    needs: ClassVar[str] = "detect"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the conversation with each response as its reply."""
        assert isinstance(request, Candidates)
        return [request.prompt.reply(response) for response in request.responses]

    def reduce(self, request: Request, responses: Sequence[Any]) -> list[float]:
        """Return the log-odds of each response with their sign turned."""
        return [-float(log_odds) for log_odds in responses]
