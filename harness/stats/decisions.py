"""Metrics of yes/no decisions: scores above a threshold are called positive."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray
from harness.stats.errors import NothingCounted
from harness.stats.linearised import Linearised, Scored, scored, scored_two_classes


class Confusion(NamedTuple):
    """Number of items by class and by call."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def positives(self) -> int:
        """Count the items of the positive class."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        """Count the items of the negative class."""
        return self.false_positives + self.true_negatives

    @property
    def called(self) -> int:
        """Count the items that are called positive."""
        return self.true_positives + self.false_positives


def confusion(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.0) -> Confusion:
    """Count the decisions by call and class; arguments and errors as `true_positive_rate`.

    >>> from harness.stats import confusion
    >>> confusion([2.0, -1.0, 0.5, -3.0], [1, 1, 0, 0])
    Confusion(true_positives=1, false_positives=1, false_negatives=1, true_negatives=1)
    """
    items = scored(scores, labels)
    called = items.scores > threshold
    hits, calls, positives = (int(mask.sum()) for mask in (called & items.positive, called, items.positive))
    return Confusion(hits, calls - hits, positives - hits, called.size - calls - positives + hits)


def true_positive_rate(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.0) -> Linearised:
    """Share of positives that are called positive (recall, sensitivity).

    Args:
        scores: shape (n,), higher = more likely positive; NaN = failed (influence NaN).
        labels: shape (n,), booleans or zeros and ones. Negatives are not needed.
        threshold: scores strictly above it are called positive; 0 suits log-odds.

    Returns:
        A number in [0, 1], with influences; of independent items, prefer the exact interval of its counts
        (`clopper_pearson`).

    Raises:
        NothingCounted: there is no positive item.
        ShapeMismatch: the arrays are not aligned. OutOfRange: a label is neither 0 nor 1, or every score is
            NaN.
    """
    items = scored(scores, labels)
    return _share(items, items.scores > threshold, items.positive, "True positive rate", "positive items")


def false_positive_rate(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.0) -> Linearised:
    """Share of negatives that are called positive; arguments and errors as `true_positive_rate`, of negatives."""
    items = scored(scores, labels)
    return _share(items, items.scores > threshold, ~items.positive, "False positive rate", "negative items")


def precision(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.0) -> Linearised:
    """Share of the items called positive that are positive; arguments and errors as `true_positive_rate`."""
    items = scored(scores, labels)
    what = f"items called positive (score above {threshold:g})"
    return _share(items, items.positive, items.scores > threshold, "Precision", what)


def f1(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.0) -> Linearised:
    """F1 of the positive class, 2 TP / (2 TP + FP + FN) (van Rijsbergen 1979).

    Args:
        scores: shape (n,), higher = more likely positive; NaN = failed (influence NaN).
        labels: shape (n,), booleans or zeros and ones.
        threshold: scores strictly above it are called positive; 0 suits log-odds.

    Returns:
        A number in [0, 1], with the influences of a ratio of means (delta method).

    Raises:
        OneClassOnly: no positive or no negative item has a score.
        ShapeMismatch: the arrays are not aligned. OutOfRange: a label is neither 0 nor 1, or every score is
            NaN.
    """
    items = scored_two_classes(scores, labels, metric="F1")
    called = items.scores > threshold
    hits = 2.0 * (called & items.positive)
    involved = called.astype(np.float64) + items.positive
    value = float(hits.sum() / involved.sum())
    return items.linearised(value, (hits - value * involved) / involved.mean())


def balanced_accuracy(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.0) -> Linearised:
    """Mean of the shares of positives and negatives that are called right; arguments and errors as `f1`."""
    items = scored_two_classes(scores, labels, metric="Balanced accuracy")
    right = ((items.scores > threshold) == items.positive).astype(np.float64)
    share = items.positive.mean()
    of_positives, of_negatives = right[items.positive].mean(), right[~items.positive].mean()
    centred = np.where(items.positive, (right - of_positives) / share, (right - of_negatives) / (1 - share))
    return items.linearised((of_positives + of_negatives) / 2, centred / 2)


def _share(items: Scored, success: BoolArray, among: BoolArray, metric: str, of: str) -> Linearised:
    """Compute the share of some items that succeed, as a ratio of means."""
    if not among.any():
        raise NothingCounted(metric, of, n=among.size)
    value = float((success & among).sum() / among.sum())
    return items.linearised(value, among * (success - value) / among.mean())
