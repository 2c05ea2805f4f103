"""The bootstrap, for statistics whose influences are not known.

A statistic that accepts weights is evaluated on many replicates at once: it receives the number of times that each item
was drawn, shape (replicates, n). Resampling whole clusters keeps items that depend on each other together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import (
    FloatArray,
    IntArray,
    require_at_least,
    require_probability,
)
from harness.stats._clusters import cluster_codes
from harness.stats.errors import OutOfRange, ShapeMismatch

Statistic = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """A bootstrapped statistic, with its replicates and intervals, in the statistic's unit."""

    value: float
    """The statistic on the items as they are."""
    replicates: FloatArray
    """The statistic on each resample, shape (R,); NaN where it is undefined there."""
    stderr: float
    """Standard deviation (ddof=1) of the defined replicates; NaN with fewer than two."""
    low: float
    """Lower end of the percentile interval."""
    high: float
    """Upper end of the percentile interval."""
    basic_low: float
    """Lower end of the basic interval, 2 * value - high (Davison and Hinkley 1997, section 5.2)."""
    basic_high: float
    """Upper end of the basic interval, 2 * value - low."""
    n_undefined: int
    """Number of NaN replicates, left out of everything above."""


def bootstrap(
    statistic: Statistic,
    n: int,
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    memory_bytes: int = 64 * 2**20,
) -> Bootstrap:
    """Resample items (or whole clusters) with replacement (Efron 1979).

    Args:
        statistic: maps weights of shape (R, n), the number of times that each item counts, to values of shape (R,);
            NaN = undefined.
        n: number of items.
        rng: the source of randomness; the result depends on its state and not on `memory_bytes`.
        replicates: number of resamples.
        clusters: labels of shape (n,); whole clusters are drawn, as many as there are.
        confidence: coverage of the intervals.
        memory_bytes: bytes of weights in memory at a time; the statistic is called on as many replicates as fit.

    Raises:
        OutOfRange: `n` or `replicates` below 1, `confidence` outside (0, 1).
        ShapeMismatch: `clusters` is not of shape (n,), or the statistic does not return one value a
            replicate.

    >>> import numpy as np
    >>> from harness.stats import bootstrap
    >>> values = np.array([1.0, 2.0, 4.0])
    >>> def mean(weights):
    ...     return weights @ values / weights.sum(axis=1)
    >>> means = bootstrap(mean, 3, rng=np.random.default_rng(0), replicates=200)
    >>> round(means.value, 3), means.low < means.value < means.high
    (2.333, True)
    """
    _check(n, replicates)
    codes, count = (None, n) if clusters is None else cluster_codes(clusters, n)
    chunk = max(1, memory_bytes // (8 * n))
    drawn = [
        _evaluate(statistic, _weights(rng, min(chunk, replicates - start), count, codes))
        for start in range(0, replicates, chunk)
    ]
    value = float(_evaluate(statistic, np.ones((1, n)))[0])
    return summarise_replicates(value, np.concatenate(drawn), confidence=confidence)


def summarise_replicates(value: float, replicates: ArrayLike, *, confidence: float = 0.95) -> Bootstrap:
    """Compute standard error and intervals from replicates that were computed elsewhere.

    Args:
        value: the statistic on the original items.
        replicates: shape (R,); NaN = undefined on that resample (left out, counted).
        confidence: coverage of the intervals.

    Raises:
        OutOfRange: `confidence` outside (0, 1).
    """
    require_probability(confidence, "confidence")
    values = np.asarray(replicates, dtype=np.float64)
    defined = values[~np.isnan(values)]
    if defined.size < 2:
        stderr = low = high = float("nan")
    else:
        stderr = float(defined.std(ddof=1))
        tail = (1 - confidence) / 2
        low, high = (float(end) for end in np.quantile(defined, (tail, 1 - tail)))
    return Bootstrap(value, values, stderr, low, high, 2 * value - high, 2 * value - low, values.size - defined.size)


def bootstrap_indices(
    n: int, *, rng: np.random.Generator, replicates: int = 1000, clusters: ArrayLike | None = None
) -> Iterator[IntArray]:
    """Draw the indices of the items in each resample, one array a replicate, for statistics without weights.

    Without clusters each array has length n; with clusters its length varies, since clusters differ in size.

    Args:
        n: number of items.
        rng: the source of randomness.
        replicates: number of resamples.
        clusters: labels of shape (n,); whole clusters are drawn, as many as there are.

    Raises:
        OutOfRange: `n` or `replicates` below 1.
        ShapeMismatch: `clusters` is not of shape (n,).
    """
    _check(n, replicates)
    if clusters is None:
        return (rng.integers(0, n, n) for _ in range(replicates))
    codes, count = cluster_codes(clusters, n)
    members = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=count)
    starts = np.cumsum(sizes) - sizes
    draws = (rng.integers(0, count, count) for _ in range(replicates))
    return (members[_runs(starts[drawn], sizes[drawn])] for drawn in draws)


def bootstrap_counts(counts: ArrayLike, *, rng: np.random.Generator, replicates: int = 1000) -> IntArray:
    """Resample a table of counts: one multinomial draw a replicate stands for drawing every item again.

    Args:
        counts: whole numbers of any shape.
        rng: the source of randomness.
        replicates: number of resamples R.

    Returns:
        Shape (R, *counts.shape); each replicate has the same total as `counts`.

    Raises:
        OutOfRange: a count is negative or not whole, all are zero, or `replicates` is below 1.
    """
    table = np.asarray(counts, dtype=np.float64)
    total = table.sum()
    if not (np.isfinite(table).all() and (table >= 0).all() and (table == np.rint(table)).all() and total > 0):
        raise OutOfRange("counts must be whole numbers, none negative, not all zero.")
    require_at_least(replicates, 1, "replicates")
    # Multinomial drawing is sequential over cells and rejects shares whose sum exceeds 1 by rounding.
    shares = table.ravel() / total
    drawn = rng.multinomial(int(total), shares / max(1.0, shares.sum()), size=replicates)
    return np.asarray(drawn, dtype=np.int64).reshape(replicates, *table.shape)


def _check(n: int, replicates: int) -> None:
    require_at_least(n, 1, "n")
    require_at_least(replicates, 1, "replicates")


def _weights(rng: np.random.Generator, replicates: int, count: int, codes: IntArray | None) -> FloatArray:
    """Draw how often each item counts in each of `replicates` resamples, shape (replicates, n)."""
    drawn = rng.integers(0, count, (replicates, count))
    # Shifting each replicate to its own range of numbers lets one bincount serve all of them.
    drawn += np.arange(replicates)[:, None] * count
    counts = np.bincount(drawn.ravel(), minlength=replicates * count).reshape(replicates, count)
    return (counts if codes is None else counts[:, codes]).astype(np.float64)


def _evaluate(statistic: Statistic, weights: FloatArray) -> FloatArray:
    values = np.asarray(statistic(weights), dtype=np.float64)
    if values.shape != weights.shape[:1]:
        raise ShapeMismatch(
            f"the statistic must return one value a replicate, shape {weights.shape[:1]}, not {values.shape}."
        )
    return values


def _runs(starts: IntArray, lengths: IntArray) -> IntArray:
    """List the numbers starts[i], ..., starts[i] + lengths[i] - 1 for every i, one run after the other."""
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.repeat(starts - before, lengths) + np.arange(int(lengths.sum())), dtype=np.int64)
