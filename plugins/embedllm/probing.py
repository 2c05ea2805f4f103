"""What models' weights say of benchmarks that they were not fitted to, and of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray
from harness.stats import kendall, spearman

from .canonical import MOST, canonical
from .exact import Fit, Problem, predicted

FEWEST = 30
"""Models from which on a regression on embeddings, and a test of its ranks, are worth anything."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well accuracies of models are foretold."""

    spearman: float
    kendall: float
    error: float
    """Mean absolute error."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A category that was left out of training, and what was foretold of it."""

    category: str
    questions: int
    accuracies: FloatArray
    """(m,), of the models on it."""
    foretold: FloatArray
    """(m,): mean predicted probability on its questions, which were read and not answered."""
    others: FloatArray
    """(m,): mean accuracy on the other categories, which does not read a question."""
    by_router: Agreement
    by_others: Agreement


def _agreement(foretold: FloatArray, accuracies: FloatArray) -> Agreement:
    return Agreement(
        spearman(foretold, accuracies).value,
        kendall(foretold, accuracies).value,
        float(np.abs(foretold - accuracies).mean()),
    )


def leave_categories_out(
    vectors: FloatArray,
    outcomes: FloatArray,
    categories: Sequence[str],
    ridge: float,
    *,
    told: Callable[[LeftOut], None] = lambda found: None,
) -> list[LeftOut]:
    """Fit without each category in turn, and foretell every model's accuracy on it.

    Args:
        vectors: (n, d).
        outcomes: (n, m); NaN where unknown.
        categories: (n,).
        ridge: Of the fits.
        told: Called after each category.
    """
    names = sorted(set(categories))
    codes = np.array([names.index(name) for name in categories])
    means = np.array([np.nanmean(outcomes[codes == code], axis=0) for code in range(len(names))])
    found = []
    for code, name in enumerate(names):
        held = codes == code
        fit = Problem(vectors[~held], outcomes[~held]).fit(ridge, gap=1e-4)
        foretold = predicted(vectors[held], fit.weights, fit.intercepts).mean(axis=0)
        others = np.delete(means, code, axis=0).mean(axis=0)
        truth = means[code]
        found.append(
            LeftOut(
                name,
                int(held.sum()),
                truth,
                foretold,
                others,
                _agreement(foretold, truth),
                _agreement(others, truth),
            )
        )
        told(found[-1])
    return found


@dataclass(frozen=True, slots=True)
class Regression:
    """Accuracies on a benchmark by linear regression on something known of the models, over random splits of these."""

    error: float
    """Mean squared error on the models left out, summed over splits as the paper does."""
    significant: int
    """Splits in which Kendall's test on the models left out has p < 0.05 and a positive tau."""
    splits: int


def regress(
    known: FloatArray, accuracies: FloatArray, *, splits: int = 100, train: float = 0.8, seed: int = 0
) -> Regression:
    """Regress accuracies on embeddings of models; of equally good regressions the one of least norm is taken.

    Args:
        known: (m, k), such as `known_of` a fit without the benchmark, or one column of mean accuracies.
        accuracies: (m,).
        splits: Random ones.
        train: Share of the models that are regressed on; the paper does not say which it took.
        seed: Of the splits.

    Raises:
        ValueError: there are fewer than `FEWEST` models, of which a test on a fifth could say nothing.
    """
    from scipy.stats import kendalltau

    if len(known) < FEWEST:
        raise ValueError(f"regression on embeddings needs at least {FEWEST} models, and there are {len(known)}")
    draw = np.random.default_rng(seed)
    count = round(train * len(known))
    total, significant = 0.0, 0
    for _ in range(splits):
        order = draw.permutation(len(known))
        own, held = order[:count], order[count:]
        centre, mean = known[own].mean(axis=0), accuracies[own].mean()
        slope = np.linalg.lstsq(known[own] - centre, accuracies[own] - mean, rcond=None)[0]
        foretold = mean + (known[held] - centre) @ slope
        total += float(((foretold - accuracies[held]) ** 2).mean())
        test = kendalltau(foretold, accuracies[held])
        significant += bool(test.pvalue < 0.05 and test.statistic > 0)
    return Regression(total, significant, splits)


