"""Two linear predictors for fewer models than metrics, ridge and partial least squares, with nested leave-one-out.

Both are fitted along a path of strengths. The strength is chosen by leave-one-out among the models of each fit, so that
the outer leave-one-out is judged on models that the choice never saw. The first entry of each path is the mean of the
outcome. Many outcomes are fitted at once, so that a permutation test costs little more than one fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Path = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
"""From variables (n, p), outcomes (n, b) and new units (k, p) to predictions (strengths, k, b)."""

PENALTIES = np.logspace(3, -3, 13)
"""Penalties of ridge, as multiples of the mean squared singular value of the standardised variables."""
COMPONENTS = 4
"""Most components of partial least squares that are tried."""


class LinearFit(NamedTuple):
    """Nested leave-one-out predictions for b outcomes at once."""

    predictions: FloatArray
    """(n, b): predictions of each unit, from the others."""
    new: FloatArray
    """(n, k, b): predictions of each new unit, from all units but unit i."""
    whole: FloatArray
    """(k, b): predictions of each new unit, from all units."""


def ridge_path(x: FloatArray, y: FloatArray, new: FloatArray) -> FloatArray:
    """Fit ridge regression on standardised variables, from the mean of the outcome to hardly any penalty."""
    scores, values, rotated = _rotated(x, new)
    mean = y.mean(axis=0)
    projected = scores.T @ (y - mean)  # (r, b)
    typical = float(np.mean(values**2)) if values.size else 1.0
    shrinkage = 1 / (values**2 + (PENALTIES * typical)[:, None])  # (penalties, r)
    predictions = mean + (rotated * shrinkage[:, None, :]) @ projected
    return np.concatenate([np.broadcast_to(mean, (1, len(new), y.shape[1])), predictions])


def pls_path(x: FloatArray, y: FloatArray, new: FloatArray) -> FloatArray:
    """Fit partial least squares for one outcome, from the mean of the outcome to four components.

    The coefficients with k components are the k-th iterate of conjugate gradients on the normal equations (Wold et al.
    1984; Phatak and de Hoog 2002).
    """
    scores, _, rotated = _rotated(x, new)
    mean = y.mean(axis=0)
    residual = y - mean
    coefficients = np.zeros((scores.shape[1], y.shape[1]))
    gradient = scores.T @ residual
    direction = gradient.copy()
    size = (gradient**2).sum(axis=0)
    enough = 1e-20 * np.maximum(size, 1e-300)
    predictions = [np.broadcast_to(mean, (len(new), y.shape[1]))]
    for _ in range(min(COMPONENTS, max(1, len(x) - 2))):
        image = scores @ direction
        energy = (image**2).sum(axis=0)
        step = np.where(size > enough, size / np.maximum(energy, 1e-300), 0.0)
        coefficients = coefficients + step * direction
        residual = residual - step * image
        gradient = scores.T @ residual
        grown = (gradient**2).sum(axis=0)
        direction = gradient + np.where(size > enough, grown / np.maximum(size, 1e-300), 0.0) * direction
        size = grown
        predictions.append(mean + rotated @ coefficients)
    return np.array(predictions)


PATHS: dict[str, Path] = {"ridge": ridge_path, "pls": pls_path}


def _rotated(x: FloatArray, new: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return standardised variables as scores (n, r) of singular vectors, the singular values, and new units' scores.

    Both predictors depend on the variables only through the scores, of which there are never more than units.
    """
    mean = x.mean(axis=0)
    spread = x.std(axis=0)
    scale = np.where(spread > 1e-12 * np.maximum(np.abs(mean), 1e-300), spread, np.inf)  # constant: no information
    left, values, right = np.linalg.svd((x - mean) / scale, full_matrices=False)
    keep = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)
    return left[:, keep] * values[keep], values[keep], ((new - mean) / scale) @ right[keep].T


def nested_leave_one_out(path: Path, x: FloatArray, y: FloatArray, new: FloatArray) -> LinearFit:
    """Predict each unit, and new units, by fits whose strength was chosen without them.

    Args:
        path: The predictor.
        x: (n, p) variables, n at least 3.
        y: (n, b) outcomes.
        new: (k, p) variables of the new units; k may be 0.
    """
    predictions, of_new = [], []
    for i in range(len(x)):
        others = np.arange(len(x)) != i
        fitted = _chosen(path, x[others], y[others], np.concatenate([x[[i]], new]))
        predictions.append(fitted[0])
        of_new.append(fitted[1:])
    return LinearFit(np.array(predictions), np.array(of_new), _chosen(path, x, y, new))


def _chosen(path: Path, x: FloatArray, y: FloatArray, new: FloatArray) -> FloatArray:
    """Return (k, b) predictions with the strength that has the least leave-one-out error, for each outcome."""
    errors: FloatArray | None = None
    for j in range(len(x)):
        others = np.arange(len(x)) != j
        squared = (path(x[others], y[others], x[[j]])[:, 0] - y[j]) ** 2
        # A fold has one unit less, and may have fewer components: compare the strengths that all folds have.
        errors = squared if errors is None else errors[: len(squared)] + squared[: len(errors)]
    assert errors is not None
    best = errors.argmin(axis=0)  # of equal errors the first, which shrinks most
    candidates = path(x, y, new)
    chosen: FloatArray = candidates[best, :, np.arange(y.shape[1])].T
    return chosen


def skill(y: FloatArray, predictions: FloatArray) -> FloatArray:
    """Return (b,) 1 - squared error over that of the other units' mean; NaN for a constant outcome."""
    n = len(y)
    by_mean = (y.sum(axis=0) - y) / (n - 1)
    base = ((y - by_mean) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value: FloatArray = np.where(base > 0, 1 - ((y - predictions) ** 2).sum(axis=0) / base, np.nan)
    return value
