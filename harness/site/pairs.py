"""Paired differences of all pairs of models, as `harness compare` computes them, packed for a page.

The numbers of two models are a few bytes: where no request of a task failed, all pairs share the items, so that the
error of the difference is all that a page cannot take from elsewhere: difference, interval, p-value and what could be
detected follow from it and the two values. With 200 models and 12 columns that is 1 MB, in one file a model, of which
a page reads one.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.collect import Table
from harness.comparison import compare_rows, shared_rows
from harness.metric import Metric
from harness.stats import Linearised

OF_DIFFERENCE = ("stderr", "low", "high", "p_value", "n", "minimum_detectable")
NAMES = ("first", "second", "difference", *OF_DIFFERENCE)
BYTES_SHARED, BYTES_OWN = 3 * 4 / 3, 4 * 4 / 3 * len(NAMES)
"""A pair, in base64."""
_MOST_24 = 2**24 - 2


@dataclass(slots=True)
class Paired:
    """One metric on one domain, of all pairs of m models."""

    key: str
    """Of the column."""
    shared: bool
    """True where all pairs stand on the same items."""
    n: int
    reach: float
    """Half the interval in standard errors, where shared."""
    detectable: float
    """The minimum detectable difference in standard errors, where shared."""
    values: list[float]
    """(m,), where shared; NaN where a model lacks the task."""
    stderr: NDArray[np.float64]
    """(m, m): of row minus column, the lower triangle only."""
    own: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """(m, m) each, by name, where not shared."""
    clusters: int = 0
    """Independent groups of items, where shared."""


def paired(key: str, metric: Metric, task: str, domain: str, tables: Sequence[Table | None]) -> Paired:
    """All pairs on one metric and domain.

    Args:
        key: Of the column.
        metric: The metric.
        task: The task's name.
        domain: ``overall``, or a domain of the task.
        tables: The columns of each model; None where it lacks the task.
    """
    rows = _shared_by_all(metric, domain, tables)
    if rows is not None:
        return _on_same_items(key, metric, tables, rows)
    return _one_by_one(key, metric, task, domain, tables)


def _mask(table: Table, domain: str) -> NDArray[np.bool_]:
    found = dict(table.domains()).get(domain, np.zeros(len(table.ids), dtype=bool))
    return np.ones(len(table.ids), dtype=bool) if found is None else found


def _shared_by_all(metric: Metric, domain: str, tables: Sequence[Table | None]) -> NDArray[np.bool_] | None:
    """The rows, where all models have the same ids and failed on the same ones of the domain; else None."""
    present = [table for table in tables if table is not None]
    first = present[0]
    mask = _mask(first, domain)
    valid = metric.valid(first.columns.take(mask))
    for table in present[1:]:
        if len(table.ids) != len(first.ids) or not (table.ids == first.ids).all():
            return None
        if not (metric.valid(table.columns.take(mask)) == valid).all():
            return None
    rows = mask.copy()
    rows[mask] = valid
    return rows


def _on_same_items(key: str, metric: Metric, tables: Sequence[Table | None], rows: NDArray[np.bool_]) -> Paired:
    m = len(tables)
    found = Paired(key, True, int(rows.sum()), math.nan, math.nan, [math.nan] * m, np.full((m, m), np.nan))
    parts: dict[int, Linearised] = {}
    clusters = None
    for i, table in enumerate(tables):
        if table is not None:
            columns = table.columns.take(rows)
            clusters = columns.clusters
            part, reason = metric.on(columns)
            if not reason:
                parts[i], found.values[i] = part, part.value
    found.clusters = found.n if clusters is None else len(np.unique(clusters))
    if found.clusters > 1:
        found.reach, found.detectable = _in_standard_errors(found.clusters - 1)
    for i, one in parts.items():
        for j, other in parts.items():
            if j < i:
                d = stats.paired_difference(one.value, one.influence, other.value, other.influence, clusters=clusters)
                found.stderr[i, j] = d.stderr
    return found


def _in_standard_errors(degrees_of_freedom: int) -> tuple[float, float]:
    """Half an interval, and the minimum detectable difference, of a difference with a standard error of one."""
    d = stats.minimum_detectable_difference(1.0, degrees_of_freedom=degrees_of_freedom)
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 0.975)), d


def _one_by_one(key: str, metric: Metric, task: str, domain: str, tables: Sequence[Table | None]) -> Paired:
    """Each pair on the items that both answered."""
    m = len(tables)
    own = {name: np.full((m, m), np.nan) for name in NAMES}
    for i, one in enumerate(tables):
        for j, other in enumerate(tables[:i]):
            if one is None or other is None:
                continue
            rows = shared_rows(one, other)
            keep = _mask(one, domain)[rows[0]]
            c = compare_rows(metric, task, domain, (one, other), (rows[0][keep], rows[1][keep]))
            own["first"][i, j], own["second"][i, j], own["difference"][i, j] = c.first, c.second, c.difference.value
            for name in OF_DIFFERENCE:
                own[name][i, j] = getattr(c.difference, name)
    return Paired(key, False, 0, math.nan, math.nan, [], own["stderr"], own)


# packing


def pack(values: NDArray[Any], kind: str) -> str:
    """Little-endian numbers in base64."""
    return base64.b64encode(np.ascontiguousarray(values).astype(f"<{kind}").tobytes()).decode()


def pack_errors(values: NDArray[np.float64]) -> str:
    """Numbers from 0 up in 24 bits each, in base64, after the step they count in; all ones for NaN.

    The error of the rounding is that of single precision for the largest of them, at three quarters of its size.
    """
    finite = np.isfinite(values)
    step = float(values[finite].max()) / _MOST_24 if finite.any() else 0.0
    codes = np.round(np.where(finite, values, 0.0) / step) if step else np.zeros(values.shape)
    whole = np.where(finite, codes, _MOST_24 + 1).astype("<u4")
    return f"{step!r} " + base64.b64encode(whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()).decode()


def column_document(column: Paired) -> dict[str, Any]:
    """What all pairs of a column share."""
    plain: dict[str, Any] = {"key": column.key, "shared": column.shared}
    if column.shared:
        plain |= {"n": column.n, "clusters": column.clusters, "values": [_short(v) for v in column.values]}
        plain |= {"reach": _finite(column.reach), "detectable": _finite(column.detectable)}
    return plain


def model_document(columns: Sequence[Paired], i: int) -> list[Any]:
    """What only the pairs of model i with the models before it have, column by column.

    Where all share the items, the standard errors; else every number by its name.
    """
    return [
        pack_errors(column.stderr[i, :i])
        if column.shared
        else {name: pack(values[i, :i], "f4") for name, values in column.own.items()}
        for column in columns
    ]


def _short(value: float) -> float | None:
    """To twelve digits, which is more than single precision keeps of the rest."""
    return float(f"{value:.12g}") if math.isfinite(value) else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
