"""Newton's method for Bradley-Terry problems: many small ones at once, or one with covariates.

Problem b is a matrix wins[b], shape (m, m): the credit of player i against player j. Its penalised
log-likelihood,

    sum_ij wins_ij * log sigmoid(theta_i - theta_j)  -  prior / 2 * sum_i theta_i^2,

is concave; the mean of theta is held at zero. With covariates (`climb`) the caller sums the likelihood over battles.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from harness.stats._arrays import BoolArray, FloatArray, IntArray

_ITERATIONS = 100
_HALVINGS = 40
# A fall of the objective within this fraction of its size is rounding, not a step too far.
_ROUNDING = 1e-12
# A strength or coefficient this large, in nats, is on its way to infinity.
_INFINITE = 50.0


@dataclass(frozen=True, slots=True)
class Maxima:
    """The ends of Newton's method for a batch of B problems."""

    strengths: FloatArray
    """Shape (B, m), nats, mean zero."""
    converged: BoolArray
    """Shape (B,)."""
    iterations: int
    """Newton steps of the slowest problem."""


class Sums(NamedTuple):
    """A log-likelihood of q parameters, the first m of them strengths, without a prior."""

    log_likelihood: float
    """Nats."""
    gradient: FloatArray
    """Shape (q,)."""
    curvature: FloatArray
    """Negative second derivative, shape (q, q)."""


class Summit(NamedTuple):
    """The end of Newton's method for one problem with covariates."""

    values: FloatArray
    """Shape (q,), the strengths first and of mean zero."""
    sums: Sums
    """At the values."""
    iterations: int
    converged: bool
    """False: there is no finite maximum, or the parameters are not told apart."""


def climb(
    sums_at: Callable[[FloatArray], Sums], start: FloatArray, m: int, penalty: FloatArray, *, tolerance: float = 1e-9
) -> Summit:
    """Maximise a penalised log-likelihood of m strengths and some coefficients, halving steps that go too far.

    Args:
        sums_at: the log-likelihood at given parameters.
        start: where to begin, shape (q,), strengths of mean zero.
        m: number of strengths; a common shift of them must change neither likelihood nor penalty, unless the penalty
            holds their mean at zero.
        penalty: precision matrix of the prior, shape (q, q).
        tolerance: the last step's size, nats.
    """

    def objective(sums: Sums, at: FloatArray) -> float:
        return sums.log_likelihood - 0.5 * float(at @ penalty @ at)

    values, sums = start, sums_at(start)
    for iteration in range(1, _ITERATIONS + 1):
        try:
            step = np.linalg.solve(without_shift(sums.curvature + penalty, m), sums.gradient - penalty @ values)
        except np.linalg.LinAlgError:
            return Summit(values, sums, iteration, converged=False)
        step[:m] -= step[:m].mean()
        length, before = 1.0, objective(sums, values)
        while True:
            trial = sums_at(values + length * step)
            if objective(trial, values + length * step) >= before - 1e-10 * abs(before) or length < 1e-6:
                break
            length /= 2
        values, sums = values + length * step, trial
        if not np.isfinite(values).all() or np.abs(values).max() > _INFINITE:
            return Summit(values, sums, iteration, converged=False)
        if np.abs(length * step).max() < tolerance:
            return Summit(values, sums, iteration, converged=True)
    return Summit(values, sums, _ITERATIONS, converged=False)


def without_shift(matrix: FloatArray, m: int) -> FloatArray:
    """Return a curvature, shape (q, q), with a term along the common shift of its m strengths, as `solvable` does."""
    held = matrix.copy()
    size = float(np.trace(matrix[:m, :m])) / m
    held[:m, :m] += (size if size > 0 else 1.0) / m
    return held


def maximise(wins: FloatArray, *, prior: float, tolerance: float) -> Maxima:
    """Maximise every problem of the batch, shape (B, m, m); each must have a finite maximum.

    Newton's error after a step is of the order of the step squared, so a problem is done after its first step
    no larger than sqrt(tolerance).
    """
    strengths = np.zeros(wins.shape[:2])
    active = np.arange(wins.shape[0])
    iterations = 0
    while active.size and iterations < _ITERATIONS:
        step = _newton_step(wins[active], strengths[active], prior)
        step *= _step_lengths(wins[active], strengths[active], step, prior)[:, None]
        strengths[active] += step
        active = active[np.abs(step).max(axis=1, initial=0.0) > math.sqrt(tolerance)]
        iterations += 1
    converged = np.ones(wins.shape[0], dtype=np.bool_)
    converged[active] = False
    return Maxima(strengths, converged, iterations)


