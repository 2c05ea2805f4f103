"""Adapters for an embedder that is asked for scores or detections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import Adapter, Candidates, Conversation, Range, Request, Text, Unsuitable

from .scores import BRIEF_NEEDED


def cosine(first: Any, second: Any) -> float:
    """Return the cosine of two vectors of shape (d,); 0 where either is the zero vector."""
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / length if length else 0.0


class EmbedToScore(Adapter):
    """Scores a response by the cosine of prompt and response."""

    gives: ClassVar[str] = "score"
    needs: ClassVar[str] = "embed"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the prompt, then every response, as texts to embed."""
        assert isinstance(request, Candidates)
        return [Text(request.prompt.text), *(Text(response) for response in request.responses)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> list[float]:
        """Return the cosine of the prompt with each response."""
        prompt, *others = responses
        return [cosine(prompt, other) for other in others]


@dataclass(frozen=True)
class EmbedToDetect(Adapter):
    """Measures how much nearer a text is to the positive class's description than to the negative's.

    The difference of cosines is scaled to serve as log-odds. Only the order of the values matters; they are not
    calibrated.
    """

    positive: str = ""
    negative: str = ""
    scale: Annotated[float, Range(above=0)] = 10.0
    gives: ClassVar[str] = "detect"
    needs: ClassVar[str] = "embed"

    def configure(self, brief: Mapping[str, str]) -> EmbedToDetect:
        """Take the descriptions of both classes from the task's brief, where the arguments do not give them."""
        positive = self.positive or brief.get("positive", "")
        negative = self.negative or brief.get("negative", "")
        if not positive or not negative:
            raise Unsuitable(BRIEF_NEEDED)
        return EmbedToDetect(positive, negative, self.scale)

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the text and the descriptions of both classes, as texts to embed."""
        assert isinstance(request, Conversation)
        return [Text(request.text), Text(self.positive), Text(self.negative)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> float:
        """Return the scaled difference of the two cosines."""
        text, positive, negative = responses
        return self.scale * (cosine(text, positive) - cosine(text, negative))
