"""From per-item influences to an estimate with an interval.

A statistic T of n items is linearised: T_hat - T is close to the mean of the influences psi_i, one an item.
For a mean, psi_i = x_i - mean; for other metrics see `classification`, `decisions` and `calibration`. One
function then gives every metric its standard error, clustered if need be, and an interval that respects the
bounds of the metric:

```
all values 0 or 1, no clusters            Wilson's score interval
value strictly inside its bounds          Student t on the logit scale, carried back (delta method)
value on a bound, no variation seen       Clopper-Pearson with one trial a cluster
no bounds                                 Student t
```

Student's t has one degree of freedom less than there are equal clusters, and fewer where clusters are unequal
(`cluster_robust`).
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import (
    FloatArray,
    as_vector,
    normal_quantile,
    require_probability,
    student_quantile,
)
from harness.stats.cluster_robust import Spread, spread_of
from harness.stats.errors import OutOfRange
from harness.stats.estimate import Estimate, not_available

# Influences are computed with rounding; below this, relative to the range of the metric, they count as equal.
_ROUNDING = 1e-12

Interval = tuple[float, float]


def mean_estimate(
    values: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    bounds: Interval | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate the mean of per-item values, with its interval.

    Args:
        values: shape (n,), any unit; NaN = the item failed (left out, counted).
        clusters: labels of shape (n,); items that share one are not independent.
        bounds: the least and the greatest value possible; pass (0, 1) for accuracies and the like.
        confidence: coverage of the interval.

    Raises:
        UnusableData: as `estimate_from_influence`.

    >>> from harness.stats import mean_estimate
    >>> estimate = mean_estimate([1, 0, 1, 1, float("nan")], bounds=(0, 1))
    >>> estimate.value, estimate.n, estimate.n_failed
    (0.75, 4, 1)
    >>> round(estimate.low, 3), round(estimate.high, 3)
    (0.301, 0.954)
    """
    items = as_vector(values, "values")
    kept = items[~np.isnan(items)]
    value = float(kept.mean()) if kept.size else math.nan
    return estimate_from_influence(value, items - value, clusters=clusters, bounds=bounds, confidence=confidence)