def log_likelihood(wins: FloatArray, strengths: FloatArray) -> FloatArray:
    """Compute the log-likelihood in nats, shape (B,), without the prior."""
    gap = _gaps(strengths)
    log_sigmoid = np.minimum(gap, 0.0) - np.log1p(np.exp(-np.abs(gap)))
    return np.asarray(np.einsum("bij,bij->b", wins, log_sigmoid))


def laplacian(weights: FloatArray) -> FloatArray:
    """Sum over pairs i < j of weights_ij (e_i - e_j)(e_i - e_j)', shape (B, m, m), for symmetric weights."""
    matrix = -weights
    diagonal = np.arange(weights.shape[-1])
    matrix[..., diagonal, diagonal] = weights.sum(axis=-1) - weights[..., diagonal, diagonal]
    return matrix


def curvature(games: FloatArray, strengths: FloatArray) -> FloatArray:
    """Compute the negative second derivative of the log-likelihood, (B, m, m); `games` is symmetric, zero diagonal."""
    decay = np.exp(-np.abs(_gaps(strengths)))
    return laplacian(games * decay / (1.0 + decay) ** 2)


def solvable(matrix: FloatArray, prior: float) -> FloatArray:
    """Add to `matrix` the prior and a term along (1, ..., 1), without which it is singular.

    Solutions for right-hand sides of mean zero do not depend on that term; its size only matters for
    rounding.
    """
    m = matrix.shape[-1]
    size = np.trace(matrix, axis1=-2, axis2=-1)[..., None, None] / m + prior
    return np.asarray(matrix + prior * np.eye(m) + np.where(size > 0, size, 1.0) / m)


def groups(wins: FloatArray) -> IntArray:
    """Return the number of each player's strongly connected group, shape (B, m): the least player in the group.

    An edge runs from i to j if i has credit against j. A finite maximum exists if and only if all players are
    in one group (Ford 1957; Hunter 2004, assumption 1). Reachability by squaring the edge matrix: log2(m)
    products for the batch.
    """
    m = wins.shape[-1]
    reach = ((wins > 0) | np.eye(m, dtype=np.bool_)).astype(np.float32)
    for _ in range(max(1, math.ceil(math.log2(max(m, 2))))):
        if reach.all():
            break
        reach = (reach @ reach > 0).astype(np.float32)
    mutual = (reach > 0) & (np.swapaxes(reach, -1, -2) > 0)
    return np.asarray(mutual.argmax(axis=-1), dtype=np.int64)


def _gaps(strengths: FloatArray) -> FloatArray:
    return np.asarray(strengths[..., :, None] - strengths[..., None, :])


def _newton_step(wins: FloatArray, strengths: FloatArray, prior: float) -> FloatArray:
    """Solve curvature * step = gradient; shape (B, m), mean zero."""
    gap = _gaps(strengths)
    decay = np.exp(-np.abs(gap))
    games = wins + np.swapaxes(wins, -1, -2)
    expected = games * np.where(gap >= 0, 1.0, decay) / (1.0 + decay)
    gradient = (wins - expected).sum(axis=-1) - prior * strengths
    matrix = solvable(laplacian(games * decay / (1.0 + decay) ** 2), prior)
    step = np.linalg.solve(matrix, gradient[..., None])[..., 0]
    return np.asarray(step - step.mean(axis=-1, keepdims=True))


def _objective(wins: FloatArray, strengths: FloatArray, prior: float) -> FloatArray:
    return np.asarray(log_likelihood(wins, strengths) - prior / 2 * (strengths**2).sum(axis=-1))


def _step_lengths(wins: FloatArray, strengths: FloatArray, step: FloatArray, prior: float) -> FloatArray:
    """Return the first of 1, 1/2, 1/4, ... of the step that does not lower the objective, shape (B,)."""
    lengths = np.ones(wins.shape[0])
    before = _objective(wins, strengths, prior)
    floor = before - _ROUNDING * np.abs(before)
    lower = np.arange(wins.shape[0])
    for _ in range(_HALVINGS):
        trial = strengths[lower] + lengths[lower, None] * step[lower]
        lower = lower[_objective(wins[lower], trial, prior) < floor[lower]]
        if lower.size == 0:
            break
        lengths[lower] /= 2
    return lengths
