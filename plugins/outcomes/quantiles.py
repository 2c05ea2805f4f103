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
    """Correlations of one metric's q-th smallest standardised domain with the outcome."""

    task: str
    metric: str
    domains: tuple[str, ...]
    n: int
    """Models that have the metric on all of the domains."""
    correlations: tuple[float, ...]
    """Pearson, for q = 1 (the worst domain) to the number of domains (the best)."""
    p_values: tuple[float, ...]
    """By permutation, each on its own."""


def quantile_curves(
    figures: OutcomeFigures, outcome: Sequence[float], *, domains: Sequence[str], seed: int = 0
) -> list[QuantileCurve]:
    """The curve of every metric that four models have on at least two of the domains.

    Args:
        figures: Of the models that have an outcome.
        outcome: One for each model, in their order.
        domains: Patterns of domain names; ``overall`` is none.
        seed: Of random permutations.
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
        own = sorted_scores(values[present])
        tests = stats.permutation_correlations(own, np.asarray(outcome)[present], rng=np.random.default_rng(seed))
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
    """Figures of shape (models, domains), standardised over the models and sorted within each model, smallest first.

    A domain on which all models are equal says nothing, and is 0 for all of them.
    """
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    return np.sort(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12), axis=1)
