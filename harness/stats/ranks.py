"""Rank correlations between two orderings, and ranks of models with their uncertainty."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_vector,
    normal_quantile,
    require_at_least,
    require_probability,
    require_same_shape,
)
from harness.stats.errors import OutOfRange, ShapeMismatch
from harness.stats.estimate import Estimate, not_available


class Ranks(NamedTuple):
    """Ranks of m models, 1 = best; each array of shape (m,)."""

    rank: IntArray
    """1 + the number of models with a greater value."""
    low: IntArray
    """1 + the number of models significantly better."""
    high: IntArray
    """m - the number of models significantly worse."""


def pearson(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Pearson's correlation with Fisher's interval: tanh(atanh(r) +- z / sqrt(n - 3)) (Fisher 1921).

    Args:
        x: shape (n,), any unit; NaN = missing.
        y: shape (n,), aligned with `x`; a pair with a NaN is left out and counted as failed.
        confidence: coverage of the interval, under normality.

    Returns:
        NaN throughout if x or y is constant or n < 2; with n < 4 the interval is [-1, 1] and the standard
        error NaN. A correlation of exactly 1 or -1 has an interval without width: there is no residual to
        estimate a width from.

    Raises:
        ShapeMismatch: x and y are not aligned. OutOfRange: an infinite value, or `confidence` outside (0, 1).
    """
    a, b, n_failed = _pairs(x, y)
    value = _correlation(a, b)
    n = a.size
    return _fisher(value, value, _variance(1.0, n - 3), n, n_failed, confidence)


def spearman(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Spearman's rho (average ranks for ties) with variance (1 + rho^2 / 2) / (n - 3) on Fisher's scale.

    The variance is that of Bonett and Wright (2000). A perfect rho has no finite Fisher transform; its
    interval starts from the nearest value that another ordering could have had, 1 - 12 / (n (n^2 - 1)).
    Arguments, NaN and errors as `pearson`.

    >>> from harness.stats import spearman
    >>> correlation = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    >>> round(correlation.value, 3), correlation.n
    (0.8, 5)
    """
    a, b, n_failed = _pairs(x, y, finite=False)
    value = _correlation(_average_ranks(a), _average_ranks(b))
    n = a.size
    nearest = 1 - 12 / (n * (n * n - 1)) if n > 1 else 0.0
    anchor = _clip(value, nearest)
    return _fisher(value, anchor, _variance(1 + anchor**2 / 2, n - 3), n, n_failed, confidence)


def kendall(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Kendall's tau-b with variance 0.437 / (n - 4) on Fisher's scale (Fieller, Hartley and Pearson 1957).

    A perfect tau starts its interval from the nearest value that another ordering could have had,
    1 - 4 / (n (n - 1)). Arguments, NaN and errors as `pearson`, but n < 5 gives the interval [-1, 1].
    """
    a, b, n_failed = _pairs(x, y, finite=False)
    n = a.size
    value = math.nan
    if n > 1 and np.ptp(_average_ranks(a)) > 0 and np.ptp(_average_ranks(b)) > 0:
        from scipy.stats import kendalltau

        value = float(kendalltau(a, b, variant="b", method="asymptotic").statistic)
    nearest = 1 - 4 / (n * (n - 1)) if n > 1 else 0.0
    return _fisher(value, _clip(value, nearest), _variance(0.437, n - 4), n, n_failed, confidence)


def significantly_better(
    values: ArrayLike, covariance: ArrayLike, *, confidence: float = 0.95, comparisons: int = 1
) -> BoolArray:
    """Tell which models are better than which, by z-tests of pairwise differences.

    Args:
        values: shape (m,), higher is better, any unit.
        covariance: covariance of the values, shape (m, m), unit squared; shared items make it far from diagonal.
        confidence: 1 - the two-sided error rate of the family of tests.
        comparisons: number of tests to protect together (Bonferroni); 1 = each on its own.

    Returns:
        Shape (m, m); entry (i, j) is true if i is significantly better than j.

    Raises:
        ShapeMismatch: the shapes do not fit. OutOfRange: a NaN or infinite entry, `confidence` outside (0,
            1), or `comparisons` below 1.
    """
    require_probability(confidence, "confidence")
    require_at_least(comparisons, 1, "comparisons")
    level, spread = as_vector(values, "values"), np.asarray(covariance, dtype=np.float64)
    if spread.shape != (level.size, level.size):
        raise ShapeMismatch(f"covariance must have shape {(level.size, level.size)}, not {spread.shape}.")
    if not (np.isfinite(level).all() and np.isfinite(spread).all()):
        raise OutOfRange("values and covariance must be finite; leave out models without an estimate.")
    variance = np.diag(spread)
    stderr = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - spread - spread.T, 0.0))
    z = normal_quantile(1 - (1 - confidence) / (2 * comparisons))
    return np.asarray(level[:, None] - level[None, :] > z * stderr)


