"""A metric's value together with the contribution of each item to its uncertainty."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray, FloatArray, as_vector, require_same_shape
from harness.stats.errors import OneClassOnly, OutOfRange


class Linearised(NamedTuple):
    """A value and its influences, as `estimate_from_influence` and `paired_difference` take them."""

    value: float
    """The metric, in its own unit."""
    influence: FloatArray
    """Shape (n,), same unit, mean zero over the items kept; NaN = the item failed."""


class Scored(NamedTuple):
    """Scores and labels of the items that have a score, and the places of these items among all."""

    scores: FloatArray
    """Shape (k,)."""
    positive: BoolArray
    """Shape (k,)."""
    kept: BoolArray
    """Shape (n,), true for the k items with a score."""

    def linearised(self, value: float, influence: FloatArray) -> Linearised:
        """Spread influences of the kept items, shape (k,), over all n items."""
        return spread(self.kept, value, influence)


def spread(kept: BoolArray, value: float, influence: FloatArray) -> Linearised:
    """Return a value with the influences of the kept items, shape (k,), spread over all n."""
    if kept.all():
        return Linearised(float(value), influence)
    everyone = np.full(kept.shape, np.nan)
    everyone[kept] = influence
    return Linearised(float(value), everyone)


def scored(scores: ArrayLike, labels: ArrayLike) -> Scored:
    """Check scores and labels, and leave out the items whose score is NaN.

    Args:
        scores: shape (n,), higher = more likely positive; NaN = failed.
        labels: shape (n,), booleans or zeros and ones.

    Raises:
        ShapeMismatch: the arrays are not aligned. OutOfRange: a label is neither 0 nor 1, or no score is
            left.
    """
    values, truth = as_vector(scores, "scores"), np.asarray(labels)
    require_same_shape(values, truth, "scores and labels")
    if truth.dtype != np.bool_ and not ((truth == 0) | (truth == 1)).all():
        raise OutOfRange("labels must be 0 or 1 (or booleans), without NaN.")
    kept = ~np.isnan(values)
    if not kept.any():
        raise OutOfRange(f"none of the {values.size} scores is usable (all NaN).")
    return Scored(values[kept], truth[kept] == 1, kept)


def scored_two_classes(scores: ArrayLike, labels: ArrayLike, *, metric: str) -> Scored:
    """Return `scored`; raise `OneClassOnly`, naming `metric`, unless the kept items are of both classes."""
    items = scored(scores, labels)
    positives = int(items.positive.sum())
    negatives = items.positive.size - positives
    if positives == 0 or negatives == 0:
        raise OneClassOnly(metric, positives=positives, negatives=negatives)
    return items


def scored_log_odds(log_odds: ArrayLike, labels: ArrayLike) -> Scored:
    """Return `scored`; raise `OutOfRange` if log-odds are infinite, for which losses are not defined."""
    items = scored(log_odds, labels)
    if np.isinf(items.scores).any():
        raise OutOfRange("log-odds must be finite: an infinite one makes the loss of the other class infinite.")
    return items
