"""One level for all intervals of a leaderboard: those of another level are computed anew from the columns on file."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.metric import Metric
from harness.names.plugins import describe
from harness.names.registry import Registry
from harness.results.numbers import percent
from harness.running.table import Table, table_of_cell
from harness.stats import Estimate
from harness.store.reading import Readable
from harness.store.records import CellRecord, Result
from harness.tasks.build import build_task
from harness.tasks.build_metric import metric_of


def at_one_level(
    registry: Registry, store: Readable, cells: Sequence[CellRecord], confidence: float | None
) -> tuple[float, list[str]]:
    """Give the estimates of cells intervals of one level, in place.

    Args:
        registry: Where tasks and metrics are looked up.
        store: Below which the columns lie that are not named by an absolute path.
        cells: Those of a leaderboard.
        confidence: The level; None: that of most cells, of as many the highest.

    Returns:
        The level, and a sentence for every cell whose intervals could not be computed at it and are as they were.
    """
    counts = Counter(cell.confidence for cell in cells)
    level = confidence or max(counts, key=lambda one: (counts[one], one), default=0.95)
    notes = []
    for cell in cells:
        if cell.confidence == level or not any(math.isfinite(r.estimate.low) for r in cell.results):
            continue
        try:
            problem = _recompute(registry, store, cell, level)
        except HarnessError as error:  # columns that are gone, a metric whose plugin is
            problem = str(error)
        except (Exception, SystemExit) as error:  # a plugin's task or metric
            problem = describe(error)
        if problem:
            kept, wanted = percent(cell.confidence), percent(level)
            notes.append(f"{cell.label} on {cell.task}: intervals of {kept}, since those of {wanted} lack: {problem}")
    return level, notes


def _recompute(registry: Registry, store: Readable, cell: CellRecord, level: float) -> str:
    """Compute every interval of a cell at a level; returns why not, where the metrics now give other values."""
    task = build_task(registry, cell.task)
    table = table_of_cell(store, cell, task.facts())
    metrics: dict[str, Metric] = {r.metric: metric_of(registry, task, r.metric) for r in cell.results}
    seed = int(cell.settings.get("seed", 0))
    masks = dict(table.domains())
    results = [_at(r, table, masks[r.domain], metrics[r.metric], level, seed) for r in cell.results]
    for old, new in zip(cell.results, results, strict=True):
        if not _same(old.estimate.value, new.estimate.value):
            return f"{old.metric} is now computed otherwise; evaluate again"
    cell.results[:] = results
    return ""


def _at(
    result: Result, table: Table, mask: NDArray[np.bool_] | None, metric: Metric, level: float, seed: int
) -> Result:
    columns = table.columns if mask is None else table.columns.take(mask)
    estimate: Estimate = metric.compute(columns, confidence=level, seed=seed)
    # Chance depends on no level: what was filed stays, also where nothing was, as in stores of before.
    return dataclasses.replace(
        result, estimate=dataclasses.replace(estimate, confidence=level, chance=result.estimate.chance)
    )


def _same(one: float, other: float) -> bool:
    """Whether two values are the same but for rounding: another machine may add in another order."""
    return one == other or (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9)