def rank_intervals(
    values: ArrayLike, covariance: ArrayLike, *, confidence: float = 0.95, adjusted: bool = True
) -> Ranks:
    """Rank models with intervals: 1 + number of models significantly better, to m - number significantly worse.

    With `adjusted`, each test is protected for the m - 1 comparisons its model takes part in (Bonferroni), so
    that each model's interval covers its true rank with probability `confidence` (compare Mogstad et al.
    2024). Without, each pair is tested on its own, as public leaderboards do; the intervals are then too
    short. Errors as `significantly_better`.

    Args:
        values: as `significantly_better`.
        covariance: as `significantly_better`.
        confidence: as `significantly_better`.
        adjusted: whether to protect each model's m - 1 tests together.
    """
    level = as_vector(values, "values")
    m = level.size
    comparisons = max(1, m - 1) if adjusted else 1
    better = significantly_better(level, covariance, confidence=confidence, comparisons=comparisons)
    rank = 1 + (level[None, :] > level[:, None]).sum(axis=1)
    return Ranks(rank, 1 + better.sum(axis=0), m - better.sum(axis=1))


def tied_with_best(
    values: ArrayLike, covariance: ArrayLike, *, confidence: float = 0.95, adjusted: bool = True
) -> BoolArray:
    """Mark the models, shape (m,), that no other model is significantly better than.

    The truly best model is marked with probability `confidence` at least (adjusted). Errors as `rank_intervals`.

    Args:
        values: as `rank_intervals`.
        covariance: as `rank_intervals`.
        confidence: as `rank_intervals`.
        adjusted: as `rank_intervals`.
    """
    ranks = rank_intervals(values, covariance, confidence=confidence, adjusted=adjusted)
    return np.asarray(ranks.low == 1)


def _pairs(x: ArrayLike, y: ArrayLike, *, finite: bool = True) -> tuple[FloatArray, FloatArray, int]:
    """Return the complete pairs, and the number of incomplete ones."""
    a, b = as_vector(x, "x"), as_vector(y, "y")
    require_same_shape(a, b, "x and y")
    kept = ~(np.isnan(a) | np.isnan(b))
    a, b = a[kept], b[kept]
    if finite and not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise OutOfRange("x and y must be finite for Pearson's correlation.")
    return a, b, int((~kept).sum())


def _correlation(a: FloatArray, b: FloatArray) -> float:
    """Compute Pearson's r of complete pairs; NaN if either is constant."""
    if a.size < 2 or (a == a[0]).all() or (b == b[0]).all():
        return math.nan
    # Scaling first keeps the squares of very large or very small numbers representable.
    a, b = (v / np.abs(v).max() for v in (a - a.mean(), b - b.mean()))
    return float(np.clip(a @ b / math.sqrt(float(a @ a) * float(b @ b)), -1.0, 1.0))


def _average_ranks(values: FloatArray) -> FloatArray:
    """Rank values from 1; ties share their average."""
    _, level, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[level])


def _clip(value: float, nearest: float) -> float:
    """Keep `value` away from +-1; NaN stays NaN."""
    return math.nan if math.isnan(value) else min(max(value, -nearest), nearest)


def _variance(numerator: float, denominator: int) -> float:
    return numerator / denominator if denominator > 0 else math.nan


def _fisher(value: float, anchor: float, variance: float, n: int, n_failed: int, confidence: float) -> Estimate:
    """Compute interval and delta-method standard error from a variance on the scale of atanh."""
    require_probability(confidence, "confidence")
    if math.isnan(value):
        return not_available(n=n, n_failed=n_failed, confidence=confidence)
    if math.isnan(variance):
        return Estimate(value, math.nan, -1.0, 1.0, n, n_failed, confidence=confidence)
    if abs(anchor) == 1:
        return Estimate(value, 0.0, value, value, n, n_failed, confidence=confidence)
    reach = normal_quantile(0.5 + confidence / 2) * math.sqrt(variance)
    low, high = math.tanh(math.atanh(anchor) - reach), math.tanh(math.atanh(anchor) + reach)
    stderr = (1 - anchor**2) * math.sqrt(variance)
    return Estimate(value, stderr, min(low, value), max(high, value), n, n_failed, confidence=confidence)
