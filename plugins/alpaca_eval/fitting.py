"""Logistic regression with an L1 penalty on few weights and continuous targets, by proximal Newton steps.

The objective is |w|_1 / C + sum_i a_i [log(1 + exp(z_i)) - p_i z_i], z = X w: liblinear's (Fan and others 2008)
divided by C, for targets p in [0, 1] that liblinear takes as two weighted rows. The targets enter by the vector sum_i
a_i p_i x_i alone, so that rows whose targets are known only in sum can take part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
GRID: tuple[float, ...] = tuple(float(c) for c in np.logspace(-4, 4, 10))
"""The penalties among which AlpacaEval chooses: ten, evenly spaced by their logarithm."""
_STEPS, _SWEEPS, _HALVINGS = 100, 500, 40
_LAST_STEP = 1e-7
"""Relative to the weights: near the minimum an error is squared by every step, so that after one of this size it is at
the rounding of the weights."""


_ROUNDING = 1e-13
"""Of the objective, relative to the sums that it is the difference of: a smaller decrease cannot be told from none."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Weighted rows of a logistic regression: what is fitted, up to its targets, which are known in sum."""

    features: FloatArray
    """(n, k)."""
    weights: FloatArray
    """(n,)."""
    pull: FloatArray
    """(k,) sum of weight times target times features."""

    @classmethod
    def of(cls, features: FloatArray, targets: FloatArray, weights: FloatArray | None = None) -> Rows:
        """Make rows of targets (n,) in [0, 1]; without weights each row weighs 1."""
        weights = np.ones(len(features)) if weights is None else weights
        return cls(features, weights, features.T @ (weights * targets))

    def __add__(self, other: Rows) -> Rows:
        return Rows(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.weights, other.weights]),
            self.pull + other.pull,
        )


def fit(rows: Rows, c: float, start: FloatArray | None = None) -> FloatArray:
    """Minimise the objective; return the weights, (k,), exact to rounding.

    Args:
        rows: What is fitted.
        c: How little the weights are shrunk, > 0; infinity: not at all.
        start: Weights to begin from.

    Raises:
        ValueError: no finite weights do, as where the rows are separated and nothing shrinks the weights.
    """
    count = rows.features.shape[1]
    w = np.zeros(count) if start is None else np.array(start, dtype=np.float64)
    shrink = 1.0 / c
    transposed = np.ascontiguousarray(rows.features.T)
    value, share = _value(rows, transposed, w, shrink)
    for _ in range(_STEPS):
        gradient = transposed @ (rows.weights * share) - rows.pull
        curvature = (transposed * (rows.weights * share * (1 - share))) @ rows.features
        step = _shrunk_step(w, gradient, curvature, shrink)
        if float(np.abs(step).max()) <= _LAST_STEP * max(1.0, float(np.abs(w).max())):
            return np.asarray(w + step)
        # The decrease that the model of second order promises; a step that overshoots is halved.
        promised = float(gradient @ step) + shrink * float(np.abs(w + step).sum() - np.abs(w).sum())
        length, rounding = 1.0, _ROUNDING * (abs(value) + float(np.abs(rows.pull) @ np.abs(w)))
        for _ in range(_HALVINGS):
            new_value, new_share = _value(rows, transposed, w + length * step, shrink)
            if new_value <= value + 0.25 * length * promised + rounding:
                break
            length /= 2
        else:
            return w  # rounding allows no further decrease
        w = w + length * step
        value, share = new_value, new_share
        if not np.isfinite(w).all() or float(np.abs(w).max()) > 1e3:
            break
    raise ValueError("the weights grow without end: the verdicts are separated, and nothing shrinks the weights")


def _value(rows: Rows, transposed: FloatArray, w: FloatArray, shrink: float) -> tuple[float, FloatArray]:
    z = w @ transposed
    small = np.exp(-np.abs(z))
    share = np.where(z >= 0, 1.0, small) / (1.0 + small)
    loss = float(rows.weights @ (np.maximum(z, 0.0) + np.log1p(small))) - float(rows.pull @ w)
    return loss + shrink * float(np.abs(w).sum()), share


def _shrunk_step(w: FloatArray, gradient: FloatArray, curvature: FloatArray, shrink: float) -> FloatArray:
    """Minimise the quadratic model with the L1 penalty; return the step from w.

    Where no weight changes its sign, which is nearly always, one linear system gives the minimum.
    """
    here = gradient - curvature @ w
    signs = np.sign(w)
    if signs.all():
        try:
            moved = np.linalg.solve(curvature, -(here + shrink * signs))
        except np.linalg.LinAlgError:
            return _by_coordinates(w, here, curvature, shrink) - w
        if (moved * signs > 0).all():
            return np.asarray(moved - w)
    sign = np.where(w != 0, np.sign(w), -np.sign(gradient) * (np.abs(gradient) > shrink))
    active = sign != 0
    new = np.zeros(len(w))
    if active.any():
        try:
            new[active] = np.linalg.solve(curvature[np.ix_(active, active)], -(here + shrink * sign)[active])
        except np.linalg.LinAlgError:
            return _by_coordinates(w, here, curvature, shrink) - w
    pull = here + curvature @ new
    if (new * sign >= 0).all() and (np.abs(pull[~active]) <= shrink).all() and np.isfinite(new).all():
        return new - w
    return _by_coordinates(w, here, curvature, shrink) - w


def _by_coordinates(w: FloatArray, slope: FloatArray, curvature: FloatArray, shrink: float) -> FloatArray:
    """Minimise slope w + w curvature w / 2 + shrink |w|_1, one coordinate after the other, from w."""
    linear, bend, new = slope.tolist(), curvature.tolist(), w.tolist()
    count = len(new)
    for _ in range(_SWEEPS):
        moved = 0.0
        for j in range(count):
            steep = bend[j][j]
            if steep <= 0:  # a feature that is zero throughout says nothing
                target = 0.0
            else:
                pull = linear[j] + sum(bend[j][m] * new[m] for m in range(count)) - steep * new[j]
                target = 0.0 if abs(pull) <= shrink else (-pull - shrink if pull < 0 else -pull + shrink) / steep
            moved = max(moved, abs(target - new[j]))
            new[j] = target
        if moved <= 1e-12 * max(1.0, max(map(abs, new))):
            break
    return np.array(new)


def choose(
    features: FloatArray, targets: FloatArray, weights: FloatArray, *, folds: int = 5, grid: Any = GRID
) -> float:
    """Choose C as AlpacaEval does: the least mean loss over folds, each row a group of its own.

    scikit-learn's ``GroupKFold`` deals groups of equal size to the folds in turn, so that row i is in fold i modulo
    ``folds``.

    Args:
        features: (n, k), of all rows in order: first those of the regulariser.
        targets: (n,) in [0, 1].
        weights: (n,).
        folds: How many.
        grid: The values of C to choose from, ascending.
    """
    turn = np.arange(len(features)) % folds
    scores = np.zeros(len(grid))
    for fold in range(min(folds, len(features))):
        held = turn == fold
        rows = Rows.of(features[~held], targets[~held], weights[~held])
        left, wanted, weight = features[held], targets[held], weights[held]
        w: FloatArray | None = None
        for number, c in enumerate(grid):
            w = fit(rows, c, w)
            z = left @ w
            scores[number] += float((weight * (np.logaddexp(0.0, z) - wanted * z)).mean())
    return float(grid[int(scores.argmin())])
