"""Paired differences of all pairs of models, as `harness compare` computes them, packed for a page.

The numbers of two models are a few bytes: where no request of a task failed, all pairs share the items, so that the
error of the difference and its p-value are all that a page cannot take from elsewhere. With 200 models and 12 columns
that is 1.9 MB, in one file a model, of which a page reads one.
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

NUMBERS = ("first", "second", "difference", "stderr", "low", "high", "minimum_detectable")
BYTES_SHARED, BYTES_OWN = 8, 43
"""A pair, in base64."""


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
    p_value: NDArray[np.float64]
    own: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """(m, m) each, by name, where not shared: all numbers, and ``n``."""


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
    count, m = int(rows.sum()), len(tables)
    found = Paired(
        key, True, count, math.nan, math.nan, [math.nan] * m, np.full((m, m), np.nan), np.full((m, m), np.nan)
    )
    parts: dict[int, Any] = {}
    clusters = None
    for i, table in enumerate(tables):
        if table is not None:
            columns = table.columns.take(rows)
            clusters = columns.clusters
            part, reason = metric.on(columns)
            if not reason:
                parts[i], found.values[i] = part, part.value
    groups = count if clusters is None else len(np.unique(clusters))
    if groups > 1:
        found.reach, found.detectable = _in_standard_errors(groups - 1)
    for i in parts:
        for j in (j for j in parts if j < i):
            d = stats.paired_difference(
                parts[i].value, parts[i].influence, parts[j].value, parts[j].influence, clusters=clusters
            )
            found.stderr[i, j], found.p_value[i, j] = d.stderr, d.p_value
    return found


def _in_standard_errors(degrees_of_freedom: int) -> tuple[float, float]:
    """Half an interval, and the minimum detectable difference, of a difference with a standard error of one."""
    d = stats.minimum_detectable_difference(1.0, degrees_of_freedom=degrees_of_freedom)
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 0.975)), d


def _one_by_one(key: str, metric: Metric, task: str, domain: str, tables: Sequence[Table | None]) -> Paired:
    """Each pair on the items that both answered."""
    m = len(tables)
    nothing = [np.full((m, m), np.nan) for _ in range(len(NUMBERS) + 2)]
    own = dict(zip((*NUMBERS, "n"), nothing, strict=False))
    found = Paired(key, False, 0, math.nan, math.nan, [], own["stderr"], nothing[-1], own)
    for i, one in enumerate(tables):
        for j, other in enumerate(tables[:i]):
            if one is None or other is None:
                continue
            rows = shared_rows(one, other)
            keep = _mask(one, domain)[rows[0]]
            c = compare_rows(metric, task, domain, (one, other), (rows[0][keep], rows[1][keep]))
            own["first"][i, j], own["second"][i, j], own["n"][i, j] = c.first, c.second, c.difference.n
            own["difference"][i, j] = c.difference.value
            for name in NUMBERS[3:]:
                own[name][i, j] = getattr(c.difference, name)
            found.p_value[i, j] = c.difference.p_value
    return found


# packing


def p_code(p: float) -> int:
    """A p-value to the digits that `harness compare` prints, in 16 bits; 0 where there is none.

    1 to 10001: ten-thousandths, from 1e-4 up. Above: two digits and an exponent. 65535: smaller than all of those.
    """
    if not math.isfinite(p):
        return 0
    if p >= 1e-4:
        return 1 + round(p * 1e4)
    if p < 1e-300:
        return 65535
    digits, _, exponent = f"{p:.1e}".partition("e")
    return 10002 + (-int(exponent) - 4) * 90 + round(10 * float(digits)) - 10


def pack(values: NDArray[Any], kind: str) -> str:
    """Little-endian numbers in base64."""
    return base64.b64encode(np.ascontiguousarray(values).astype(f"<{kind}").tobytes()).decode()


def column_document(column: Paired) -> dict[str, Any]:
    """What all pairs of a column share."""
    plain: dict[str, Any] = {"key": column.key, "shared": column.shared}
    if column.shared:
        numbers = {"reach": column.reach, "detectable": column.detectable}
        plain |= {
            "n": column.n,
            **{k: _finite(v) for k, v in numbers.items()},
            "values": list(map(_finite, column.values)),
        }
    return plain


def model_document(columns: Sequence[Paired], i: int) -> list[dict[str, str]]:
    """What only the pairs of model i with the models before it have, column by column."""
    packed = []
    for column in columns:
        one = {"p": pack(np.array([p_code(p) for p in column.p_value[i, :i].tolist()]), "u2")}
        if column.shared:
            one["stderr"] = pack(column.stderr[i, :i], "f4")
        else:
            one |= {name: pack(column.own[name][i, :i], "f4") for name in (*NUMBERS, "n")}
        packed.append(one)
    return packed


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
