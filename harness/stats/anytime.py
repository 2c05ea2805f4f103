"""Confidence sequences of a bounded mean: intervals that may be looked at after every observation.

A gambler bets against each possible mean m, at odds that are fair if it is the mean: who wins much has shown that it is
not. The capital is an average over fixed bets of different sizes, and by Ville's inequality exceeds 2 / alpha at any
time with probability at most alpha / 2 if m is the mean. What is drawn without replacement from n values has, after k
of them with the sum S, the mean (n m - S) / (n - k) still to come, so that bets are made against that (Waudby-Smith and
Ramdas 2024, "Estimating means of bounded random variables by betting", arXiv 2010.09686, sections 4 and 5; fixed bets
on a grid are theirs of appendix B.6).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import FloatArray, as_vector, require_at_least, require_probability
from harness.stats.errors import OutOfRange

BETS: FloatArray = np.geomspace(0.05, 0.95, 12)
"""Sizes of the bets, each of an equal part of the capital. None is above 1, so that no bet can lose more than there is,
whatever mean between 0 and 1 is still to come."""
_ROUNDING = 1e-12
"""Of a mean: so far beyond it lies what is beyond it."""
_HALVINGS = 30
"""Of the range of m, until the end of an interval is known to 1e-9."""


class Bounds(NamedTuple):
    """An interval for a mean, valid whenever it is looked at."""

    low: float
    high: float


def log_capital(values: ArrayLike, mean: float, *, most: int | None = None, fewest: int | None = None) -> FloatArray:
    """Return the log of the capital of a gambler who bets that the mean is above a value, after every observation.

    Args:
        values: (k,) observations in [0, 1], in the order in which they were drawn.
        mean: The mean in [0, 1] that is bet against.
        most: How many values there are at most of which these were drawn without replacement; None: no end of them,
            or drawn with replacement.
        fewest: How many there are at least. Default: as many as at most. Where the two differ, the less favourable
            number is taken for each bet, so that the capital is at most that of who knows the number.

    Returns:
        (k,) in nats.

    Raises:
        OutOfRange: a value outside [0, 1], or fewer values in all than were drawn.
    """
    x = _checked(values, most, fewest)
    to_come = _mean_to_come(x, mean, most, fewest)
    logs = np.cumsum(np.log1p(BETS[:, None] * (x - to_come)[None, :]), axis=1)
    top = logs.max(axis=0) if len(x) else np.zeros(0)
    return np.asarray(top + np.log(np.exp(logs - top).mean(axis=0)))


def anytime_bounds(
    values: ArrayLike, *, alpha: float = 0.05, most: int | None = None, fewest: int | None = None
) -> Bounds:
    """Return an interval for the mean that holds at all times at once with probability 1 - `alpha`.

    Args:
        values: (k,) observations in [0, 1] in the order in which they were drawn, which must be random.
        alpha: The probability that the interval ever misses the mean, however often it is looked at.
        most: As of `log_capital`: the mean is that of these values.
        fewest: As of `log_capital`.

    Raises:
        OutOfRange: alpha is not between 0 and 1, or as of `log_capital`.

    >>> anytime_bounds([1.0, 0.0, 1.0], most=3)
    Bounds(low=0.6666666666666666, high=0.6666666666666666)
    >>> anytime_bounds([])
    Bounds(low=0.0, high=1.0)
    """
    require_probability(alpha, "alpha")
    x = _checked(values, most, fewest)
    low = _lower(x, alpha, most, fewest)
    high = 1.0 - _lower(1.0 - x, alpha, most, fewest)
    if most is not None and len(x):
        least = _certain(x, most, fewest)
        greatest = 1.0 - _certain(1.0 - x, most, fewest)
        if most == len(x):
            least = greatest = float(x.mean())
        low, high = min(max(low, least), 1.0), max(min(high, greatest), 0.0)
        if most == len(x):
            low = high = least
    return Bounds(low, high)


def crossings(values: ArrayLike, mean: float, *, alpha: float = 0.05, most: int | None = None) -> tuple[int, int]:
    """Return after how many observations the mean is first shown to be above, and below, a value; k + 1: never.

    Args:
        values: (k,) observations in [0, 1], in the order in which they were drawn.
        mean: The value.
        alpha: As of `anytime_bounds`, which says the same at every length.
        most: As of `log_capital`.
    """
    require_probability(alpha, "alpha")
    x = _checked(values, most, None)
    above = _first(_shown(x, mean, alpha, most))
    below = _first(_shown(1.0 - x, 1.0 - mean, alpha, most))
    return above, below


def _first(hit: FloatArray) -> int:
    found = np.flatnonzero(hit)
    return int(found[0]) + 1 if len(found) else len(hit) + 1


def _shown(x: FloatArray, mean: float, alpha: float, most: int | None) -> FloatArray:
    shown = log_capital(x, mean, most=most) > math.log(2.0 / alpha)
    if most is not None:
        # What is left may all be 0, and yet the mean is above.
        shown = shown | (np.cumsum(x) > most * mean + _ROUNDING * most)
    return np.asarray(shown)


def _checked(values: ArrayLike, most: int | None, fewest: int | None) -> FloatArray:
    x = as_vector(values, "values")
    if not ((x >= 0) & (x <= 1)).all():
        raise OutOfRange("values must lie in [0, 1]; leave out what is missing")
    if most is not None:
        require_at_least(most, len(x), "most")
        if fewest is not None and not len(x) <= fewest <= most:
            raise OutOfRange(f"fewest must lie between the {len(x)} values drawn and most, {most}, not {fewest}.")
    return x


def _mean_to_come(x: FloatArray, mean: float, most: int | None, fewest: int | None) -> FloatArray:
    """Return the mean, (k,), of what was still to come before every observation, the greatest that it may be."""
    if most is None:
        return np.full(len(x), mean)
    drawn = np.arange(len(x))
    missed = drawn * mean - (np.cumsum(x) - x)  # below the mean so far: made up for by what is to come
    to_come = mean + missed / (most - drawn)
    if fewest is not None and fewest < most:
        to_come = np.maximum(to_come, mean + missed / (fewest - drawn))
    # Beyond 0 and 1 no mean is possible: the nearest that is keeps every bet one that can be paid.
    return np.clip(to_come, 0.0, 1.0)


def _lower(x: FloatArray, alpha: float, most: int | None, fewest: int | None) -> float:
    """Return the greatest mean that is shown to be too small; capital falls as the mean that is bet against rises."""
    if not len(x):
        return 0.0
    enough = math.log(2.0 / alpha)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if log_capital(x, middle, most=most, fewest=fewest)[-1] > enough:
            low = middle
        else:
            high = middle
    return low


def _certain(x: FloatArray, most: int, fewest: int | None) -> float:
    """Return what the mean is at least if all that is to come were 0."""
    return float(x.sum() / most)
