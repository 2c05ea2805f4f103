"""Paired differences of all pairs of models, as `harness compare` computes them, packed for a page.

Those of a mean with few distinct figures follow from the figures of the items, which a page has anyway (`items`).

The numbers of two models are a few bytes. Where they failed on the same items, mostly none, the error of the difference
is all that a page cannot take from elsewhere: difference, interval, p-value and what could be detected follow from it
and the two values. With 200 models and 12 columns that is 1 MB, in one file a model, of which a page reads one. Pairs
with a model that failed on other items than most have every number on file.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.metric import Metric
from harness.results.comparison import compare_rows, shared_rows
from harness.running.table import Table
from harness.stats import Linearised

OF_DIFFERENCE = ("stderr", "low", "high", "p_value", "n", "minimum_detectable")
NAMES = ("first", "second", "difference", *OF_DIFFERENCE)
BYTES_SHARED, BYTES_OWN = 3 * 4 / 3, 4 * 4 / 3 * len(NAMES)
"""A pair, in base64."""
_MOST_24 = 2**24 - 2


@dataclass(frozen=True, slots=True)
class ByItems:
    """One metric on one domain, whose pairs a page computes from the figures of the items."""

    key: str
    """Of the column."""
    items: int
    """Number of the task among those whose items are given."""


@dataclass(slots=True)
class Paired:
    """One metric on one domain, of all pairs of m models."""

    key: str
    """Of the column."""
    n: int
    """Items that most models answered, all the same."""
    clusters: int
    """Independent groups of them."""
    freedom: float
    """Degrees of freedom of their difference's error."""
    values: list[float]
    """(m,) on those items; NaN for a model that lacks the task or answered others."""
    stderr: NDArray[np.float64]
    """(m, m) of row minus column, the lower triangle only; NaN where one has no value."""
    own: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)
    """Of the pairs that stand on other items, or whose interval is wider, by row and column: all numbers."""
    reach: float = math.nan
    """Half the interval of the others in standard errors."""
    detectable: float = math.nan
    """Their minimum detectable difference in standard errors."""


def paired(key: str, metric: Metric, task: str, domain: str, tables: Sequence[Table | None]) -> Paired:
    """All pairs on one metric and domain.

    Args:
        key: Of the column.
        metric: The metric.
        task: The task's name.
        domain: ``overall``, or a domain of the task.
        tables: The columns of each model; None where it lacks the task.
    """
    answered = {i: _answered(metric, table, domain) for i, table in enumerate(tables) if table is not None}
    alike = Counter((rows.tobytes(), table.ids.tobytes()) for i, rows in answered.items() if (table := tables[i]))
    most, _ = alike.most_common(1)[0]
    same = {i: t for i, t in enumerate(tables) if t and (answered[i].tobytes(), t.ids.tobytes()) == most}
    found = _on_same_items(key, metric, len(tables), same, answered[next(iter(same))])
    for i, one in enumerate(tables):
        for j, other in enumerate(tables[:i]):
            if one is not None and other is not None and not (i in same and j in same):
                found.own[i, j] = _on_shared_items(metric, task, domain, one, other)
    return found


def _mask(table: Table, domain: str) -> NDArray[np.bool_]:
    found = dict(table.domains()).get(domain, np.zeros(len(table.ids), dtype=bool))
    return np.ones(len(table.ids), dtype=bool) if found is None else found


def _answered(metric: Metric, table: Table, domain: str) -> NDArray[np.bool_]:
    """The rows of a domain that did not fail."""
    return _mask(table, domain) & metric.valid(table.columns)


