"""Matrices on a task's page: those that metrics draw of single models, and those of several models together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from harness.metric import Metric
from harness.pictures import Matrix
from harness.running.table import Table

from .frames import MOST_MODELS, Drawing, distinct, no_picture, short

_DIGITS = 8
"""More than are shown, since what is rounded twice may end elsewhere."""


def matrices(drawn: Sequence[Drawing], say: Callable[[str], None] = lambda text: None) -> list[dict[str, Any]]:
    """Those of single models, the same metric and title in one frame, of which the reader sees one model at a time.

    ``say`` is told of matrices that are none.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for metric, model, matrix in drawn:
        if not isinstance(matrix, Matrix):
            continue
        try:
            plain = _plain(matrix)
        except Exception as error:  # of any plugin
            say(no_picture(metric, error))
            continue
        frame = found.setdefault((metric, matrix.title), _frame(metric, matrix, together=False))
        of = None if matrix.reference else model
        # On the items that the best-ranked model answered: those of the others are hardly different.
        if of is None and any(c["model"] is None and c["name"] == matrix.name for c in frame["choices"]):
            continue
        frame["choices"].append({"model": of, "name": matrix.name, **plain})
    return distinct(list(found.values()))


def matrices_of_models(
    metrics: Sequence[Metric], tables: Mapping[str, Table], say: Callable[[str], None] = lambda text: None
) -> list[dict[str, Any]]:
    """Those of the best-ranked models together, rows and columns named by their pages.

    Models whose items are others than the best-ranked one's cannot stand beside it, and are left out.

    Args:
        metrics: Those of the task that are asked.
        tables: The columns of each model, by the name of its page, the best ranked first.
        say: Told of a metric that cannot draw; the others still do.
    """
    best = dict(islice(tables.items(), MOST_MODELS))
    ids = next(iter(best.values())).ids
    same = {model: table for model, table in best.items() if np.array_equal(table.ids, ids)}
    columns = {model: table.columns for model, table in same.items()}
    found = []
    for metric in metrics:
        try:
            for matrix in metric.pictures_of_models(columns):
                choice = {"model": None, "name": matrix.name, **_plain(matrix)}
                together = {*matrix.rows, *matrix.columns} <= columns.keys()
                found.append({**_frame(metric.name, matrix, together=together), "choices": [choice]})
        except Exception as error:  # of any plugin
            say(no_picture(metric.name, error))
    return found


def _frame(metric: str, matrix: Matrix, *, together: bool) -> dict[str, Any]:
    return {
        "metric": metric,
        "title": matrix.title,
        "shows": matrix.shows,
        "unit": matrix.unit,
        "middle": matrix.middle,
        "reach": matrix.reach,
        "note": matrix.note,
        "together": together,
        "choices": [],
    }


def _plain(matrix: Matrix) -> dict[str, Any]:
    """Its fields; of a matrix whose halves add up to one, such as of games won, the lower half."""
    half = _halves_add_up(matrix)
    plain: dict[str, Any] = {"rows": list(matrix.rows), "columns": list(matrix.columns), "half": half}
    for name in ("values", "low", "high"):
        lines = getattr(matrix, name)
        if lines is not None:
            plain[name] = [[short(v, _DIGITS) for v in (line[:i] if half else line)] for i, line in enumerate(lines)]
    return plain


def _halves_add_up(matrix: Matrix) -> bool:
    if list(matrix.rows) != list(matrix.columns):
        return False
    if not len(matrix.rows):
        return False
    values = np.asarray(matrix.values, dtype=float)
    ends = (matrix.low, matrix.high)
    if (ends[0] is None) != (ends[1] is None):
        return False
    pairs = [(values, values.T)]
    if ends[0] is not None and ends[1] is not None:
        pairs.append((np.asarray(ends[0], dtype=float), np.asarray(ends[1], dtype=float).T))
    lower = np.tril_indices(len(values), -1)
    empty = bool(np.isnan(np.diagonal(values)).all())
    return empty and all(np.allclose((a + b)[lower], 1.0, atol=1e-12, equal_nan=True) for a, b in pairs)
