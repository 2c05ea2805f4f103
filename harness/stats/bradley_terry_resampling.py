"""Bradley-Terry strengths of resampled battles: bootstrap over battles or clusters, and leaving clusters out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import FloatArray, IntArray
from harness.stats._battles import distinct, win_matrices
from harness.stats._clusters import kept_codes
from harness.stats._problem import Problem, read_problem
from harness.stats._pulls import pulls_in_parts
from harness.stats.bootstrap import bootstrap_counts
from harness.stats.bradley_terry_tables import CHUNK, fit_matrix
from harness.stats.errors import OutOfRange, UnusableData


@dataclass(frozen=True, slots=True)
class Jackknife:
    """What leaving each of G clusters out makes of a fit, to one Newton step from the fit of all."""

    values: FloatArray
    """Strengths, coefficients and position without each cluster, shape (G, q), in the order of the sorted labels; NaN
    where the rest leaves some of them unknown."""
    covariance: FloatArray
    """(G - 1) / G times the sum of squares around their mean, shape (q, q); NaN if a cluster cannot be left out."""
    labels: IntArray
    """Row of `values` of each battle given, shape (n,); -1 = left out."""


def jackknife_fit(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    clusters: ArrayLike,
    n_players: int | None = None,
    weights: ArrayLike | None = None,
    prior: float = 0.0,
    covariates: ArrayLike | None = None,
    position: ArrayLike | None = None,
    standardise: bool = False,
    covariate_prior: float = 0.0,
    anchor: int | None = None,
    names: Sequence[str] | None = None,
) -> Jackknife:
    """Leave each cluster of battles out in turn, without refitting (Pregibon 1981).

    The one Newton step from the fit of all takes the curvature of the battles that are left.

    Args:
        first: as `fit`, and so are all others.
        second: as `fit`.
        outcome: as `fit`.
        clusters: labels of shape (n,).
        n_players: as `fit`.
        weights: as `fit`.
        prior: as `fit`.
        covariates: as `fit`; scales are those of all battles.
        position: as `fit`.
        standardise: as `fit`.
        covariate_prior: as `fit`.
        anchor: as `fit`.
        names: as `fit`.

    Raises:
        UnusableData: as `fit`.
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
        tolerance=1e-12,
        names=names,
    )
    codes, count = kept_codes(clusters, problem.battles.kept)
    summit = problem.maximum()
    bread, turn = problem.bread(summit), problem.turn()
    rows = problem.rows(summit.values)
    parts = pulls_in_parts(rows, bread, codes, count, power=1.0, exact=True)
    moved = np.concatenate([pulls @ bread for pulls in parts]) @ turn.T
    values = _held(problem, summit.values @ turn.T - moved)
    around = values - values.mean(axis=0)
    labels = np.full(problem.battles.kept.size, -1)
    labels[problem.battles.kept] = codes
    factor = (count - 1) / count if count > 1 else math.nan
    return Jackknife(values, factor * (around.T @ around), labels)


def bootstrap_fit(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
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
) -> FloatArray:
    """Refit the strengths to resampled battles.

    Each replicate draws as many battles as there are, with replacement, as one multinomial draw over the
    distinct (first, second, outcome) rows; or as many clusters as there are, of which all battles count as often as
    the cluster was drawn.

    Args:
        first: as `fit`.
        second: as `fit`.
        outcome: as `fit`.
        rng: the source of randomness.
        replicates: number of resamples.
        n_players: as `fit`.
        weights: as `fit`, but whole numbers if there are no clusters.
        clusters: labels of shape (n,); whole clusters are drawn.
        prior: as `fit`.
        tolerance: as `fit`.
        covariates: as `fit`; scales are those of all battles.
        position: as `fit`.
        standardise: as `fit`.
        covariate_prior: as `fit`.
        anchor: as `fit`.
        names: as `fit`.

    Returns:
        Strengths in nats, held as `fit` holds them, then coefficients and position, shape (replicates, q); NaN rows
        where the resample has no finite maximum.

    Raises:
        UnusableData: as `fit`, except that a missing maximum of a resample is NaN; OutOfRange also for weights that
            are not whole, without clusters.
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
    if replicates < 1:
        raise OutOfRange(f"replicates must be at least 1, not {replicates}.")
    drawn = None if clusters is None else kept_codes(clusters, problem.battles.kept)
    plain = not problem.extra.shape[1] and (anchor is None or prior == 0.0)
    if plain:
        return _refit_tables(problem, drawn, rng, replicates)
    return _refit(problem, drawn, rng, replicates)


def _refit_tables(
    problem: Problem, clusters: tuple[IntArray, int] | None, rng: np.random.Generator, replicates: int
) -> FloatArray:
    """Refit without covariates: from tables of credits, many at a time."""
    m = problem.m
    battles = problem.battles if clusters is not None else distinct(problem.battles)
    counts = None if clusters is not None else bootstrap_counts(battles.weights, rng=rng, replicates=replicates)
    strengths = np.empty((replicates, m))
    rows = max(1, CHUNK // (m * m))
    for start in range(0, replicates, rows):
        part = slice(start, min(replicates, start + rows))
        if counts is not None:
            wins = win_matrices(battles, counts[part])
        elif clusters is not None:
            codes, count = clusters
            wins = win_matrices(battles, _drawn_clusters(rng, part.stop - start, count)[:, codes] * battles.weights)
        strengths[part] = fit_matrix(wins, prior=problem.prior, tolerance=problem.tolerance)
    return _held(problem, strengths @ problem.turn().T)


def _refit(
    problem: Problem, clusters: tuple[IntArray, int] | None, rng: np.random.Generator, replicates: int
) -> FloatArray:
    """Refit one resample after the other, from the maximum of all battles."""
    battles, pairs = problem.battles, problem.pairs()
    start = problem.maximum(pairs=pairs).values
    found = np.full((replicates, len(start)), math.nan)
    for replicate in range(replicates):
        if clusters is None:
            weights = bootstrap_counts(battles.weights, rng=rng, replicates=1)[0].astype(np.float64)
        else:
            codes, count = clusters
            weights = _drawn_clusters(rng, 1, count)[0, codes] * battles.weights
        try:
            summit = problem.maximum(weights, start, pairs)
        except UnusableData:
            continue
        if summit.converged:
            found[replicate] = summit.values
    return _held(problem, found @ problem.turn().T)


def _drawn_clusters(rng: np.random.Generator, replicates: int, count: int) -> FloatArray:
    """Draw how often each of G clusters counts, shape (replicates, G); a part of the replicates draws the same."""
    return np.array([np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(replicates)], float)


def _held(problem: Problem, values: FloatArray) -> FloatArray:
    """Make the anchor's strength 0 exactly, whatever is left of rounding; NaN stays."""
    if problem.anchor is not None:
        values[..., problem.anchor] = np.where(np.isnan(values[..., problem.anchor]), math.nan, 0.0)
    return values
