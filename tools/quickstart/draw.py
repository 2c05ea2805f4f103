"""Random draws that are the same on every platform and Python version.

Python promises that ``Random.random()`` keeps its sequence for a given seed; it promises nothing for
``choice``, ``shuffle`` or ``sample``. Every draw here is made from ``random()`` alone, so that the data
of quickstart can be made again, byte for byte, in ten years.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of draws named by a string, such as ``"best-of-16/test/0007"``."""

    def __init__(self, name: str) -> None:
        self._random = random.Random(name)

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self._random.random() * n)

    def between(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._random.random() < probability

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely as another."""
        return items[self.below(len(items))]

    def weighted(self, weights: Sequence[tuple[T, int]]) -> T:
        """One of the items, each as likely as its whole-number weight says."""
        ticket = self.below(sum(weight for _, weight in weights))
        for item, weight in weights:
            if ticket < weight:
                return item
            ticket -= weight
        raise ValueError("the weights are all zero; give at least one item a positive weight")

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a random order (Fisher-Yates)."""
        deck = list(items)
        for last in range(len(deck) - 1, 0, -1):
            other = self.below(last + 1)
            deck[last], deck[other] = deck[other], deck[last]
        return deck

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """That many of the items, without repeats, in a random order."""
        return self.shuffled(items)[:count]

    def in_order(self, items: Sequence[T], count: int) -> list[T]:
        """That many of the items, without repeats, in the order in which they were given."""
        return [items[i] for i in sorted(self.some(range(len(items)), count))]
