"""Calibration: how far predicted probabilities are from the shares of positives.

Probabilities are given as log-odds, so that none loses precision.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import FloatArray, IntArray, require_at_least, sigmoid, sums_by_code
from harness.stats.errors import OutOfRange
from harness.stats.levels import Levels, as_levels
from harness.stats.linearised import Linearised, scored_log_odds


class ReliabilityBins(NamedTuple):
    """The bins of a reliability diagram that hold items, by ascending probability; each array of shape (b,)."""

    predicted: FloatArray
    """Mean predicted probability."""
    positives: FloatArray
    """Number of positive items."""
    items: FloatArray
    """Number of items."""
    variance: FloatArray
    """Variance of the number of positives if every probability were right."""


def brier(log_odds: ArrayLike, labels: ArrayLike) -> Linearised:
    """Mean squared difference between probability and label (Brier 1950), in [0, 1]; lower is better.

    Args:
        log_odds: of the positive class, nats, shape (n,); NaN = failed (influence NaN).
        labels: shape (n,), booleans or zeros and ones. One class is enough.

    Raises:
        ShapeMismatch: the arrays are not aligned.
        OutOfRange: infinite log-odds, a label neither 0 nor 1, or every log-odds is NaN.

    >>> from harness.stats import brier
    >>> round(brier([2.0, -2.0, 0.0], [1, 0, 1]).value, 3)
    0.093
    """
    items = scored_log_odds(log_odds, labels)
    # The probability of the wrong class, computed without subtracting from 1.
    losses = sigmoid(np.where(items.positive, -items.scores, items.scores)) ** 2
    value = float(losses.mean())
    return items.linearised(value, losses - value)


def log_loss(log_odds: ArrayLike, labels: ArrayLike) -> Linearised:
    """Mean negative log-probability of the label, nats; lower is better. Arguments and errors as `brier`."""
    items = scored_log_odds(log_odds, labels)
    losses = np.logaddexp(0.0, np.where(items.positive, -items.scores, items.scores))
    value = float(losses.mean())
    return items.linearised(value, losses - value)


def expected_calibration_error(
    log_odds: ArrayLike | Levels, labels: ArrayLike | None = None, *, bins: int = 15, equal_mass: bool = False
) -> Linearised:
    """Expected calibration error in [0, 1] over bins of the positive class's probability.

    sum over bins of (items in it / n) * |mean probability - share of positives| (Naeini et al. 2015; Guo et
    al. 2017). It is biased upward: a perfectly calibrated model gets `expected_if_calibrated`, about sqrt(bins /
    n), by chance; the influences, sign(bin) * (label - probability) - value, hold where a bin's miscalibration
    exceeds its noise. It also depends on the bins. Near zero prefer comparing with `brier`.

    Args:
        log_odds: as `brier`; or `Levels`.
        labels: as `brier`.
        bins: number of bins.
        equal_mass: bins of as equal numbers of items as ties allow, rather than of equal width. A probability
            on an edge of width belongs to the upper bin; equal scores share the bin of the middle one.

    Raises:
        UnusableData: as `brier`; OutOfRange also for `bins` below 1.
    """
    sorted_ = _finite(log_odds, labels)
    code = _bins(sorted_, bins, equal_mass=equal_mass)
    probability = sigmoid(sorted_.scores)
    excess = sums_by_code(code, sorted_.positives - _sizes(sorted_) * probability, bins)
    value = float(np.abs(excess).sum()) / sum(sorted_.counts)
    sign = np.sign(excess)[code]
    return sorted_.at_items(value, -sign * probability - value, sign * (1 - probability) - value)


def reliability_bins(
    log_odds: ArrayLike | Levels, labels: ArrayLike | None = None, *, bins: int = 15, equal_mass: bool = False
) -> ReliabilityBins:
    """Collect the bins that `expected_calibration_error` compares; errors as there.

    Args:
        log_odds: as `expected_calibration_error`.
        labels: as `expected_calibration_error`.
        bins: as `expected_calibration_error`.
        equal_mass: as `expected_calibration_error`.
    """
    sorted_ = _finite(log_odds, labels)
    code = _bins(sorted_, bins, equal_mass=equal_mass)
    probability, size = sigmoid(sorted_.scores), _sizes(sorted_)
    of_bins = [
        sums_by_code(code, part, bins)
        for part in (size * probability, sorted_.positives, size, size * probability * (1 - probability))
    ]
    predicted, positives, count, variance = (part[of_bins[2] > 0] for part in of_bins)
    return ReliabilityBins(predicted / count, positives, count, variance)


def expected_if_calibrated(bins: ReliabilityBins) -> float:
    """Compute the calibration error that chance gives if every probability is right.

    This is the sum over bins of the mean absolute value of a normal variate with the variance of the bin's positives.
    """
    return float(np.sqrt(bins.variance).sum() * math.sqrt(2 / math.pi) / bins.items.sum())


def _finite(log_odds: ArrayLike | Levels, labels: ArrayLike | None) -> Levels:
    sorted_ = as_levels(log_odds, labels)
    if not np.isfinite(sorted_.scores[[0, -1]]).all():
        raise OutOfRange("log-odds must be finite: an infinite one makes the loss of the other class infinite.")
    return sorted_


def _sizes(sorted_: Levels) -> FloatArray:
    return sorted_.positives + sorted_.negatives


def _bins(sorted_: Levels, bins: int, *, equal_mass: bool) -> IntArray:
    """Return the bin of each level, shape (l,)."""
    require_at_least(bins, 1, "bins")
    size = _sizes(sorted_)
    share = (np.cumsum(size) - size / 2) / size.sum() if equal_mass else sigmoid(sorted_.scores)
    return np.minimum((share * bins).astype(np.int64), bins - 1)