def estimate_from_influence(
    value: float,
    influence: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    bounds: Interval | None = None,
    trials: int | None = None,
    classes: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate a statistic whose influences are known, with its interval.

    Args:
        value: the statistic on the items that have an influence.
        influence: shape (n,), unit of `value`, mean zero; NaN = the item failed (left out, counted).
        clusters: labels of shape (n,). The standard error is the bias-reduced cluster-robust one (CR2,
            `cluster_robust`): of G equal clusters sqrt(G / (G - 1) * sum_g (sum of psi in g)^2) / n (Cameron and
            Miller 2015); without labels each item is its own cluster, which gives sd(ddof=1) / sqrt(n).
        bounds: least and greatest value possible; the interval stays between them.
        trials: the number of independent trials behind a value that sits on a bound with no variation seen;
            the number of clusters unless given. Pass min(positives, negatives) for metrics that compare two
            classes.
        classes: codes of shape (n,), from 0 up, of classes within each of which the influences have mean zero, such
            as those of positives and of negatives on balanced accuracy; -1 where the value does not rest on the item.
        confidence: coverage of the interval.

    Returns:
        `n` is the number of kept items. No kept item: NaN throughout. One kept item or one cluster, of all or of a
        class: the standard error is NaN and the interval is `bounds`, or NaN without them.

    Raises:
        OutOfRange: an influence is infinite, `value` lies outside `bounds`, or `confidence` outside (0, 1).
        ShapeMismatch: `influence`, `clusters` or `classes` does not have one entry an item.

    >>> from harness.stats import auroc, estimate_from_influence
    >>> area = auroc([0.9, 0.4, 0.6, 0.1], [1, 1, 0, 0])
    >>> estimate = estimate_from_influence(area.value, area.influence, bounds=(0, 1))
    >>> estimate.value, round(estimate.stderr, 3)
    (0.75, 0.289)
    """
    require_probability(confidence, "confidence")
    everyone = as_vector(influence, "influence")
    kept = ~np.isnan(everyone)
    psi = everyone[kept]
    n, n_failed = psi.size, everyone.size - psi.size
    if n == 0 or math.isnan(value):
        return not_available(n=n, n_failed=n_failed, confidence=confidence)
    value = _checked(float(value), psi, bounds)
    spread = spread_of(psi, clusters=clusters, classes=classes, kept=kept)
    if math.isnan(spread.stderr):
        low, high = bounds or (math.nan, math.nan)
    elif clusters is None and trials is None and classes is None and _is_binary_mean(value, psi, bounds):
        low, high = wilson(round(value * n), n, confidence=confidence)
    else:
        low, high = _interval(value, spread, bounds, trials or spread.clusters, confidence)
    return Estimate(value, spread.stderr, low, high, n, n_failed, confidence=confidence)


def wilson(successes: float, n: int, *, confidence: float = 0.95) -> Interval:
    """Compute Wilson's score interval for a probability (Wilson 1927; recommended by Brown, Cai and DasGupta 2001).

    Args:
        successes: number of successes among n independent trials; fractions are allowed.
        n: number of trials; 0 gives (0, 1).
        confidence: coverage of the interval.

    Raises:
        OutOfRange: `successes` outside [0, n], or `confidence` outside (0, 1).

    >>> from harness.stats import wilson
    >>> [round(end, 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    _check_trials(successes, n, confidence)
    if n == 0:
        return 0.0, 1.0
    z = normal_quantile(0.5 + confidence / 2)
    share, shrink = successes / n, 1.0 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def clopper_pearson(successes: float, n: int, *, confidence: float = 0.95) -> Interval:
    """Compute the exact interval for a probability, conservative at every n (Clopper and Pearson 1934).

    Arguments, units and errors as for `wilson`.

    >>> from harness.stats import clopper_pearson
    >>> [round(end, 3) for end in clopper_pearson(10, 10)]
    [0.692, 1.0]
    """
    _check_trials(successes, n, confidence)
    if n == 0:
        return 0.0, 1.0
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def _checked(value: float, psi: FloatArray, bounds: Interval | None) -> float:
    """Check `value` and influences, and remove rounding beyond the bounds from `value`."""
    if not math.isfinite(value) or not np.isfinite(psi).all():
        raise OutOfRange(f"value ({value!r}) and influences must be finite; mark failed items with NaN.")
    if bounds is None:
        return value
    least, greatest = bounds
    slack = _ROUNDING * (greatest - least)
    if not least - slack <= value <= greatest + slack:
        raise OutOfRange(f"value {value!r} lies outside its bounds {bounds}.")
    return min(max(value, least), greatest)


def _check_trials(successes: float, n: int, confidence: float) -> None:
    require_probability(confidence, "confidence")
    if not 0 <= successes <= n:
        raise OutOfRange(f"successes must lie between 0 and n = {n}, not {successes!r}.")


def _is_binary_mean(value: float, psi: FloatArray, bounds: Interval | None) -> bool:
    """Tell whether the influences are those of the mean of zeros and ones."""
    if bounds not in (None, (0, 1)) or not 0 <= value <= 1:
        return False
    if value in (0, 1) and bounds is None:
        return False  # a constant 0 or 1 that nobody said is a share
    one_or_zero = np.minimum(np.abs(psi - (1 - value)), np.abs(psi + value))
    return bool(one_or_zero.max() < _ROUNDING)


def _interval(value: float, spread: Spread, bounds: Interval | None, trials: int, confidence: float) -> Interval:
    """Compute the interval for everything but plain means of zeros and ones."""
    stderr = spread.stderr
    t = student_quantile(0.5 + confidence / 2, degrees_of_freedom=spread.degrees_of_freedom)
    if bounds is None:
        return value - t * stderr, value + t * stderr
    least, greatest = bounds
    width = greatest - least
    share = (value - least) / width
    if 0.0 < share < 1.0:
        centre = math.log(share / (1 - share))
        reach = t * stderr / width / (share * (1 - share))
        low, high = least + width * _expit(centre - reach), least + width * _expit(centre + reach)
        return min(low, value), max(high, value)  # the way there and back rounds
    if stderr > _ROUNDING * width:
        return max(least, value - t * stderr), min(greatest, value + t * stderr)
    low, high = clopper_pearson(trials * round(share), trials, confidence=confidence)
    return least + width * low, least + width * high


def _expit(log_odds: float) -> float:
    """Return the sigmoid of one number."""
    return 0.5 * (1 + math.tanh(log_odds / 2))
