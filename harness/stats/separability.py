"""How well a benchmark tells models apart, and how far it agrees with another: arXiv 2406.11939, section 3."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import FloatArray
from harness.stats.errors import OutOfRange, ShapeMismatch


def separability(low: ArrayLike, high: ArrayLike) -> float:
    """Compute the share of pairs of models whose intervals do not overlap (arXiv 2406.11939, section 3).

    Ends that touch do not overlap. NaN with fewer than two models; a pair with an unknown interval is not told apart.

    Args:
        low: lower ends, shape (m,).
        high: upper ends, shape (m,).

    >>> from harness.stats import separability
    >>> separability([0.1, 0.4, 0.6], [0.3, 0.7, 0.9])
    0.6666666666666666
    """
    apart = np.abs(_order(low, high))
    return float(apart.mean()) if apart.size else math.nan


def agreement_with_confidence(truth: Sequence[ArrayLike], predicted: Sequence[ArrayLike]) -> float:
    """Average 1 (told apart alike), -1 (the other way) or 0 (not told apart) over the pairs that the truth tells apart.

    (arXiv 2406.11939, section 3.) NaN if the truth tells no pair apart.

    Args:
        truth: lower and upper ends of the intervals of m models, by what is believed, such as people's votes.
        predicted: those of the same models by the benchmark.

    >>> from harness.stats import agreement_with_confidence
    >>> agreement_with_confidence(([0, 2, 4], [1, 3, 5]), ([0, 2, 1], [1, 3, 2.5]))
    0.6666666666666666
    """
    told, found = _order(*truth), _order(*predicted)
    if told.shape != found.shape:
        raise ShapeMismatch("truth and predicted must hold the intervals of the same models.")
    settled = told != 0
    return float((told * found)[settled].mean()) if settled.any() else math.nan


def pair_rank_brier(truth: ArrayLike, strengths: ArrayLike, covariance: ArrayLike) -> float:
    """Compute the mean squared error, over pairs, of the predicted probability that the first ranks above the second.

    (arXiv 2406.11939, section 3.) The probability is that of a normal difference of the predicted strengths.

    Args:
        truth: shape (m,), higher is better; two that are equal count as even.
        strengths: predicted, shape (m,), any unit.
        covariance: of the predicted strengths, shape (m, m).

    >>> from harness.stats import pair_rank_brier
    >>> pair_rank_brier([2.0, 1.0], [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])
    0.25
    """
    from scipy.special import ndtr

    known, value, spread = (np.asarray(array, dtype=np.float64) for array in (truth, strengths, covariance))
    m = known.size
    if known.shape != (m,) or value.shape != (m,) or spread.shape != (m, m):
        raise ShapeMismatch(f"truth, strengths and covariance must have shapes (m,), (m,), (m, m) with m = {m}.")
    one, other = np.triu_indices(m, 1)
    if not one.size:
        return math.nan
    gap = value[one] - value[other]
    error = np.sqrt(np.maximum(spread[one, one] + spread[other, other] - 2 * spread[one, other], 0.0))
    # Without error a gap is certain, and no gap is even odds: 0 x inf would be no number.
    certain = np.where(gap == 0, 0.0, np.copysign(np.inf, gap))
    above = ndtr(np.divide(gap, error, out=certain, where=error > 0))
    return float(np.mean((above - 0.5 - 0.5 * np.sign(known[one] - known[other])) ** 2))


def _order(low: ArrayLike, high: ArrayLike) -> FloatArray:
    """Return of every pair 1 if the first's interval lies above the second's, -1 if below, 0 if they overlap."""
    bottom, top = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if bottom.ndim != 1 or bottom.shape != top.shape:
        raise ShapeMismatch(f"low and high must have one value a model, not shapes {bottom.shape} and {top.shape}.")
    if (bottom > top).any():
        raise OutOfRange("a lower end lies above its upper end.")
    one, other = np.triu_indices(bottom.size, 1)
    # Two certain and equal values are not apart, though their ends touch.
    above = (bottom[one] >= top[other]) & (top[one] > bottom[other])
    below = (bottom[other] >= top[one]) & (top[other] > bottom[one])
    return above.astype(np.float64) - below
