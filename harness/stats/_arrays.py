"""Checks and small helpers that every file of this package shares."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats.errors import OutOfRange, ShapeMismatch

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
AnyArray = NDArray[Any]


def as_vector(values: ArrayLike, name: str) -> FloatArray:
    """Return `values` as float64 of shape (n,); raise `ShapeMismatch` for any other number of axes."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise ShapeMismatch(f"{name} must have one axis (one value an item), not shape {vector.shape}.")
    return vector


def require_same_shape(first: AnyArray, second: AnyArray, names: str) -> None:
    """Raise `ShapeMismatch` unless both arrays describe the same items."""
    if first.shape != second.shape:
        raise ShapeMismatch(f"{names} must have the same shape, not {first.shape} and {second.shape}.")


def require_probability(value: float, name: str) -> None:
    """Raise `OutOfRange` unless `value` lies strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise OutOfRange(f"{name} must lie strictly between 0 and 1, not {value!r}.")


def require_at_least(value: float, least: float, name: str) -> None:
    """Raise `OutOfRange` unless `value >= least`; NaN is refused too."""
    if not value >= least:
        raise OutOfRange(f"{name} must be at least {least}, not {value!r}.")


def sigmoid(log_odds: FloatArray) -> FloatArray:
    """Return the probability that log-odds, in nats, stand for; this never overflows."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def sums_by_code(codes: IntArray, values: AnyArray, count: int) -> FloatArray:
    """Sum `values`, shape (n,), over the items of each code 0..count-1; the sums have shape (count,)."""
    return np.bincount(codes, weights=values, minlength=count).astype(np.float64, copy=False)


def normal_quantile(probability: float) -> float:
    """Return the quantile of the standard normal distribution."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(probability)


def student_quantile(probability: float, *, degrees_of_freedom: float) -> float:
    """Return the quantile of Student's t; infinite degrees of freedom give the normal quantile."""
    if np.isinf(degrees_of_freedom):
        return normal_quantile(probability)
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, probability))
