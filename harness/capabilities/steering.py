"""Steered generation: a rule that changes logits between the model and the draw of a token, such as a watermark's.

A model whose logits are at hand offers ``steer``: it generates as for ``generate``, and before each token is chosen it
hands every row's tokens and logits to the rule that came with the request. The rule is part of the request, so
completions that were steered are never taken for others, and a model that cannot be steered is refused by name.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.requests import Generation

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Steering(ABC):
    """A rule that changes logits; frozen, and equal to another of the same settings.

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class Banned(Steering):
    ...     token: int
    ...
    ...     def content(self):
    ...         return ["banned", self.token]
    ...
    ...     def steer(self, contexts, logits):
    ...         logits[:, self.token] = -np.inf
    >>> logits = np.zeros((1, 3), dtype=np.float32)
    >>> Banned(1).steer([(5, 6)], logits)
    >>> logits.tolist()
    [[0.0, -inf, 0.0]]
    """

    @abstractmethod
    def content(self) -> object:
        """Return name and settings as lists, texts and numbers: what completions are filed under."""

    @abstractmethod
    def steer(self, contexts: Sequence[Sequence[int]], logits: NDArray[Any]) -> None:
        """Change logits in place, before temperature and nucleus apply.

        Called for the rows that are at hand, whatever others there are: a row may depend on its own context only.

        Args:
            contexts: For each row, the ids of all tokens so far, prompt and completion.
            logits: Of the next token, (rows, V), float32 or float64.

        Raises:
            CellError: the rule does not fit the model, whose vocabulary is another, say.
        """


@dataclass(frozen=True, slots=True)
class Unsteered(Steering):
    """Changes nothing: what `harness check` asks with."""

    def content(self) -> object:
        """Its name."""
        return ["unsteered"]

    def steer(self, contexts: Sequence[Sequence[int]], logits: NDArray[Any]) -> None:
        """Leave the logits as they are."""


@dataclass(frozen=True, slots=True)
class SteeredGeneration(Generation):
    """A prompt to complete n times, under a rule; the request of ``steer``."""

    steering: Steering = Unsteered()

    def content(self) -> object:
        """Prompt, n, the sampling settings, and the rule's settings."""
        return [self.prompt.content(), self.n, list(dataclasses.astuple(self.sampling)), self.steering.content()]
