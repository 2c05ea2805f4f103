"""One Bradley-Terry problem: checked battles with covariates, prior and anchor, its maximum, and its curvature there.

Log-odds that the first player wins are strength_first - strength_second + covariates @ coefficients. A position
intercept is the coefficient of a covariate that tells who was shown first.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import _newton
from harness.stats._arrays import FloatArray, require_at_least, sigmoid
from harness.stats._battle_sums import Pairs, sums_of_wins
from harness.stats._battles import Battles, read_battles, win_matrix
from harness.stats._pulls import Rows
from harness.stats.errors import NoFiniteMaximum, NotIdentified, OutOfRange, SeparatedByCovariates, ShapeMismatch

POSITION = -1
"""Number of the position intercept among the covariates, in errors."""
# A covariate of which less than this share varies within what the others and the players leave open is none.
_COLLINEAR = 1e-9


class Problem(NamedTuple):
    """What is fitted: q = m + e parameters, the strengths first, then coefficients, last the position intercept."""

    battles: Battles
    extra: FloatArray
    """Covariates of the kept rows, each divided by its scale, then the position, shape (n, e)."""
    scales: FloatArray
    """What each of k covariates was divided by, shape (k,)."""
    has_position: bool
    penalty: FloatArray
    """Precision matrix of the prior, shape (q, q)."""
    anchor: int | None
    prior: float
    tolerance: float
    names: Sequence[str] | None

    @property
    def m(self) -> int:
        """Number of players."""
        return self.battles.n_players

    def pairs(self) -> Pairs:
        """Return the battles sorted by pair, for several maxima."""
        return Pairs(self.battles, self.extra)

    def maximum(
        self, weights: FloatArray | None = None, start: FloatArray | None = None, pairs: Pairs | None = None
    ) -> _newton.Summit:
        """Maximise the penalised likelihood; strengths have mean zero.

        Args:
            weights: in place of those of the battles, shape (n,).
            start: parameters to begin from, shape (q,).
            pairs: the battles sorted, if they are at hand; they are given the weights.

        Raises:
            NoFiniteMaximum, SeparatedByCovariates, NotIdentified: there is no one maximum.
        """
        battles = self.battles if weights is None else self.battles._replace(weights=weights)
        wins, e = win_matrix(battles), self.extra.shape[1]
        if self.prior == 0.0:
            require_finite_maximum(wins, self.names)
        plain = not e and (self.anchor is None or self.prior == 0.0)
        if plain or (start is None and self.prior == 0.0):
            top = _newton.maximise(wins[None], prior=self.prior, tolerance=self.tolerance)
            start = np.concatenate([top.strengths[0], np.zeros(e)])
            if plain:
                sums = sums_of_wins(wins, start)
                return _newton.Summit(start, sums, top.iterations, bool(top.converged[0]))
        start = np.zeros(len(self.penalty)) if start is None else start
        if not e:
            return _newton.climb(lambda values: sums_of_wins(wins, values), start, self.m, self.penalty)
        field = Pairs(battles, self.extra) if pairs is None else pairs
        if pairs is not None:
            pairs.weigh(battles.weights)
        if weights is None:
            self._require_identified(field.sums(start).curvature)
        summit = _newton.climb(field.sums, start, self.m, self.penalty)
        if not summit.converged:
            raise SeparatedByCovariates
        return summit

    def bread(self, summit: _newton.Summit) -> FloatArray:
        """Return the inverse of the penalised curvature, shape (q, q)."""
        matrix = _newton.without_shift(summit.sums.curvature + self.penalty, self.m)
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)

    def rows(self, values: FloatArray) -> Rows:
        """Return what each battle pulls the fit by at these parameters."""
        b = self.battles
        expected = sigmoid(values[b.first] - values[b.second] + self.extra @ values[self.m :])
        residual = b.weights * (b.outcome - expected)
        weight = b.weights * expected * (1.0 - expected)
        return Rows(b.first, b.second, residual, weight, b.weights, self.extra)

    def turn(self) -> FloatArray:
        """Return the matrix that holds strengths against the anchor, else around their mean, shape (q, q)."""
        matrix = np.eye(len(self.penalty))
        if self.anchor is None:
            matrix[: self.m, : self.m] -= 1.0 / self.m
        else:
            matrix[: self.m, self.anchor] -= 1.0
        return matrix

    def _require_identified(self, curvature: FloatArray) -> None:
        """Raise `NotIdentified` if, beside the players and the prior, some covariate says nothing."""
        m, k = self.m, len(self.scales)
        numbers = [*range(k), *([POSITION] if self.has_position else [])]
        whole = curvature + self.penalty
        size = np.diag(whole)[m:]
        if (size <= 0).any():
            raise NotIdentified(tuple(numbers[i] for i in np.flatnonzero(size <= 0)), "it is 0 in every battle")
        held = _newton.without_shift(whole, m)
        left = held[m:, m:] - held[m:, :m] @ np.linalg.solve(held[:m, :m], held[:m, m:])
        values, vectors = np.linalg.eigh(left / np.sqrt(np.outer(size, size)))
        if values[0] < _COLLINEAR:
            share = np.abs(vectors[:, 0]) > 0.1 * np.abs(vectors[:, 0]).max()
            raise NotIdentified(
                tuple(numbers[i] for i in np.flatnonzero(share)),
                "it follows from who meets whom or from other covariates, so that it has no coefficient of its own",
            )


def read_problem(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    n_players: int | None,
    weights: ArrayLike | None,
    covariates: ArrayLike | None,
    position: ArrayLike | None,
    standardise: bool,
    anchor: int | None,
    prior: float,
    covariate_prior: float,
    tolerance: float,
    names: Sequence[str] | None,
) -> Problem:
    """Check everything that `harness.stats.fit` takes; its errors."""
    require_at_least(prior, 0.0, "prior")
    require_at_least(covariate_prior, 0.0, "covariate_prior")
    credit = np.array(outcome, dtype=np.float64)
    columns = np.empty((*credit.shape, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if columns.ndim != credit.ndim + 1 or columns.shape[:-1] != credit.shape:
        raise ShapeMismatch(f"covariates must have shape ({credit.size}, k), one row a battle, not {columns.shape}.")
    shown = None if position is None else np.asarray(position, dtype=np.float64)
    if shown is not None and shown.shape != credit.shape:
        raise ShapeMismatch(f"position must have one value a battle, shape {credit.shape}, not {shown.shape}.")
    if np.isinf(columns).any() or (shown is not None and (np.abs(shown) > 1).any()):
        raise OutOfRange("covariates must be finite and positions lie between -1 and 1; mark missing ones with NaN.")
    credit[np.isnan(columns).any(axis=-1)] = math.nan
    if shown is not None:
        credit[np.isnan(shown)] = math.nan
    battles = read_battles(first, second, credit, weights, n_players)
    m = battles.n_players
    if anchor is not None and not 0 <= anchor < m:
        raise OutOfRange(f"anchor must be a player between 0 and {m - 1}, not {anchor!r}.")
    if names is not None and len(names) != m:
        raise ShapeMismatch(f"names must name each of {m} players, not {len(names)}.")
    styles = columns[battles.kept]
    scales = np.ones(styles.shape[1])
    if standardise and len(styles):
        # Around 0 and not around the mean, so that a battle told from the other side has the opposite covariates.
        size = np.sqrt(battles.weights @ styles**2 / battles.weights.sum())
        scales = np.where(size > 0, size, 1.0)
    parts = [styles / scales] if shown is None else [styles / scales, shown[battles.kept][:, None]]
    extra = np.ascontiguousarray(np.concatenate(parts, axis=1))
    penalty = np.diag(np.repeat([prior, covariate_prior], [m, extra.shape[1]]))
    if anchor is not None:
        # The prior is on the strengths less the anchor's, which the anchor itself cannot be pulled from.
        penalty[anchor, anchor] = (m - 1) * prior
        others = np.flatnonzero(np.arange(m) != anchor)
        penalty[anchor, others] = penalty[others, anchor] = -prior
    return Problem(battles, extra, scales, shown is not None, penalty, anchor, prior, tolerance, names)


def require_finite_maximum(wins: FloatArray, names: Sequence[str] | None = None) -> None:
    """Raise `NoFiniteMaximum` unless one table of credits, shape (m, m), has a finite maximum without a prior."""
    members = _newton.groups(wins[None])[0]
    if (members != members[0]).any():
        groups = tuple(tuple(np.flatnonzero(members == group).tolist()) for group in np.unique(members))
        raise NoFiniteMaximum(groups, names)
