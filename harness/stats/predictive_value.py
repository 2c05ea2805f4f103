"""The share of alarms that are true if the positive class is as rare as in use, not as in the test set."""

import math

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import require_probability
from harness.stats.decisions import confusion, false_positive_rate, true_positive_rate
from harness.stats.errors import NothingCounted, OneClassOnly
from harness.stats.intervals import Interval, clopper_pearson
from harness.stats.linearised import Linearised


def predictive_value(true_rate: float, false_rate: float, *, prevalence: float) -> float:
    """Positive predictive value by Bayes' rule: prevalence TPR / (prevalence TPR + (1 - prevalence) FPR).

    The value is NaN if both rates are 0, since there are no alarms.

    Raises:
        OutOfRange: `prevalence` outside (0, 1).

    >>> from harness.stats import predictive_value
    >>> round(predictive_value(0.425, 0.001, prevalence=0.001), 3)
    0.298
    """
    require_probability(prevalence, "prevalence")
    true, false = prevalence * true_rate, (1 - prevalence) * false_rate
    return true / (true + false) if true + false else math.nan


def predictive_value_slope(true_rate: float, false_rate: float, *, prevalence: float) -> tuple[float, float]:
    """Compute the derivatives of `predictive_value` in the true and in the false positive rate."""
    total = prevalence * true_rate + (1 - prevalence) * false_rate
    scale = prevalence * (1 - prevalence) / total**2
    return scale * false_rate, -scale * true_rate


def positive_predictive_value(
    scores: ArrayLike, labels: ArrayLike, *, prevalence: float, threshold: float = 0.0
) -> Linearised:
    """Share of scores above a threshold that are positive, if `prevalence` of all are.

    Args:
        scores: shape (n,), higher = more likely positive; NaN = failed (influence NaN).
        labels: shape (n,), booleans or zeros and ones.
        prevalence: share of positives to assume, between 0 and 1; the items' own share plays no part.
        threshold: scores strictly above it are called positive.

    Returns:
        A number in [0, 1], with the influences of both rates (delta method); with no false positive it is 1,
        and only `predictive_value_interval` says how certain that is.

    Raises:
        NothingCounted: nothing is called positive. OneClassOnly: no positive or no negative item has a score.
        ShapeMismatch: the arrays are not aligned. OutOfRange: a label is neither 0 nor 1, every score is NaN,
            or `prevalence` lies outside (0, 1).
    """
    counts = confusion(scores, labels, threshold=threshold)
    if not (counts.positives and counts.negatives):
        raise OneClassOnly("Positive predictive value", positives=counts.positives, negatives=counts.negatives)
    if not counts.called:
        what = f"items called positive (score above {threshold:g})"
        raise NothingCounted("Positive predictive value", what, n=counts.positives + counts.negatives)
    true, of_true = true_positive_rate(scores, labels, threshold=threshold)
    false, of_false = false_positive_rate(scores, labels, threshold=threshold)
    value = predictive_value(true, false, prevalence=prevalence)
    by_true, by_false = predictive_value_slope(true, false, prevalence=prevalence)
    return Linearised(value, np.asarray(by_true * of_true + by_false * of_false))


def predictive_value_interval(
    scores: ArrayLike, labels: ArrayLike, *, prevalence: float, threshold: float = 0.0, confidence: float = 0.95
) -> Interval:
    """Compute an interval for `positive_predictive_value` of independent items.

    The value is a function of the ratio of the two rates; the ratio's interval comes from Clopper and Pearson's
    interval of each rate (Donner and Zou 2012, equation 10). Errors as `positive_predictive_value`.

    Args:
        scores: as `positive_predictive_value`.
        labels: as `positive_predictive_value`.
        prevalence: as `positive_predictive_value`.
        threshold: as `positive_predictive_value`.
        confidence: coverage of the interval.
    """
    require_probability(prevalence, "prevalence")
    counts = confusion(scores, labels, threshold=threshold)
    true, false = counts.true_positives / counts.positives, counts.false_positives / counts.negatives
    true_ends = clopper_pearson(counts.true_positives, counts.positives, confidence=confidence)
    false_ends = clopper_pearson(counts.false_positives, counts.negatives, confidence=confidence)
    low, high = _ratio_interval(true, true_ends, false, false_ends)
    odds = prevalence / (1 - prevalence)
    return odds * low / (1 + odds * low), 1.0 if math.isinf(high) else odds * high / (1 + odds * high)


def _ratio_interval(first: float, first_ends: Interval, second: float, second_ends: Interval) -> Interval:
    """Compute an interval for first / second, not both 0, from an interval for each."""
    (l1, u1), (l2, u2) = first_ends, second_ends
    product = first * second
    root = math.sqrt(max(0.0, product**2 - l1 * u2 * (2 * first - l1) * (2 * second - u2)))
    # The paper's (product - root) / (u2 (2 second - u2)), multiplied out, since that denominator may be 0.
    low = l1 * (2 * first - l1) / (product + root) if l1 else 0.0
    root = math.sqrt(max(0.0, product**2 - u1 * l2 * (2 * first - u1) * (2 * second - l2)))
    return low, (product + root) / (l2 * (2 * second - l2)) if l2 else math.inf
