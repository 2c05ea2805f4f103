"""When a comparison is decided: an interval that may be looked at after every portion of verdicts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness import FloatArray
from harness.stats import Bounds, anytime_bounds

FIRST, SECOND, ALIKE, UNDECIDED = "first", "second", "alike", "undecided"
FEWEST_ASKED = 10
"""Prompts of the first portion."""
GROWTH = 8
"""A portion is the eighth part of what was asked before, so that at most so much is asked in vain."""

ROUNDING = 1e-9
"""Of the ends of an interval: a mean of floats that is 1/2 may come out beside it."""


def order_of(keys: Sequence[str], seed: int) -> list[int]:
    """Return the positions of prompts in the order in which they are asked: by the seed and their names alone."""
    return random.Random(f"duel {seed}").sample(sorted(range(len(keys)), key=lambda at: keys[at]), len(keys))


def portions(n: int) -> Iterator[slice]:
    """Yield which of n prompts in order are asked together, in growing portions.

    >>> [(part.start, part.stop) for part in portions(24)]
    [(0, 10), (10, 14), (14, 18), (18, 22), (22, 24)]
    """
    asked = 0
    while asked < n:
        more = FEWEST_ASKED if not asked else max(4, asked // GROWTH)
        yield slice(asked, asked := min(n, asked + more))


@dataclass(slots=True)
class Deciding:
    """A comparison under way: observations in [0, 1], the first's share of the credit of a prompt, NaN if missing.

    The interval is the part that all earlier ones share: it holds at all times at once, so that it only narrows.
    """

    prompts: int
    """How many there are."""
    alpha: float = 0.05
    smallest: float | None = None
    """A distance from 1/2, of the win rate, below which the two count as alike; None: they never do."""
    beyond: bool = False
    """Whether the win rate is that of prompts like these, without end, rather than of these."""
    seen: list[float] = field(default_factory=list)
    bounds: Bounds = field(default_factory=lambda: Bounds(0.0, 1.0))

    @property
    def read(self) -> FloatArray:
        """Return the observations that there are, in order."""
        values = np.asarray(self.seen, dtype=np.float64)
        return values[~np.isnan(values)]

    @property
    def missing(self) -> int:
        """Return how many prompts were asked about in vain: they count for nobody."""
        return len(self.seen) - len(self.read)

    def add(self, values: Sequence[float]) -> str:
        """Take further observations, narrow the interval, and return what is decided."""
        self.seen += [float(value) for value in values]
        read = self.read
        most = None if self.beyond else self.prompts - self.missing
        # Once a prompt was missing, any number of those to come may be: the interval holds for every such number.
        fewest = None if most is None or (not self.missing) or len(self.seen) == self.prompts else len(read)
        now = anytime_bounds(read, alpha=self.alpha, most=most, fewest=fewest)
        low, high = max(self.bounds.low, now.low), min(self.bounds.high, now.high)
        if low <= high:
            self.bounds = Bounds(low, high)
        elif most == len(read):
            # An earlier interval was one of the few that miss: all prompts are judged, and their mean is known.
            self.bounds = now
        return self.verdict

    def beyond_these(self) -> Bounds:
        """Return the interval for the win rate on prompts like these, valid at any time too."""
        return anytime_bounds(self.read, alpha=self.alpha)

    @property
    def verdict(self) -> str:
        """Return `FIRST`, `SECOND`, `ALIKE` or `UNDECIDED`; one prompt decides nothing."""
        if len(self.read) < 2:
            return UNDECIDED
        if self.bounds.low > 0.5 + ROUNDING:
            return FIRST
        if self.bounds.high < 0.5 - ROUNDING:
            return SECOND
        margin = self.smallest
        if margin is not None and self.bounds.low > 0.5 - margin and self.bounds.high < 0.5 + margin:
            return ALIKE
        return UNDECIDED
