"""Strengths, in nats, from pairwise battles: P(a beats b) = sigmoid(strength_a - strength_b).

(Bradley and Terry 1952.) A tie counts as half a win for each. Ties make the outcome less variable than the
model believes, so the covariance is the sandwich H^-1 M H^-1 (Huber 1967; White 1982), which does not rest on
the model's variance; of unequal clusters of battles it is the bias-reduced one (CR2). Strengths are only defined up
to a common shift: their mean is zero, or an anchor's strength is, and the covariance is that of strengths so held.

With covariates the log-odds are strength_a - strength_b + z @ coefficients + position * intercept: z differs between
the answers of a and b, such as how much longer one is (the style control of arenas), and the position tells who was
shown first. Both turn their sign if a and b change places.

`prior` is the precision, in nats^-2, of a normal prior around zero (around the anchor, if there is one). Near zero, a
precision of 0.25 pulls a player as much as one virtual tie against an average player would. Zero means none: plain
maximum likelihood.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import _newton
from harness.stats._arrays import FloatArray, IntArray, sums_by_code
from harness.stats._battle_sums import independent_products
from harness.stats._battles import Battles
from harness.stats._clusters import kept_codes
from harness.stats._problem import Problem, read_problem, require_finite_maximum
from harness.stats._pulls import products_of_pulls
from harness.stats.cluster_robust import degrees_of_freedom
from harness.stats.errors import OutOfRange

__all__ = ["BradleyTerry", "elo", "fit", "freedom_of_clusters", "require_finite_maximum"]

# Cells of clusters and players that are marked one by one; of more they are sorted.
_CELLS = 2**26


def _none() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class BradleyTerry:
    """Fitted strengths of m players, with k coefficients of covariates and an intercept for who was shown first."""

    strengths: FloatArray
    """Shape (m,), nats, of mean zero, or less the anchor's."""
    covariance: FloatArray
    """Sandwich covariance, shape (m, m), nats^2; NaN with fewer than two battles or clusters."""
    converged: bool
    """Whether Newton's last step was small enough."""
    iterations: int
    """Newton steps taken."""
    log_likelihood: float
    """Nats, at the strengths, without the prior."""
    n: float
    """Number of battles (sum of weights)."""
    n_failed: int
    """Number of rows left out because their outcome, a covariate or the position is NaN."""
    degrees_of_freedom: float = math.inf
    """Degrees of freedom of Student's t for clustered battles: those of a mean over clusters of the same sizes.
    Infinite without clusters."""
    coefficients: FloatArray = field(default_factory=_none)
    """Shape (k,), nats for a difference of one unit, which is the entry of `scales`."""
    scales: FloatArray = field(default_factory=_none)
    """What each covariate was divided by, shape (k,): 1, or the root of its mean square over battles."""
    position: float = math.nan
    """Nats that being shown first adds; NaN: not fitted."""
    joint_covariance: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """Sandwich covariance of strengths, coefficients and position in this order, shape (q, q)."""
    model_covariance: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """What the covariance would be if battles were independent and outcomes as the model has them, shape (q, q)."""
    battles_per_cluster: FloatArray = field(default_factory=_none)
    """Mean number of each player's battles in the clusters that have any, shape (m,); 1 where there are no clusters."""
    anchor: int | None = None
    """The player whose strength is 0; None: the mean is."""


def fit(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    n_players: int | None = None,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    prior: float = 0.0,
    tolerance: float = 1e-12,
    covariates: ArrayLike | None = None,
    position: ArrayLike | None = None,
    standardise: bool = False,
    covariate_prior: float = 0.0,
    anchor: int | None = None,
    names: Sequence[str] | None = None,
) -> BradleyTerry:
    """Fit Bradley-Terry strengths to battles.

    Args:
        first: index of the first player of each battle, shape (n,), 0..m-1.
        second: index of the second player, shape (n,).
        outcome: credit of the first player, shape (n,): 1 won, 0 lost, 0.5 tie, or a probability; NaN = failed (left
            out, counted).
        n_players: m; one more than the largest index unless given.
        weights: number of identical battles that each row stands for, shape (n,); 1 unless given. Wins, losses
            and ties need a row each: one row with their mean credit has the same strengths but hides the spread
            that the covariance measures. Weights that count a battle for more than it is (Arena-Hard's 3 of a strong
            verdict) need `clusters`, else the covariance takes them for so many independent battles.
        clusters: labels of shape (n,) of battles that depend on each other (the same prompt), for the
            covariance.
        prior: precision of a normal prior, nats^-2; 0 = none.
        tolerance: error of the strengths to aim at, nats; with covariates 1e-9.
        covariates: shape (n, k), differences of the first player less the second; a row with NaN is left out, counted.
        position: shape (n,): 1 where the first player was shown first, -1 where the second was, 0 unknown or neither.
        standardise: divide each covariate by the root of its mean square, so that coefficients can be compared.
        covariate_prior: precision of a normal prior on coefficients and position intercept, nats^-2; 0 = none.
        anchor: the player whose strength is 0 exactly; the prior is then on differences from it. None: the mean is 0.
        names: what to call the players in errors, m of them.

    Raises:
        NoFiniteMaximum: without a prior, some players never lost credit to the others, or never met them.
        SeparatedByCovariates: the same because of covariates. NotIdentified: a covariate never differs, or follows
            from who meets whom.
        ShapeMismatch: the arrays are not aligned.
        OutOfRange: an index, outcome, weight or option out of range, or a player who meets himself.

    >>> from harness.stats import elo, fit
    >>> strengths = fit([0, 0, 0, 1], [1, 1, 1, 0], [1, 1, 0, 0.5]).strengths
    >>> elo(strengths).round().tolist()
    [1044.0, 956.0]
    >>> in_both_orders = fit([1, 1, 1, 1], [0, 0, 0, 0], [1, 0.5, 0.5, 0], position=[1, 1, -1, -1], anchor=0)
    >>> round(abs(in_both_orders.strengths[1]), 3), round(in_both_orders.position, 3)
    (0.0, 1.099)
    """
    problem = read_problem(
        first,
        second,
        outcome,
        n_players=n_players,
        weights=weights,
        covariates=covariates,
        position=position,
        standardise=standardise,
        anchor=anchor,
        prior=prior,
        covariate_prior=covariate_prior,
        tolerance=tolerance,
        names=names,
    )
    labels = None if clusters is None else kept_codes(clusters, problem.battles.kept)
    return _described(problem, problem.maximum(), labels)


