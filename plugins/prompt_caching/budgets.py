"""Ledgers of an error budget: what may be served so that false hits stay within it, whatever the stream is.

A policy that would serve asks the model all the same with a probability q of its own choice, by a coin that nothing
else depends on. Then it sees whether it would have been wrong. Let W mark prompts on which it would be wrong, F those
on which it was (a false hit) and G those on which it would have been, and the model was asked instead. Given
everything before the coin, F = W with probability 1 - q, else G = W. Two things follow, of any stream whatever, also
one that drifts or that an adversary makes, who may know everything but the coins to come:

- F - G (1 - q) / q has mean 0. While the sum of (1 - q) / q over all G stays within delta t, so does the expected
  number of false hits: `ExpectedBudget`.
- exp(l F - p G) has mean 1 where exp(-p) = (1 - (1 - q) exp(l)) / q. The product over all prompts is a martingale,
  which by Ville's inequality exceeds 1 / alpha at any time with probability alpha at most. So the number of false hits
  is, with probability 1 - alpha, at all times at once, at most (log(1 / alpha) + sum of p over G) / l: `CertainBudget`.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from harness import FloatArray


class Budget(Protocol):
    """What a policy may still spend."""

    def price(self, shares: FloatArray) -> FloatArray:
        """Return what a wrong response costs that was found by a coin of these probabilities; infinite: not allowed."""

    def rate(self) -> float:
        """Return what every prompt adds to the budget."""

    def available(self, number: int) -> float:
        """Return what is there to spend, once so many prompts came."""

    def least_share(self, number: int) -> float:
        """Return the least probability with which the model must be asked in place of serving; 1: it must be asked."""

    def found_wrong(self, share: float) -> None:
        """Note that the model was asked by a coin of a probability, and the response would have been wrong."""

    def bound(self) -> float:
        """Return what is known of the number of false hits: its unbiased estimate, or a bound on it."""


class ExpectedBudget:
    """The expected number of false hits among the first t prompts is at most delta t, for every t.

    >>> budget = ExpectedBudget(0.02)
    >>> budget.least_share(50), budget.least_share(450)
    (0.5, 0.1)
    >>> budget.found_wrong(0.1)
    >>> budget.least_share(450), budget.bound()
    (1.0, 9.0)

    Args:
        delta: False hits a prompt.
    """

    def __init__(self, delta: float) -> None:
        self.delta, self.spent = delta, 0.0

    def price(self, shares: FloatArray) -> FloatArray:
        """Return (1 - q) / q."""
        return (1 - shares) / shares

    def rate(self) -> float:
        """Return delta."""
        return self.delta

    def available(self, number: int) -> float:
        """Return delta t less what was spent."""
        return self.delta * number - self.spent

    def least_share(self, number: int) -> float:
        """Return the probability whose price is what is available: the budget must hold whatever the coin shows."""
        left = self.available(number)
        return 1 / (1 + left) if left > 1e-9 else 1.0

    def found_wrong(self, share: float) -> None:
        """Spend the price."""
        self.spent += (1 - share) / share

    def bound(self) -> float:
        """Return the unbiased estimate of the number of false hits."""
        return self.spent


_DEAREST = 1.5
_CHEAPEST = 0.4
"""The highest price of an error that is found, of a certain budget: at all, and where hardly anything is left."""
_EARLY, _ASKED = 0.6, 1.7
"""What a hit at the beginning is worth of one at the horizon, and how often the model is asked, in units of l."""


class CertainBudget:
    """With probability 1 - alpha, false hits are at most delta t at every t from a stated start, all together.

    Args:
        delta: False hits a prompt.
        alpha: Probability with which the bound may fail, at any time.
        start: Prompts from which it holds; what start prompts allow may be spent before.
        horizon: Prompts for which the bound is tightest; it holds before and after as well.
    """

    def __init__(self, delta: float, alpha: float, start: int, horizon: int) -> None:
        self.delta, self.start = delta, start
        self.log = math.log(1 / alpha)
        self.slope = best_slope(delta * horizon, self.log)
        self.spent = 0.0
        self.floor = self._share_of(_DEAREST)
        """Least probability of a coin, whatever is left. Below 1 - exp(-l) no price makes up for what is served."""

    def price(self, shares: FloatArray) -> FloatArray:
        """Return p of exp(-p) = (1 - (1 - q) exp(l)) / q."""
        inside = (1 - (1 - shares) * math.exp(self.slope)) / shares
        return np.asarray(np.where(inside > 0, -np.log(np.maximum(inside, 1e-300)), np.inf))

    def rate(self) -> float:
        """Return l delta."""
        return self.slope * self.delta

    def available(self, number: int) -> float:
        """Return l delta t less the logarithm of 1 / alpha and what was spent."""
        return self.slope * self.delta * max(number, self.start) - self.log - self.spent

    def least_share(self, number: int) -> float:
        """Return 1 where the bound is above delta t; else what the martingale needs."""
        # A number of false hits is whole; and after this one no other can come while the bound is above the budget.
        bound = self.bound()
        if math.isinf(bound) or math.floor(bound + 1e-9) > self.delta * max(number, self.start) + 1e-9:
            return 1.0
        # One error that is found must not cost more than is left, or nothing is served for long. It may cost a little
        # more where little is left: the budget holds all the same, and else nothing would be served there.
        return max(self.floor, self._share_of(max(self.available(number), _CHEAPEST)))

    def _share_of(self, price: float) -> float:
        """Return the probability of a coin that has a price."""
        return math.expm1(self.slope) / (math.exp(self.slope) - math.exp(-price))

    def found_wrong(self, share: float) -> None:
        """Spend the price."""
        self.spent += float(self.price(np.array([share]))[0])

    def bound(self) -> float:
        """Return the bound on the number of false hits."""
        return (self.log + self.spent) / self.slope


def best_slope(allowed: float, log: float) -> float:
    """Return l with which most is served up to a horizon.

    The bound begins at log(1 / alpha) / l, so that nothing is served before the budget allows that many false hits: a
    share log(1 / alpha) / (l allowed) of the horizon. Afterwards the model is asked a share of at least about l, and
    nearly twice that where it pays, in place of serving. The sum is least at the root of their ratio, where hits of a
    cache that is filling count less than later ones.

    Args:
        allowed: False hits that the budget allows at the horizon.
        log: Logarithm of 1 / alpha.
    """
    return math.sqrt(_EARLY / _ASKED * log / allowed)
