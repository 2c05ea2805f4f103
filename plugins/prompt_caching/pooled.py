"""The policy ``pooled``: one model of when the nearest entry is right, for all entries, and a budget that holds.

The model only says which prompts are worth the budget. That the budget holds rests on coins alone (`budgets`), so that
it does whatever the model is worth, and however the stream drifts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np

from harness import COUNT, INSIDE, FloatArray, Range, UsageError

from .budgets import Budget, CertainBudget, ExpectedBudget
from .policy import Look, Policy

_FIRST = 60
"""Prompts before the model is fitted first."""
_FEATURES = 13
"""Numbers that `features` gives."""
_LESSONS = 20_000
_LOOKS = 3_000
"""What is remembered at most: labels to fit to, and prompts to tell from how much a price would be spent."""
_STEADY = 0.4
"""Part of what a prompt adds to the budget that is spent at once; of what is saved, as much as would last for
`_AHEAD` times the stream so far. A cache that is filling makes few hits, at bad prices: its budget is better kept."""
_AHEAD = 1.0
_CERTAINLY_ASKED = 0.98
"""A coin that would nearly always ask the model is not thrown: serving so rarely is not worth the price."""
_SHARPNESS = 12.0
"""By what factor a vote counts less, as a power of e, for a similarity lower by 1."""


class Pooled(Policy):
    """Serves what is most likely right, as far as an error budget allows, and tries some of it out by lot.

    Of what it would serve it lets the model answer a share all the same, a larger one where the risk is larger. That
    shows how often it is wrong, without any assumption on the stream. Two guarantees: without ``alpha``, the expected
    number of false hits among the first t prompts is at most ``delta`` t, for every t. With it, false hits / prompts is
    at most ``delta`` at every t from ``start`` on, together with probability 1 - ``alpha``.

    Args:
        delta: Budget: false hits a prompt.
        alpha: Probability with which the budget may be exceeded, at any time; None: it holds in expectation.
        start: With ``alpha``: prompts from which the budget holds.
        horizon: With ``alpha``: prompts for which the bound is tightest.
        explore: Least share of what it would serve of which the model is asked.
    """

    neighbours: ClassVar[int] = 8
    learns: ClassVar[bool] = True

    def __init__(
        self,
        delta: Annotated[float, INSIDE] = 0.02,
        alpha: Annotated[float | None, INSIDE] = None,
        start: Annotated[int | None, COUNT] = None,
        horizon: Annotated[int | None, COUNT] = None,
        explore: Annotated[float, Range(above=0, below=0.95)] = 0.05,
    ) -> None:
        if alpha is None and (start is not None or horizon is not None):
            raise UsageError("start= and horizon= are of the bound that holds with probability 1 - alpha: say alpha=")
        self.delta, self.alpha, self.explore = delta, alpha, explore
        self.from_, self.horizon = start or 1000, horizon or 5000
        self.start(0)

    @property
    def guarantee(self) -> str:
        """Say what holds, in words."""
        if self.alpha is None:
            return f"expected false hits among the first t prompts <= {self.delta:g} t, at every t"
        return (
            f"false hits / prompts <= {self.delta:g} at every t from {self.from_} on, "
            f"with probability {1 - self.alpha:g}"
        )

    def start(self, seed: int) -> None:
        """Forget everything."""
        self._random = np.random.default_rng(seed)
        self.budget: Budget = (
            ExpectedBudget(self.delta)
            if self.alpha is None
            else CertainBudget(self.delta, self.alpha, self.from_, self.horizon)
        )
        self._lessons = _Memory(_LESSONS, _FEATURES + 2)
        self._looks = _Memory(_LOOKS, _FEATURES)
        self._seen = 0
        self._weights: list[float] = []
        self._next = _FIRST
        self._now: tuple[tuple[float, ...], float] = ((), 1.0)

    def decide(self, look: Look) -> bool:
        """Weigh the risk against the budget, and throw a coin."""
        told = features(look)
        self._looks.add(told)
        self._seen += 1
        self._now = (told, 1.0)
        if look.number >= self._next:
            self._refit(look.number)
        if not self._weights:
            return False
        least = self.budget.least_share(look.number + 1)
        if least >= 1:
            return False
        share = max(least, self._share(_log_wrong(sum(map(_product, told, self._weights)))))
        if share >= _CERTAINLY_ASKED:
            return False
        self._now = (told, share)
        return bool(self._random.random() >= share)

    def learn(self, look: Look, right: bool) -> None:
        """Remember what was found, and pay for what would have been wrong."""
        told, share = self._now
        # Prompts that would have been served are asked rarely, and stand for those that were served.
        self._lessons.add((*told, float(right), min(1 / share, 20.0)))
        if share < 1 and not right:
            self.budget.found_wrong(share)

    def report(self) -> Mapping[str, float]:
        """Return the bound on the number of false hits, or its estimate; of a certain budget both are a bound."""
        return {"false_hits_bound" if self.alpha is not None else "false_hits_estimate": self.budget.bound()}

    def _share(self, log_wrong: float) -> float:
        """Return the share of prompts of this risk of which the model is asked, at the present price."""
        place = round((log_wrong + self._log_price - _LOWEST) / _STEP)
        return float(self._best[min(max(place, 0), len(_PRICES) - 1)])

    def _refit(self, number: int) -> None:
        self._next = number + max(100, number // 20)
        told, labels, weights = np.split(self._lessons.rows, [_FEATURES, _FEATURES + 1], axis=1)
        if len(labels) == 0 or labels.min() == labels.max():
            return  # nothing is known of what would be wrong, or of what would be right
        fitted = fit(told, labels[:, 0], weights[:, 0])
        self._weights = fitted.tolist()
        self._set_price(number, _log_wrong_of(self._looks.rows @ fitted))

    def _set_price(self, number: int, log_wrong: FloatArray) -> None:
        """Find the price of an error at which as much would be spent of such prompts as is to be.

        Args:
            number: Prompts so far.
            log_wrong: Logarithms of the probability that the entry is wrong, of the last prompts.
        """
        floor = max(self.explore if self.alpha is None else 0.0, getattr(self.budget, "floor", 0.0))
        shares = np.append(np.geomspace(min(floor, 0.98), 0.999, 200), 1.0)
        prices = self.budget.price(shares)
        prices[-1] = 0.0
        costs = shares * prices
        # The expectation alone would try out as little as it may; then one error that is found stops everything.
        shown = costs * (1 + prices / max(2.0, self.budget.rate() * number / 4)) if self.alpha is None else costs
        chosen = np.argmin(shares + np.exp(_PRICES)[:, None] * shown, axis=1)
        self._best, spent = shares[chosen], costs[chosen]
        aim = _STEADY * self.budget.rate() + self.budget.available(number) / (_AHEAD * number)
        low, high = -3.0, 14.0
        if aim <= 0:
            self._log_price = 8.0
            return
        wrong, often = np.exp(log_wrong), self._seen / number
        for _ in range(20):
            middle = (low + high) / 2
            places = np.rint((log_wrong + middle - _LOWEST) / _STEP).clip(0, len(_PRICES) - 1).astype(np.int64)
            if often * float(np.mean(wrong * spent[places])) > aim:
                low = middle
            else:
                high = middle
        self._log_price = high


_LOWEST, _STEP = -8.0, 0.06
_PRICES = _LOWEST + _STEP * np.arange(300)
"""Logarithms of an error's price times its probability."""


