"""Win probabilities and odds of covariates, from fitted Bradley-Terry strengths."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import FloatArray, require_probability, sigmoid, student_quantile
from harness.stats.bradley_terry import BradleyTerry
from harness.stats.errors import OutOfRange, ShapeMismatch

# Of the variance that the model expects: less is rounding, not variation.
_NO_VARIATION = 1e-16


@dataclass(frozen=True, slots=True)
class WithInterval:
    """Several values with their standard errors and intervals, each of one shape."""

    value: FloatArray
    stderr: FloatArray
    """NaN with fewer than two battles or clusters."""
    low: FloatArray
    high: FloatArray


def win_probabilities(fitted: BradleyTerry, *, against: int | None = None, confidence: float = 0.95) -> WithInterval:
    """Compute the probability that each player beats another, shape (m,), covariates and position being equal.

    Of one baseline that all others play, without covariates, position and prior, it is the weighted mean win rate. The
    standard error is that of the delta method, p (1 - p) times that of the log-odds; the interval is Student's t on the
    log-odds, carried back, so that it stays between 0 and 1. Where no variation was seen, as of ties alone, the
    variance that the model expects of one battle a cluster stands in for none.

    Args:
        fitted: strengths.
        against: the other player; None: the anchor.
        confidence: coverage of the intervals.

    Raises:
        OutOfRange: there is neither `against` nor an anchor, or it is no player.

    >>> from harness.stats import fit, win_probabilities
    >>> win_probabilities(fit([1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0.5, 0], anchor=0)).value.round(3).tolist()
    [0.5, 0.625]
    """
    require_probability(confidence, "confidence")
    m = len(fitted.strengths)
    other = fitted.anchor if against is None else against
    if other is None or not 0 <= other < m:
        raise OutOfRange(f"against must be a player between 0 and {m - 1} where there is no anchor, not {against!r}.")
    gap = fitted.strengths - fitted.strengths[other]
    seen = _variance_against(fitted.covariance, other)
    expected = _variance_against(fitted.model_covariance[:m, :m], other) * np.maximum(fitted.battles_per_cluster, 1.0)
    variance = np.where(seen <= _NO_VARIATION * expected, expected, seen)
    variance[other] = 0.0
    return _carried_back(gap, variance, fitted.degrees_of_freedom, confidence, sigmoid, lambda p: p * (1.0 - p))


def odds_ratios(
    fitted: BradleyTerry, differences: ArrayLike | None = None, *, confidence: float = 0.95
) -> WithInterval:
    """Compute what differences of covariates multiply the odds of winning by: exp(difference @ coefficients).

    Args:
        fitted: strengths with k coefficients.
        differences: shape (r, k), in units of `fitted.scales`; None: one unit of each covariate alone, and behind them
            being shown first if there is a position intercept (against not knowing; twice as far from shown second).
        confidence: coverage of the intervals.

    Raises:
        ShapeMismatch: `differences` does not have k columns.
    """
    require_probability(confidence, "confidence")
    m, k = len(fitted.strengths), len(fitted.coefficients)
    parameters = np.concatenate([fitted.coefficients, [] if math.isnan(fitted.position) else [fitted.position]])
    if differences is None:
        rows = np.eye(len(parameters))
    else:
        given = np.asarray(differences, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != k:
            raise ShapeMismatch(f"differences must have shape (r, {k}), not {given.shape}.")
        rows = np.pad(given, ((0, 0), (0, len(parameters) - k)))
    covariance = fitted.joint_covariance[m:, m:]
    variance = np.einsum("ri,ij,rj->r", rows, covariance, rows)
    return _carried_back(rows @ parameters, variance, fitted.degrees_of_freedom, confidence, np.exp, lambda odds: odds)


def _variance_against(covariance: FloatArray, other: int) -> FloatArray:
    """Return the variances of the differences from one player, shape (m,), none negative."""
    own = np.diag(covariance)
    return np.asarray(np.maximum(own + own[other] - 2 * covariance[:, other], 0.0))


def _carried_back(
    centre: FloatArray,
    variance: FloatArray,
    freedom: float,
    confidence: float,
    carry: Callable[[FloatArray], FloatArray],
    slope: Callable[[FloatArray], FloatArray],
) -> WithInterval:
    """Carry values and intervals in nats to another scale, of which `slope` gives the derivative there."""
    error = np.sqrt(variance)
    reach = student_quantile(0.5 + confidence / 2, degrees_of_freedom=freedom) if freedom > 0 else math.nan
    value = carry(centre)
    return WithInterval(value, slope(value) * error, carry(centre - reach * error), carry(centre + reach * error))
