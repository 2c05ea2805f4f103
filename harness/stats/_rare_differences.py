"""Intervals for differences that nearly all items share, where few items with another difference were seen.

Two pseudo-items, or pseudo-clusters of the average size, are added: one with the greatest and one with the least
difference possible (Agresti and Min 2005; for two shares the interval of Bonett and Price 2012). Thirty items that all
have the same difference thus tell that few items have another, not that none has.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray, FloatArray, IntArray, sums_by_code
from harness.stats._clusters import kept_codes
from harness.stats.cluster_robust import Spread, of_sums

FEW = 30
"""Number of items, or clusters, with another difference than the rest from which Student's interval covers."""
_ROUNDING = 1e-12


def with_pseudo_pair(
    differences: FloatArray, most: float, clusters: ArrayLike | None, kept: BoolArray
) -> tuple[float, Spread] | None:
    """Return mean and spread with the pseudo-pair added; None if enough items differ, or half of all.

    Args:
        differences: differences of the kept items, shape (k,), k above 0; their mean is the difference of the models.
        most: the greatest difference that an item can have.
        clusters: labels of all items, shape (n,); None: every item is a cluster of its own.
        kept: which of all items have a difference, shape (n,).
    """
    usual = float(np.median(differences))
    other = np.abs(differences - usual) > _ROUNDING * max(most, abs(usual))
    if clusters is None:
        count, few = differences.size, int(other.sum())
        if not _rare(few, count) or count < 2:
            return None
        total = count + 2
        centre = float(differences.sum()) / total
        apart = differences - centre
        squares = float(apart @ apart) + ((most - centre) ** 2 + (most + centre) ** 2)
        # Bonett and Price divide by all pairs and take the normal quantile.
        return centre, Spread(math.sqrt(squares) / total, math.inf, total)
    codes, count = kept_codes(clusters, kept)
    if count < 2 or not _rare(int((np.bincount(codes, weights=other, minlength=count) > 0).sum()), count):
        return None
    return _clustered(differences, most, codes, count)


def _rare(few: int, count: int) -> bool:
    return few < FEW and 2 * few < count


def _clustered(differences: FloatArray, most: float, codes: IntArray, count: int) -> tuple[float, Spread]:
    average = differences.size / count
    sums = np.concatenate([sums_by_code(codes, differences, count), (most * average, -most * average)])
    sizes = np.concatenate([np.bincount(codes, minlength=count), (average, average)])
    total = float(sizes.sum())
    centre = float(sums.sum()) / total
    spread = of_sums((sums - centre * sizes) / total, sizes, 1)
    return centre, spread
