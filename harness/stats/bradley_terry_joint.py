"""Several Bradley-Terry fits to the same battles, with the covariance between them.

A judge and people give their verdicts on the same battles, so strengths fitted to the judge's verdicts are not
independent of strengths fitted to people's. Each battle pulls both fits; the outer products of its pulls add up to the
joint sandwich covariance. Everything follows from sums over the battles of each pair of players, so that the cost does
not grow with the number of battles once they are summed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import _newton
from harness.stats._arrays import FloatArray, IntArray, sums_by_code
from harness.stats._clusters import cluster_codes
from harness.stats._problem import require_finite_maximum
from harness.stats._pulls import Rows, reduced_bias_pulls
from harness.stats.bradley_terry import freedom_of_clusters
from harness.stats.errors import OutOfRange, ShapeMismatch


@dataclass(frozen=True, slots=True)
class JointFit:
    """Strengths of m players under each of q sets of outcomes of the same battles."""

    strengths: FloatArray
    """Shape (q, m), nats, mean zero in each row."""
    covariance: FloatArray
    """Sandwich covariance, shape (q, q, m, m), nats^2; entry (s, t) is between set s and set t."""
    n: int
    """Number of battles."""
    degrees_of_freedom: float = math.inf
    """Degrees of freedom of Student's t for clustered battles, as in `BradleyTerry`; else infinite."""


def fit_jointly(
    first: ArrayLike,
    second: ArrayLike,
    outcomes: ArrayLike,
    *,
    n_players: int,
    clusters: ArrayLike | None = None,
    prior: float = 0.0,
) -> JointFit:
    """Fit strengths to every set of outcomes of the same battles.

    Args:
        first: index of the first player of each battle, shape (n,), 0..m-1.
        second: index of the second player, shape (n,).
        outcomes: credit of the first player, shape (q, n), in [0, 1], no NaN.
        n_players: number of players, m.
        clusters: labels of shape (n,) of battles that depend on each other (the same prompt), for the covariance.
        prior: precision of a normal prior, nats^-2; 0 = none.

    Raises:
        NoFiniteMaximum: without a prior, under one of the sets some players never lost credit to the others.
        ShapeMismatch: the arrays are not aligned. OutOfRange: an outcome or index out of range.
    """
    a, b, credit = np.asarray(first), np.asarray(second), np.asarray(outcomes, dtype=np.float64)
    if credit.ndim != 2 or a.shape != b.shape or a.shape != credit.shape[1:]:
        raise ShapeMismatch(f"outcomes must have shape (q, n) with n = {a.size}, not {credit.shape}.")
    if not ((credit >= 0) & (credit <= 1)).all():
        raise OutOfRange("outcomes must lie in [0, 1], without NaN.")
    if a.size == 0 or (a == b).any() or min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= n_players:
        raise OutOfRange(f"battles need two different players between 0 and {n_players - 1}.")
    sums = _PairSums(a.astype(np.int64), b.astype(np.int64), credit, n_players)
    wins = sums.wins()
    if prior == 0.0:
        for table in wins:
            require_finite_maximum(table)
    strengths = _newton.maximise(wins, prior=prior, tolerance=1e-12).strengths
    curvature = _newton.curvature(np.broadcast_to(sums.games, (len(credit), n_players, n_players)), strengths)
    bread: FloatArray = np.asarray(np.linalg.inv(_newton.solvable(curvature, prior)), dtype=np.float64)
    if clusters is None:
        meat = sums.meat(strengths) * (a.size / max(1, a.size - 1))
        return JointFit(strengths, _sandwich(bread, meat), a.size)
    codes, count = cluster_codes(clusters, a.size)
    meat = _clustered_meat(a, b, credit, strengths, bread, codes, count)
    freedom = freedom_of_clusters(np.ones(a.size), codes, count)
    return JointFit(strengths, _sandwich(bread, meat), a.size, freedom)


class _PairSums:
    """Sums over the battles of each pair; credit is counted for the player of the lower index."""

    def __init__(self, first: IntArray, second: IntArray, credit: FloatArray, m: int) -> None:
        low, swapped = np.minimum(first, second), first > second
        credit = np.where(swapped, 1.0 - credit, credit)
        code = low * m + np.maximum(first, second)
        self._m, self._q = m, len(credit)
        self._games = self._sum(code, np.ones(first.size))
        self._credit = np.array([self._sum(code, row) for row in credit])
        self._products = np.array([[self._sum(code, s * t) for t in credit] for s in credit])

    def _sum(self, code: IntArray, weights: FloatArray) -> FloatArray:
        return sums_by_code(code, weights, self._m * self._m).reshape(self._m, self._m)

    def wins(self) -> FloatArray:
        """Return the credit of each player against each other, shape (q, m, m)."""
        return np.asarray(self._credit + np.swapaxes(self._games - self._credit, -1, -2))

    @property
    def games(self) -> FloatArray:
        """Return the number of battles of each pair, shape (m, m), symmetric."""
        return np.asarray(self._games + self._games.T)

    def meat(self, strengths: FloatArray) -> FloatArray:
        """Sum the outer products of the battles' pulls on two fits, shape (q, q, m, m)."""
        expected = _expected(strengths)
        joint = np.empty((self._q, self._q, self._m, self._m))
        for s in range(self._q):
            for t in range(self._q):
                # Sum of residual_s * residual_t over the battles of each pair, multiplied out.
                pulls = (
                    self._products[s, t]
                    - expected[s] * self._credit[t]
                    - expected[t] * self._credit[s]
                    + expected[s] * expected[t] * self._games
                )
                joint[s, t] = _newton.laplacian(pulls + pulls.T)
        return joint


def _expected(strengths: FloatArray) -> FloatArray:
    """Return the expected credit of each player against each other, shape (q, m, m)."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (strengths[:, :, None] - strengths[:, None, :]))))


def _clustered_meat(
    first: IntArray,
    second: IntArray,
    credit: FloatArray,
    strengths: FloatArray,
    bread: FloatArray,
    codes: IntArray,
    count: int,
) -> FloatArray:
    """Sum over clusters the outer products of the clusters' pulls on two fits, shape (q, q, m, m)."""
    expected = _expected(strengths)[:, first, second]
    players, alike = (first, second), (np.ones(first.size), np.empty((first.size, 0)))
    pulls = [
        reduced_bias_pulls(Rows(*players, won - chance, chance * (1.0 - chance), *alike), of_fit, codes, count)
        for won, chance, of_fit in zip(credit, expected, bread, strict=True)
    ]
    return np.array([[a.T @ b for b in pulls] for a in pulls])


def _sandwich(bread: FloatArray, meat: FloatArray) -> FloatArray:
    """Compute H^-1 M H^-1 with mean zero."""
    joint = bread[:, None] @ meat @ bread[None, :]
    joint -= joint.mean(axis=-2, keepdims=True)
    joint -= joint.mean(axis=-1, keepdims=True)
    return np.asarray(joint)
