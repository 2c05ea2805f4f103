"""The pulls of clusters of battles at Bradley-Terry strengths, with the bias of few or unequal clusters reduced.

A large cluster pulls the strengths towards its own battles, so that its residuals are too small. With H the curvature
of the whole likelihood, H_g the curvature of the cluster and p_g the sum of the cluster's residuals over players, the
pull is (I - H_g H^-1)^(-1/2) p_g: CR2 (Bell and McCaffrey 2002) of the weighted least squares that Newton's last step
solves. Clusters of one size have the usual factor sqrt(G / (G - 1)) instead, so that copies of battles
add no certainty.
"""

import math

import numpy as np

from harness.stats._arrays import FloatArray, IntArray, sums_by_code

# Below this share of the whole curvature, (1 - h)^(-1/2) is 1 + h / 2 within half a percent.
_SMALL = 0.1
# A cluster that holds all the information on some strengths says nothing of how these strengths vary.
_WHOLE = 1e-8
_ENTRIES = 2**21


def reduced_bias_pulls(
    first: IntArray,
    second: IntArray,
    residual: FloatArray,
    weight: FloatArray,
    battles: FloatArray,
    bread: FloatArray,
    codes: IntArray,
    count: int,
) -> FloatArray:
    """Compute the pulls of G clusters on m strengths, shape (G, m).

    Args:
        first: player of each battle, shape (n,).
        second: the other player, shape (n,).
        residual: credit of the first player less the expected credit, times the number of battles of the row.
        weight: the row's share of the curvature: expected variance times the number of battles.
        battles: number of battles that a row stands for, shape (n,).
        bread: inverse of the curvature of the whole likelihood, shape (m, m).
        codes: cluster of each battle, shape (n,), from 0 to G - 1.
        count: number of clusters, G.
    """
    m = len(bread)
    pulls = _by_player(first, second, residual, codes, count, m)
    sizes = sums_by_code(codes, battles, count)
    if sizes.min() == sizes.max():
        return pulls * math.sqrt(count / max(1, count - 1))
    held = weight * (bread[first, first] + bread[second, second] - 2 * bread[first, second])
    share = sums_by_code(codes, held, count)  # trace of H_g H^-1
    small = share < _SMALL
    moved = pulls @ bread
    gap = (moved[codes, first] - moved[codes, second]) * weight
    adjusted = pulls + _by_player(first, second, gap, codes, count, m) / 2
    large = np.flatnonzero(~small)
    if not large.size:
        return adjusted
    values, vectors = np.linalg.eigh(bread)
    values = np.maximum(values, 0.0)
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors * np.divide(1.0, np.sqrt(values), out=np.zeros(m), where=values > 0)) @ vectors.T
    number = np.full(count, -1)
    number[large] = np.arange(large.size)
    at_once = max(1, _ENTRIES // (m * m))
    for start in range(0, large.size, at_once):
        part = large[start : start + at_once]
        rows = np.flatnonzero((number[codes] >= start) & (number[codes] < start + at_once))
        curvature = _curvatures(first[rows], second[rows], weight[rows], number[codes[rows]] - start, part.size, m)
        of_cluster, axes = np.linalg.eigh(root @ curvature @ root)
        left = 1.0 - of_cluster
        factor = np.divide(1.0, np.sqrt(np.maximum(left, _WHOLE)), out=np.zeros(left.shape), where=left > _WHOLE)
        turned = np.einsum("gij,gi->gj", axes, pulls[part] @ root) * factor
        adjusted[part] = np.einsum("gij,gj->gi", axes, turned) @ inverse
    return adjusted


def _by_player(first: IntArray, second: IntArray, pull: FloatArray, codes: IntArray, count: int, m: int) -> FloatArray:
    """Sum the pulls of each cluster's battles: added to the first player, taken from the second; shape (G, m)."""
    gained = sums_by_code(codes * m + first, pull, count * m)
    return (gained - sums_by_code(codes * m + second, pull, count * m)).reshape(count, m)


def _curvatures(
    first: IntArray, second: IntArray, weight: FloatArray, codes: IntArray, count: int, m: int
) -> FloatArray:
    """Return the curvature of each cluster's own likelihood, shape (G, m, m)."""
    size = count * m * m
    total = np.zeros(size)
    for one, other, sign in ((first, first, 1), (second, second, 1), (first, second, -1), (second, first, -1)):
        total += sign * sums_by_code((codes * m + one) * m + other, weight, size)
    return total.reshape(count, m, m)
