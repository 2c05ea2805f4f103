"""Bradley-Terry strengths of many small tables of credits at once."""

import math

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import _newton
from harness.stats._arrays import FloatArray, require_at_least
from harness.stats.errors import OutOfRange, ShapeMismatch

# Matrix entries worked on at a time: few enough for the processor's cache.
CHUNK = 2**17


def fit_matrix(wins: ArrayLike, *, prior: float = 0.0, tolerance: float = 1e-12) -> FloatArray:
    """Fit Bradley-Terry strengths to many small tables at once.

    Args:
        wins: credit of player i against player j, shape (..., m, m), none negative; the diagonal is ignored.
        prior: precision of a normal prior, nats^-2; 0 = none.
        tolerance: error of the strengths to aim at, nats.

    Returns:
        Strengths in nats, mean zero, shape (..., m); NaN where there is no finite maximum (only if
        prior == 0) or Newton's method did not converge.

    Raises:
        ShapeMismatch: the last two axes differ. OutOfRange: a negative or non-finite entry, or a negative
            prior.
    """
    require_at_least(prior, 0.0, "prior")
    tables = np.array(wins, dtype=np.float64)
    if tables.ndim < 2 or tables.shape[-1] != tables.shape[-2]:
        raise ShapeMismatch(f"wins must have shape (..., m, m), not {tables.shape}.")
    if not (np.isfinite(tables) & (tables >= 0)).all():
        raise OutOfRange("wins must be finite and not negative.")
    m = tables.shape[-1]
    tables[..., np.arange(m), np.arange(m)] = 0.0
    batch = tables.reshape(math.prod(tables.shape[:-2]), m, m)
    strengths = np.full(batch.shape[:2], np.nan)
    rows = max(1, CHUNK // max(1, m * m))
    for start in range(0, batch.shape[0], rows):
        strengths[start : start + rows] = _fit_chunk(batch[start : start + rows], prior, tolerance)
    return strengths.reshape(tables.shape[:-1])


def _fit_chunk(wins: FloatArray, prior: float, tolerance: float) -> FloatArray:
    """Fit each table, shape (B, m); NaN if a table has no finite maximum."""
    strengths = np.full(wins.shape[:2], np.nan)
    usable = np.ones(wins.shape[0], dtype=np.bool_)
    if prior == 0.0:
        usable = (_newton.groups(wins) == 0).all(axis=-1)
    maxima = _newton.maximise(wins[usable], prior=prior, tolerance=tolerance)
    strengths[usable] = np.where(maxima.converged[:, None], maxima.strengths, np.nan)
    return strengths
