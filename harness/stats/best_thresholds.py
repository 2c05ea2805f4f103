"""Oracle figures: what a detector reaches with the threshold that suits the measured items best.

They are optimistic, the more so the fewer items there are. At a maximum the threshold's own noise has no
first-order effect (envelope theorem), so the influences are those at the threshold chosen; intervals from them
cover the noise of the items, not the optimism.
"""

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray, FloatArray, IntArray
from harness.stats.levels import Levels, both_classes
from harness.stats.linearised import Linearised


def best_accuracy(
    scores: ArrayLike | Levels, labels: ArrayLike | None = None, *, as_published: bool = False
) -> Linearised:
    """Share of items called right at the threshold that makes this share greatest.

    Args:
        scores: shape (n,), higher = more likely positive; NaN = failed (influence NaN). Or `Levels`.
        labels: shape (n,), booleans or zeros and ones.
        as_published: follow the code of MULI (Hu et al. 2024): try only the thresholds that scikit-learn's
            ``roc_curve`` returns (infinity and corners of the curve), and call an item positive above a threshold,
            not at it. Some thresholds are then never tried, the one that calls every item positive among them.

    Raises:
        OneClassOnly: no positive or no negative item has a score.
        ShapeMismatch: the arrays are not aligned. OutOfRange: a label is neither 0 nor 1, or every score is
            NaN.
    """
    sorted_ = both_classes(scores, labels, metric="Best accuracy")
    false, true = sorted_.let_in
    right = true - false  # up to a constant, the items called right
    tried = _published_points(false, true) if as_published else np.arange(right.size)
    called = _called(sorted_, int(tried[right[tried].argmax()]))
    value = float((sorted_.positives[called].sum() + sorted_.negatives[~called].sum()) / sum(sorted_.counts))
    return sorted_.at_items(value, np.subtract(~called, value), np.subtract(called, value))


def best_balanced_accuracy(scores: ArrayLike | Levels, labels: ArrayLike | None = None) -> Linearised:
    """Balanced accuracy at the threshold that makes it greatest; arguments and errors as `best_accuracy`.

    The value is at least 0.5, since calling nothing positive is allowed.
    """
    sorted_ = both_classes(scores, labels, metric="Best balanced accuracy")
    false, true = sorted_.rates
    point = int((true - false).argmax())
    of_positives, of_negatives = true[point], 1 - false[point]
    called = _called(sorted_, point)
    return sorted_.of_classes(
        float(of_positives + of_negatives) / 2, (~called - of_negatives) / 2, (called - of_positives) / 2
    )


def best_f1(scores: ArrayLike | Levels, labels: ArrayLike | None = None) -> Linearised:
    """F1 at the threshold that makes it greatest; arguments and errors as `best_accuracy`."""
    sorted_ = both_classes(scores, labels, metric="Best F1")
    false, true = sorted_.let_in
    values = 2 * true / (true + false + true[-1])
    point = int(values.argmax())
    value = float(values[point])
    called = _called(sorted_, point).astype(np.float64)
    involved = (true[point] + false[point] + true[-1]) / sum(sorted_.counts)
    return sorted_.at_items(value, -value * called / involved, (2 * called - value * (called + 1)) / involved)


def _called(sorted_: Levels, point: int) -> BoolArray:
    """Mark the levels that are called positive if `point` levels are let in, shape (l,)."""
    return np.asarray(np.arange(sorted_.scores.size) >= sorted_.scores.size - point)


def _published_points(false: FloatArray, true: FloatArray) -> IntArray:
    """Numbers of levels strictly above the thresholds of ``roc_curve``, in its order.

    Without the point at zero, it keeps the first and last level, and those where either count bends.
    """
    bends = (np.diff(false[1:], 2) != 0) | (np.diff(true[1:], 2) != 0)
    kept = np.flatnonzero(np.concatenate([[True], bends, [True]])) if false.size > 2 else np.array([0])
    return np.concatenate([[0], kept]).astype(np.int64)
