"""Standard errors from few or unequal clusters: bias-reduced linearisation with its own degrees of freedom.

The figure is a mean, or a sum of means over the classes of its items (the positives and the negatives, say), of
influences that sum to zero within each class. A residual of a large cluster is too small, since the cluster pulls the
mean towards itself: the sums within cluster g and class c are divided by sqrt(1 - h), h the cluster's share of the
class (CR2; Bell and McCaffrey 2002; Pustejovsky and Tipton 2018). The variance so estimated has the degrees of freedom
that Satterthwaite's formula gives it under the working model of independent items, with one variance a class (Bell and
McCaffrey 2002). Of G equal clusters and one class these are the usual factor G / (G - 1) and G - 1 degrees of freedom;
of two classes of unclustered items, Welch's (1947).

Where all clusters are alike they are taken as one class, as unclustered items are: copies of items add no certainty.

Everything is in closed form: one pass over the items and a few numbers a cluster.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray, FloatArray, IntArray, sums_by_code
from harness.stats._clusters import kept_codes
from harness.stats.errors import OutOfRange, ShapeMismatch

UNCOUNTED = -1
"""The class of items on which the value does not rest."""
_WHOLE = 1e-9


class Spread(NamedTuple):
    """The uncertainty of a mean of influences."""

    stderr: float
    """Standard error, in the unit of the influences; NaN if a class lies within one cluster."""
    degrees_of_freedom: float
    """Degrees of freedom of Student's t; NaN if the standard error is NaN."""
    clusters: int
    """Number of clusters that the value rests on."""


def spread_of(
    influence: FloatArray,
    *,
    clusters: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    kept: BoolArray | None = None,
) -> Spread:
    """Compute standard error and degrees of freedom of a statistic from its influences.

    Args:
        influence: influences of the kept items, shape (k,), finite; mean zero within each class.
        clusters: labels of all items, shape (n,); None: every item its own.
        classes: codes of all items, shape (n,), from 0 up; -1: the value does not rest on the item. None: all are of
            one class.
        kept: which of all items have an influence, shape (n,); None: all.

    Raises:
        ShapeMismatch: the arrays are not aligned. OutOfRange: a class is no whole number from -1 on.
    """
    everyone = np.ones(influence.size, dtype=bool) if kept is None else kept
    n = influence.size
    if classes is None and clusters is None:
        return plain(influence, n)
    code = np.zeros(n, dtype=np.int64) if classes is None else _codes(classes, everyone)
    if clusters is None:
        counted = code != UNCOUNTED
        return _welch(influence[counted], code[counted], n)
    group, count = kept_codes(clusters, everyone)
    if classes is not None and not _alike(group, code, count):
        counted = code != UNCOUNTED
        present, group = np.unique(group[counted], return_inverse=True)
        return _of_classes(influence[counted], group, code[counted], present.size, n)
    return of_sums(sums_by_code(group, influence, count), np.bincount(group, minlength=count), n)


def _alike(group: IntArray, code: IntArray, count: int) -> bool:
    """Tell whether all clusters have one size, and all clusters that hold a class hold equally many items of the class.

    This is so if the data are copies of the same items, which then say no more and no less than one copy alone.
    """
    sizes = np.bincount(group, minlength=count)
    if sizes.min() != sizes.max():
        return False
    held = (np.bincount(group[code == c], minlength=count) for c in np.unique(code))
    return all(np.unique(number[number > 0]).size == 1 for number in held)


def plain(influence: FloatArray, n: int) -> Spread:
    """Compute the spread of independent items of one class."""
    return Spread(equal_standard_error(influence, n), _one_less(influence.size), influence.size)


def equal_standard_error(sums: FloatArray, n: int) -> float:
    """Compute sqrt(G / (G - 1) * sum of squares) / n from sums of n influences in G equal clusters; NaN if G is 1."""
    count = sums.size
    if count < 2:
        return math.nan
    return math.sqrt(count / (count - 1) * float(sums @ sums)) / n


