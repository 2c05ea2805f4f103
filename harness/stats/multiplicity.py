"""Many tests at once: p-values adjusted so that false discoveries, or any false one, are controlled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats._arrays import FloatArray, as_vector
from harness.stats.errors import OutOfRange


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values by Benjamini and Hochberg (1995): rejecting values up to q keeps the false discovery rate at q.

    This holds for independent and for positively dependent tests.

    Args:
        p_values: shape (m,), in [0, 1]; NaN = not tested, and stays NaN.

    Raises:
        OutOfRange: a value outside [0, 1].

    >>> from harness.stats import benjamini_hochberg
    >>> benjamini_hochberg([0.01, 0.5, 0.02]).round(3).tolist()
    [0.03, 0.5, 0.03]
    """
    p, tested, adjusted = _prepared(p_values)
    descending = tested[np.argsort(-p[tested], kind="stable")]
    ranks = np.arange(tested.size, 0, -1)
    adjusted[descending] = np.minimum.accumulate(np.minimum(1.0, p[descending] * tested.size / ranks))
    return adjusted


def holm(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values by Holm (1979): rejecting values up to q keeps the chance of any false rejection at q.

    This holds however the tests depend on each other.

    Args:
        p_values: shape (m,), in [0, 1]; NaN = not tested, and stays NaN.

    Raises:
        OutOfRange: a value outside [0, 1].

    >>> from harness.stats import holm
    >>> holm([0.01, 0.5, 0.02]).round(3).tolist()
    [0.03, 0.5, 0.04]
    """
    p, tested, adjusted = _prepared(p_values)
    ascending = tested[np.argsort(p[tested], kind="stable")]
    left = np.arange(tested.size, 0, -1)
    adjusted[ascending] = np.maximum.accumulate(np.minimum(1.0, p[ascending] * left))
    return adjusted


def _prepared(p_values: ArrayLike) -> tuple[FloatArray, NDArray[np.intp], FloatArray]:
    """Return the values, (m,), the indices of those that were tested, and where the adjusted ones go, NaN as yet."""
    p = as_vector(p_values, "p_values")
    tested = np.flatnonzero(~np.isnan(p))
    if ((p[tested] < 0) | (p[tested] > 1)).any():
        raise OutOfRange("p-values must lie in [0, 1].")
    return p, tested, np.full(p.size, np.nan)
