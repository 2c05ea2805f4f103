"""The share of positives caught at a low false positive rate, and its uncertainty.

Two things are uncertain: the threshold, which the negatives set, and the share of positives above it. Standard
errors (from influences) and intervals (from counts) hold both.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import FloatArray, require_probability
from harness.stats.errors import OutOfRange
from harness.stats.intervals import Interval, clopper_pearson
from harness.stats.levels import Levels, both_classes
from harness.stats.linearised import Linearised

# A rate such as 0.07 of 100 negatives must let in 7 of them, whatever the rounding.
_SLACK = 1 + 1e-12
_NAME = "True positive rate at a false positive rate"


class OperatingPoint(NamedTuple):
    """The most permissive threshold whose false positive rate is at most a given one."""

    threshold: float
    """Lowest score called positive; infinite if none is."""
    true_positives: int
    false_positives: int
    positives: int
    negatives: int
    tied: int
    """Number of items whose score is the threshold."""
    tied_below: int
    """Number of items at the next lower score: calling all of them positive would exceed the rate."""


def operating_point(scores: ArrayLike | Levels, labels: ArrayLike | None = None, *, rate: float) -> OperatingPoint:
    """Find the threshold of `true_positive_rate_at_false_positive_rate`; arguments and errors as there.

    >>> from harness.stats import operating_point
    >>> point = operating_point([3, 2, 1, 0, -1, -2], [1, 1, 0, 1, 0, 0], rate=0.4)
    >>> point.threshold, point.true_positives, point.false_positives
    (0.0, 3, 1)
    """
    sorted_ = _checked(scores, labels, rate)
    false, true = sorted_.let_in
    point = _last_within(sorted_.rates[0], rate)
    at_level = np.concatenate([[0.0], (sorted_.positives + sorted_.negatives)[::-1], [0.0]])
    threshold = math.inf if point == 0 else float(sorted_.scores[-point])
    counts = (true[point], false[point], true[-1], false[-1], at_level[point], at_level[point + 1])
    return OperatingPoint(threshold, *map(int, counts))


def true_positive_rate_at_false_positive_rate(
    scores: ArrayLike | Levels, labels: ArrayLike | None = None, rate: float = 0.01, *, interpolated: bool = False
) -> Linearised:
    """Share of positives caught by the most permissive threshold whose false positive rate is at most `rate`.

    If scores tie, the whole level is let in or kept out. With `interpolated`, as many items of the level are let in,
    at random, as make the false positive rate exactly `rate`: the straight line between two points of the ROC curve.
    The influences include the noise of the threshold, which the negatives set: moving the false positive rate by
    d moves the value by d times the slope of the ROC curve (Hsieh and Turnbull 1996). The slope is a difference
    quotient of the ROC curve over one standard error of the false positive rate to either side.

    Args:
        scores: as `auroc`.
        labels: as `auroc`.
        rate: largest false positive rate allowed, 0 to 1.
        interpolated: let in ties at random, as above.

    Raises:
        UnusableData: as `auroc`; OutOfRange also if `rate` is outside [0, 1].
    """
    sorted_ = _checked(scores, labels, rate)
    false_rates, true_rates = sorted_.rates
    point, part = _position(false_rates, rate, interpolated=interpolated)
    value = _caught(true_rates, point, part)
    called = _let_in(sorted_, point, part)
    # With less than a whole false positive, it is the greatest negative that sets the threshold.
    first = int(np.searchsorted(false_rates, 0.0, side="right"))
    setting, false_rate = called, _caught(false_rates, point, part)
    if point < first:
        setting, false_rate = _let_in(sorted_, first, 0.0), float(false_rates[first])
    slope = _slope(false_rates, true_rates, rate, float(sorted_.counts[1]))
    return sorted_.of_classes(value, -slope * (setting - false_rate), called - value)


def true_positive_rate_interval(
    scores: ArrayLike | Levels,
    labels: ArrayLike | None = None,
    rate: float = 0.01,
    *,
    interpolated: bool = False,
    confidence: float = 0.95,
) -> Interval:
    """Compute an interval for the share of positives above the threshold of the true false positive rate `rate`.

    That threshold is not known. The number of negatives above it is binomial, so with the given confidence the
    threshold lies between two order statistics of the negatives, whatever their distribution (Thompson 1936). The
    shares caught at these two bound the value as far as the threshold goes. The noise of the positives is Clopper and
    Pearson's.
    The two parts of each half of the interval add in squares (Zou and Donner 2008).

    With fewer than ln(2 / (1 - confidence)) = 3.7 negatives expected above the threshold, it may lie above all of
    them, and the lower end is 0. Items must be independent.

    Args:
        scores: as `auroc`.
        labels: as `auroc`.
        rate: as `true_positive_rate_at_false_positive_rate`.
        interpolated: as `true_positive_rate_at_false_positive_rate`.
        confidence: coverage of the interval.

    Raises:
        UnusableData: as `true_positive_rate_at_false_positive_rate`; OutOfRange also if `confidence` is outside (0, 1).
    """
    require_probability(confidence, "confidence")
    sorted_ = _checked(scores, labels, rate)
    false, true = sorted_.let_in
    positives, negatives = sorted_.counts
    value = _caught(sorted_.rates[1], *_position(sorted_.rates[0], rate, interpolated=interpolated))
    tail = (1 - confidence) / 2
    fewest, most = _binomial_quantiles((tail, 1 - tail), negatives, rate)
    strictest, loosest = (float(true[_last_count(false, count)]) / positives for count in (fewest - 1, most))
    low, high = clopper_pearson(value * positives, positives, confidence=confidence)
    below = math.hypot(max(value - strictest, 0.0), value - low)
    above = math.hypot(max(loosest - value, 0.0), high - value)
    return max(0.0, value - below), min(1.0, value + above)


def _checked(scores: ArrayLike | Levels, labels: ArrayLike | None, rate: float) -> Levels:
    if not 0 <= rate <= 1:
        raise OutOfRange(f"rate must lie in [0, 1], not {rate!r}.")
    return both_classes(scores, labels, metric=_NAME)


def _position(false_rates: FloatArray, rate: float, *, interpolated: bool) -> tuple[int, float]:
    """Return the number of levels to let in, and the share of the next level."""
    point = _last_within(false_rates, rate)
    if not interpolated or point == false_rates.size - 1:
        return point, 0.0
    width = false_rates[point + 1] - false_rates[point]
    return point, max(0.0, float((rate - false_rates[point]) / width))


def _caught(rates: FloatArray, point: int, part: float) -> float:
    """Return the rate if `point` levels are let in, and a share of the next one."""
    return float(rates[point] + (part * (rates[point + 1] - rates[point]) if part else 0.0))


def _let_in(sorted_: Levels, point: int, part: float) -> FloatArray:
    """Return how much of each level is let in, shape (l,), in ascending order."""
    called = np.zeros(sorted_.scores.size)
    called[called.size - point :] = 1.0
    if part:
        called[called.size - point - 1] = part
    return called


def _last_within(false_rates: FloatArray, rate: float) -> int:
    """Return the number of levels to let in without exceeding the rate."""
    return int(np.searchsorted(false_rates, rate * _SLACK, side="right")) - 1


def _last_count(false: FloatArray, count: int) -> int:
    """Return the number of levels to let in with at most `count` false positives; 0 if `count` is below 0."""
    return max(0, int(np.searchsorted(false, count, side="right")) - 1) if count >= 0 else 0


def _binomial_quantiles(probabilities: tuple[float, ...], n: int, rate: float) -> list[int]:
    """Return the least counts that n trials do not exceed with these probabilities."""
    from scipy.special import bdtr

    reach = 40 + 12 * math.sqrt(n * rate * (1 - rate))  # what lies beyond has no weight
    first = max(0, int(n * rate - reach))
    counts = np.arange(first, min(n, int(n * rate + reach)) + 1)
    at_most = bdtr(counts, n, rate)
    return [min(n, first + int(np.searchsorted(at_most, p))) for p in probabilities]


def _slope(false_rates: FloatArray, true_rates: FloatArray, rate: float, negatives: float) -> float:
    """Compute the slope of the ROC curve around `rate`, over one standard error of the rate to either side."""
    reach = max(math.sqrt(rate * (1 - rate) / negatives), 1 / negatives)
    low, high = max(0.0, rate - reach), min(1.0, rate + reach)
    left, right = np.interp([low, high], false_rates, true_rates)
    return float(right - left) / (high - low)
