"""Win rates of many against many: the share of shared items, or of battles, that one wins against another.

A tie counts half, so the two rates of a pair add up to one. Between models that a task measures, a game is an item that
both answered, won by the model whose figure is better; between the sides of battles, a game is a battle.

Games that are independent have the interval of Bonett and Price (2012) for the difference of two paired proportions:
wins and losses with one added to each. Unlike the normal interval it has a width where all games are ties, and covers
where few are not; a game that is won in part counts in part, which errs on the wide side. Clustered games have the
cluster-robust interval of every mean, widened as paired differences are where few clusters are uneven; where all
clusters are even, the former with the clusters as games.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_vector,
    normal_quantile,
    require_same_shape,
    student_quantile,
)
from harness.stats._rare_differences import with_pseudo_pair
from harness.stats.errors import ShapeMismatch
from harness.stats.estimate import Estimate
from harness.stats.intervals import mean_estimate

# Relative to the largest figure of either: a gap this small is rounding.
_ROUNDING = 1e-12


class WinRates(NamedTuple):
    """Win rates of each of m players, down, against each other player, across; shapes (m, m), NaN on the diagonal."""

    rate: FloatArray
    """Share of games won, ties half; NaN if two players have no game."""
    low: FloatArray
    """Lower end of the confidence interval."""
    high: FloatArray
    """Upper end of the confidence interval."""
    games: IntArray
    """Number of games of each pair; 0 on the diagonal."""


def win_rate(
    one: ArrayLike,
    other: ArrayLike,
    *,
    higher_is_better: bool = True,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate the share of items on which the first model has the better figure; errors as for `win_rates`.

    Args:
        one: figures of the first model, shape (n,), any unit; NaN = the model failed on that item.
        other: figures of the second model on the same items, shape (n,).
        higher_is_better: False where the lower figure wins.
        clusters: labels of shape (n,); items that share one are not independent.
        confidence: coverage of the interval.
    """
    a, b = as_vector(one, "one"), as_vector(other, "other")
    require_same_shape(a, b, "one and other")
    credit = 0.5 + (0.5 if higher_is_better else -0.5) * _won(a, b)
    return _mean_credit(credit, clusters, confidence)


