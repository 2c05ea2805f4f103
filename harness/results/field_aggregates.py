"""The core's aggregates of the field: Bradley-Terry strengths, win rates over the field, figures less the field's mean.

Each takes the items of its models as ``items`` says: ``pairs``, every two models are held against each other on the
items that both have; or ``common``, all models on the items that every one of them has.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import did_you_mean
from harness.ranges import Range
from harness.results.field import Field, FieldColumns, NotDefined, figures_of, means_of, on_common_items
from harness.stats import Estimate, NoFiniteMaximum, UnusableData
from harness.stats._arrays import student_quantile
from harness.stats.figure_battles import FigureBattles, fit_figures

FloatArray = NDArray[np.float64]
Items = Literal["pairs", "common"]
ELO = 400 / math.log(10)
"""Points of Elo's scale a nat."""


def bradley_terry(
    models: Mapping[str, FieldColumns],
    *,
    anchor: str | None = None,
    scale: Literal["log-odds", "elo"] = "log-odds",
    items: Items = "pairs",
    covariates: Sequence[str] = (),
    difference: Literal["ratio", "plain"] = "ratio",
    prior: Annotated[float, Range(least=0, most=1e6)] = 0.0,
    confidence: float = 0.95,
) -> Field:
    """Return strengths of which the differences are log-odds of having the better figure on an item, ties half.

    >>> rows = {"a": FieldColumns.of([1.0, 1.0, 0.0, 1.0]), "b": FieldColumns.of([0.0, 1.0, 1.0, 0.0])}
    >>> {label: round(e.value) for label, e in bradley_terry(rows, scale="elo").estimates.items()}
    {'a': 1044, 'b': 956}

    Args:
        models: The field.
        anchor: The model whose strength is 0 (on Elo's scale 1000); None: the mean of all is.
        scale: Nats, or points of which 400 are odds of ten to one.
        items: Which items count.
        covariates: Columns of the task, such as lengths of answers, whose effect is taken out (style control).
        difference: Of a covariate of two models on an item: (a - b) / (a + b), or a - b.
        prior: Precision of a normal prior on the strengths around 0, nats^-2; 0: none.
        confidence: Coverage of the intervals.

    Raises:
        NotDefined: the metric has no figure of each item, the anchor is no model of the field, a covariate is no
            column, or the strengths are not finite.
    """
    labels = list(models)
    if anchor is not None and anchor not in models:
        raise NotDefined(f"anchor: no model of the field is called {anchor!r}{did_you_mean(anchor, labels)}")
    if isinstance(covariates, str) or not all(isinstance(name, str) for name in covariates):
        raise NotDefined(f"covariates: expected a list of names of columns, not {covariates!r}")
    figures = figures_of(models)
    styles = np.array([[columns.column(name) for columns in models.values()] for name in covariates])
    if styles.size:  # an item without a covariate is no battle of that model
        figures = np.where(np.isfinite(styles).all(axis=0), figures, np.nan)
    if items == "common":
        figures = on_common_items(figures)
    first = next(iter(models.values()))
    try:
        fit = fit_figures(
            figures,
            higher_is_better=first.higher_is_better,
            covariates=styles if styles.size else None,
            difference=difference,
            units=first.units,
            prior=prior,
        )
    except NoFiniteMaximum as error:
        raise NotDefined(_not_finite(labels, error)) from error
    except UnusableData as error:  # of covariates
        raise NotDefined(str(error)) from error
    return _strengths(models, figures, fit, anchor, ELO if scale == "elo" else 1.0, covariates, confidence)