def _on_same_items(key: str, metric: Metric, m: int, tables: Mapping[int, Table], rows: NDArray[np.bool_]) -> Paired:
    """All pairs of models that have the same ids and failed on the same of them."""
    found = Paired(key, int(rows.sum()), 0, math.nan, [math.nan] * m, np.full((m, m), np.nan))
    parts: dict[int, Linearised] = {}
    classes: dict[int, NDArray[np.int64] | None] = {}
    clusters, trials = None, None
    for i, table in tables.items():
        columns = table.columns.take(rows)
        clusters, trials, classes[i] = columns.clusters, metric.trials(columns), metric.classes(columns)
        part, reason = metric.on(columns)
        if not reason:
            parts[i], found.values[i] = part, part.value
    found.clusters = found.n if clusters is None else len(np.unique(clusters))
    # Classes that are the models' own, such as what each calls positive, do not carry over to a difference.
    own = list(classes.values())
    first = own[0]
    shared = first if first is not None and all(c is not None and np.array_equal(c, first) for c in own) else None
    spread = stats.spread_of(np.zeros(found.n), clusters=clusters, classes=shared)
    found.freedom = spread.degrees_of_freedom
    if found.clusters > 1 and not math.isnan(found.freedom):
        found.reach, found.detectable = _in_standard_errors(found.freedom)
    for i, one in parts.items():
        for j, other in parts.items():
            if j < i:
                d = stats.paired_difference(
                    *(one.value, one.influence, other.value, other.influence),
                    clusters=clusters,
                    classes=shared,
                    bounds=metric.bounds,
                    trials=trials,
                )
                if _follows(d, found.reach):
                    found.stderr[i, j] = d.stderr
                else:
                    numbers = {name: float(getattr(d, name)) for name in OF_DIFFERENCE}
                    found.own[i, j] = {"first": one.value, "second": other.value, "difference": d.value, **numbers}
    return found


def _follows(d: stats.Difference, reach: float) -> bool:
    """Whether the interval follows from the error; not where few items differ, or where classes weigh in the error."""
    if math.isnan(d.stderr):
        return True
    rounding = 1e-9 * max(abs(d.value), d.stderr)
    return abs(d.value - d.low - reach * d.stderr) <= rounding and abs(d.high - d.value - reach * d.stderr) <= rounding


def _on_shared_items(metric: Metric, task: str, domain: str, one: Table, other: Table) -> dict[str, float]:
    """One pair on the items that both answered."""
    rows = shared_rows(one, other)
    keep = _mask(one, domain)[rows[0]]
    c = compare_rows(metric, task, domain, (one, other), (rows[0][keep], rows[1][keep]))
    of_difference = {name: float(getattr(c.difference, name)) for name in OF_DIFFERENCE}
    return {"first": c.first, "second": c.second, "difference": c.difference.value, **of_difference}


def _in_standard_errors(degrees_of_freedom: float) -> tuple[float, float]:
    """Half an interval, and the minimum detectable difference, of a difference with a standard error of one."""
    d = stats.minimum_detectable_difference(1.0, degrees_of_freedom=degrees_of_freedom)
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 0.975)), d


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


def column_document(column: Paired | ByItems) -> dict[str, Any]:
    """What the pairs of a column share."""
    if isinstance(column, ByItems):
        return {"key": column.key, "items": column.items}
    return {
        "key": column.key,
        "n": column.n,
        "clusters": column.clusters,
        "freedom": _finite(column.freedom),
        "values": [_short(v) for v in column.values],
        "reach": _finite(column.reach),
        "detectable": _finite(column.detectable),
    }


def model_document(columns: Sequence[Paired | ByItems], i: int) -> list[dict[str, str]]:
    """What only the pairs of model i with the models before it have, column by column.

    ``errors`` of those on the same items, where there are any; ``with``, the others' numbers, and all that is known of
    each of those pairs by its name.
    """
    packed = []
    for column in columns:
        one: dict[str, str] = {}
        if isinstance(column, ByItems):
            packed.append(one)
            continue
        if np.isfinite(column.stderr[i, :i]).any():
            one["errors"] = pack_errors(column.stderr[i, :i])
        own = {j: numbers for (row, j), numbers in column.own.items() if row == i}
        if own:
            one["with"] = pack(np.array(list(own)), "u2")
            one |= {name: pack(np.array([numbers[name] for numbers in own.values()]), "f4") for name in NAMES}
        packed.append(one)
    return packed


def _short(value: float) -> float | None:
    """All digits: cut short, a value on the edge between two printed ones would fall to the other side."""
    return float(value) if math.isfinite(value) else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
