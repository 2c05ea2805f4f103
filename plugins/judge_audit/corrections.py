"""Corrections of a judge's position bias, as adapters from comparing to comparing.

All but the intercept ask each pair in both orders, so they cost two questions a pair; a task that asks in both orders
itself needs no more than its two, since what is on file is not asked again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from harness import Adapter, Origin, Pair, Range, Request, Verdict

LEAST = 1e-6
"""A verdict of 0 or 1 counts as this far from it where its log-odds are taken: a judge is never infinitely sure."""


def exchanged(pair: Pair) -> Pair:
    """Return a pair with its responses exchanged, in its origin too, so that recorded judges find the other verdict."""
    origin: Origin | None = pair.origin
    if origin is not None:
        origin = dataclasses.replace(origin, positions=(origin.positions or (0, 1))[::-1])
    return Pair(pair.prompt, pair.second, pair.first, origin=origin)


def log_odds(p: float, least: float = LEAST) -> float:
    """Return the log-odds of a probability, kept ``least`` from 0 and 1."""
    p = min(max(p, least), 1 - least)
    return math.log(p / (1 - p))


def sigmoid(x: float) -> float:
    """Return the logistic function of a number."""
    return 0.5 * (1 + math.tanh(x / 2))


class _InBothOrders(Adapter):
    """Base of those that ask in both orders; one verdict that could not be read leaves none."""

    gives: ClassVar[str] = "compare"
    needs: ClassVar[str] = "compare"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the pair, and the pair with its responses exchanged."""
        assert isinstance(request, Pair)
        return [request, exchanged(request)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> Verdict:
        """Combine the preferences for the first response of the request in both orders."""
        given, other = responses
        text = "\n\n".join(f"--- {order} ---\n{said.text}" for order, said in self._said(given, other))
        if given.p_first is None or other.p_first is None:
            return Verdict(None, text)
        return Verdict(self.combine(given.p_first, 1 - other.p_first), text)

    @staticmethod
    def _said(given: Verdict, other: Verdict) -> list[tuple[str, Verdict]]:
        return [(order, v) for order, v in (("as given", given), ("exchanged", other)) if v.text]

    def combine(self, given: float, other: float) -> float:
        """Return the preference for a response from those in both orders, each in [0, 1]."""
        raise NotImplementedError


class BothOrders(_InBothOrders):
    """Averages the preferences in both orders: a judge that contradicts itself calls a tie."""

    def combine(self, given: float, other: float) -> float:
        """Return the mean."""
        return (given + other) / 2


class AgreeOrTie(_InBothOrders):
    """Lets a response win where both orders say so, and calls all else a tie, as MT-Bench does."""

    def combine(self, given: float, other: float) -> float:
        """Return 1, 0 or one half."""
        if given > 0.5 and other > 0.5:
            return 1.0
        return 0.0 if given < 0.5 and other < 0.5 else 0.5


@dataclass(frozen=True)
class SwapLogOdds(_InBothOrders):
    """Averages the log-odds of both orders, by which a shift of the log-odds by position cancels exactly.

    Args:
        least: How near to 0 and 1 a preference may come before its log-odds are taken, so that a judge that answers 0
            or 1 has finite ones.
    """

    least: Annotated[float, Range(above=0, below=0.5)] = LEAST
    gives: ClassVar[str] = "compare"
    needs: ClassVar[str] = "compare"

    def combine(self, given: float, other: float) -> float:
        """Return the logistic function of the mean of the log-odds."""
        return sigmoid((log_odds(given, self.least) + log_odds(other, self.least)) / 2)


@dataclass(frozen=True)
class PositionIntercept(Adapter):
    """Takes a shift of the log-odds towards the first position away; it asks each pair once.

    A verdict of 0 or 1, or a tie, says nothing of its log-odds and stays as it is: only probabilities are corrected.

    Args:
        intercept: The shift in nats, above 0 for a judge that favours what is shown first; ``harness audit`` measures
            it.
    """

    intercept: Annotated[float, Range(least=-20, most=20)]
    gives: ClassVar[str] = "compare"
    needs: ClassVar[str] = "compare"

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the pair as it is."""
        return [request]

    def reduce(self, request: Request, responses: Sequence[Any]) -> Verdict:
        """Shift the log-odds of a probability."""
        (verdict,) = responses
        p = verdict.p_first
        if p is None or p in (0.0, 0.5, 1.0):
            return Verdict(p, verdict.text)
        return Verdict(sigmoid(math.log(p / (1 - p)) - self.intercept), verdict.text)
