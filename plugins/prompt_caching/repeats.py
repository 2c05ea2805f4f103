"""What a cache of identical prompts does with a stream, and what other policies gain over it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, MeanMetric, Range

from .policy_metrics import OfPolicy
from .stream import Stream, shared


def identical(stream: Stream, texts: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark what a cache serves that knows a prompt by its very words, and where it is right; (n,) each.

    Entries are inserted on a miss, stay for as long as their response holds, and serve their own scope alone.

    Args:
        stream: The prompts; whether one has a vector does not matter here.
        texts: (n,): codes of their texts.
    """
    held: dict[tuple[int, float], int] = {}
    hit, right = np.zeros(len(stream), dtype=bool), np.zeros(len(stream), dtype=bool)
    for i, (scope, text) in enumerate(zip(stream.scopes.tolist(), texts.tolist(), strict=True)):
        entry = held.get((scope, text))
        if entry is not None and stream.times[i] - stream.times[entry] < stream.lifetimes[entry]:
            hit[i], right[i] = True, shared(stream.answers[i], stream.answers[entry])
        else:
            held[scope, text] = i
    return hit, right


class CacheGainOverIdentical(OfPolicy, MeanMetric):
    """Right hits less the price of wrong ones a prompt, less the same of a cache that knows a prompt by its very words.

    Args:
        policy: Its label, or its number in the task's option ``policies``, from 0.
        price: Right hits that a wrong one undoes.
    """

    description = "right hits less the price of wrong ones, less the same of a cache of identical prompts"
    needs = ("hit", "hit_right", "repeat", "repeat_right")
    bounds = None
    compared_with = "a cache of identical prompts"

    def __init__(self, policy: str = "0", price: Annotated[float, Range(least=0, most=1000)] = 10.0) -> None:
        super().__init__(policy)
        self.price = price

    def reference_in_words(self) -> str:
        """Say which policy is held against it: a board may show several, each with a verdict of its own."""
        return f"{self.compared_with}, by the policy {self.policy}"

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the difference for each prompt."""
        values = columns.values
        own = self.of("hit_right", columns) - self.price * self.wrong(columns)
        wrong = values["repeat"] - values["repeat_right"]
        return np.asarray(own - (values["repeat_right"] - self.price * wrong))