def win_rates(
    figures: ArrayLike,
    *,
    higher_is_better: bool = True,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> WinRates:
    """Count how often each of m models has the better figure against each other, on the same n items.

    Args:
        figures: shape (m, n), any unit; NaN = the model failed on that item, which is then no game of its pairs.
        higher_is_better: False where the lower figure wins.
        clusters: labels of shape (n,); items that share one are not independent.
        confidence: coverage of the intervals.

    Raises:
        ShapeMismatch: `figures` is not a matrix, or `clusters` does not have one entry an item.

    >>> from harness.stats import win_rates
    >>> rates = win_rates([[1, 1, 0, 1], [0, 1, 0, 0]])
    >>> rates.rate.tolist()
    [[nan, 0.75], [0.25, nan]]
    """
    rows = np.asarray(figures, dtype=np.float64)
    if rows.ndim != 2:
        raise ShapeMismatch(f"figures must have the shape (models, items), not {rows.shape}.")
    options: dict[str, Any] = {"clusters": clusters, "higher_is_better": higher_is_better, "confidence": confidence}
    pairs = ((i, j, win_rate(rows[i], rows[j], **options)) for i in range(len(rows)) for j in range(i))
    return _matrix(len(rows), pairs)


def battle_win_rates(
    first: ArrayLike,
    second: ArrayLike,
    credit: ArrayLike,
    *,
    n_players: int,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> WinRates:
    """Count the share of battles that each player won against each other.

    Args:
        first: shape (n,), the first player of each battle, from 0.
        second: shape (n,), the second player.
        credit: shape (n,), credit of the first player: 1, 0, or a share between; NaN = undecided, which is no game.
        n_players: number of players, m.
        clusters: labels of shape (n,); battles that share one are not independent.
        confidence: coverage of the intervals.

    Raises:
        ShapeMismatch: the arrays do not have one entry a battle.
    """
    one, other = np.asarray(first), np.asarray(second)
    won = as_vector(credit, "credit")
    require_same_shape(one, won, "first and credit")
    require_same_shape(other, won, "second and credit")
    labels = None if clusters is None else np.asarray(clusters)
    # The later player of each pair is the one whose credit is counted, whoever was named first.
    code = np.maximum(one, other) * n_players + np.minimum(one, other)
    credit_of_later = np.where(one >= other, won, 1.0 - won)
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    pairs = []
    for rows in np.split(order, starts[1:]):
        later, earlier = divmod(int(code[rows[0]]), n_players) if len(rows) else (0, 0)
        if later != earlier:
            labels_here = None if labels is None else labels[rows]
            pairs.append((later, earlier, _mean_credit(credit_of_later[rows], labels_here, confidence)))
    return _matrix(n_players, pairs)


def _mean_credit(credit: FloatArray, clusters: ArrayLike | None, confidence: float) -> Estimate:
    """Estimate the mean credit of the games."""
    e = mean_estimate(credit, clusters=clusters, bounds=(0.0, 1.0), confidence=confidence)
    if not e.n:
        return e
    kept = ~np.isnan(credit)
    if clusters is not None and e.stderr != 0.0:
        return _uneven_rarely(e, 2.0 * credit[kept] - 1.0, clusters, kept)
    games = e.n if clusters is None else len(np.unique(np.asarray(clusters)[kept]))
    balance = 2.0 * credit[kept] - 1.0  # won less lost, of each game
    share = games / (games + 2.0)
    won, lost = (share * float(np.maximum(sign * balance, 0.0).mean()) + 1.0 / (games + 2.0) for sign in (1, -1))
    reach = normal_quantile(0.5 + confidence / 2) * math.sqrt((won + lost - (won - lost) ** 2) / (games + 2.0))
    low, high = (0.5 + 0.5 * (won - lost + side * reach) for side in (-1, 1))
    return dataclasses.replace(e, low=max(0.0, min(low, e.value)), high=min(1.0, max(high, e.value)))


def _uneven_rarely(e: Estimate, balance: FloatArray, clusters: ArrayLike, kept: BoolArray) -> Estimate:
    """Widen the estimate if only few clusters of games are uneven."""
    rare = with_pseudo_pair(balance, 1.0, clusters, kept)
    if rare is None or math.isnan(rare[1].stderr) or math.isnan(e.stderr):
        return e
    centre, spread = rare
    quantile = student_quantile(0.5 + e.confidence / 2, degrees_of_freedom=spread.degrees_of_freedom)
    low, high = (0.5 + 0.5 * (centre + side * quantile * spread.stderr) for side in (-1, 1))
    return dataclasses.replace(e, low=max(0.0, min(e.low, low)), high=min(1.0, max(e.high, high)))


def _won(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return, with shape (n,), 1 if the first is higher, -1 if lower, 0 if both are equal; NaN if one is unknown."""
    finite = np.isfinite(one) & np.isfinite(other)
    largest = np.abs(np.concatenate([one[finite], other[finite]])).max(initial=0.0)
    with np.errstate(invalid="ignore"):  # both infinite
        same = (one == other) | (finite & (np.abs(one - other) <= _ROUNDING * largest))
    both_known = ~(np.isnan(one) | np.isnan(other))
    return np.where(both_known, np.where(same, 0.0, np.where(one > other, 1.0, -1.0)), math.nan)


def _matrix(m: int, pairs: Iterable[tuple[int, int, Estimate]]) -> WinRates:
    """Fill in both sides of every pair from the estimate of its first player."""
    rate, low, high = (np.full((m, m), math.nan) for _ in range(3))
    games = np.zeros((m, m), dtype=np.int64)
    for i, j, e in pairs:
        rate[i, j], low[i, j], high[i, j] = e.value, e.low, e.high
        rate[j, i], low[j, i], high[j, i] = 1 - e.value, 1 - e.high, 1 - e.low
        games[i, j] = games[j, i] = e.n
    return WinRates(rate, low, high, games)
