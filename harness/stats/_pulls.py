"""The pulls of clusters of battles at Bradley-Terry strengths, with the bias of few or unequal clusters reduced.

A large cluster pulls the strengths towards its own battles, so that its residuals are too small. With H the curvature
of the whole likelihood, H_g the curvature of the cluster and p_g the sum of the cluster's residuals over players, the
pull is (I - H_g H^-1)^(-1/2) p_g: CR2 (Bell and McCaffrey 2002) of the weighted least squares that Newton's last step
solves. Clusters of one size have the usual factor sqrt(G / (G - 1)) instead, so that copies of battles
add no certainty. With the power -1 in place of -1/2 it is what leaving the cluster out moves the strengths by, in one
Newton step from the fit of all, times H: the jackknife.

Battles with covariates pull on coefficients as well, of which the columns follow those of the strengths.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from harness.stats._arrays import BoolArray, FloatArray, IntArray, sums_by_code

# Below this share of the whole curvature, (1 - h)^(-1/2) is 1 + h / 2 within half a percent.
_SMALL = 0.1
# A cluster that holds all the information on some strengths says nothing of how these strengths vary.
_WHOLE = 1e-8
_ENTRIES = 2**21
# Entries of pulls, (clusters, parameters), that are held at a time where only their products are asked for.
_HELD = 2**23
_SERIES = 200


class Rows(NamedTuple):
    """Battles with what they pull the fit by."""

    first: IntArray
    """Player of each battle, shape (n,)."""
    second: IntArray
    """The other player, shape (n,)."""
    residual: FloatArray
    """Credit of the first player less the expected credit, times the number of battles of the row."""
    weight: FloatArray
    """The row's share of the curvature: expected variance times the number of battles."""
    battles: FloatArray
    """Number of battles that a row stands for, shape (n,)."""
    extra: FloatArray
    """Covariates, shape (n, k); k may be 0."""

    def taken(self, rows: IntArray | BoolArray) -> "Rows":
        """Return some of the rows."""
        return Rows(
            self.first[rows],
            self.second[rows],
            self.residual[rows],
            self.weight[rows],
            self.battles[rows],
            self.extra[rows],
        )


def products_of_pulls(rows: Rows, bread: FloatArray, codes: IntArray, count: int) -> FloatArray:
    """Sum the outer products of `reduced_bias_pulls` over clusters, shape (q, q), some clusters at a time."""
    total = np.zeros(bread.shape)
    for pulls in pulls_in_parts(rows, bread, codes, count):
        total += pulls.T @ pulls
    return total


def pulls_in_parts(
    rows: Rows, bread: FloatArray, codes: IntArray, count: int, *, power: float = 0.5, exact: bool = False
) -> Iterator[FloatArray]:
    """Yield the pulls of all clusters in the order of their numbers, some clusters at a time, each (part of G, q)."""
    q = len(bread)
    factor = _equal_factor(rows, codes, count) if power == 0.5 else None
    if count * q <= _HELD:
        yield _pulls(rows, bread, codes, count, factor, power, exact)
        return
    order = np.argsort(codes, kind="stable")
    at_once = _HELD // q
    ends = np.searchsorted(codes[order], np.arange(at_once, count + at_once, at_once))
    start = 0
    for number, end in enumerate(ends.tolist()):
        part, before = order[start:end], number * at_once
        size = min(at_once, count - before)
        yield _pulls(rows.taken(part), bread, codes[part] - before, size, factor, power, exact)
        start = end


def reduced_bias_pulls(rows: Rows, bread: FloatArray, codes: IntArray, count: int) -> FloatArray:
    """Compute the pulls of G clusters on q parameters, shape (G, q).

    Args:
        rows: the battles.
        bread: inverse of the curvature of the whole likelihood, shape (q, q): m strengths, then k coefficients.
        codes: cluster of each battle, shape (n,), from 0 to G - 1.
        count: number of clusters, G.
    """
    return _pulls(rows, bread, codes, count, _equal_factor(rows, codes, count), 0.5, False)


def _equal_factor(rows: Rows, codes: IntArray, count: int) -> float | None:
    """Return the factor of clusters of one size; None where sizes differ."""
    sizes = sums_by_code(codes, rows.battles, count)
    return math.sqrt(count / max(1, count - 1)) if sizes.min() == sizes.max() else None