def known_of(fit: Fit, centre: FloatArray, dimensions: int = MOST) -> FloatArray:
    """Return what a fit knows of each model: its coordinates, and its log-odds of a middling question, (m, k + 1).

    Coordinates alone do not say how good a model is, which the intercept holds.

    Args:
        fit: The fit.
        centre: (d,), the mean vector.
        dimensions: The most coordinates, at most `MOST` of them.
    """
    return np.column_stack([canonical(fit.weights).coordinates[:, :dimensions], fit.intercepts + fit.weights @ centre])


def contributions(
    vectors: FloatArray,
    outcomes: FloatArray,
    categories: Sequence[str],
    ridge: float,
    *,
    dimensions: int = 16,
    splits: int = 100,
    seed: int = 0,
) -> tuple[list[str], FloatArray]:
    """Measure how much each benchmark helps to foretell each other one by embeddings.

    Args:
        vectors: (n, d).
        outcomes: (n, m); NaN where unknown.
        categories: (n,).
        ridge: Of the fits.
        dimensions: Coordinates that are regressed on.
        splits: Of the models.
        seed: Of the splits.

    Returns:
        The categories, and (c, c): what removing the row's category from training adds to the total squared error on
        the column's, which is never trained on. NaN on the diagonal. Greater than 0: it helps.
    """
    names = sorted(set(categories))
    codes = np.array([names.index(name) for name in categories])
    means = np.array([np.nanmean(outcomes[codes == code], axis=0) for code in range(len(names))])

    def known(*left_out: int) -> FloatArray:
        own = ~np.isin(codes, left_out)
        fit = Problem(vectors[own], outcomes[own]).fit(ridge, gap=1e-3)
        return known_of(fit, vectors[own].mean(axis=0), dimensions)

    def error(columns: FloatArray, code: int) -> float:
        return regress(columns, means[code], splits=splits, seed=seed).error

    added = [error(known(code), code) for code in range(len(names))]
    matrix = np.full((len(names), len(names)), np.nan)
    for one, other in combinations(range(len(names)), 2):
        without = known(one, other)
        matrix[one, other] = error(without, other) - added[other]
        matrix[other, one] = error(without, one) - added[one]
    return names, matrix


@dataclass(frozen=True, slots=True)
class Community:
    """A group of models, and whether they lie closer together than others do."""

    name: str
    models: int
    inside: float
    """Mean distance between its models."""
    across: float
    """Mean distance between one of its models and one outside."""
    p_value: float
    """Share of permutations of the names over the models with as great a difference or a greater one, one-sided."""


def communities(
    coordinates: FloatArray, labels: Sequence[str], *, permutations: int = 2000, seed: int = 0
) -> list[Community]:
    """Test for each label whether its models lie closer together than they lie to others.

    Args:
        coordinates: (m, k) that can be identified: canonical ones, not those of a factorisation.
        labels: (m,), such as families.
        permutations: Of the labels.
        seed: Of these.

    Raises:
        ValueError: a label is that of one model or of all.
    """
    draw = np.random.default_rng(seed)
    squares = (coordinates**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * coordinates @ coordinates.T, 0.0))
    found = []
    for name in sorted(set(labels)):
        own = np.array([label == name for label in labels])
        if own.sum() < 2 or own.all():
            raise ValueError(f"{name!r} is the label of {int(own.sum())} of {len(own)} models: nothing to compare")
        inside, across = _apart(distances, own)
        greater = 1
        for _ in range(permutations):
            other = _apart(distances, draw.permutation(own))
            greater += other[1] - other[0] >= across - inside
        found.append(Community(name, int(own.sum()), inside, across, greater / (permutations + 1)))
    return found


def _apart(distances: FloatArray, own: NDArray[np.bool_]) -> tuple[float, float]:
    count = int(own.sum())
    inside = distances[np.ix_(own, own)].sum() / (count * (count - 1))
    return float(inside), float(distances[np.ix_(own, ~own)].mean())


def shuffled(outcomes: FloatArray, *, seed: int = 0) -> FloatArray:
    """Return outcomes with those of each question dealt anew among the models: the control, in which models are alike.

    Args:
        outcomes: (n, m).
        seed: Of the dealing.
    """
    return np.random.default_rng(seed).permuted(outcomes, axis=1)
