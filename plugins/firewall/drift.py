"""What changed between two evaluations of the same models: paired where the items are the same, else of two samples."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness import HarnessError, Registry, UsageError, stats
from harness.results import compare_rows, shared_rows
from harness.running import Table, table_of_cell
from harness.store import CellRecord, StoreReader, latest_cells
from harness.tasks import metric_of


@dataclass(frozen=True, slots=True)
class Drift:
    """One figure of one model at two times."""

    model: str
    task: str
    metric: str
    before: float
    after: float
    change: stats.Difference
    """After less before."""
    unit: str
    higher_is_better: bool
    paired: int
    """Items that both evaluations have, with the same texts; 0: two samples, of which none is paired."""
    items: tuple[int, int]
    """Before and after."""
    same_model: bool
    """Whether the model's fingerprint is the same, so that only data or the service behind it can have changed."""
    q_value: float = math.nan
    """The p-value adjusted for all figures that are reported (Benjamini-Hochberg)."""

    def is_worse(self, confidence: float) -> bool:
        """Whether it is shown to have become worse, among all figures reported."""
        better = self.change.value > 0 if self.higher_is_better else self.change.value < 0
        return bool(self.q_value < 1 - confidence and self.change.value and not better)


def drifts(
    registry: Registry,
    before: Path,
    after: Path,
    tasks: Sequence[str],
    *,
    metrics: Sequence[str] = (),
    split: str = "test",
    confidence: float = 0.95,
) -> tuple[list[Drift], list[str]]:
    """Return what changed of every model that both stores know by the same label, and notes.

    Args:
        registry: Where tasks are looked up.
        before: The earlier store.
        after: The later one.
        tasks: Names of tasks.
        metrics: Only these; default: all that both stores have, of the overall domain.
        split: Results on this split.
        confidence: Coverage of the intervals.

    Raises:
        UsageError: they have no model in common on the tasks.
    """
    found: list[Drift] = []
    notes: list[str] = []
    with StoreReader(before) as old, StoreReader(after) as new:
        cells = [
            {(c.label, c.task): c for c in latest_cells(reader, tasks, settings={"split": split, "limit": None})}
            for reader in (old, new)
        ]
        for key in cells[0]:
            if key in cells[1]:
                pair = (cells[0][key], cells[1][key])
                made, said = _of_cells(registry, (old, new), pair, metrics, confidence)
                found += made
                notes += said
    if not found:
        labels = [", ".join(sorted({label for label, _ in own})) or "none" for own in cells]
        raise UsageError(
            f"no model has figures on {', '.join(tasks)} in both stores; before: {labels[0]}; after: {labels[1]}"
        )
    adjusted = stats.benjamini_hochberg([one.change.p_value for one in found])
    return [dataclasses.replace(one, q_value=float(q)) for one, q in zip(found, adjusted, strict=True)], notes


def _of_cells(
    registry: Registry,
    readers: tuple[StoreReader, StoreReader],
    cells: tuple[CellRecord, CellRecord],
    metrics: Sequence[str],
    confidence: float,
) -> tuple[list[Drift], list[str]]:
    one, other = cells
    task = registry.task(one.task)
    tables = [table_of_cell(reader, cell, task.facts()) for reader, cell in zip(readers, cells, strict=True)]
    rows = _same_items(*tables)
    same_task = one.task_digest == other.task_digest
    notes = [] if same_task else [f"{one.task}: its definition changed between the two, so that nothing is paired"]
    results = [
        {r.metric: r for r in cell.results if r.domain == "overall" and (not metrics or r.metric in metrics)}
        for cell in cells
    ]
    found = []
    for name, result in results[1].items():
        if name not in results[0]:
            continue
        earlier = results[0][name]
        paired = len(rows[0]) if same_task else 0
        before, after, change = earlier.estimate.value, result.estimate.value, None
        if paired:
            try:
                compared = compare_rows(
                    metric_of(registry, task, name),
                    one.task,
                    "overall",
                    tables[::-1],
                    rows[::-1],
                    confidence,
                )
                before, after, change = compared.second, compared.first, compared.difference
            except (HarnessError, NotImplementedError):
                notes.append(f"{one.task}: {name} has no influence of single items, so it is compared unpaired")
                paired = 0
        change = change or _unpaired(earlier.estimate, result.estimate, confidence)
        found.append(
            Drift(
                *(one.label, one.task, name, before, after, change, result.unit, result.higher_is_better, paired),
                (len(tables[0].ids), len(tables[1].ids)),
                one.fingerprint == other.fingerprint,
            )
        )
    return found, notes


def _same_items(one: Table, other: Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the items that both have under one id and with one text."""
    first, second = shared_rows(one, other)
    if one.prompts is None or other.prompts is None:
        return first, second
    same = one.prompts[first] == other.prompts[second]
    return first[same], second[same]


def _unpaired(before: stats.Estimate, after: stats.Estimate, confidence: float) -> stats.Difference:
    """Return the difference of two samples, its interval from those of both (Zou and Donner 2008)."""
    from scipy.stats import norm

    value = after.value - before.value
    low = value - math.hypot(after.value - after.low, before.high - before.value)
    high = value + math.hypot(after.high - after.value, before.value - before.low)
    reach = value - low if value > 0 else high - value  # on the side of 0
    z = norm.ppf(0.5 + confidence / 2)
    p_value = float(2 * norm.sf(abs(value) / reach * z)) if reach > 0 else math.nan if value else 1.0
    error = (high - low) / (2 * z)
    detectable = stats.minimum_detectable_difference(error) if error > 0 else math.nan
    return stats.Difference(value, error, low, high, p_value, before.n + after.n, detectable)
