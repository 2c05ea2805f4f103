"""The fit with fewer dimensions than models: each model is the pool's mean and a combination of few directions.

    A_m = a_0 + P_m W,   P of shape (m, d) and W of shape (d, D)

minimises the cross-entropy of known outcomes plus ridge / 2 (|a_0|^2 + sum_m |P_m W|^2): a model is shrunk towards the
pool, not towards knowing nothing. That is not convex; L-BFGS goes down from several starts, and the best end is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

from .exact import Fit, Problem, log_loss, predicted, sigmoid

_STEPS = 1000
_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class LowRankFit:
    """The best of several local optima."""

    fit: Fit
    """Its gap is NaN: nothing is known of how far it is from the least."""
    objectives: list[float]
    """Of each start's end, nats, the first from the exact fit's leading directions."""
    slope: float
    """Largest entry of the gradient at the best end: 0 at an optimum."""


def fit(
    problem: Problem,
    ridge: float,
    dimensions: int,
    *,
    starts: int = 5,
    steps: int = _STEPS,
    seed: int = 0,
    told: Callable[[int, float], None] | None = None,
) -> LowRankFit:
    """Go down from several starts.

    Args:
        problem: Vectors and outcomes.
        ridge: Of the objective.
        dimensions: d, at least 1.
        starts: The first is the exact fit's nearest matrix of that rank, about the pool's mean; others are random.
        steps: The most steps of L-BFGS a start.
        seed: Of the random starts.
        told: Called after each start with its number and the objective at its end.
    """
    from scipy.optimize import minimize

    shape = _Shape(problem.rotated.shape[1], problem.outcomes.shape[1], dimensions)
    draw = np.random.default_rng(seed)
    first = _first(problem, ridge, shape)
    best, objectives = None, []
    for number in range(starts):
        start = first if number == 0 else _random(first, shape, draw)
        end = minimize(
            _objective,
            start,
            args=(problem, ridge, shape),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": steps, "maxfun": 2 * steps, "gtol": _TOLERANCE, "ftol": 1e-12},
        )
        objectives.append(float(end.fun))
        if told is not None:
            told(number + 1, float(end.fun))
        if best is None or end.fun < best.fun:
            best = end
    return LowRankFit(_made(problem, best, shape), objectives, float(np.abs(best.jac).max()))  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class _Shape:
    width: int
    models: int
    dimensions: int

    def parts(self, flat: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return P, W, a_0 and the intercepts."""
        ends = np.cumsum([self.models * self.dimensions, self.dimensions * self.width, self.width])
        own, directions, pool, intercepts = np.split(flat, ends)
        return (
            own.reshape(self.models, self.dimensions),
            directions.reshape(self.dimensions, self.width),
            pool,
            intercepts,
        )


def _objective(flat: FloatArray, problem: Problem, ridge: float, shape: _Shape) -> tuple[float, FloatArray]:
    own, directions, pool, intercepts = shape.parts(flat)
    deviations = own @ directions
    odds = problem.rotated @ (pool + deviations).T + intercepts
    losses = np.where(problem.known, np.logaddexp(0.0, odds) - problem.outcomes * odds, 0.0)
    value = losses.sum() + ridge / 2 * ((pool**2).sum() + (deviations**2).sum())
    excess = np.where(problem.known, sigmoid(odds) - problem.outcomes, 0.0)
    slopes = excess.T @ problem.rotated
    of_deviations = slopes + ridge * deviations
    gradient = np.concatenate(
        [
            (of_deviations @ directions.T).ravel(),
            (own.T @ of_deviations).ravel(),
            slopes.sum(axis=0) + ridge * pool,
            excess.sum(axis=0),
        ]
    )
    return float(value), gradient


def _first(problem: Problem, ridge: float, shape: _Shape) -> FloatArray:
    exact = problem.fit(ridge, gap=1e-2)
    weights = exact.weights @ problem.basis
    pool = weights.mean(axis=0)
    left, values, right = np.linalg.svd(weights - pool, full_matrices=False)
    root = np.sqrt(values[: shape.dimensions])
    own, directions = left[:, : shape.dimensions] * root, root[:, None] * right[: shape.dimensions]
    return np.concatenate([own.ravel(), directions.ravel(), pool, exact.intercepts + exact.weights @ problem.centre])


def _random(first: FloatArray, shape: _Shape, draw: np.random.Generator) -> FloatArray:
    own, directions, pool, intercepts = shape.parts(first)
    return np.concatenate(
        [
            draw.normal(scale=own.std() or 1.0, size=own.size),
            draw.normal(scale=directions.std() or 1.0, size=directions.size),
            pool,
            intercepts,
        ]
    )


def _made(problem: Problem, end: Any, shape: _Shape) -> Fit:
    own, directions, pool, intercepts = shape.parts(end.x)
    weights = (pool + own @ directions) @ problem.basis.T
    offsets = intercepts - weights @ problem.centre
    odds = problem.rotated @ (weights @ problem.basis).T + intercepts
    losses = np.where(problem.known, np.logaddexp(0.0, odds) - problem.outcomes * odds, 0.0)
    return Fit(weights, offsets, float(losses.sum()), float("nan"), int(end.nit))


RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""The ridges among which cross-validation chooses."""
_STEPS_OF_A_FOLD = 60


def choose_ridge(
    vectors: FloatArray,
    outcomes: FloatArray,
    folds: NDArray[np.int64],
    dimensions: int,
    *,
    told: Callable[[int, float, float], None] | None = None,
) -> tuple[float, dict[float, float]]:
    """Choose the ridge of least cross-validated log loss, from the first start of each fold alone.

    Args:
        vectors: (n, D).
        outcomes: (n, m); NaN where unknown.
        folds: (n,).
        dimensions: d.
        told: Called after each fit with its number, the ridge and the loss on the fold.

    Returns:
        The ridge, and the mean log loss of each candidate in nats a pair.
    """
    sums, pairs, number = dict.fromkeys(RIDGES, 0.0), 0, 0
    for fold in np.unique(folds):
        held = folds == fold
        problem, known = Problem(vectors[~held], outcomes[~held]), int(np.isfinite(outcomes[held]).sum())
        pairs += known
        for ridge in RIDGES:
            found = fit(problem, ridge, dimensions, starts=1, steps=_STEPS_OF_A_FOLD).fit
            loss = log_loss(predicted(vectors[held], found.weights, found.intercepts), outcomes[held])
            sums[ridge] += loss * known
            number += 1
            if told is not None:
                told(number, ridge, loss)
    losses = {ridge: total / pairs for ridge, total in sums.items()}
    return min(losses, key=lambda ridge: (losses[ridge], -ridge)), losses
