"""Prediction intervals from leave-one-out residuals; the only assumption is that units are exchangeable."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import as_vector, require_probability, require_same_shape

_ROUNDING = 1e-9


class PredictionInterval(NamedTuple):
    """Bounds for a new unit's outcome, in the outcome's unit; infinite if n units cannot carry the level."""

    low: float
    high: float
    level: float
    """The nominal coverage 1 - alpha, usually attained."""
    guaranteed: float
    """1 - 2 alpha, which holds for any procedure and any distribution (Barber et al. 2021, theorem 1)."""


def jackknife_plus(predictions: ArrayLike, residuals: ArrayLike, *, level: float = 0.95) -> PredictionInterval:
    """Compute the jackknife+ interval (Barber, Candès, Ramdas and Tibshirani 2021, section 1.2).

    Args:
        predictions: predictions for the new unit by the procedure fitted without unit i, shape (n,).
        residuals: absolute error of that fit on unit i, shape (n,).
        level: nominal coverage 1 - alpha, strictly between 0 and 1.

    Returns:
        From the floor(alpha (n + 1))-th smallest of prediction - residual to the ceil((1 - alpha) (n + 1))-th
        smallest of prediction + residual; infinite on both sides where alpha (n + 1) < 1.
    """
    require_probability(level, "level")
    mean, error = as_vector(predictions, "predictions"), as_vector(residuals, "residuals")
    require_same_shape(mean, error, "predictions and residuals")
    alpha = 1 - level
    rank = math.floor(alpha * (mean.size + 1) + _ROUNDING)
    guaranteed = max(0.0, 1 - 2 * alpha)
    if rank < 1:
        return PredictionInterval(-math.inf, math.inf, level, guaranteed)
    # The ranks mirror each other: ceil((1 - alpha)(n + 1)) = n + 1 - floor(alpha (n + 1)).
    low, high = np.sort(mean - error)[rank - 1], np.sort(mean + error)[mean.size - rank]
    return PredictionInterval(float(low), float(high), level, guaranteed)


def highest_level(n: int) -> float:
    """Return the largest nominal level at which n units give a finite interval: 1 - 1 / (n + 1)."""
    return 1 - 1 / (n + 1)


def units_needed(level: float) -> int:
    """Return the smallest n whose interval at this level is finite: 1 / (1 - level) - 1, rounded up."""
    require_probability(level, "level")
    return math.ceil(1 / (1 - level) - 1 - _ROUNDING)
