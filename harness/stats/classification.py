"""Areas under curves: how well scores separate positive from negative items, whatever the threshold.

Each function returns the metric and its exact influences. Ties between scores are treated by the standard
definitions: equal scores cross a threshold together. Everything starts from the `Levels`: the distinct
scores in ascending order, with the positives and negatives at each.
When a metric sits on its bound (a perfect separation), pass trials = min(positives, negatives) to
`estimate_from_influence`. The rarer class decides how far intervals from influences can be trusted; for an AUROC close
to its bound take the wider of that interval and `auroc_interval`. `benchmarks/coverage.py` simulates how often the
intervals cover.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import FloatArray, normal_quantile, require_at_least, require_probability
from harness.stats.errors import OutOfRange
from harness.stats.intervals import Interval
from harness.stats.levels import Levels, both_classes
from harness.stats.linearised import Linearised

_HALVINGS = 50


def auroc(scores: ArrayLike | Levels, labels: ArrayLike | None = None) -> Linearised:
    """Area under the ROC curve: the probability that a positive outscores a negative, ties counting half.

    Args:
        scores: shape (n,), higher = more likely positive; NaN = failed (influence NaN). Infinite scores are
            ranked. Or `Levels`, which hold the labels too.
        labels: shape (n,), booleans or zeros and ones.

    Returns:
        A probability. The influences are DeLong's structural components (DeLong, DeLong and Clarke-Pearson
        1988), centred and divided by the share of their class; the fast way is Sun and Xu (2014).

    Raises:
        OneClassOnly: no positive or no negative item has a score.
        ShapeMismatch: the arrays are not aligned. OutOfRange: a label is neither 0 nor 1, or every score is
            NaN.

    >>> from harness.stats import auroc
    >>> auroc([0.9, 0.4, 0.6, 0.1], [1, 1, 0, 0]).value
    0.75
    """
    sorted_ = both_classes(scores, labels, metric="AUROC")
    positives, negatives = sorted_.counts
    below = (np.cumsum(sorted_.negatives) - sorted_.negatives / 2) / negatives
    above = 1 - (np.cumsum(sorted_.positives) - sorted_.positives / 2) / positives
    value = float(below @ sorted_.positives) / positives
    return sorted_.of_classes(value, above - value, below - value)


def auroc_interval(value: float, positives: float, negatives: float, *, confidence: float = 0.95) -> Interval:
    """Compute Newcombe's interval for an area under the ROC curve from the area and the class sizes alone.

    This is method 5 of Newcombe (2006): the areas A with |value - A| <= z sqrt(V(A)), where V(A) = A (1 - A) (1 + N ((1
    - A) / (2 - A) + A / (1 + A))) / (positives negatives), N = (positives + negatives) / 2 - 1, is the variance of
    Hanley and McNeil (1982) made symmetric in the classes. Like Wilson's interval it has a width where the value is 1.

    Args:
        value: the area, 0 to 1.
        positives: number of positive items, at least 1.
        negatives: number of negative items, at least 1.
        confidence: coverage of the interval.

    Raises:
        OutOfRange: `value` outside [0, 1], a class below one item, or `confidence` outside (0, 1).
    """
    require_probability(confidence, "confidence")
    require_at_least(min(positives, negatives), 1, "the smaller class")
    if not 0 <= value <= 1:
        raise OutOfRange(f"value must lie in [0, 1], not {value!r}.")
    z = normal_quantile(0.5 + confidence / 2)
    other = (positives + negatives) / 2 - 1

    def too_far(area: float) -> bool:
        spread = (1 - area) / (2 - area) + area / (1 + area)
        variance = area * (1 - area) * (1 + other * spread) / (positives * negatives)
        return abs(value - area) > z * math.sqrt(variance)

    return _border(too_far, 0.0, value), _border(too_far, 1.0, value)


def _border(too_far: Callable[[float], bool], outside: float, inside: float) -> float:
    """Find, by halving, the end towards `outside` of an interval around `inside`."""
    if inside == outside:
        return outside
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2
        if too_far(middle):
            outside = middle
        else:
            inside = middle
    return inside


def partial_auroc(scores: ArrayLike | Levels, labels: ArrayLike | None = None, *, rate: float) -> Linearised:
    """Area under the ROC curve up to a false positive rate, scaled to 0.5 for chance and 1 for perfection.

    With A the area, between `rate`^2/2 (chance) and `rate` (perfect): (1 + (A - chance) / (perfect - chance))
    / 2 (McClish 1989), as scikit-learn's ``max_fpr``. Ties are let in along a straight line.

    The influences are exact: A is piecewise linear in the true positive rates and quadratic in the shares of
    negatives at each level, and the last level is let in only up to `rate`.

    Args:
        scores: as `auroc`.
        labels: as `auroc`.
        rate: false positive rate at which the area ends, above 0, at most 1.

    Raises:
        UnusableData: as `auroc`; OutOfRange also if `rate` is outside (0, 1].
    """
    if not 0 < rate <= 1:
        raise OutOfRange(f"rate must lie in (0, 1], not {rate!r}.")
    sorted_ = both_classes(scores, labels, metric="Partial AUROC")
    false, true = sorted_.rates
    width, rise = np.diff(false), np.diff(true)
    last = min(int(np.searchsorted(false, rate, side="left")), width.size) - 1  # the level that reaches the rate
    inside = np.clip(rate - false[:-1], 0.0, width)  # how much of each level's width counts
    let_in = np.divide(inside, width, out=(np.arange(width.size) < last).astype(np.float64), where=width > 0)
    area = float(np.sum(inside * (true[:-1] + rise * let_in / 2)))
    scale = 0.5 / (rate - rate * rate / 2)
    value = 0.5 + scale * (area - rate * rate / 2)
    # A positive at a level counts over all of the width below its level, and over half of what it shares.
    of_positives = np.cumsum(inside[::-1])[::-1] - inside * (1 - let_in / 2)
    # A negative at a level widens it, at the cost of width where the rate is reached.
    at_rate = true[last] + rise[last] * let_in[last]
    of_negatives = np.where(np.arange(width.size) < last, true[:-1] + rise / 2 - at_rate, 0.0)
    of_negatives[last] = -rise[last] * let_in[last] ** 2 / 2
    centred = of_negatives - of_negatives @ width, of_positives - area
    return sorted_.of_classes(value, *(scale * influence[::-1] for influence in centred))


def average_precision(scores: ArrayLike | Levels, labels: ArrayLike | None = None) -> Linearised:
    """Average precision: the mean over positive items of the precision at their score, without interpolation.

    This is sum_k (recall_k - recall_{k-1}) * precision_k over the distinct scores, as in scikit-learn.

    With A(t) and B(t) the shares of positives and of all items scoring at least t, a(t) the share of
    positives scoring t and pi = A(-inf), AP = (1/pi) sum_t a(t) A(t) / B(t). Its derivative in the direction
    of item i (Gateaux) gives, with all sums over t <= s_i,
    psi_i = (1/pi) [y_i A(s_i)/B(s_i) + y_i sum a/B - sum a A/B^2 - y_i AP].

    Arguments, NaN and errors as `auroc`.

    >>> from harness.stats import average_precision
    >>> round(average_precision([0.9, 0.4, 0.6, 0.1], [1, 1, 0, 0]).value, 3)
    0.833
    """
    sorted_ = both_classes(scores, labels, metric="Average precision")
    precision, shares, at_least = _precisions(sorted_)
    value = float(shares @ precision / shares.sum())
    return _area(sorted_, value, precision, shares, precision / at_least, 1 / at_least)


def auprc_trapezoid(scores: ArrayLike | Levels, labels: ArrayLike | None = None) -> Linearised:
    """Area under straight lines between the points of the precision-recall curve, from precision 1 at recall 0.

    Optimistic where scores tie (Davis and Goadrich 2006): a detector that gives every item the same score has
    (1 + prevalence) / 2, where its average precision is the prevalence. Arguments, NaN and errors as `auroc`.
    """
    sorted_ = both_classes(scores, labels, metric="Area under the precision-recall curve")
    precision, shares, at_least = _precisions(sorted_)
    middle = (precision + np.append(precision[1:], 1.0)) / 2
    value = float(shares @ middle / shares.sum())
    # The precision of a level is half the height over the recall that it adds, and half over what the next one adds.
    weight = (shares + np.concatenate([[0.0], shares[:-1]])) / 2
    return _area(sorted_, value, middle, weight, precision / at_least, 1 / at_least)


def _precisions(sorted_: Levels) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return at each level: precision of it and all above; share of positives at it; share of items at it or above."""
    n = sum(sorted_.counts)
    at_least = np.cumsum((sorted_.positives + sorted_.negatives)[::-1])[::-1]
    return np.cumsum(sorted_.positives[::-1])[::-1] / at_least, sorted_.positives / n, at_least / n


def _area(
    sorted_: Levels, value: float, height: FloatArray, weight: FloatArray, fall: FloatArray, gain: FloatArray
) -> Linearised:
    """Compute the influences on the mean of heights over positives, if precisions enter the heights with these weights.

    An item lowers the precision of its level and of all below by `fall`; a positive raises it by `gain` too.
    """
    prevalence = sorted_.positives.sum() / sum(sorted_.counts)
    of_all = np.cumsum(weight * fall)
    of_positives = height + np.cumsum(weight * gain) - value
    return sorted_.at_items(value, -of_all / prevalence, (of_positives - of_all) / prevalence)
