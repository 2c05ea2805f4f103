"""Which entry makes room for another in a cache of bounded capacity.

Each rule gives entries a priority, and the least goes; of equal ones the one that was given it first. FIFO, LRU and LFU
are the classical ones. GDSF (greedy dual size frequency) weighs uses by cost and lets what is not used age. LEC (least
expected cost; arXiv 2306.02003) keeps what is used often and costs much: uses times cost.
"""

from __future__ import annotations

import heapq
from typing import ClassVar


class Eviction:
    """Base class: priorities in a heap, whose outdated entries are skipped, so that each step takes O(log n).

    >>> rule = LeastRecentlyUsed()
    >>> for entry in (1, 2, 3):
    ...     rule.added(entry, cost=1.0)
    >>> rule.used(1)
    >>> rule.victim()
    2
    """

    name: ClassVar[str] = ""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int]] = []
        self._stamp: dict[int, int] = {}
        self._clock = 0
        self._uses: dict[int, int] = {}
        self._cost: dict[int, float] = {}

    def priority(self, entry: int) -> float:
        """Return the priority of an entry that was just added or used."""
        raise NotImplementedError

    def added(self, entry: int, cost: float) -> None:
        """Take in a new entry, which cost so many USD; NaN where that is unknown, which counts as 1."""
        self._uses[entry] = 1
        self._cost[entry] = cost if cost == cost else 1.0
        self._push(entry)

    def used(self, entry: int) -> None:
        """Note that an entry's response was served."""
        self._uses[entry] += 1
        self._push(entry)

    def removed(self, entry: int) -> None:
        """Forget an entry that is gone."""
        self._stamp.pop(entry, None)
        self._uses.pop(entry, None)
        self._cost.pop(entry, None)

    def victim(self) -> int:
        """Return the entry that goes first."""
        while self._stamp.get(self._heap[0][2]) != self._heap[0][1]:
            heapq.heappop(self._heap)
        return self._heap[0][2]

    def _push(self, entry: int) -> None:
        self._clock += 1
        self._stamp[entry] = self._clock
        heapq.heappush(self._heap, (self.priority(entry), self._clock, entry))
        if len(self._heap) > 64 + 4 * len(self._stamp):  # memory stays bounded by the capacity
            self._heap = [one for one in self._heap if self._stamp.get(one[2]) == one[1]]
            heapq.heapify(self._heap)


class FirstInFirstOut(Eviction):
    """The oldest goes."""

    name = "fifo"

    def used(self, entry: int) -> None:
        """Do nothing: use does not count."""

    def priority(self, entry: int) -> float:
        """Return when it was added."""
        return float(self._clock)


class LeastRecentlyUsed(Eviction):
    """What was not used for longest goes."""

    name = "lru"

    def priority(self, entry: int) -> float:
        """Return when it was used last."""
        return float(self._clock)


class LeastFrequentlyUsed(Eviction):
    """What was used least goes."""

    name = "lfu"

    def priority(self, entry: int) -> float:
        """Return how often it was used."""
        return float(self._uses[entry])


class GreedyDual(Eviction):
    """Uses times cost, above the priority of what went last: entries that are not used age."""

    name = "gdsf"

    def __init__(self) -> None:
        super().__init__()
        self._level = 0.0

    def priority(self, entry: int) -> float:
        """Return the level when it was used last, and what it is worth."""
        return self._level + self._uses[entry] * self._cost[entry]

    def victim(self) -> int:
        """Return the entry that goes first, whose priority becomes the level."""
        entry = super().victim()
        self._level = self._heap[0][0]
        return entry


class LeastExpectedCost(Eviction):
    """Uses times cost: what is cheap to ask again, or hardly asked, goes (arXiv 2306.02003)."""

    name = "lec"

    def priority(self, entry: int) -> float:
        """Return what the entry saved and was worth so far, in proportion to its expected cost."""
        return self._uses[entry] * self._cost[entry]


RULES: dict[str, type[Eviction]] = {
    rule.name: rule for rule in (LeastRecentlyUsed, LeastFrequentlyUsed, FirstInFirstOut, GreedyDual, LeastExpectedCost)
}
