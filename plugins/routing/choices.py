"""What a router chose, and what the choice was worth: made once of a cell's columns, for all metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray

IntArray = NDArray[np.int64]
EPSILON = 1e-12
"""Keeps a share that is 0 from being divided by."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The model that a router chose for each question, and what is known of it."""

    model: IntArray
    """(n,): index of the chosen model; -1 where the router gave no answer."""
    outcome: FloatArray
    """(n,): outcome of the chosen model; NaN where nothing was chosen or its outcome is unknown."""
    cost: FloatArray
    """(n,): its cost in USD; NaN where unknown."""


def choices(columns: Columns, cost_weight: float = 0.0) -> Choices:
    """Return the choices of a router: the model with the most predicted correctness less its weighted mean cost.

    Ties go to the first model. The cost of a model is its mean over the questions, since what a question will cost is
    not known before it is asked.

    Args:
        columns: The cell's columns.
        cost_weight: Correctness that one USD is worth; 0 looks at correctness alone.

    Raises:
        ValueError: costs are weighed, and those of a model are unknown.
    """
    return columns.once(f"routing choices {cost_weight!r}", lambda own: _choices(own, cost_weight))


def known_choices(columns: Columns, cost_weight: float) -> Choices | None:
    """Return the choices, or None where costs are weighed that are not known: whoever asks `choices` is told."""
    try:
        return choices(columns, cost_weight)
    except ValueError:
        return None


def _choices(columns: Columns, cost_weight: float) -> Choices:
    predicted = columns.values["predicted"]
    worth = predicted - cost_weight * mean_costs(columns) if cost_weight else predicted
    there = answered(columns)
    model = np.where(there, np.argmax(np.where(there[:, None], worth, 0.0), axis=1), -1)
    return Choices(model, taken(columns.values["outcome"], model), taken(columns.values["cost"], model))


def taken(values: FloatArray, model: NDArray[np.number]) -> FloatArray:
    """Return each row's value of one model, (n,).

    Args:
        values: (n, m).
        model: (n,) indices; NaN or negative for none, whose value is NaN.
    """
    index = np.where(np.isfinite(model), model, -1).astype(np.int64)
    chosen = values[np.arange(len(values)), np.maximum(index, 0)]
    return np.where(index >= 0, chosen, np.nan)


def mean_costs(columns: Columns) -> FloatArray:
    """Return the mean cost of each model, USD a question, (m,).

    Raises:
        ValueError: the costs of a model are unknown.
    """
    cost = columns.whole.values["cost"]
    known = np.isfinite(cost)
    unknown = np.flatnonzero(~known.any(axis=0))
    if unknown.size:
        names = ", ".join(labels(columns)[i] for i in unknown)
        raise ValueError(f"no cost is known of {names}")
    return np.asarray(np.where(known, cost, 0.0).sum(axis=0) / known.sum(axis=0))


def labels(columns: Columns) -> tuple[str, ...]:
    """Return the models' labels; numbered ones where the data, which hold them, are not at hand."""
    width = columns.values["outcome"].shape[1]
    named = tuple(columns.facts.get("models", ()))
    return named if len(named) == width else tuple(f"model {i + 1}" for i in range(width))


def known_means(values: FloatArray) -> FloatArray:
    """Return the mean of each column's known values, (m,); NaN where none is known."""
    known = np.isfinite(values)
    counts = known.sum(axis=0)
    return np.where(counts > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(counts, 1), np.nan)


def dealt_anew(columns: Columns) -> FloatArray:
    """Return what to expect of each question's choice, (n,), were its outcomes dealt anew among its models.

    That is the mean known outcome of the question, whatever was chosen: chance, for routers.
    """
    return known_means(columns.values["outcome"].T)


def answered(columns: Columns) -> NDArray[np.bool_]:
    """Mark the questions that the router answered, (n,)."""
    return np.asarray(np.isfinite(columns.values["predicted"]).all(axis=1))


def best_of_each(columns: Columns) -> FloatArray:
    """Return the best known outcome of each question, (n,); NaN where none is known."""
    outcome = columns.values["outcome"]
    best = np.where(np.isfinite(outcome), outcome, -np.inf).max(axis=1)
    return np.where(np.isfinite(best), best, np.nan)


def any_known(columns: Columns) -> NDArray[np.bool_]:
    """Mark the questions of which a model's outcome is known, (n,)."""
    return np.asarray(np.isfinite(columns.values["outcome"]).any(axis=1))
