"""Agreement of one table of ratings with another: the human-preference metrics of PPE (arXiv 2410.14872, section 4).

These are pure functions of ratings; both tables list the same models in the same order. NaN means not defined, as when
all ratings are equal.
"""

from __future__ import annotations

import numpy as np

from harness import FloatArray

from .elo import Ratings


def spearman(truth: Ratings, prediction: Ratings) -> FloatArray:
    """Compute Spearman's rho of the ratings, ties sharing their average rank; shape (...)."""
    return _correlation(truth.ranks, prediction.ranks)


def kendall(truth: Ratings, prediction: Ratings) -> FloatArray:
    """Compute Kendall's tau-b of the ratings; shape (...)."""
    a, b = truth.order, prediction.order
    scale = np.sqrt(np.abs(a).sum(axis=-1) * np.abs(b).sum(axis=-1))
    return _divide((a * b).sum(axis=-1), scale)


def separability(table: Ratings) -> FloatArray:
    """Compute the share of pairs of models with intervals that do not overlap; shape (...)."""
    return np.asarray(table.apart.mean(axis=-1))


def separable_by_test(table: Ratings, z: float) -> FloatArray:
    """Compute the share of pairs whose difference is more than ``z`` standard errors from zero; shape (...)."""
    return np.asarray((np.abs(table.gaps) > z * _difference_error(table)).mean(axis=-1))


def confidence_agreement(truth: Ratings, prediction: Ratings) -> FloatArray:
    """Average +1 (separated alike), -1 (the other way) or 0 (not separated) over the pairs that the truth separates.

    The result has shape (...); it is NaN if the truth separates no pair.
    """
    settled = truth.apart
    credit = np.where(settled & prediction.apart, truth.order * prediction.order, 0.0)
    return _divide(credit.sum(axis=-1), settled.sum(axis=-1).astype(np.float64))


def brier(truth: Ratings, prediction: Ratings) -> FloatArray:
    """Compute the mean squared error, over pairs, of the predicted probability that the first is rated lower."""
    from scipy.special import ndtr

    first, second = np.triu_indices(prediction.mean.shape[-1], 1)
    gap = (
        -prediction.gaps
        if prediction.mean is prediction.rating
        else (prediction.mean[..., second] - prediction.mean[..., first])
    )
    error = _difference_error(prediction)
    # Without error a gap is certain, and no gap is even odds: 0 x inf would be no number.
    certain = np.where(gap == 0, 0.0, np.copysign(np.inf, gap))
    below = ndtr(np.divide(gap, error, out=certain, where=error > 0))
    return np.asarray(np.mean((below - (truth.gaps < 0)) ** 2, axis=-1))


def row_wise_pearson(truth: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Correlate the two win rates of each model against the others, and average over models.

    Args:
        truth: (m, m) true win rates, NaN where two never met.
        prediction: (m, m) predicted win rates, NaN where two never met.

    Returns:
        The value, and its derivatives by the entries of both matrices, each (m, m).

    Raises:
        ValueError: no model has win rates that vary in both.

    Pairs that never met are left out.
    """
    met = ~(np.isnan(truth) | np.isnan(prediction))
    count = np.maximum(met.sum(axis=1, keepdims=True), 1)
    a, b = (np.where(met, table, 0.0) for table in (truth, prediction))
    a, b = (np.where(met, x - x.sum(axis=1, keepdims=True) / count, 0.0) for x in (a, b))
    squares = (a * a).sum(axis=1, keepdims=True), (b * b).sum(axis=1, keepdims=True)
    norm = np.sqrt(squares[0] * squares[1])
    usable = (norm > 1e-12)[:, 0]
    if not usable.any():
        raise ValueError("no model's win rates vary, so no row has a correlation")
    a, b, norm = a[usable], b[usable], norm[usable]
    r = (a * b).sum(axis=1, keepdims=True) / norm
    slopes = []
    for mine, other, square in ((a, b, squares[0][usable]), (b, a, squares[1][usable])):
        slope = np.zeros_like(truth)
        slope[usable] = (other / norm - r * mine / square) / len(r)
        slopes.append(slope)
    return float(r.mean()), slopes[0], slopes[1]


def _difference_error(table: Ratings) -> FloatArray:
    """Compute the standard errors of the differences of all pairs, (m (m - 1) / 2,)."""
    variance, (first, second) = np.diag(table.covariance), np.triu_indices(len(table.covariance), 1)
    return np.sqrt(np.maximum(variance[first] + variance[second] - 2 * table.covariance[first, second], 0.0))


def _correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    a, b = a - a.mean(axis=-1, keepdims=True), b - b.mean(axis=-1, keepdims=True)
    return _divide((a * b).sum(axis=-1), np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1)))


def _divide(value: FloatArray, by: FloatArray) -> FloatArray:
    """Divide; NaN where the divisor is 0, since all ratings are equal."""
    value = np.asarray(value, dtype=np.float64)
    return np.asarray(np.divide(value, by, out=np.full(value.shape, np.nan), where=np.asarray(by) > 0))
