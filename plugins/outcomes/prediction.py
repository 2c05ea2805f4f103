"""Predictions of an outcome from figures, made only if they are better than the mean, with an interval that holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.errors import UsageError, did_you_mean

from .figures import OutcomeFigures
from .linear import PATHS, LinearFit, nested_leave_one_out, skill

FloatArray = NDArray[np.float64]
SIGNIFICANT = 0.05
"""Largest p-value of a predictor's skill with which the predictor is used."""


@dataclass(frozen=True, slots=True)
class Skill:
    """How well a predictor does on models that it was not fitted on."""

    method: str
    n: int
    """Number of models that the predictor is fitted on."""
    features: tuple[str, ...]
    """Names of the figures that the predictor uses, which are those that all models have."""
    value: float
    """1 - squared error over that of the mean, by nested leave-one-out; 1 is perfect, 0 is no better than the mean."""
    p_value: float
    """Probability of a skill at least this high by chance, from permutations of the outcome over the models."""
    permutations: int
    """Number of other orders of the outcome that were compared."""
    left_out: dict[str, tuple[float, float]]
    """By model: its outcome, and the outcome that the other models predict."""
    useful: bool
    reason: str
    """Why the predictor may or may not be used."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted outcome of a model with its interval; or an interval alone, if no predictor is useful."""

    model: str
    predicted: float
    """NaN if the predictor is no better than the mean."""
    low: float
    high: float
    level: float
    """Nominal coverage of the interval; lower than requested if there are too few models for the requested level.

    No coverage is guaranteed: jackknife+ alone would guarantee 1 - 2 (1 - level), but its interval is shown only where
    the predictor tested useful, and among the cases shown it covers less often than among all.
    """
    kind: str
    """``jackknife+``, or ``range``: the range of the known outcomes, which uses no figure."""
    detail: str
    """Why the interval has this kind and this level."""


def predict(
    figures: OutcomeFigures,
    outcome: Sequence[float],
    new: OutcomeFigures,
    *,
    method: str = "ridge",
    level: float = 0.95,
    permutations: int | None = None,
    seed: int = 0,
) -> tuple[Skill, list[Prediction]]:
    """Measure the skill of a predictor, and predict the outcomes of new models.

    Args:
        figures: The figures of the models with an outcome.
        outcome: One outcome for each of these models.
        new: The figures of the models without an outcome, with the same features; may be none.
        method: ``ridge`` or ``pls``.
        level: Requested nominal coverage of the intervals.
        permutations: Number of permutations of the outcome, for the p-value of the skill; default: 999, or 199
            beyond 30
            models.
        seed: Seed of the permutations.

    Raises:
        UsageError: there is no such method, or no figure that all models have.
    """
    if method not in PATHS:
        raise UsageError(f"no predictor is called {method!r}{did_you_mean(method, PATHS)}")
    complete = _complete(figures, new)
    x, y = figures.values[:, complete], np.asarray(outcome, dtype=np.float64)
    orders = _orders(y, permutations or (999 if y.size <= 30 else 199), seed)
    fit = nested_leave_one_out(PATHS[method], x, orders, new.values[:, complete])
    skills = skill(orders, fit.predictions)
    value = float(skills[0])
    p_value = float((skills >= value - 1e-12).mean())
    useful, reason = _useful(value, p_value, y.size)
    pairs = zip(figures.models, zip(y.tolist(), fit.predictions[:, 0].tolist(), strict=True), strict=True)
    names = tuple(figures.features[i].name for i in complete)
    measured = Skill(method, y.size, names, value, p_value, orders.shape[1] - 1, dict(pairs), useful, reason)
    rows = zip(new.models, new.values[:, complete], strict=True)
    return measured, [_predict(measured, model, i, fit, x, y, row, level) for i, (model, row) in enumerate(rows)]


def _orders(y: FloatArray, permutations: int, seed: int) -> FloatArray:
    """Return (n, b): the outcome, then its other orders; all orders, if these are no more than requested."""
    if math.factorial(y.size) <= permutations + 1:
        return y[stats.all_permutations(y.size)].T
    drawn = np.random.default_rng(seed).permuted(np.broadcast_to(y, (permutations, y.size)), axis=1)
    return np.column_stack([y, drawn.T])


def _complete(figures: OutcomeFigures, new: OutcomeFigures) -> list[int]:
    complete = np.isfinite(figures.values).all(axis=0)
    if not complete.any():
        raise UsageError(
            "a predictor needs figures that all models of the outcome have, and there is none; "
            "narrow them with --task, --metric and --domain, or remove the models that lack them from the outcome"
        )
    for row, model in zip(new.values, new.models, strict=True):
        if not (complete & np.isfinite(row)).any():
            raise UsageError(f"{model} has none of the figures that the models of the outcome have in common")
    both = complete & np.isfinite(new.values).all(axis=0)
    if not both.any():
        raise UsageError(f"{', '.join(new.models)} have no figure in common; predict them one by one")
    kept = np.flatnonzero(both)
    # A figure that is there under two names, as published and plain, must not count twice.
    values = np.concatenate([figures.values[:, kept], new.values[:, kept]])
    _, first = np.unique(values, axis=1, return_index=True)
    return [int(kept[i]) for i in np.sort(first)]


def _useful(value: float, p_value: float, n: int) -> tuple[bool, str]:
    if not value > 0:
        return False, f"it predicts models left out no better than their mean does (skill {value:.2f}, over {n} models)"
    if p_value > SIGNIFICANT:
        return False, f"its skill of {value:.2f} over {n} models could be chance (p = {p_value:.3f})"
    return True, f"skill {value:.2f} over {n} models left out one by one, p = {p_value:.3f}"


def _predict(
    measured: Skill, model: str, place: int, fit: LinearFit, x: FloatArray, y: FloatArray, row: FloatArray, level: float
) -> Prediction:
    if not measured.useful:
        return _range(measured, model, y)
    carried = min(level, stats.highest_level(y.size))
    residuals = np.abs(y - fit.predictions[:, 0])
    interval = stats.jackknife_plus(fit.new[:, place, 0], residuals, level=carried)
    detail = [measured.reason]
    if carried < level:
        detail.append(
            f"{y.size} models carry an interval of {100 * carried:.3g} % at most; "
            f"one of {100 * level:.4g} % needs {stats.units_needed(level)} models"
        )
    if _beyond(x, row):
        detail.append(
            f"{model} lies further from the average figures than any of these models: the interval, which is for "
            "models like them, may not hold"
        )
    return Prediction(
        model,
        float(fit.whole[place, 0]),
        interval.low,
        interval.high,
        carried,
        "jackknife+",
        "; ".join(detail),
    )


def _range(measured: Skill, model: str, y: FloatArray) -> Prediction:
    """Return the range of n outcomes: a further one lies within it with probability (n - 1) / (n + 1)."""
    share = (y.size - 1) / (y.size + 1)
    detail = (
        f"no prediction: {measured.reason}. All that can be said is that a further model like these {y.size} lies "
        f"within the range of their outcomes, {y.min():.6g} to {y.max():.6g}, with probability {100 * share:.3g} %, "
        "whatever its figures"
    )
    return Prediction(model, math.nan, float(y.min()), float(y.max()), share, "range", detail)


def _beyond(x: FloatArray, row: FloatArray) -> bool:
    spread = x.std(axis=0)
    scale = np.where(spread > 0, spread, np.inf)
    distances = np.linalg.norm((x - x.mean(axis=0)) / scale, axis=1)
    return bool(np.linalg.norm((row - x.mean(axis=0)) / scale) > distances.max())
