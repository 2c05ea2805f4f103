"""The exact fit: EmbedLLM with as many dimensions as models is one ridge logistic regression a model.

EmbedLLM predicts that model m answers question q rightly with probability s((P_m * w) . (W x_q + c) + b), which is
s(A_m . x_q + beta_m) with A of rank at most d. Where d is at least the number of models, or of the vector's entries,
the rank is no constraint, and

    sum over known (m, q) of cross-entropy(s(A_m . x_q + beta_m), y_mq) + ridge / 2 |A|^2

is convex with one minimum, which is found here by Newton steps for all models at once. Each step is solved by
conjugate gradients in the basis in which the second moments of x are diagonal, where a diagonal preconditioner leaves
little to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

_STEPS = 60
_INNER = 80
_HALVINGS = 40
_NOTHING = 1e-13
"""Share of the greatest second moment below which a direction is one that no question goes in."""
_RISES = 2
"""Ridges in succession that were worse than the best before them, after which smaller ones are not tried."""
_SMALLEST = 1e-6
"""The least mean weight of a preconditioner, which a model that is nearly always right would have."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights at the minimum, or as near as the stated gap."""

    weights: FloatArray
    """A, shape (m, d)."""
    intercepts: FloatArray
    """beta, shape (m,)."""
    loss: float
    """Sum of cross-entropies in nats, without the ridge."""
    gap: float
    """How far the objective may be from its minimum, nats: half the squared Newton decrement, summed over models."""
    steps: int
    """Newton steps."""


class Problem:
    """Vectors and outcomes, turned once into the basis that every fit uses, whatever its ridge.

    Args:
        vectors: (n, d), finite.
        outcomes: (n, m) in [0, 1]; NaN where unknown. Every model has a known one.
    """

    def __init__(self, vectors: FloatArray, outcomes: FloatArray) -> None:
        self.known = np.isfinite(outcomes)
        self.outcomes = np.where(self.known, outcomes, 0.0)
        self.centre = vectors.mean(axis=0)
        centred = vectors - self.centre
        moments, basis = np.linalg.eigh(centred.T @ centred)
        there = moments > _NOTHING * max(float(moments[-1]), 1e-300)  # elsewhere every weight is 0, for the ridge
        self.moments, self.basis = moments[there], basis[:, there]
        self.rotated = centred @ self.basis

    def fit(
        self,
        ridge: float,
        *,
        gap: float = 1e-6,
        start: Fit | None = None,
        told: Callable[[int, float], None] | None = None,
    ) -> Fit:
        """Find the minimum.

        Args:
            ridge: Of the objective above, greater than 0; scikit-learn's C is its inverse.
            gap: Nats that the objective may be above its minimum.
            start: A fit of another ridge, from which to go on.
            told: Called after each step with its number and the gap before it.

        Raises:
            ValueError: the gap is not reached, which says that the vectors are degenerate beyond the ridge's help.
        """
        m = self.outcomes.shape[1]
        z, counts = self.rotated, self.known.sum(axis=0)
        if start is None:
            weights = np.zeros((z.shape[1], m))
            share = (self.outcomes.sum(axis=0) + 0.5) / (counts + 1.0)
            intercepts = np.log(share) - np.log1p(-share)
        else:
            weights = self.basis.T @ start.weights.T
            intercepts = start.intercepts + start.weights @ self.centre
        odds = z @ weights + intercepts
        value = self._objective(odds, weights, ridge)
        decrement = np.full(m, np.inf)
        for step in range(1, _STEPS + 1):
            probability = sigmoid(odds)
            excess = np.where(self.known, probability - self.outcomes, 0.0)
            slope, slope0 = z.T @ excess + ridge * weights, excess.sum(axis=0)
            curvature = np.where(self.known, probability * (1 - probability), 0.0)
            direction, direction0 = self._newton(curvature, slope, slope0, ridge)
            decrement = -((slope * direction).sum(axis=0) + slope0 * direction0)
            if told is not None:
                told(step, float(decrement.sum() / 2))
            if decrement.sum() / 2 <= gap:
                return self._made(weights, intercepts, odds, float(decrement.sum() / 2), step)
            moved = z @ direction + direction0
            size = np.ones(m)
            for _ in range(_HALVINGS):  # each model has a step of its own: they do not depend on each other
                trial = weights + size * direction
                trial_value = self._objective(odds + size * moved, trial, ridge)
                worse = trial_value > value - 1e-4 * size * decrement + 1e-12 * np.abs(value)
                if not worse.any():
                    break
                size = np.where(worse, size / 2, size)
            weights, intercepts, odds = weights + size * direction, intercepts + size * direction0, odds + size * moved
            value = self._objective(odds, weights, ridge)
        raise ValueError(
            f"after {_STEPS} Newton steps the objective may still be {decrement.sum() / 2:.3g} nats above its minimum; "
            "raise the ridge, or allow a greater gap"
        )

    def influences(self, fit: Fit, ridge: float, directions: FloatArray) -> Iterator[FloatArray]:
        """Yield for each direction what every question adds to each model's weights along it, (n, m).

        A question that counted twice would move ``weights @ direction`` by that much, to first order.

        Args:
            fit: The minimum.
            ridge: Of that fit.
            directions: (d, k).
        """
        odds = self.rotated @ (self.basis.T @ fit.weights.T) + fit.intercepts + fit.weights @ self.centre
        probability = sigmoid(odds)
        excess = np.where(self.known, probability - self.outcomes, 0.0)
        curvature = np.where(self.known, probability * (1 - probability), 0.0)
        m = self.outcomes.shape[1]
        for along in (self.basis.T @ directions).T:
            solved, solved0 = self._newton(curvature, -np.tile(along[:, None], m), np.zeros(m), ridge)
            yield -excess * (self.rotated @ solved + solved0)

    def _objective(self, odds: FloatArray, weights: FloatArray, ridge: float) -> FloatArray:
        """Return the objective of each model, (m,)."""
        return np.asarray(self._losses(odds) + ridge / 2 * (weights**2).sum(axis=0))

    def _losses(self, odds: FloatArray) -> FloatArray:
        losses = np.logaddexp(0.0, odds) - self.outcomes * odds
        return np.asarray(np.where(self.known, losses, 0.0).sum(axis=0))

    def _newton(
        self, curvature: FloatArray, slope: FloatArray, slope0: FloatArray, ridge: float
    ) -> tuple[FloatArray, FloatArray]:
        """Solve H (direction, direction0) = -(slope, slope0) for all models by preconditioned conjugate gradients."""
        z = self.rotated
        total = np.maximum(curvature.sum(axis=0), 1e-300)
        mean = np.maximum(curvature.sum(axis=0) / np.maximum(self.known.sum(axis=0), 1), _SMALLEST)
        share = self.known.mean(axis=0)  # the moments are those of all questions
        diagonal = self.moments[:, None] * (mean * share) + ridge
        x, x0 = np.zeros_like(slope), np.zeros_like(slope0)
        r, r0 = -slope, -slope0
        y, y0 = r / diagonal, r0 / total
        p, p0 = y.copy(), y0.copy()
        rho = (r * y).sum(axis=0) + r0 * y0
        first = rho.copy()
        for _ in range(_INNER):
            bent = curvature * (z @ p + p0)
            hp, hp0 = z.T @ bent + ridge * p, bent.sum(axis=0)
            alpha = rho / np.maximum((p * hp).sum(axis=0) + p0 * hp0, 1e-300)
            x, x0, r, r0 = x + alpha * p, x0 + alpha * p0, r - alpha * hp, r0 - alpha * hp0
            y, y0 = r / diagonal, r0 / total
            fresh = (r * y).sum(axis=0) + r0 * y0
            if (fresh <= 1e-10 * first).all():
                break
            p, p0 = y + fresh / np.maximum(rho, 1e-300) * p, y0 + fresh / np.maximum(rho, 1e-300) * p0
            rho = fresh
        return x, x0

    def _made(self, weights: FloatArray, intercepts: FloatArray, odds: FloatArray, gap: float, steps: int) -> Fit:
        own = (self.basis @ weights).T
        return Fit(own, intercepts - own @ self.centre, float(self._losses(odds).sum()), gap, steps)


