"""Correlations between noisy measurements: the share of variance that is no noise, and the noise-free correlation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import as_vector, require_same_shape
from harness.stats.errors import OutOfRange, ShapeMismatch


class Disattenuated(NamedTuple):
    """A correlation corrected for noise in its two variables."""

    value: float
    """In [-1, 1]; NaN if a reliability is not positive, or not known."""
    clipped: bool
    """Whether the correction went beyond 1, so that the value is the bound itself."""


def reliability(values: ArrayLike, stderrs: ArrayLike) -> float:
    """Share of the variance between units that is not measurement noise: 1 - mean(stderr^2) / var(values).

    Args:
        values: shape (n,), any unit.
        stderrs: standard errors of the values, independent of each other, shape (n,), same unit.

    Returns:
        At most 1; zero or negative if the values spread no more than noise alone would; NaN if a standard error is
        NaN, if the values are all equal, or if n < 2.
    """
    x, errors = as_vector(values, "values"), as_vector(stderrs, "stderrs")
    require_same_shape(x, errors, "values and stderrs")
    if x.size < 2 or not np.ptp(x) > 0:
        return math.nan
    return float(1 - np.mean(errors**2) / x.var(ddof=1))


def reliability_from_replicates(values: ArrayLike, replicates: ArrayLike) -> float:
    """Compute the reliability from joint replicates, such as bootstrap draws, whose errors may be dependent.

    A shift that a whole draw shares does not count as noise, since it changes no correlation.

    Args:
        values: shape (n,), any unit.
        replicates: shape (n, b), column = one draw of all units, same unit.

    Raises:
        ShapeMismatch: the arrays are not aligned. OutOfRange: fewer than two replicates.
    """
    x, draws = as_vector(values, "values"), np.asarray(replicates, dtype=np.float64)
    if draws.ndim != 2 or draws.shape[0] != x.size:
        raise ShapeMismatch(f"replicates must have shape (n, b) with n = {x.size}, not {draws.shape}.")
    if draws.shape[1] < 2:
        raise OutOfRange("at least two replicates are needed.")
    if x.size < 2 or not np.ptp(x) > 0:
        return math.nan
    errors = draws - draws.mean(axis=1, keepdims=True)
    spread = errors.var(axis=0, ddof=1).mean() * draws.shape[1] / (draws.shape[1] - 1)
    return float(1 - spread / x.var(ddof=1))


def disattenuate(correlation: float, *reliabilities: float) -> Disattenuated:
    """Correlation between the true values: r / sqrt(reliability of x times reliability of y) (Spearman 1904).

    >>> from harness.stats import disattenuate
    >>> round(disattenuate(0.6, 0.8, 0.9).value, 3)
    0.707
    """
    if any(not share > 0 for share in reliabilities):
        return Disattenuated(math.nan, False)
    value = correlation / math.sqrt(math.prod(reliabilities))
    return Disattenuated(max(-1.0, min(1.0, value)), abs(value) > 1)