def _strengths(
    models: Mapping[str, FieldColumns],
    figures: FloatArray,
    fit: FigureBattles,
    anchor: str | None,
    points: float,
    covariates: Sequence[str],
    confidence: float,
) -> Field:
    """Write a fit on its scale, held against the anchor."""
    labels, m = list(models), len(models)
    turn = np.eye(m)
    if anchor is not None:
        turn[:, labels.index(anchor)] -= 1.0
    values = points * (turn @ fit.strengths) + (0.0 if points == 1.0 else 1000.0)
    covariance = points**2 * (turn @ fit.covariance[:m, :m] @ turn.T)
    if anchor is not None:  # exactly, whatever is left of rounding
        place = labels.index(anchor)
        covariance[place], covariance[:, place] = 0.0 * covariance[place], 0.0 * covariance[:, place]
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    freedom = fit.degrees_of_freedom
    reach = student_quantile(0.5 + confidence / 2, degrees_of_freedom=freedom) if freedom > 0 else math.nan
    estimates = {}
    for i, (label, columns) in enumerate(models.items()):
        half = float(reach * errors[i])
        failed = int((columns.present & np.isnan(figures[i])).sum())
        value = float(values[i])
        estimates[label] = Estimate(
            value, float(errors[i]), value - half, value + half, int(fit.items[i]), failed, confidence=confidence
        )
    moves = np.abs(points * (fit.influence[:, :m] @ turn.T)).max(axis=0, initial=0.0)
    known = bool(np.isfinite(covariance).all())
    notes = [] if anchor is None else [f"held against {anchor}"]
    spread = np.sqrt(np.diag(fit.covariance)[m:])
    for name, coefficient, error in zip(covariates, fit.coefficients.tolist(), spread.tolist(), strict=True):
        notes.append(
            f"differences of {name!r} are taken out: coefficient {coefficient:.3g}, standard error {error:.2g}"
        )
    unit = "log-odds" if points == 1.0 else "Elo"
    return Field(
        estimates,
        covariance if known else None,
        single_item=moves if known else None,
        degrees_of_freedom=freedom if known else math.inf,
        unit=unit,
        higher_is_better=True,
        notes=notes,
    )


def _not_finite(labels: Sequence[str], error: NoFiniteMaximum) -> str:
    groups = "; ".join(", ".join(labels[i] for i in group) for group in error.groups)
    return (
        "strengths are not finite, since some models always had the better figure, or never met the others: "
        f"{groups}. Give a prior, such as settings: {{prior: 0.25}}"
    )


def win_rate_over_field(
    models: Mapping[str, FieldColumns], *, items: Items = "pairs", confidence: float = 0.95
) -> Field:
    """Return the share of the other models that a model beats on an item, ties half, averaged over items.

    >>> rows = {"a": FieldColumns.of([1.0, 0.0]), "b": FieldColumns.of([0.0, 0.0]), "c": FieldColumns.of([0.0, 1.0])}
    >>> {label: round(e.value, 3) for label, e in win_rate_over_field(rows).estimates.items()}
    {'a': 0.625, 'b': 0.25, 'c': 0.625}

    Args:
        models: The field.
        items: Which items count.
        confidence: Coverage of the intervals.

    Raises:
        NotDefined: the metric has no figure of each item.
    """
    from scipy.stats import rankdata

    figures = figures_of(models)
    if items == "common":
        figures = on_common_items(figures)
    sign = 1.0 if next(iter(models.values())).higher_is_better else -1.0
    # A rank among those that have the item, ties averaged, less 1, is the number of models beaten.
    beaten = rankdata(sign * figures, axis=0, nan_policy="omit") - 1.0
    others = (~np.isnan(figures)).sum(axis=0) - 1
    shares = np.where(np.isnan(figures) | (others < 1), np.nan, beaten / np.maximum(others, 1))
    return means_of(models, shares, bounds=(0.0, 1.0), confidence=confidence)


def less_field_mean(models: Mapping[str, FieldColumns], *, items: Items = "common", confidence: float = 0.95) -> Field:
    """Return the mean over items of a figure less the mean of all models on that item.

    >>> rows = {"a": FieldColumns.of([1.0, 0.0]), "b": FieldColumns.of([0.0, 0.0])}
    >>> {label: e.value for label, e in less_field_mean(rows).estimates.items()}
    {'a': 0.25, 'b': -0.25}

    Args:
        models: The field.
        items: Which items count; under ``pairs`` the mean of an item is that of the models that have it.
        confidence: Coverage of the intervals.

    Raises:
        NotDefined: the metric has no figure of each item.
    """
    figures = figures_of(models)
    if items == "common":
        figures = on_common_items(figures)
    counts = (~np.isnan(figures)).sum(axis=0)
    means = np.nansum(figures, axis=0) / np.maximum(counts, 1)
    field = means_of(models, np.where(counts > 1, figures - means, np.nan), confidence=confidence)
    return dataclasses.replace(field, higher_is_better=next(iter(models.values())).higher_is_better)
