"""Logistic regression with an L2 penalty; the penalty's strength is given, or chosen by cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

STRENGTHS = tuple(10.0**power for power in range(-4, 5))
"""Values of C, the inverse of the penalty, that cross-validation chooses from."""


class LinearLogOdds(NamedTuple):
    """The fitted line: log-odds = weights · x + intercept."""

    weights: NDArray[np.float64]
    intercept: float


def fit(features: Any, labels: NDArray[np.bool_], *, strength: float, balanced: bool) -> LinearLogOdds:
    """Minimise ``|w|^2 / 2 + C * sum of the logistic losses`` by scikit-learn's L-BFGS.

    Args:
        features: Array or sparse matrix of shape (n, d).
        labels: Shape (n,); both classes occur.
        strength: C, the inverse of the penalty.
        balanced: Weigh each class by n / (2 n_class).

    Raises:
        ValueError: the solver did not converge.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    solver = LogisticRegression(C=strength, class_weight="balanced" if balanced else None, max_iter=10_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            solver.fit(features, labels)
        except ConvergenceWarning as error:
            raise ValueError(f"the fit did not converge at C={strength:g}: {error}") from error
    return LinearLogOdds(solver.coef_[0].astype(np.float64), float(solver.intercept_[0]))


def fit_standardised(features: NDArray[np.float64], labels: NDArray[np.bool_], **settings: Any) -> LinearLogOdds:
    """Run `fit` on columns of mean 0 and standard deviation 1, and return the line for the columns as they are.

    A column that does not vary gets the weight 0.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-12 * (1 + np.abs(mean)))
    line = fit((features - mean) * scale, labels, **settings)
    weights = line.weights * scale
    return LinearLogOdds(weights, line.intercept - float(weights @ mean))


def choose_strength(
    features: NDArray[np.float64],
    labels: NDArray[np.bool_],
    texts: list[str],
    *,
    balanced: bool,
    folds: int = 5,
    told: Callable[..., None] = lambda step, **values: None,
) -> float:
    """Choose the C of the least log-loss on held-out texts.

    Equal texts are kept in one fold. Of two values that do equally well the stronger penalty is taken.

    Args:
        features: Shape (n, d).
        labels: Shape (n,); both classes occur.
        texts: The n texts, by which folds are made.
        balanced: Weigh both classes the same, in the fits and in the loss.
        folds: Number of folds; fewer if a class has fewer different texts.
        told: Called after each value of C with its number, the value and the loss.

    Raises:
        ValueError: a class has fewer than two different texts.
    """
    splits = _folds(labels, texts, folds)
    losses = np.zeros(len(STRENGTHS))
    for i, strength in enumerate(STRENGTHS):
        for train, held_out in splits:
            line = fit_standardised(features[train], labels[train], strength=strength, balanced=balanced)
            losses[i] += _loss(features[held_out] @ line.weights + line.intercept, labels[held_out], balanced)
        told(i + 1, strength=strength, loss=float(losses[i] / len(splits)))
    return STRENGTHS[int(np.flatnonzero(losses <= losses.min() * (1 + 1e-9))[0])]


def _folds(labels: NDArray[np.bool_], texts: list[str], folds: int) -> list[tuple[Any, Any]]:
    from sklearn.model_selection import StratifiedGroupKFold

    _, group = np.unique(np.array(texts, dtype=object), return_inverse=True)
    fewest = min(len(np.unique(group[labels == side])) for side in (True, False))
    if fewest < 2:
        raise ValueError("cross-validation needs at least two different texts of each class; give strength=1 instead")
    splitter = StratifiedGroupKFold(min(folds, fewest), shuffle=True, random_state=0)
    splits = list(splitter.split(group, labels, group))
    return [(train, held) for train, held in splits if 0 < labels[train].sum() < len(train) and len(held)]


def _loss(log_odds: NDArray[np.float64], labels: NDArray[np.bool_], balanced: bool) -> float:
    losses = np.logaddexp(0.0, np.where(labels, -log_odds, log_odds))
    if not balanced:
        return float(losses.mean())
    return float(np.mean([losses[labels == side].mean() for side in (True, False) if (labels == side).any()]))
