"""Scores sorted once, for every statistic that depends on their order.

A metric of detection depends on an item through two things only: the score that it ties with, and its class. So
everything is computed on the distinct scores (the levels), and carried back to the items at the end. Sorting
is most of the work; sort once with `levels`, and hand the result to every function in place of the scores.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray, FloatArray, IntArray
from harness.stats.errors import OneClassOnly
from harness.stats.linearised import Linearised, scored, spread


@dataclass(frozen=True)
class Levels:
    """The distinct scores in ascending order, with the number of items at each."""

    kept: BoolArray
    """Which of the n items have a score, shape (n,)."""
    scores: FloatArray
    """Shape (l,), ascending."""
    positives: FloatArray
    """Number of positive items at each level, shape (l,)."""
    negatives: FloatArray
    """Number of negative items at each level, shape (l,)."""
    code: IntArray
    """Level of each of the k items with a score, plus l where it is positive, shape (k,)."""

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Count the positive and the negative items."""
        return int(self.positives.sum()), int(self.negatives.sum())

    @cached_property
    def let_in(self) -> tuple[FloatArray, FloatArray]:
        """Count false and true positives after letting in 0, 1, ... levels from the top, shape (l + 1,) each."""
        return _from_the_top(self.negatives), _from_the_top(self.positives)

    @cached_property
    def rates(self) -> tuple[FloatArray, FloatArray]:
        """Return the points of the ROC curve: false and true positive rates, shape (l + 1,) each."""
        false, true = self.let_in
        return false / false[-1], true / true[-1]

    @cached_property
    def above_negatives(self) -> FloatArray:
        """Return the share of the negatives below each level, those at the level counting half, shape (l,).

        NaN without negatives. The area under the ROC curve is its mean over the positives.
        """
        below = np.cumsum(self.negatives) - self.negatives
        with np.errstate(invalid="ignore"):
            return np.asarray((below + self.negatives / 2) / self.negatives.sum())

    def at_items(self, value: float, of_negatives: FloatArray, of_positives: FloatArray) -> Linearised:
        """Return a value with the influence of each item, from those of the negatives and positives at each level."""
        return spread(self.kept, value, np.concatenate([of_negatives, of_positives])[self.code])

    def of_classes(self, value: float, of_negatives: FloatArray, of_positives: FloatArray) -> Linearised:
        """Return a value with the influence of each item, from influences within each class.

        These are divided by the share that the class has of all items.
        """
        positives, negatives = self.counts
        n = positives + negatives
        return self.at_items(value, of_negatives * (n / negatives), of_positives * (n / positives))


def levels(scores: ArrayLike, labels: ArrayLike) -> Levels:
    """Sort scores into levels, with the labels.

    Args:
        scores: shape (n,), higher = more likely positive; NaN = failed (influence NaN). Infinite scores are
            ranked.
        labels: shape (n,), booleans or zeros and ones. One class is enough.

    Raises:
        ShapeMismatch: the arrays are not aligned. OutOfRange: a label is neither 0 nor 1, or every score is
            NaN.
    """
    items = scored(scores, labels)
    distinct, level = np.unique(items.scores, return_inverse=True)
    code = np.asarray(level, dtype=np.int64) + distinct.size * items.positive
    counts = np.bincount(code, minlength=2 * distinct.size).astype(np.float64)
    return Levels(items.kept, distinct, counts[distinct.size :], counts[: distinct.size], code)


def ranks_among_negatives(scores: ArrayLike, labels: ArrayLike) -> FloatArray:
    """Return the share of the negatives that score below each item, ties half, shape (n,); NaN where a score is.

    Args:
        scores: shape (n,), as for `levels`.
        labels: shape (n,), 1 for positives and 0 for negatives.

    Raises:
        ShapeMismatch, OutOfRange: as `levels`.

    >>> ranks_among_negatives([3.0, 1.0, 2.0, 1.0], [1, 0, 1, 0]).tolist()
    [1.0, 0.5, 1.0, 0.5]
    """
    sorted_ = levels(scores, labels)
    ranks = np.full(len(sorted_.kept), np.nan)
    ranks[sorted_.kept] = sorted_.above_negatives[sorted_.code % len(sorted_.scores)]
    return ranks


def as_levels(scores: ArrayLike | Levels, labels: ArrayLike | None) -> Levels:
    """Return `scores` if they are sorted already, else `levels` of both.

    Raises:
        TypeError: scores come without labels. Others as `levels`.
    """
    if isinstance(scores, Levels):
        return scores
    if labels is None:
        raise TypeError("scores need labels beside them, unless they are Levels")
    return levels(scores, labels)


def both_classes(scores: ArrayLike | Levels, labels: ArrayLike | None, *, metric: str) -> Levels:
    """Return `as_levels`; raise `OneClassOnly`, naming `metric`, unless the items are of both classes."""
    sorted_ = as_levels(scores, labels)
    positives, negatives = sorted_.counts
    if positives == 0 or negatives == 0:
        raise OneClassOnly(metric, positives=positives, negatives=negatives)
    return sorted_


def _from_the_top(counts: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(counts[::-1])])
