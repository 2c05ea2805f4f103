"""The penalty of a sparse fit by cross-validation along the regularisation path."""

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
"""Between two penalties of the path."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to try, and how to choose.

    Attributes:
        penalties: How many, from the largest useful one down.
        folds: Parts that are held out in turn.
        criterion: One of CRITERIA, on each part held out; the mean decides.
        seed: Of the parts.
        gap: Duality gap of the fits while searching.
    """

    penalties: int = 14
    folds: int = 5
    criterion: str = "average_precision"
    seed: int = 0
    gap: float = 1e-4


@dataclass(frozen=True, slots=True)
class PenaltyTrial:
    """One penalty and what it was worth on the parts held out."""

    penalty: float
    value: float
    """Mean over the folds; of the log-loss, its negative."""
    error: float
    """Standard error of that mean."""
    support: float
    """Tokens with a weight, mean over the folds."""


def search(
    matrix: NDArray[Any],
    labels: NDArray[Any],
    groups: Sequence[str | None],
    settings: Search,
    *,
    balanced: bool = True,
    told: Callable[[int, float], None] = lambda fold, value: None,
) -> list[PenaltyTrial]:
    """The path of penalties, each with its mean value over the parts held out, the largest penalty first.

    Args:
        matrix: Features, (n, V), standardised anew on the rows of each fold.
        labels: (n,) of 0 and 1.
        groups: (n,); rows of one group are held out together. None: a row of its own.
        settings: What to try.
        balanced: Whether texts of the positive class count negatives over positives.
        told: Called after each fold with its number and the best value in it.

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
    """The largest penalty whose value lies within a standard error of the highest (Breiman et al. 1984)."""
    top = max(tried, key=lambda one: one.value)
    return next(one for one in tried if one.value >= top.value - top.error)


def positive_weight(labels: NDArray[Any], balanced: bool) -> float:
    """Negatives over positives, or 1."""
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
    """Scores of the rows held out and the number of weights, for each penalty."""
    scale = measure(matrix, fit)
    train, test = Standardised(matrix, scale, fit), Standardised(matrix, scale, held)
    weight = positive_weight(labels[fit], balanced)
    scores, supports = [], []
    for one in path(train, labels[fit], penalties, positive_weight=weight, gap=gap):
        support = one.support
        scores.append(test.columns(support) @ one.weights[support] + one.bias)
        supports.append(len(support))
    return scores, supports


def _value(criterion: str, scores: FloatArray, labels: NDArray[Any]) -> float:
    found = getattr(stats, criterion)(scores, labels).value
    return -float(found) if criterion == "log_loss" else float(found)
