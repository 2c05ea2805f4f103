"""Matrices on a task's page: matrices that metrics draw of single models, and of several models together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from harness import Matrix, Metric
from harness.results import MOST_MODELS, Drawing, bounds, figure, no_picture
from harness.running import Table
from harness.stats import Estimate

from .frames import distinct

FEWEST = 5
"""Fewest items behind a field that a page shows: one of a single item is 100 or 0, whoever is better."""


def matrices(drawn: Sequence[Drawing], say: Callable[[str], None] = lambda text: None) -> list[dict[str, Any]]:
    """Lay matrices of single models with the same metric and title into one frame, which shows one model at a time.

    ``say`` is called with a note about each unusable matrix.
    """
    by_title: dict[tuple[str, str], dict[str, Any]] = {}
    for metric, model, matrix in drawn:
        if not isinstance(matrix, Matrix):
            continue
        try:
            plain = _plain(matrix)
        except (Exception, SystemExit) as error:  # of any plugin
            say(no_picture(metric, error))
            continue
        frame = by_title.setdefault((metric, matrix.title), _frame(metric, matrix, together=False))
        of = None if matrix.reference else model
        # A reference is drawn from the items of the best-ranked model: that of any other model hardly differs.
        if of is None and any(c["model"] is None and c["name"] == matrix.name for c in frame["choices"]):
            continue
        frame["choices"].append({"model": of, "name": matrix.name, **plain})
    return distinct(list(by_title.values()))


def matrices_of_models(
    metrics: Sequence[Metric], tables: Mapping[str, Table], say: Callable[[str], None] = lambda text: None
) -> list[dict[str, Any]]:
    """Draw matrices of the best-ranked models together, with the names of the models' pages on rows and columns.

    Models that answered other items than the best-ranked one cannot be compared with it, and are left out.

    Args:
        metrics: The metrics of the task that draw such matrices.
        tables: The columns of each model, by the name of its page, the best ranked first.
        say: Called with a note about each metric that cannot draw; the other metrics still draw.
    """
    best = dict(islice(tables.items(), MOST_MODELS))
    ids = next(iter(best.values())).ids
    same = {model: table for model, table in best.items() if np.array_equal(table.ids, ids)}
    columns = {model: table.columns for model, table in same.items()}
    drawn = []
    for metric in metrics:
        try:
            for matrix in metric.pictures_of_models(columns):
                choice = {"model": None, "name": matrix.name, **_plain(matrix)}
                together = {*matrix.rows, *matrix.columns} <= columns.keys()
                drawn.append({**_frame(metric.name, matrix, together=together), "choices": [choice]})
        except (Exception, SystemExit) as error:  # of any plugin
            say(no_picture(metric.name, error))
    return drawn


def _frame(metric: str, matrix: Matrix, *, together: bool) -> dict[str, Any]:
    percentage = matrix.unit == "fraction"
    return {
        "metric": metric,
        "title": matrix.title,
        "shows": matrix.shows,
        "middle": f"{100 * matrix.middle:.4g} %" if percentage else f"{matrix.middle:.4g}",
        "note": matrix.note,
        "together": together,
        "fewest": FEWEST,
        "choices": [],
    }


def _plain(matrix: Matrix) -> dict[str, Any]:
    """Return the names of rows and columns, the fields as `_field` writes them, and how many rest on too few items."""
    values = np.array(matrix.values, dtype=float)
    too_few = np.zeros(values.shape, dtype=bool)
    if matrix.counts is not None:
        too_few = np.isfinite(values) & (np.asarray(matrix.counts, dtype=float) < FEWEST)
        values[too_few] = np.nan
    missing = np.full(values.shape, np.nan)
    low, high = (missing if ends is None else np.asarray(ends, dtype=float) for ends in (matrix.low, matrix.high))
    fields = [
        [_field(matrix, *numbers) for numbers in zip(*lines, strict=True)]
        for lines in zip(values.tolist(), low.tolist(), high.tolist(), strict=True)
    ]
    names = {"rows": list(matrix.rows), "columns": list(matrix.columns)}
    return {**names, "fields": fields, "few": int(too_few.sum())}


def _field(matrix: Matrix, value: float, low: float, high: float) -> str:
    """Write ``62.29 13 [57.1, 67.2]``: value, strength of its colour in per cent, and interval; empty for NaN.

    The strength is negative below the matrix's middle, and 0 where the interval does not leave the middle out.
    """
    if math.isnan(value):
        return ""
    clear = math.isnan(low) or low > matrix.middle or high < matrix.middle
    distance = value - matrix.middle
    strength = min(60, round(8 + 52 * abs(distance) / matrix.reach)) if clear and distance else 0
    signed = strength if distance > 0 else -strength
    range_ = bounds(Estimate(value, math.nan, low, high, 0), matrix.unit)
    return f"{figure(value, matrix.unit)} {signed} {range_}".rstrip()
