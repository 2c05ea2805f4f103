"""Strengths, in nats, from pairwise battles: P(a beats b) = sigmoid(strength_a - strength_b).

(Bradley and Terry 1952.) A tie counts as half a win for each. Ties make the outcome less variable than the
model believes, so the covariance is the sandwich H^-1 M H^-1 (Huber 1967; White 1982), which does not rest on
the model's variance; of unequal clusters of battles it is the bias-reduced one (CR2). Strengths are only defined up
to a common shift; here their mean is zero, and the covariance is that of the centred ones.

`prior` is the precision, in nats^-2, of a normal prior around zero. Near zero, a precision of 0.25 pulls a
player as much as one virtual tie against an average player would. Zero means none: plain maximum likelihood.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import _newton
from harness.stats._arrays import FloatArray, IntArray, require_at_least, sums_by_code
from harness.stats._battles import Battles, distinct, read_battles, win_matrices, win_matrix
from harness.stats._clusters import kept_codes
from harness.stats._pulls import reduced_bias_pulls
from harness.stats.bootstrap import bootstrap_counts
from harness.stats.cluster_robust import degrees_of_freedom
from harness.stats.errors import NoFiniteMaximum, OutOfRange, ShapeMismatch

# Matrix entries worked on at a time: few enough for the processor's cache.
_CHUNK = 2**17


@dataclass(frozen=True, slots=True)
class BradleyTerry:
    """Fitted strengths of m players."""

    strengths: FloatArray
    """Shape (m,), nats, mean zero."""
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
    """Number of rows left out because their outcome is NaN."""
    degrees_of_freedom: float = math.inf
    """Degrees of freedom of Student's t for clustered battles: those of a mean over clusters of the same sizes.
    Infinite without clusters."""


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
) -> BradleyTerry:
    """Fit Bradley-Terry strengths to battles.

    Args:
        first: index of the first player of each battle, shape (n,), 0..m-1.
        second: index of the second player, shape (n,).
        outcome: credit of the first player, shape (n,): 1 won, 0 lost, 0.5 tie; NaN = failed (left out,
            counted).
        n_players: m; one more than the largest index unless given.
        weights: number of identical battles that each row stands for, shape (n,); 1 unless given. Wins, losses
            and ties need a row each: one row with their mean credit has the same strengths but hides the spread
            that the covariance measures.
        clusters: labels of shape (n,) of battles that depend on each other (the same prompt), for the
            covariance.
        prior: precision of a normal prior, nats^-2; 0 = none.
        tolerance: error of the strengths to aim at, nats.

    Raises:
        NoFiniteMaximum: without a prior, some players never lost credit to the others, or never met them.
        ShapeMismatch: the arrays are not aligned.
        OutOfRange: an index, outcome, weight or option out of range, or a player who meets himself.

    >>> from harness.stats import elo, fit
    >>> strengths = fit([0, 0, 0, 1], [1, 1, 1, 0], [1, 1, 0, 0.5]).strengths
    >>> elo(strengths).round().tolist()
    [1044.0, 956.0]
    """
    require_at_least(prior, 0.0, "prior")
    battles = read_battles(first, second, outcome, weights, n_players)
    wins = win_matrix(battles)
    if prior == 0.0:
        require_finite_maximum(wins)
    maxima = _newton.maximise(wins[None], prior=prior, tolerance=tolerance)
    strengths = maxima.strengths[0]
    labels = None if clusters is None else kept_codes(clusters, battles.kept)
    return BradleyTerry(
        strengths=strengths,
        covariance=_sandwich(battles, wins, strengths, prior, labels),
        converged=bool(maxima.converged[0]),
        iterations=maxima.iterations,
        log_likelihood=float(_newton.log_likelihood(wins[None], strengths[None])[0]),
        n=float(battles.weights.sum()),
        n_failed=battles.n_failed,
        degrees_of_freedom=math.inf if labels is None else freedom_of_clusters(battles.weights, *labels),
    )


def freedom_of_clusters(weights: FloatArray, codes: IntArray, count: int) -> float:
    """Compute the degrees of freedom of a mean over battles of these clusters; NaN with fewer than two."""
    if count < 2:
        return math.nan
    sizes = sums_by_code(codes, weights, count)
    return degrees_of_freedom(sizes / sizes.sum())


def fit_matrix(wins: ArrayLike, *, prior: float = 0.0, tolerance: float = 1e-12) -> FloatArray:
    """Fit Bradley-Terry strengths to many small tables at once.

    Args:
        wins: credit of player i against player j, shape (..., m, m), none negative; the diagonal is ignored.
        prior: precision of a normal prior, nats^-2; 0 = none.
        tolerance: error of the strengths to aim at, nats.

    Returns:
        Strengths in nats, mean zero, shape (..., m); NaN where there is no finite maximum (only if
        prior == 0) or Newton's method did not converge.

    Raises:
        ShapeMismatch: the last two axes differ. OutOfRange: a negative or non-finite entry, or a negative
            prior.
    """
    require_at_least(prior, 0.0, "prior")
    tables = np.array(wins, dtype=np.float64)
    if tables.ndim < 2 or tables.shape[-1] != tables.shape[-2]:
        raise ShapeMismatch(f"wins must have shape (..., m, m), not {tables.shape}.")
    if not (np.isfinite(tables) & (tables >= 0)).all():
        raise OutOfRange("wins must be finite and not negative.")
    m = tables.shape[-1]
    tables[..., np.arange(m), np.arange(m)] = 0.0
    batch = tables.reshape(math.prod(tables.shape[:-2]), m, m)
    strengths = np.full(batch.shape[:2], np.nan)
    rows = max(1, _CHUNK // max(1, m * m))
    for start in range(0, batch.shape[0], rows):
        strengths[start : start + rows] = _fit_chunk(batch[start : start + rows], prior, tolerance)
    return strengths.reshape(tables.shape[:-1])


def bootstrap_fit(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
    n_players: int | None = None,
    weights: ArrayLike | None = None,
    prior: float = 0.0,
    tolerance: float = 1e-12,
) -> FloatArray:
    """Refit the strengths to resampled battles.

    Each replicate draws as many battles as there are, with replacement, as one multinomial draw over the
    distinct (first, second, outcome) rows.

    Args:
        first: as `fit`.
        second: as `fit`.
        outcome: as `fit`.
        rng: the source of randomness.
        replicates: number of resamples.
        n_players: as `fit`.
        weights: as `fit`, but whole numbers.
        prior: as `fit`.
        tolerance: as `fit`.

    Returns:
        Strengths in nats, mean zero, shape (replicates, m); NaN rows where the resample has no finite
        maximum.

    Raises:
        UnusableData: as `fit`, except that a missing maximum is NaN; OutOfRange also for weights that are not
            whole.
    """
    battles = read_battles(first, second, outcome, weights, n_players)
    m = battles.n_players
    battles = distinct(battles)
    counts = bootstrap_counts(battles.weights, rng=rng, replicates=replicates)
    strengths = np.empty((replicates, m))
    rows = max(1, _CHUNK // (m * m))
    for start in range(0, replicates, rows):
        part = slice(start, start + rows)
        strengths[part] = fit_matrix(win_matrices(battles, counts[part]), prior=prior, tolerance=tolerance)
    return strengths


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


def require_finite_maximum(wins: FloatArray) -> None:
    """Raise `NoFiniteMaximum` unless one table of credits, shape (m, m), has a finite maximum without a prior."""
    members = _newton.groups(wins[None])[0]
    if (members != members[0]).any():
        raise NoFiniteMaximum(tuple(tuple(np.flatnonzero(members == group).tolist()) for group in np.unique(members)))


def _fit_chunk(wins: FloatArray, prior: float, tolerance: float) -> FloatArray:
    """Fit each table, shape (B, m); NaN if a table has no finite maximum."""
    strengths = np.full(wins.shape[:2], np.nan)
    usable = np.ones(wins.shape[0], dtype=np.bool_)
    if prior == 0.0:
        usable = (_newton.groups(wins) == 0).all(axis=-1)
    maxima = _newton.maximise(wins[usable], prior=prior, tolerance=tolerance)
    strengths[usable] = np.where(maxima.converged[:, None], maxima.strengths, np.nan)
    return strengths


def _sandwich(
    battles: Battles,
    wins: FloatArray,
    strengths: FloatArray,
    prior: float,
    clusters: tuple[IntArray, int] | None,
) -> FloatArray:
    """Compute H^-1 M H^-1 with mean zero; n independent battles have the correction n / (n - 1)."""
    m = battles.n_players
    count = float(battles.weights.sum()) if clusters is None else clusters[1]
    if count <= 1:
        return np.full((m, m), np.nan)
    gap = strengths[battles.first] - strengths[battles.second]
    expected = 0.5 * (1.0 + np.tanh(0.5 * gap))
    residual = battles.outcome - expected
    curvature = _newton.solvable(_newton.curvature(wins + wins.T, strengths), prior)
    bread: FloatArray = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
    if clusters is None:
        meat = _independent_meat(battles, residual) * (count / (count - 1))
    else:
        weight = battles.weights * expected * (1.0 - expected)
        players = (battles.first, battles.second)
        pulls = reduced_bias_pulls(*players, battles.weights * residual, weight, battles.weights, bread, *clusters)
        meat = pulls.T @ pulls
    covariance = bread @ meat @ bread
    covariance -= covariance.mean(axis=0, keepdims=True)
    covariance -= covariance.mean(axis=1, keepdims=True)
    return np.asarray(covariance)


def _independent_meat(battles: Battles, residual: FloatArray) -> FloatArray:
    """Sum over battles of residual^2 (e_first - e_second)(e_first - e_second)', shape (m, m)."""
    m = battles.n_players
    pairs = battles.first * m + battles.second
    squares = sums_by_code(pairs, battles.weights * residual**2, m * m).reshape(m, m)
    return _newton.laplacian(squares + squares.T)
