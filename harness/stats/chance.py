"""What statistics of scores and labels are expected to be where the labels are dealt to the scores at random.

The scores stay as they are, ties included, and so does the number of positives: every way to deal the labels is as
likely. The expectations are exact and need no draws.
"""

import math

import numpy as np

from harness.stats._arrays import FloatArray
from harness.stats.levels import Levels

_SLACK = 1 + 1e-12
"""As where the threshold is sought: a rate such as 0.07 of 100 negatives lets in 7 of them, whatever the rounding."""


def average_precision_by_chance(sorted_: Levels) -> float:
    """Return the expected average precision: the share of positives, and more by about log(n) / n where no scores tie.

    A positive whose level ends at place k has precision (1 + the other positives among the k - 1 others) / k.

    >>> from harness.stats import levels
    >>> average_precision_by_chance(levels([1, 1, 1, 1], [1, 0, 0, 0]))
    0.25
    >>> round(average_precision_by_chance(levels([4, 3, 2, 1], [1, 0, 0, 0])), 4)  # (1 + 1/2 + 1/3 + 1/4) / 4
    0.5208
    """
    share, ends, others = _from_the_top(sorted_)
    return float(share @ ((1 + (ends - 1) * others) / ends))


def auprc_trapezoid_by_chance(sorted_: Levels) -> float:
    """Return the expected area under straight lines between the points of the precision-recall curve.

    >>> from harness.stats import levels
    >>> auprc_trapezoid_by_chance(levels([1, 1, 1, 1], [1, 0, 0, 0]))  # (1 + share of positives) / 2
    0.625
    """
    share, ends, others = _from_the_top(sorted_)
    before = np.full(len(ends), others)  # the precision down to the level above: others only
    before[0] = 1.0
    return float(share @ (((1 + (ends - 1) * others) / ends + before) / 2))


def true_positive_rate_by_chance(sorted_: Levels, rate: float, *, interpolated: bool = False) -> float:
    """Return the expected true positive rate at the lowest threshold with a false positive rate of at most `rate`.

    Without ties it is (j + 1) / (N + 1), where N negatives allow j false positives: as many positives lie between two
    negatives as anywhere. A level with ties counts as far as no more than j negatives lie in it or above. With
    `interpolated`, which lets ties in at random, it is `rate` itself, to within one negative.

    >>> from harness.stats import levels
    >>> true_positive_rate_by_chance(levels(range(20), [1, 0] * 10), 0.1) == 2 / 11
    True
    """
    positives, negatives = sorted_.counts
    allowed = math.floor(rate * negatives * _SLACK)
    n = positives + negatives
    if len(sorted_.scores) == n:
        return (allowed + 1) / (negatives + 1)
    if interpolated:
        return rate
    share, ends, _ = _from_the_top(sorted_)
    return float(share @ _at_most(allowed, negatives, n - 1)[ends.astype(np.int64) - 1])


def _from_the_top(sorted_: Levels) -> tuple[FloatArray, FloatArray, float]:
    """Return the share of items at each level, the place at which it ends, and the share of positives among others."""
    positives, negatives = sorted_.counts
    n = positives + negatives
    sizes = (sorted_.positives + sorted_.negatives)[::-1]
    return sizes / n, np.cumsum(sizes), (positives - 1) / max(n - 1, 1)


def _at_most(most: int, marked: int, total: int) -> FloatArray:
    """Return how likely at most `most` marked items are among 0, 1, ... `total` drawn ones, shape (total + 1,).

    One more draw goes beyond where `most` are there already and the next one is marked too.
    """
    drawn = np.arange(total, dtype=np.float64)
    logs = _log_choose(marked, most) + _log_choose(total - marked, drawn - most) - _log_choose(total, drawn)
    beyond = np.exp(logs) * (marked - most) / (total - drawn)
    return np.asarray(np.clip(1 - np.concatenate([[0.0], np.cumsum(beyond)]), 0.0, 1.0))


def _log_choose(n: FloatArray | int, k: FloatArray | int) -> FloatArray:
    """Return log of n over k; minus infinity where there is no such choice."""
    from scipy.special import gammaln  # heavy for a package that every command loads

    n, k = np.asarray(n, dtype=np.float64), np.asarray(k, dtype=np.float64)
    possible = (k >= 0) & (k <= n)
    safe = np.where(possible, k, 0.0)
    logs = gammaln(n + 1) - gammaln(safe + 1) - gammaln(n - safe + 1)
    return np.asarray(np.where(possible, logs, -np.inf))