def features(look: Look) -> tuple[float, ...]:
    """Return what the model is told of a prompt: all of it is seen by a cache.

    Groups are entries known to hold one answer. Where the entries beside the nearest one are of its group, it is more
    likely right; where another group is as near, or many are, less. How near all of them are tells how crowded it is.
    """
    cosines, own = look.similarities, look.entry.group
    first, count = cosines[0], len(cosines)
    votes: dict[int, float] = {}
    members, other = 0, None
    for cosine, entry in zip(cosines, look.entries, strict=True):
        group = entry.group
        votes[group] = votes.get(group, 0.0) + math.exp(_SHARPNESS * (cosine - first))
        if group == own:
            members += 1
        elif other is None:
            other = cosine
    total = sum(votes.values())
    vote = votes.pop(own)
    share = members / count
    return (
        1.0,
        first,
        first - (cosines[-1] if other is None else other),
        share,
        share * first,
        float(other is None),
        math.log1p(look.number) / 10,
        vote / total,
        max(votes.values(), default=0.0) / total,
        len(votes) / count,
        cosines[min(1, count - 1)],
        cosines[-1],
        sum(cosines) / count,
    )


class _Memory:
    """Rows of numbers, of which the last so many are kept.

    Args:
        most: How many.
        width: Numbers a row.
    """

    def __init__(self, most: int, width: int) -> None:
        self._rows = np.zeros((64, width))
        self._most, self._count = most, 0

    def add(self, row: tuple[float, ...]) -> None:
        """Take in a row, in place of the oldest where there is no room."""
        place = self._count % self._most
        if place == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])[: self._most]
        self._rows[place] = row
        self._count += 1

    @property
    def rows(self) -> FloatArray:
        """What is kept, in no order."""
        return self._rows[: self._count]


def fit(told: FloatArray, labels: FloatArray, weights: FloatArray, *, ridge: float = 0.01) -> FloatArray:
    """Fit logistic regression by Newton's method.

    Args:
        told: (n, d), the first of them constant, which is not penalised.
        labels: (n,) of 0 and 1.
        weights: (n,).
        ridge: Penalty on squares.
    """
    found = np.zeros(told.shape[1])
    penalty = np.full(told.shape[1], ridge)
    penalty[0] = 1e-6
    for _ in range(25):
        p = 0.5 * (1 + np.tanh(told @ found / 2))
        slope = told.T @ (weights * (labels - p)) - penalty * found
        curve = (told.T * (weights * p * (1 - p) + 1e-9)) @ told + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        found = found + step * min(1.0, 20.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-5:
            break
    return found


def _product(first: float, second: float) -> float:
    return first * second


def _log_wrong(log_odds: float) -> float:
    """Return the logarithm of the probability of being wrong, from the log-odds of being right."""
    return -log_odds - math.log1p(math.exp(-log_odds)) if log_odds > 0 else -math.log1p(math.exp(log_odds))


def _log_wrong_of(log_odds: FloatArray) -> FloatArray:
    return np.asarray(-np.logaddexp(0.0, log_odds))
