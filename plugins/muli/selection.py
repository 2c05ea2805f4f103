"""Chooses the penalty of a sparse fit by cross-validation along the regularisation path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.training import fold_numbers

from .features import FloatArray, IntArray, Standardised, measure
from .sparse_logistic import largest_penalty, path

CRITERIA = ("average_precision", "auroc", "log_loss")
RATIO = 1.5
"""Ratio of neighbouring penalties on the path."""


@dataclass(frozen=True, slots=True)
class Search:
    """The penalties to try, and the way to choose among them.

    Attributes:
        penalties: Number of penalties, from the largest useful one down.
        folds: Number of parts that are held out in turn.
        criterion: One of CRITERIA, on each held-out part; the mean decides.
        seed: Seed of the parts.
        gap: Duality gap of the fits while searching.
    """

    penalties: int = 14
    folds: int = 5
    criterion: str = "average_precision"
    seed: int = 0
    gap: float = 1e-4


@dataclass(frozen=True, slots=True)
class PenaltyTrial:
    """A penalty, with its value on the held-out parts."""

    penalty: float
    value: float
    """Mean of the criterion over the folds; of the log-loss, the negative."""
    error: float
    """Standard error of that mean."""
    support: float
    """Number of tokens with a weight, mean over the folds."""


def search(
    matrix: NDArray[Any],
    labels: NDArray[Any],
    groups: Sequence[str | None],
    settings: Search,
    *,
    balanced: bool = True,
    told: Callable[[int, float], None] = lambda fold, value: None,
) -> list[PenaltyTrial]:
    """Return the path of penalties, largest first, each with its mean value over the held-out parts.

    Args:
        matrix: Features, (n, V), standardised anew on the rows of each fold.
        labels: (n,) of 0 and 1.
        groups: (n,); rows of one group are held out together. None: the row is a group of its own.
        settings: The penalties to try.
        balanced: Whether texts of the positive class count negatives over positives.
        told: Called after each fold with the fold's number and its best value.

    Raises:
        ValueError: there are too few texts of a class.
    """
    whole = Standardised(matrix, measure(matrix))
    top = largest_penalty(whole, labels, positive_weight=positive_weight(labels, balanced))
    penalties = top / RATIO ** np.arange(1, settings.penalties + 1, dtype=np.float64)
    values, supports = [], []
    part = fold_numbers(labels, groups, settings.folds, settings.seed)
    for number in range(settings.folds):
        fit, held = np.flatnonzero(part != number), np.flatnonzero(part == number)
        scores, support = _along(matrix, labels, fit, held, penalties, settings.gap, balanced)
        values.append([_value(settings.criterion, s, labels[held]) for s in scores])
        supports.append(support)
        told(number, max(values[-1]))
    means, errors = np.mean(values, axis=0), np.std(values, axis=0, ddof=1) / np.sqrt(len(values))
    rows = zip(penalties, means, errors, np.mean(supports, axis=0), strict=True)
    return [PenaltyTrial(*map(float, row)) for row in rows]


def best(tried: Sequence[PenaltyTrial]) -> PenaltyTrial:
    """Choose the largest penalty whose value lies within a standard error of the highest (Breiman et al. 1984)."""
    top = max(tried, key=lambda trial: trial.value)
    return next(trial for trial in tried if trial.value >= top.value - top.error)


def positive_weight(labels: NDArray[Any], balanced: bool) -> float:
    """Return negatives over positives if ``balanced``, else 1."""
    positives = float(labels.sum())
    return (len(labels) - positives) / positives if balanced else 1.0


def _along(
    matrix: NDArray[Any],
    labels: NDArray[Any],
    fit: IntArray,
    held: IntArray,
    penalties: FloatArray,
    gap: float,
    balanced: bool,
) -> tuple[list[FloatArray], list[int]]:
    """Return the scores of the held-out rows and the number of weights, for each penalty."""
    scale = measure(matrix, fit)
    train, test = Standardised(matrix, scale, fit), Standardised(matrix, scale, held)
    weight = positive_weight(labels[fit], balanced)
    scores, supports = [], []
    for solution in path(train, labels[fit], penalties, positive_weight=weight, gap=gap):
        support = solution.support
        scores.append(test.columns(support) @ solution.weights[support] + solution.bias)
        supports.append(len(support))
    return scores, supports


def _value(criterion: str, scores: FloatArray, labels: NDArray[Any]) -> float:
    value = getattr(stats, criterion)(scores, labels).value
    return -float(value) if criterion == "log_loss" else float(value)