def _pulls(
    rows: Rows, bread: FloatArray, codes: IntArray, count: int, factor: float | None, power: float, exact: bool
) -> FloatArray:
    """Compute (I - H_g H^-1)^-power p_g, or p_g times the factor if there is one.

    Of clusters that hold a small share of the curvature the first term of the power series is enough, unless `exact`.
    With the power 1 a cluster without which some strengths are not known has NaN.
    """
    m = len(bread) - rows.extra.shape[1]
    first, second, extra, weight = rows.first, rows.second, rows.extra, rows.weight
    pulls = _by_parameter(rows, rows.residual, codes, count, m)
    if factor is not None:
        return pulls * factor
    spread = bread[first, first] + bread[second, second] - 2 * bread[first, second]
    for column in range(extra.shape[1]):
        mixed = bread[first, m + column] - bread[second, m + column]
        within = extra @ bread[m:, m + column]
        spread += extra[:, column] * (2 * mixed + within)
    share = sums_by_code(codes, weight * spread, count)  # trace of H_g H^-1
    small = share < _SMALL
    adjusted, term = pulls.copy(), pulls
    for j in range(1, _SERIES if exact else 2):
        moved = term @ bread
        gap = moved[codes, first] - moved[codes, second] + (moved[codes, m:] * extra).sum(axis=1)
        term = _by_parameter(rows, gap * weight, codes, count, m) * ((power + j - 1) / j)
        adjusted += term
        if np.abs(term[small]).max(initial=0.0) <= 1e-12 * np.abs(pulls).max(initial=1e-300):
            break
    large = np.flatnonzero(~small)
    if not large.size:
        return adjusted
    q = len(bread)
    values, vectors = np.linalg.eigh(bread)
    values = np.maximum(values, 0.0)
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors * np.divide(1.0, np.sqrt(values), out=np.zeros(q), where=values > 0)) @ vectors.T
    number = np.full(count, -1)
    number[large] = np.arange(large.size)
    at_once = max(1, _ENTRIES // (q * q))
    for start in range(0, large.size, at_once):
        part = large[start : start + at_once]
        chosen = np.flatnonzero((number[codes] >= start) & (number[codes] < start + at_once))
        curvature = _curvatures(rows.taken(chosen), number[codes[chosen]] - start, part.size, m)
        of_cluster, axes = np.linalg.eigh(root @ curvature @ root)
        left = 1.0 - of_cluster
        unknown = np.full(left.shape, math.nan if power == 1.0 else 0.0)
        scale = np.divide(1.0, np.maximum(left, _WHOLE) ** power, out=unknown, where=left > _WHOLE)
        turned = np.einsum("gij,gi->gj", axes, pulls[part] @ root) * scale
        adjusted[part] = np.einsum("gij,gj->gi", axes, turned) @ inverse
    return adjusted


def _by_parameter(rows: Rows, pull: FloatArray, codes: IntArray, count: int, m: int) -> FloatArray:
    """Sum the pulls of each cluster's battles: added to the first player, taken from the second; shape (G, m + k)."""
    gained = sums_by_code(codes * m + rows.first, pull, count * m)
    players = (gained - sums_by_code(codes * m + rows.second, pull, count * m)).reshape(count, m)
    columns = [sums_by_code(codes, pull * column, count) for column in rows.extra.T]
    return np.column_stack([players, *columns]) if columns else players


def _curvatures(rows: Rows, codes: IntArray, count: int, m: int) -> FloatArray:
    """Return the curvature of each cluster's own likelihood, shape (G, q, q)."""
    size, k = count * m * m, rows.extra.shape[1]
    players = np.zeros(size)
    sides = ((rows.first, 1), (rows.second, -1))
    for one, of_one in sides:
        for other, of_other in sides:
            players += of_one * of_other * sums_by_code((codes * m + one) * m + other, rows.weight, size)
    total = np.zeros((count, m + k, m + k))
    total[:, :m, :m] = players.reshape(count, m, m)
    for column in range(k):
        weighted = rows.weight * rows.extra[:, column]
        total[:, :, m + column] = _by_parameter(rows, weighted, codes, count, m)
    total[:, m:, :m] = total[:, :m, m:].swapaxes(1, 2)
    return total
