"""Several Bradley-Terry fits to the same battles, with the covariance between them.

A judge's verdicts and people's are given on the same battles, so strengths fitted to the one are not independent of
those fitted to the other. Each battle pulls both fits; the outer products of its pulls add up to the joint sandwich
covariance. All of it follows from sums over the battles of each pair of players, so the cost does not grow with the
number of battles once they are summed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import _newton
from harness.stats._arrays import FloatArray, IntArray, sums_by_code
from harness.stats.bradley_terry import require_finite_maximum
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


def fit_jointly(
    first: ArrayLike, second: ArrayLike, outcomes: ArrayLike, *, n_players: int, prior: float = 0.0
) -> JointFit:
    """Fit every set of outcomes of the same battles.

    Args:
        first: index of the first player of each battle, shape (n,), 0..m-1.
        second: index of the second player, shape (n,).
        outcomes: credit of the first player, shape (q, n), in [0, 1], no NaN.
        n_players: m.
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
    return JointFit(strengths, sums.covariance(strengths, prior), a.size)


class _PairSums:
    """Sums over the battles of each pair, credit counted for the player of the lower index."""

    def __init__(self, first: IntArray, second: IntArray, credit: FloatArray, m: int) -> None:
        low, swapped = np.minimum(first, second), first > second
        credit = np.where(swapped, 1.0 - credit, credit)
        code = low * m + np.maximum(first, second)
        self._m, self._q, self._n = m, len(credit), first.size
        self._games = self._sum(code, np.ones(first.size))
        self._credit = np.array([self._sum(code, row) for row in credit])
        self._products = np.array([[self._sum(code, s * t) for t in credit] for s in credit])

    def _sum(self, code: IntArray, weights: FloatArray) -> FloatArray:
        return sums_by_code(code, weights, self._m * self._m).reshape(self._m, self._m)

    def wins(self) -> FloatArray:
        """Credit of each player against each other, shape (q, m, m)."""
        return np.asarray(self._credit + np.swapaxes(self._games - self._credit, -1, -2))

    def covariance(self, strengths: FloatArray, prior: float) -> FloatArray:
        """H^-1 M H^-1 with the correction n / (n - 1), in the gauge of mean zero."""
        m, q = self._m, self._q
        gaps = strengths[:, :, None] - strengths[:, None, :]
        expected = 0.5 * (1.0 + np.tanh(0.5 * gaps))
        games = self._games + self._games.T
        bread = np.linalg.inv(_newton.solvable(_newton.curvature(np.broadcast_to(games, (q, m, m)), strengths), prior))
        joint = np.empty((q, q, m, m))
        for s in range(q):
            for t in range(q):
                # Sum of residual_s * residual_t over the battles of each pair, multiplied out.
                pulls = (
                    self._products[s, t]
                    - expected[s] * self._credit[t]
                    - expected[t] * self._credit[s]
                    + expected[s] * expected[t] * self._games
                )
                joint[s, t] = bread[s] @ _newton.laplacian(pulls + pulls.T) @ bread[t]
        joint *= self._n / max(1, self._n - 1)
        joint -= joint.mean(axis=-2, keepdims=True)
        joint -= joint.mean(axis=-1, keepdims=True)
        return joint
