"""What a cache policy is: it sees what a cache sees, and says whether to serve the nearest entry's response.

Whether a served response was right stays unknown to it. It learns that only of a prompt that the model was asked, which
counts as a miss. To add a policy write a class with `Policy.decide`, and name it ``package.module:Class``:

>>> class EveryOther(Policy):
...     def decide(self, look):
...         return look.number % 2 == 0 and look.similarity > 0.9
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import ANY, SHARE, Range, UsageError

from .match_trace import Trace

Insertion = Literal["on-miss", "all", "on-wrong"]
"""What is put into the cache: what the model was asked; every prompt, as though the model were always asked; or what
the model was asked where the nearest entry's response turned out wrong."""


@dataclass(slots=True)
class Entry:
    """An entry of the cache, as a policy sees it."""

    number: int
    """Index of its prompt in the stream."""
    added: float
    """Seconds, on the stream's clock."""
    group: int
    """Entries of one number are known to hold the same answer: each was found right for the next, when the model was
    asked. Entries of different numbers may."""
    uses: int = 0
    """How often its response was served."""
    notes: dict[str, Any] = field(default_factory=dict)
    """For the policy's own use; gone with the entry."""


@dataclass(slots=True)
class Look:
    """What a policy sees of a prompt."""

    number: int
    """How many prompts there were before, of all scopes."""
    time: float
    """Seconds, on the stream's clock."""
    entries: Sequence[Entry]
    """The nearest entries of its scope, the nearest first: `Policy.neighbours` of them at most, and one at least."""
    similarities: Sequence[float]
    """Their cosines."""
    verified: float | None = None
    """What a verifier says of the nearest entry's response, once `Policy.verifies` asked for it; None where it was not
    asked, failed or has no answer on file."""

    @property
    def entry(self) -> Entry:
        """The nearest entry."""
        return self.entries[0]

    @property
    def similarity(self) -> float:
        """The cosine with the nearest entry."""
        return self.similarities[0]


class Policy:
    """Base class of policies. Its constructor's parameters are its settings; annotate them with ranges."""

    neighbours: ClassVar[int] = 1
    """How many entries it looks at."""
    insertion: ClassVar[Insertion] = "on-miss"
    """What is inserted unless the user says otherwise."""
    learns: ClassVar[bool] = False
    """Whether `learn` does anything."""

    def start(self, seed: int) -> None:
        """Forget everything, before a stream begins.

        Args:
            seed: Of its random numbers.
        """

    def verifies(self, look: Look) -> bool:
        """Tell whether it wants a verifier to be asked before it decides."""
        return False

    def decide(self, look: Look) -> bool:
        """Tell whether to serve the nearest entry's response."""
        raise NotImplementedError

    def learn(self, look: Look, right: bool) -> None:
        """Take in what `decide` declined: the model was asked, and its answer shows whether the entry was right."""

    def from_trace(self, trace: Trace) -> NDArray[np.bool_] | None:
        """Mark the hits, (n,), where every prompt is cached and stays; None: that does not follow from the trace."""
        return None

    def report(self) -> Mapping[str, float]:
        """Return what is worth knowing of a stream's end, such as the bound on the error that the policy proved."""
        return {}


class Static(Policy):
    """Serves at a fixed similarity or above.

    Args:
        threshold: A cosine; converters from other systems' units are in the README.
    """

    def __init__(self, threshold: Annotated[float, ANY] = 0.8) -> None:
        if not -1 <= threshold <= 1:
            raise UsageError(
                f"threshold={threshold:g}: expected a cosine, from -1 to 1; a distance, or a score of another cache, "
                "must be converted first"
            )
        self.threshold = threshold

    def decide(self, look: Look) -> bool:
        """Compare; equality is a hit."""
        return look.similarity >= self.threshold

    def from_trace(self, trace: Trace) -> NDArray[np.bool_]:
        """Compare all."""
        return trace.hits(self.threshold)


class Probability(Policy):
    """Serves where sigma(similarity / temperature - offset) is high enough (the model of arXiv 2402.01173).

    Args:
        threshold: Least probability that the response serves.
        temperature: As fitted to the embedder; 1 with ``offset=0`` reads the embedder's similarity as it is.
        offset: As fitted to the embedder.
    """

    def __init__(
        self,
        threshold: Annotated[float, SHARE] = 0.5,
        temperature: Annotated[float, Range(above=0, most=1e3)] = 0.05,
        offset: Annotated[float, ANY] = 16.0,
    ) -> None:
        self.threshold, self.temperature, self.offset = threshold, temperature, offset

    def decide(self, look: Look) -> bool:
        """Compare; equality is a hit."""
        return bool(self.probability(np.array(look.similarity)) >= self.threshold)

    def probability(self, similarity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability that the response serves."""
        z = similarity / self.temperature - self.offset
        return np.asarray(0.5 * (1 + np.tanh(z / 2)))

    def from_trace(self, trace: Trace) -> NDArray[np.bool_]:
        """Compare all."""
        return np.asarray((self.probability(trace.similarity) >= self.threshold) & (trace.nearest >= 0))


class GreyZone(Policy):
    """Serves what is near, asks a verifier about what is less near, and serves nothing else.

    A verifier that fails is a miss.

    Args:
        low: Cosine from which a verifier is asked.
        high: Cosine from which none is asked.
        accept: Least answer of the verifier, in its own unit, with which the response is served.
    """

    def __init__(
        self,
        low: Annotated[float, Range(least=-1, most=1)] = 0.7,
        high: Annotated[float, Range(least=-1, most=1)] = 0.9,
        accept: Annotated[float, ANY] = 0.5,
    ) -> None:
        if low > high:
            raise UsageError(f"low={low:g} is above high={high:g}: the grey zone lies between them")
        self.low, self.high, self.accept = low, high, accept

    def verifies(self, look: Look) -> bool:
        """Tell whether the similarity lies in the grey zone."""
        return self.low <= look.similarity < self.high

    def decide(self, look: Look) -> bool:
        """Serve what is near, and what the verifier accepts."""
        if look.similarity >= self.high:
            return True
        return self.verifies(look) and look.verified is not None and look.verified >= self.accept