def _described(problem: Problem, summit: _newton.Summit, clusters: tuple[IntArray, int] | None) -> BradleyTerry:
    """Hold a maximum against the anchor or the mean, with its covariance."""
    m, k, battles = problem.m, len(problem.scales), problem.battles
    turn, bread = problem.turn(), problem.bread(summit)
    count = float(battles.weights.sum()) if clusters is None else clusters[1]
    joint = np.full(bread.shape, math.nan)
    if count > 1:
        rows = problem.rows(summit.values)
        if clusters is None:
            products = independent_products(rows, m) * (count / (count - 1))
        else:
            products = products_of_pulls(rows, bread, *clusters)
        joint = turn @ (bread @ products @ bread) @ turn.T
    strengths = summit.values[:m]
    believed = turn @ bread @ turn.T
    if problem.anchor is not None:
        strengths = strengths - strengths[problem.anchor]
        for matrix in (joint, believed):  # exactly, whatever is left of rounding
            matrix[problem.anchor] = matrix[:, problem.anchor] = 0.0 if count > 1 else math.nan
    return BradleyTerry(
        strengths=strengths,
        covariance=joint[:m, :m],
        converged=summit.converged,
        iterations=summit.iterations,
        log_likelihood=summit.sums.log_likelihood,
        n=float(battles.weights.sum()),
        n_failed=battles.n_failed,
        degrees_of_freedom=math.inf if clusters is None else freedom_of_clusters(battles.weights, *clusters),
        coefficients=summit.values[m : m + k],
        scales=problem.scales,
        position=float(summit.values[-1]) if problem.has_position else math.nan,
        joint_covariance=joint,
        model_covariance=believed,
        battles_per_cluster=np.ones(m) if clusters is None else _crowding(battles, *clusters),
        anchor=problem.anchor,
    )


def _crowding(battles: Battles, codes: IntArray, count: int) -> FloatArray:
    """Return the mean number of battles of each player in the clusters that have any, shape (m,)."""
    m = battles.n_players
    games, cells = np.zeros(m), []
    for players in (battles.first, battles.second):
        games += sums_by_code(players, battles.weights, m)
        cells.append(codes * m + players)
    if count * m <= _CELLS:
        met = np.zeros(count * m, dtype=np.bool_)
        for cell in cells:
            met[cell] = True
        clusters = met.reshape(count, m).sum(axis=0)
    else:
        clusters = np.bincount(np.unique(np.concatenate(cells)) % m, minlength=m)
    return np.asarray(games / np.maximum(clusters, 1))


def freedom_of_clusters(weights: FloatArray, codes: IntArray, count: int) -> float:
    """Compute the degrees of freedom of a mean over battles of these clusters; NaN with fewer than two."""
    if count < 2:
        return math.nan
    sizes = sums_by_code(codes, weights, count)
    return degrees_of_freedom(sizes / sizes.sum())


def elo(strengths: ArrayLike, *, scale: float = 400.0, base: float = 10.0, centre: float = 1000.0) -> FloatArray:
    """Put strengths on Elo's scale, centre + scale * strength / ln(base), same shape; NaN stays NaN.

    A difference of `scale` points is odds of `base` to one (Elo 1978). The covariance scales by
    (scale / ln(base))^2.

    Args:
        strengths: in nats, any shape.
        scale: points that stand for odds of `base` to one.
        base: the odds that `scale` points stand for.
        centre: points of strength 0.

    Raises:
        OutOfRange: `base` is not above 1.
    """
    if not base > 1:
        raise OutOfRange(f"base must be above 1, not {base!r}.")
    return centre + np.asarray(strengths, dtype=np.float64) * (scale / math.log(base))