def sigmoid(odds: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-odds))."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -odds)))


def predicted(vectors: FloatArray, weights: FloatArray, intercepts: FloatArray) -> FloatArray:
    """Return predicted correctness, (n, m): one product for all models."""
    return sigmoid(vectors @ weights.T + intercepts)


def log_loss(probability: FloatArray, outcomes: FloatArray) -> float:
    """Return the mean cross-entropy over known outcomes, nats."""
    known = np.isfinite(outcomes)
    inside, truth = np.clip(probability[known], 1e-12, 1 - 1e-12), outcomes[known]
    return float(-(truth * np.log(inside) + (1 - truth) * np.log1p(-inside)).mean())


RIDGES = tuple(float(ridge) for ridge in 10.0 ** np.arange(-2, 3.5, 0.5))
"""The ridges among which cross-validation chooses, ascending."""


def choose_ridge(
    vectors: FloatArray,
    outcomes: FloatArray,
    groups: NDArray[np.int64],
    *,
    ridges: tuple[float, ...] = RIDGES,
    gap: float = 5e-7,
    told: Callable[[int, float, float], None] | None = None,
) -> tuple[float, dict[float, float]]:
    """Choose the ridge of least cross-validated log loss.

    Args:
        vectors: (n, d).
        outcomes: (n, m); NaN where unknown.
        groups: (n,), the fold of each question.
        ridges: The candidates.
        gap: Nats of each fit and known outcome.
        told: Called after each fit with its number, the ridge and the loss on the fold.

    Returns:
        The ridge, and the mean log loss in nats a pair of each candidate that was tried on all folds: on each, ridges
        are tried from the greatest until two in succession are worse than the best.
    """
    by_fold, pairs, number = [], [], 0
    for fold in np.unique(groups):
        held = groups == fold
        problem, start = Problem(vectors[~held], outcomes[~held]), None
        pairs.append(int(np.isfinite(outcomes[held]).sum()))
        enough = gap * int(problem.known.sum())
        losses: dict[float, float] = {}
        for ridge in sorted(ridges, reverse=True):  # from the smoothest, which is near its start
            start = problem.fit(ridge, gap=enough, start=start)
            losses[ridge] = log_loss(predicted(vectors[held], start.weights, start.intercepts), outcomes[held])
            number += 1
            if told is not None:
                told(number, ridge, losses[ridge])
            if min(list(losses.values())[-_RISES:]) > min(losses.values()):
                break
        by_fold.append(losses)
    shared = [ridge for ridge in ridges if all(ridge in losses for losses in by_fold)]
    means = {ridge: float(np.average([losses[ridge] for losses in by_fold], weights=pairs)) for ridge in shared}
    return min(means, key=lambda ridge: (means[ridge], -ridge)), means
