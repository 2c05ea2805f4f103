"""Lower-bound curves: does a model's worst domain predict the outcome better than its best?

Each metric is standardised over the models within each domain, each model's standardised figures are sorted, and the
q-th smallest is correlated with the outcome (Frick et al. 2024, "How to Evaluate Reward Models for RLHF"). At q = 1
that is the worst domain of every model, at q = D the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from harness import stats

from .figures import OutcomeFigures

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QuantileCurve:
    """Correlations of the outcome with each model's q-th smallest standardised domain, by one metric."""

    task: str
    metric: str
    domains: tuple[str, ...]
    n: int
    """Number of models that have the metric on all domains."""
    correlations: tuple[float, ...]
    """Pearson's correlations for q = 1 (the worst domain) to the number of domains (the best)."""
    p_values: tuple[float, ...]
    """P-values of the correlations by permutation, each on its own."""


def quantile_curves(
    figures: OutcomeFigures, outcome: Sequence[float], *, domains: Sequence[str], seed: int = 0
) -> list[QuantileCurve]:
    """Compute the curve of every metric that four models have on at least two of the domains.

    Args:
        figures: The figures of the models that have an outcome.
        outcome: One outcome for each model, in their order.
        domains: Patterns of domain names; ``overall`` never matches.
        seed: Seed of the random permutations.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for i, f in enumerate(figures.features):
        if f.domain != "overall" and any(fnmatchcase(f.domain, pattern) for pattern in domains):
            groups.setdefault((f.task, f.metric), []).append(i)
    curves = []
    for (task, metric), columns in groups.items():
        values = figures.values[:, columns]
        present = np.isfinite(values).all(axis=1)
        if len(columns) < 2 or present.sum() < 4:
            continue
        scores = sorted_scores(values[present])
        tests = stats.permutation_correlations(scores, np.asarray(outcome)[present], rng=np.random.default_rng(seed))
        curves.append(
            QuantileCurve(
                task,
                metric,
                tuple(figures.features[i].domain for i in columns),
                int(present.sum()),
                tuple(tests.correlation.tolist()),
                tuple(tests.p_value.tolist()),
            )
        )
    return curves


def sorted_scores(values: FloatArray) -> FloatArray:
    """Standardise figures (models, domains) over the models, and sort them within each model, the smallest first.

    A domain on which all models are equal tells nothing, and is 0 for all of them.
    """
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    return np.sort(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12), axis=1)
