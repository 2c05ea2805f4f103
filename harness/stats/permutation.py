"""Permutation tests of which variables correlate with one outcome: each variable alone, and all together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray, FloatArray, as_vector, require_at_least
from harness.stats.errors import OutOfRange, ShapeMismatch

# Correlations are compared up to rounding, so that equal ones count as "at least as large".
_ROUNDING = 1e-10
_BLOCK = 1 << 17  # figures at a time: as many as fit into a processor's cache


class CorrelationTests(NamedTuple):
    """Pearson correlations of m variables with an outcome, each array of shape (m,); NaN where undefined."""

    correlation: FloatArray
    p_value: FloatArray
    """Two-sided, each variable on its own."""
    family_p_value: FloatArray
    """Two-sided, protected against having tried all m (Westfall and Young, step-down)."""
    permutations: int
    """Number of orders of the outcome that were compared."""
    exact: bool
    """Whether these are all possible orders."""


def permutation_correlations(
    variables: ArrayLike,
    outcome: ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    draws: int = 99_999,
    exact_up_to: int = 9,
) -> CorrelationTests:
    """Test the correlation of each variable with the outcome by permuting the outcome over the units.

    All variables see the same permutations, so the distribution of the largest correlation among them is known whatever
    their dependence: the family's p-values are those of the step-down procedure (Westfall and Young 1993, algorithm
    4.1). Variables with missing values have fewer units; their correlations are then compared on the scale
    atanh|r| sqrt(n - 3).

    Args:
        variables: shape (n, m), any unit; NaN = missing, the variable is tested on the other units.
        outcome: shape (n,), finite.
        rng: the source of random permutations, needed where n exceeds `exact_up_to`.
        draws: number of random permutations B; p = (1 + number at least as extreme) / (1 + B) (Phipson and Smyth 2010).
        exact_up_to: with at most this many units all n! orders are enumerated and the p-values are exact.

    Raises:
        ShapeMismatch: the arrays are not aligned.
        OutOfRange: an infinite or missing outcome, `draws` below 1, or no `rng` where one is needed.
    """
    y, x = as_vector(outcome, "outcome"), np.asarray(variables, dtype=np.float64)
    if x.ndim != 2 or x.shape[0] != y.size:
        raise ShapeMismatch(f"variables must have shape (n, m) with n = {y.size}, not {x.shape}.")
    if not np.isfinite(y).all() or np.isinf(x).any():
        raise OutOfRange("the outcome must be finite throughout, and no variable may be infinite.")
    require_at_least(draws, 1, "draws")
    exact = y.size <= exact_up_to
    if not exact and rng is None:
        raise OutOfRange(f"{y.size} units have too many orders to enumerate; pass an rng.")
    observed = _Correlations(x)
    values = observed.of(y[None, :])[0]
    tested = np.flatnonzero(np.isfinite(values))
    # Smallest first, so that a running maximum steps down from the largest.
    sizes = _Correlations(x[:, tested]).comparable(values[tested])
    tested = tested[np.argsort(sizes, kind="stable")]
    alone, together, total = _count(x[:, tested], y, rng, draws, exact)
    start = 0 if exact else 1  # the order as observed is among all orders, but not among random ones
    p_value, family = np.full(values.size, np.nan), np.full(values.size, np.nan)
    p_value[tested] = (alone + start) / (total + start)
    family[tested] = (together + start) / (total + start)
    # Step-down: nothing may be more significant than what correlates more strongly.
    family[tested[::-1]] = np.maximum.accumulate(family[tested[::-1]])
    return CorrelationTests(values, p_value, family, total, exact)


class _Correlations:
    """Correlations of the columns of one matrix with many outcomes at once, by matrix products."""

    def __init__(self, x: FloatArray) -> None:
        present = np.isfinite(x)
        self.counts = present.sum(axis=0)
        filled = np.where(present, x, 0.0)
        means = filled.sum(axis=0) / np.maximum(self.counts, 1)
        centred = np.where(present, x - means, 0.0)
        norms = np.sqrt((centred**2).sum(axis=0))
        scale = np.abs(filled).max(axis=0, initial=0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.unit = np.where((norms > 1e-12 * scale) & (self.counts > 1), centred / norms, np.nan)
        masks, self.mask_of = np.unique(present, axis=1, return_inverse=True)
        self.masks: FloatArray = masks.astype(np.float64)
        self.mask_of = self.mask_of.ravel()

    def of(self, outcomes: FloatArray) -> FloatArray:
        """Compute the correlations, shape (b, m), with outcomes of shape (b, n)."""
        outcomes = outcomes - outcomes.mean(axis=1, keepdims=True)
        counts = np.maximum(self.masks.sum(axis=0), 1)
        spread = (outcomes**2) @ self.masks - (outcomes @ self.masks) ** 2 / counts
        floor = 1e-12 * (outcomes**2).sum(axis=1, keepdims=True)
        inverse = np.where(spread > floor, 1 / np.sqrt(np.maximum(spread, 1e-300)), np.nan)
        product: FloatArray = outcomes @ self.unit
        product *= inverse[:, self.mask_of] if inverse.shape[1] > 1 else inverse
        return np.clip(product, -1.0, 1.0, out=product)

    def comparable(self, correlations: FloatArray) -> FloatArray:
        """Return sizes that may be compared between columns: |r| itself if all columns have equally many units."""
        size = np.abs(correlations)
        if self.counts.size == 0 or (self.counts == self.counts[0]).all():
            return size
        scaled: FloatArray = np.arctanh(np.minimum(size, 1 - 1e-12)) * np.sqrt(np.maximum(self.counts - 3, 0.5))
        return scaled


def _count(
    x: FloatArray, y: FloatArray, rng: np.random.Generator | None, draws: int, exact: bool
) -> tuple[FloatArray, FloatArray, int]:
    """Count the permutations that are at least as extreme, for each variable alone and for the step-down maxima.

    The variables come in the order of their correlations, smallest first.
    """
    columns = _Correlations(x)
    # Taken off before the sizes are made comparable, which near 1 blows rounding up.
    floor = columns.comparable(np.maximum(np.abs(columns.of(y[None, :])[0]) - _ROUNDING, 0.0))
    alone, together, total = np.zeros(floor.size), np.zeros(floor.size), 0
    for outcomes in _orders(y, rng, draws, exact, max(1, _BLOCK // max(1, floor.size))):
        # A column that is constant under one order has no correlation there, which is no evidence against chance.
        permuted = np.nan_to_num(columns.comparable(columns.of(outcomes)), nan=0.0, copy=False)
        alone += (permuted >= floor).sum(axis=0)
        np.maximum.accumulate(permuted, axis=1, out=permuted)
        together += (permuted >= floor).sum(axis=0)
        total += len(outcomes)
    return alone, together, total


def _orders(
    y: FloatArray, rng: np.random.Generator | None, draws: int, exact: bool, block: int
) -> Iterator[FloatArray]:
    """Yield the outcome in other orders, in blocks of shape (b, n)."""
    if exact:
        every = all_permutations(y.size)
        for start in range(0, len(every), block):
            yield y[every[start : start + block]]
        return
    assert rng is not None
    for start in range(0, draws, block):
        repeated = np.broadcast_to(y, (min(block, draws - start), y.size))
        yield rng.permuted(repeated, axis=1)


def all_permutations(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """List all orders of 0..n-1, shape (n!, n); the first is the identity.

    Raises:
        OutOfRange: n exceeds 10, of which there are 3.6 million.
    """
    if n > 10:
        raise OutOfRange(f"{n} units have {math.factorial(n)} orders, too many to enumerate.")
    orders = np.zeros((1, 0), dtype=np.int8)
    for new in range(n):
        places = [np.insert(orders, place, new, axis=1) for place in range(new, -1, -1)]
        orders = np.concatenate(places)
    return orders


def leave_one_out_correlations(variables: ArrayLike, outcome: ArrayLike) -> FloatArray:
    """Compute Pearson correlations without each unit in turn, shape (n, m); NaN if the unit's value is missing.

    Args:
        variables: shape (n, m); NaN = missing.
        outcome: shape (n,), finite.
    """
    x, y = np.asarray(variables, dtype=np.float64), as_vector(outcome, "outcome")
    rows = []
    for i in range(y.size):
        keep: BoolArray = np.arange(y.size) != i
        value = _Correlations(x[keep]).of(y[None, keep])[0]
        rows.append(np.where(np.isfinite(x[i]), value, np.nan))
    return np.array(rows).reshape(x.shape)
