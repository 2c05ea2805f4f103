"""Rows of a leaderboard for published results: beside the evaluated ones, never ranked among them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.leaderboard.aggregates import aggregates_of
from harness.leaderboard.board import Column, Entry
from harness.published import Published, read_published
from harness.registry import Registry

if TYPE_CHECKING:
    from harness.schema import BenchmarkFile

Kinds = dict[str, tuple[str, bool]]


def shipped_files(benchmark: BenchmarkFile) -> list[Path]:
    """The files of published results that a benchmark names, relative to its own file."""
    return [benchmark._path.parent / name for name in benchmark.published]


def published_entries(
    registry: Registry,
    benchmark: BenchmarkFile,
    files: Sequence[Path],
    shown: Mapping[str, Sequence[str]],
) -> tuple[list[Entry], Kinds]:
    """One entry a published model, with unit and direction of its figures.

    Args:
        registry: Where aggregates are looked up.
        benchmark: The benchmark.
        files: Of published results; where two have a figure, the later one's is taken.
        shown: Metrics shown by task.

    Raises:
        ConfigurationError, DataError: a file is missing or not of the form, or has no figure of this benchmark.
    """
    by_model: dict[str, dict[tuple[str, str, str], Published]] = {}
    for file in files:
        rows = [row for row in read_published(file) if row.result.task in benchmark.tasks]
        if not rows:
            raise DataError(f"{file}: no figure of a task of the benchmark {benchmark.name!r} in it")
        for row in rows:
            r = row.result
            by_model.setdefault(r.model, {})[r.task, r.metric, r.domain] = row
    entries, kinds = [], {}
    for model, own in by_model.items():
        entry, own_kinds = _entry(registry, benchmark, model, own, shown)
        if entry.figures:
            entries.append(entry)
            kinds.update(own_kinds)
    return entries, kinds


def _entry(
    registry: Registry,
    benchmark: BenchmarkFile,
    model: str,
    own: Mapping[tuple[str, str, str], Published],
    shown: Mapping[str, Sequence[str]],
) -> tuple[Entry, Kinds]:
    results = {key: row.result for key, row in own.items()}
    sources = "; ".join(sorted({row.source for row in own.values() if row.source})) or "source not stated"
    entry, kinds = Entry(model, {}, {}, 0, published=sources), Kinds()
    for task, metrics in shown.items():
        for metric in metrics:
            result = results.get((task, metric, "overall"))
            if result is not None:
                entry.figures[f"{task}:{metric}"] = result.estimate
                kinds[f"{task}:{metric}"] = (result.unit, result.higher_is_better)
    for name, figure in aggregates_of(registry, benchmark, results).figures.items():
        entry.figures[name] = figure.estimate
        kinds[name] = (figure.unit, figure.higher_is_better)
    return entry, kinds


def sort_in(entries: list[Entry], published: Sequence[Entry], column: Column | None) -> None:
    """Put published rows where their value belongs among the ranked; without the ranking figure, at the end."""
    key = column.key if column is not None else ""
    sign = 1 if column is None or column.higher_is_better else -1

    def value(entry: Entry) -> float:
        estimate = entry.figures.get(key)
        return sign * estimate.value if estimate is not None and math.isfinite(estimate.value) else -math.inf

    ranked = [entry for entry in entries if entry.rank is not None]
    placed = [entry for entry in published if value(entry) > -math.inf]
    rest = [entry for entry in published if value(entry) == -math.inf]
    # Sorting is stable: of equal values the evaluated one stands first.
    entries[:] = [
        *sorted([*ranked, *placed], key=value, reverse=True),
        *(entry for entry in entries if entry.rank is None),
        *sorted(rest, key=lambda entry: entry.model),
    ]