def of_sums(sums: FloatArray, sizes: IntArray | FloatArray, n: int) -> Spread:
    """Compute the spread of a mean of one class from the sums of influences within clusters, and the clusters' sizes.

    Args:
        sums: sums of the influences within each cluster, shape (G,).
        sizes: items of each cluster, shape (G,), above 0.
        n: number that the sum of all influences is divided by.
    """
    count = sums.size
    if count < 2:
        return Spread(math.nan, math.nan, count)
    if sizes.min() == sizes.max():
        return Spread(equal_standard_error(sums, n), _one_less(count), count)
    share = sizes / sizes.sum()
    stderr = math.sqrt(float((sums**2 / (1.0 - share)).sum())) / n
    return Spread(stderr, degrees_of_freedom(share), count)


def degrees_of_freedom(share: FloatArray) -> float:
    """Compute Bell and McCaffrey's degrees of freedom of a mean whose clusters hold these shares of the items.

    The shares have shape (G,), G above 1.
    """
    pull = share**2 / (1.0 - share)
    return 1.0 / float(share @ share + pull.sum() ** 2 - pull @ pull)


def _one_less(count: int) -> float:
    return count - 1.0 if count > 1 else math.nan


def _codes(classes: ArrayLike, kept: BoolArray) -> IntArray:
    labels = np.asarray(classes)
    if labels.shape != kept.shape:
        raise ShapeMismatch(f"classes must hold one code for each of {kept.size} items, not shape {labels.shape}.")
    if labels.dtype.kind not in "iu" or (labels.size and labels.min() < UNCOUNTED):
        raise OutOfRange("classes must be whole numbers, from 0 up, or -1 for items that are not counted.")
    return np.asarray(labels[kept], dtype=np.int64)


def _welch(psi: FloatArray, code: IntArray, n: int) -> Spread:
    """Compute the spread of independent items of several classes (Welch 1947)."""
    sizes = np.bincount(code)
    squares = sums_by_code(code, psi**2, sizes.size)
    squares, sizes = squares[sizes > 0], sizes[sizes > 0]
    if not sizes.size or sizes.min() < 2:
        return Spread(math.nan, math.nan, psi.size)
    parts = squares * sizes / (sizes - 1)
    total = float(parts.sum())
    # Without any variation the classes count by their sizes.
    weight = parts / total if total > 0 else sizes / sizes.sum()
    return Spread(math.sqrt(total) / n, 1.0 / float((weight**2 / (sizes - 1)).sum()), psi.size)


def _of_classes(psi: FloatArray, group: IntArray, code: IntArray, count: int, n: int) -> Spread:
    """Compute the spread of clustered items of several classes.

    The arrays of shape (classes, clusters) below are sums over items.
    """
    kinds = int(code.max()) + 1
    cell = code * count + group
    shape = (kinds, count)
    sums = sums_by_code(cell, psi, kinds * count).reshape(shape)
    sizes = sums_by_code(cell, np.ones(psi.size), kinds * count).reshape(shape)
    variance = sums_by_code(code, psi**2, kinds)
    present = sizes.sum(axis=1) > 0
    sums, sizes, variance = sums[present], sizes[present], variance[present]
    share = sizes / sizes.sum(axis=1, keepdims=True)
    if count < 2 or share.max() > 1.0 - _WHOLE:
        return Spread(math.nan, math.nan, count)
    root = np.sqrt(1.0 - share)
    stderr = math.sqrt(float(((sums / root).sum(axis=0) ** 2).sum())) / n
    total = float(variance.sum())
    weight = variance / total if total > 0 else sizes.sum(axis=1) / sizes.sum()
    # tr(P P) of the matrix P of the quadratic form under the working model, whose trace is 1.
    within = weight @ share
    pull = share / root
    products = pull @ pull.T
    squares = pull**2
    across = weight @ (products**2 - squares @ squares.T) @ weight
    return Spread(stderr, 1.0 / (float(within @ within) + float(across)), count)
