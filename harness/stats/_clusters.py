"""Groups of items that depend on each other: the responses to one prompt, the turns of one user."""

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import AnyArray, BoolArray, FloatArray, IntArray, sums_by_code
from harness.stats.errors import ShapeMismatch

# Integer labels up to this many times the number of items are counted directly instead of sorted.
_DENSE = 8


def cluster_codes(clusters: ArrayLike, n: int) -> tuple[IntArray, int]:
    """Number the clusters 0..G-1 in the order in which they appear or sort.

    Args:
        clusters: labels, shape (n,), integers or anything hashable; equal labels share a cluster.
        n: the number of items the labels must describe.

    Returns:
        The code of each item, shape (n,), and the number of clusters G.

    Raises:
        ShapeMismatch: the labels do not have shape (n,).
    """
    labels = np.asarray(clusters)
    if labels.shape != (n,):
        raise ShapeMismatch(f"clusters must hold one label for each of {n} items, not shape {labels.shape}.")
    if labels.dtype.kind in "iu":
        return _integer_codes(labels)
    # A dictionary is several times faster than sorting strings, which is what np.unique does.
    code_of: dict[object, int] = {}
    numbered = (code_of.setdefault(label, len(code_of)) for label in labels.tolist())
    codes = np.fromiter(numbered, dtype=np.int64, count=n)
    return codes, len(code_of)


def _integer_codes(labels: AnyArray) -> tuple[IntArray, int]:
    """Number integer labels, without a sort if the labels are dense."""
    if labels.size == 0:
        return labels.astype(np.int64), 0
    if labels.min() >= 0 and labels.max() < _DENSE * labels.size:
        present = np.bincount(labels) > 0
        code_of_label = np.cumsum(present) - 1
        return np.asarray(code_of_label[labels], dtype=np.int64), int(present.sum())
    unique, codes = np.unique(labels, return_inverse=True)
    return np.asarray(codes, dtype=np.int64), int(unique.size)


def cluster_sums(values: FloatArray, clusters: ArrayLike | None, kept: BoolArray) -> FloatArray:
    """Sum the values of each cluster, shape (G,).

    Args:
        values: values of the kept items, shape (k,).
        clusters: labels of all items, shape (n,); None = the values themselves are returned.
        kept: which items the values belong to, shape (n,).

    Raises:
        ShapeMismatch: `clusters` does not have shape (n,).
    """
    if clusters is None:
        return values
    codes, count = kept_codes(clusters, kept)
    return sums_by_code(codes, values, count)


def kept_codes(clusters: ArrayLike, kept: BoolArray) -> tuple[IntArray, int]:
    """Return `cluster_codes` of the kept items, from the labels of all items; errors as there."""
    labels = np.asarray(clusters)
    if labels.shape != kept.shape:
        raise ShapeMismatch(f"clusters must hold one label for each of {kept.size} items, not shape {labels.shape}.")
    return cluster_codes(labels[kept], int(kept.sum()))
