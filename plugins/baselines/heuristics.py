"""Models that need no training and that every other model should beat."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from harness import ANY, SEED, Candidates, Conversation, Model, Pair, Verdict


class Length(Model):
    """Scores a response by its length in characters or words.

    Args:
        unit: ``characters`` or ``words``.
        sign: 1 where a longer response is better, -1 where a shorter one is.
    """

    batch_size = 2048
    not_asked = MappingProxyType(
        {"detect": "the task has no responses to measure the length of; for the length of the prompt: prompt-length"}
    )

    def __init__(self, unit: Literal["characters", "words"] = "characters", sign: Literal[1, -1] = 1) -> None:
        self.unit, self.sign = unit, sign

    def score(self, requests: Sequence[Candidates]) -> list[list[float]]:
        """Return the signed length of every response."""
        if self.unit == "words":
            return [[float(self.sign * len(r.split())) for r in request.responses] for request in requests]
        return [[float(self.sign * len(r)) for r in request.responses] for request in requests]


class Random(Model):
    """Answers with a number between 0 and 1 that follows from the hash of the text and the seed.

    Args:
        seed: Another seed gives other numbers.
    """

    batch_size = 2048

    def __init__(self, seed: Annotated[int, SEED] = 0) -> None:
        self.seed = seed

    def _uniform(self, *texts: str) -> float:
        digest = hashlib.blake2b("\0".join((str(self.seed), *texts)).encode("utf-8", "surrogatepass"), digest_size=8)
        return (int.from_bytes(digest.digest(), "big") >> 11) / 2**53

    def score(self, requests: Sequence[Candidates]) -> list[list[float]]:
        """Return a number from 0 to 1 for every response."""
        return [[self._uniform(request.prompt.text, r) for r in request.responses] for request in requests]

    def compare(self, requests: Sequence[Pair]) -> list[Verdict]:
        """Toss a coin for each pair; the other order of the same pair gets a toss of its own."""
        return [Verdict(float(self._uniform(r.prompt.text, r.first, r.second) < 0.5)) for r in requests]

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Return the log-odds, in nats, of a probability drawn uniformly from the text's hash."""
        uniform = (self._uniform(request.text) for request in requests)
        return [math.log((u + 2**-54) / (1 - u)) for u in uniform]


class Constant(Model):
    """Gives the same answer to everything; every comparison is a tie.

    Args:
        value: The score of every response, and the log-odds of every text.
    """

    batch_size = 2048

    def __init__(self, value: Annotated[float, ANY] = 0.0) -> None:
        self.value = value

    def score(self, requests: Sequence[Candidates]) -> list[list[float]]:
        """Return the value for every response."""
        return [[float(self.value)] * len(request.responses) for request in requests]

    def compare(self, requests: Sequence[Pair]) -> list[Verdict]:
        """Call every pair a tie."""
        return [Verdict(0.5)] * len(requests)

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return the value as the log-odds of every text."""
        return [float(self.value)] * len(requests)
