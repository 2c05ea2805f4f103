"""Models every other should beat."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from harness import ANY, SEED, Candidates, Conversation, Model, Pair, Verdict


class Length(Model):
    """Scores a response by its length in characters or words.

    Args:
        unit: ``characters`` or ``words``.
        sign: 1: longer is better; -1: shorter is.
    """

    batch_size = 2048

    def __init__(self, unit: Literal["characters", "words"] = "characters", sign: Literal[1, -1] = 1) -> None:
        self.unit, self.sign = unit, sign

    def score(self, requests: Sequence[Candidates]) -> list[list[float]]:
        """Length of every response."""
        if self.unit == "words":
            return [[float(self.sign * len(r.split())) for r in request.responses] for request in requests]
        return [[float(self.sign * len(r)) for r in request.responses] for request in requests]


class Random(Model):
    """A number between 0 and 1 from the hash of the text and the seed.

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
        """A number a response."""
        return [[self._uniform(request.prompt.text, r) for r in request.responses] for request in requests]

    def compare(self, requests: Sequence[Pair]) -> list[Verdict]:
        """A coin, tossed anew for the other order."""
        return [Verdict(float(self._uniform(r.prompt.text, r.first, r.second) < 0.5)) for r in requests]

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Log-odds of a uniform probability."""
        uniform = (self._uniform(request.text) for request in requests)
        return [math.log((u + 2**-54) / (1 - u)) for u in uniform]


class Constant(Model):
    """The same answer to everything: every comparison a tie.

    Args:
        value: The score, and the log-odds.
    """

    batch_size = 2048

    def __init__(self, value: Annotated[float, ANY] = 0.0) -> None:
        self.value = value

    def score(self, requests: Sequence[Candidates]) -> list[list[float]]:
        """The value."""
        return [[float(self.value)] * len(request.responses) for request in requests]

    def compare(self, requests: Sequence[Pair]) -> list[Verdict]:
        """A tie."""
        return [Verdict(0.5)] * len(requests)

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """The value."""
        return [float(self.value)] * len(requests)
