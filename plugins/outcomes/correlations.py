"""The correlation of each figure with the outcome, and how far such a correlation can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.stats import Estimate

from .figures import Feature, OutcomeFigures
from .table import OutcomeValue

FloatArray = NDArray[np.float64]
LEAST_MODELS = 4
"""Least number of models: Fisher's interval does not exist for fewer."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """One figure against the outcome, over the models that have both; lower-is-better metrics enter negated."""

    feature: Feature
    pearson: Estimate
    """With Fisher's interval; ``n`` is the number of models."""
    spearman: Estimate
    p_value: float
    """Two-sided p-value of Pearson's correlation, from permutations of the outcome over the models."""
    family_p_value: float
    """The p-value that allows for having tried every figure (Westfall and Young, step-down)."""
    false_discovery: float
    """The rate by Benjamini and Hochberg: the share of false discoveries when rejecting up to this figure."""
    leave_one_out: tuple[float, float]
    """Lowest and highest Pearson correlation without one of the models."""
    most_influential: str
    """The model without which the correlation differs most."""
    reliability: float
    """Share of the figure's variance between models that is not its own error; NaN if its errors are not known."""
    corrected: float
    """Pearson's correlation corrected for the noise of outcome and figure, where known; NaN if it cannot be."""
    clipped: bool
    """Whether the correction left [-1, 1] and was cut."""


@dataclass(frozen=True, slots=True)
class Tests:
    """All correlations, and how their p-values were computed."""

    correlations: list[Correlation]
    permutations: int
    exact: bool
    """Whether every order of the models was compared."""
    outcome_reliability: float
    """Share of the outcome's variance between models that is not its own noise; NaN if its noise is not known."""
    left_out: list[str]
    """Figures that fewer than four of the models have, or that are equal for all of them."""


def correlate_figures(
    figures: OutcomeFigures, outcomes: Sequence[OutcomeValue], *, seed: int = 0, confidence: float = 0.95
) -> Tests:
    """Correlate every figure with the outcome.

    Args:
        figures: The figures of the models that have an outcome.
        outcomes: One outcome for each of these models, in their order.
        seed: Seed of the random permutations, which are drawn if the models have too many orders (more than nine
            models).
        confidence: Level of Fisher's intervals.
    """
    y = np.array([outcome.value for outcome in outcomes])
    usable, left_out = _usable(figures)
    kept = figures.select(features=usable)
    tests = stats.permutation_correlations(kept.values, y, rng=np.random.default_rng(seed))
    rates = stats.benjamini_hochberg(tests.p_value)
    without = stats.leave_one_out_correlations(kept.values, y)
    outcome_reliability = reliability_of(outcomes)
    correlations = []
    for i, feature in enumerate(kept.features):
        x, present = kept.values[:, i], np.isfinite(kept.values[:, i])
        pearson = stats.pearson(x, y, confidence=confidence)
        reliability = stats.reliability(x[present], kept.stderrs[present, i])
        shares = [share for share in (outcome_reliability, reliability) if not math.isnan(share)]
        corrected = stats.disattenuate(pearson.value, *shares) if shares else stats.Disattenuated(math.nan, False)
        low, high, model = _leave_one_out(without[:, i], pearson.value, kept.models)
        correlations.append(
            Correlation(
                feature,
                pearson,
                stats.spearman(x, y, confidence=confidence),
                float(tests.p_value[i]),
                float(tests.family_p_value[i]),
                float(rates[i]),
                (low, high),
                model,
                reliability,
                corrected.value,
                corrected.clipped,
            )
        )
    return Tests(correlations, tests.permutations, tests.exact, outcome_reliability, left_out)


def reliability_of(outcomes: Sequence[OutcomeValue]) -> float:
    """Return the share of the outcomes' variance that is not noise; NaN without replicates and standard errors."""
    values = [outcome.value for outcome in outcomes]
    if all(outcome.replicates for outcome in outcomes):
        return stats.reliability_from_replicates(values, [outcome.replicates for outcome in outcomes])
    return stats.reliability(values, [outcome.stderr for outcome in outcomes])


def _usable(figures: OutcomeFigures) -> tuple[list[int], list[str]]:
    usable, left_out = [], []
    for i, feature in enumerate(figures.features):
        present = figures.values[np.isfinite(figures.values[:, i]), i]
        if present.size >= LEAST_MODELS and np.ptp(present) > 1e-12 * np.abs(present).max():
            usable.append(i)
        else:
            left_out.append(feature.name)
    return usable, left_out


def _leave_one_out(without: FloatArray, value: float, models: Sequence[str]) -> tuple[float, float, str]:
    defined = np.isfinite(without)
    if not defined.any():
        return math.nan, math.nan, ""
    change = np.where(defined, np.abs(without - value), -1.0)
    return float(without[defined].min()), float(without[defined].max()), models[int(change.argmax())]
