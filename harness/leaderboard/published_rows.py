"""Rows of a leaderboard for published results: beside the evaluated ones, never ranked among them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import DataError, did_you_mean, nearest
from harness.leaderboard.aggregates import aggregates_of
from harness.leaderboard.board import BoardEntry
from harness.names.registry import Registry
from harness.results.published import Published, read_published
from harness.stats import Estimate
from harness.store.choosing import EVERY_MODEL, ModelChoice
from harness.store.records import Result
from harness.tasks.selectors import selected_aggregate, split_selector

if TYPE_CHECKING:
    from harness.tasks.schema import BenchmarkFile

Kinds = dict[str, tuple[str, bool]]
Key = tuple[str, str, str]
"""(task, metric, domain)."""


class PublishedRows(NamedTuple):
    """What published files give a leaderboard."""

    entries: list[BoardEntry]
    kinds: Kinds
    """Unit and direction by column."""
    notes: list[str]
    left_out: list[str]
    """Models that would have a row and are not chosen."""


def shipped_files(benchmark: BenchmarkFile) -> list[Path]:
    """The files of published results that a benchmark names, relative to its own file."""
    return [benchmark._path.parent / name for name in benchmark.published]


def published_rows(
    registry: Registry,
    benchmark: BenchmarkFile,
    files: Sequence[Path],
    shown: Mapping[str, Sequence[str]],
    choice: ModelChoice = EVERY_MODEL,
) -> PublishedRows:
    """One entry a published model that has a figure which the leaderboard shows.

    Args:
        registry: Where aggregates and metrics are looked up.
        benchmark: The benchmark.
        files: Of published results; where two have a figure, the later one's is taken.
        shown: Metrics shown by task.
        choice: Which models have a row.

    Raises:
        ConfigurationError, DataError: a file is missing or not of the form, or has no figure of this benchmark.
    """
    rows, others = PublishedRows([], {}, [], []), PublishedRows([], {}, [], [])
    by_model: dict[str, dict[Key, Published]] = {}
    for file in files:
        read = read_published(file, registry)
        rows.notes.extend(_unknown(registry, file, read))
        for row in own_figures(benchmark, file, read):
            r = row.result
            by_model.setdefault(r.model, {})[r.task, r.metric, r.domain] = row
    used = _used(benchmark, shown)
    for model, figures in by_model.items():
        into = rows if choice.takes(model) else others
        _add(into, registry, benchmark, model, {key: row for key, row in figures.items() if key in used}, used)
    rows.left_out.extend(entry.model for entry in others.entries)
    without = sorted(filter(choice.takes, set(by_model) - {entry.model for entry in rows.entries}))
    if without:
        rows.notes.append(f"published, but without a figure that is shown here: {', '.join(without)}")
    return rows


def own_figures(benchmark: BenchmarkFile, file: Path, read: Sequence[Published]) -> list[Published]:
    """Of the figures of a file, those of a benchmark's tasks.

    Raises:
        DataError: there is none.
    """
    own = [row for row in read if row.result.task in benchmark.tasks]
    if not own:
        hint = did_you_mean(read[0].result.task, benchmark.tasks)
        raise DataError(f"{file}: no figure of a task of the benchmark {benchmark.name!r} in it{hint}")
    return own


def _unknown(registry: Registry, file: Path, read: Sequence[Published]) -> list[str]:
    """A misspelt task or metric would otherwise be a figure that nobody sees."""
    notes = []
    tasks = registry.tasks()
    for task in sorted({row.result.task for row in read}):
        if not tasks.exists(task):
            near = nearest(task, registry.known_names(task))
            notes.append(f"{file}: figures of {task!r} are not shown, a task not known here{near}")
    known = registry.names("metric")
    for metric in sorted({row.result.metric for row in read}):
        if metric.partition(":")[0] not in known:
            notes.append(f"{file}: figures of {metric!r} are of a metric not known here{nearest(metric, known)}")
    return notes


def _used(benchmark: BenchmarkFile, shown: Mapping[str, Sequence[str]]) -> dict[Key, str]:
    """The figures that columns or aggregates show, with the column of those that have one."""
    selectors = [s for a in benchmark.aggregates for s in a.of if selected_aggregate(benchmark, s) is None]
    used = dict.fromkeys((split_selector(benchmark, selector) for selector in selectors), "")
    return used | {(task, metric, "overall"): f"{task}:{metric}" for task, names in shown.items() for metric in names}


def _add(
    rows: PublishedRows,
    registry: Registry,
    benchmark: BenchmarkFile,
    model: str,
    own: Mapping[Key, Published],
    used: Mapping[Key, str],
) -> None:
    sources = tuple(dict.fromkeys(row.source or "source not stated" for row in own.values()))
    entry = BoardEntry(model, {}, {}, 0, published=sources)
    for key, column in used.items():
        if column and key in own:
            result = own[key].result
            entry.figures[column] = result.estimate
            entry.rounded_from[column] = own[key].rounded_from
            rows.kinds.setdefault(column, (result.unit, result.higher_is_better))
    # Published errors are rarely there for all parts, and never independent: aggregates have a value only.
    bare = {key: dataclasses.replace(row.result, estimate=_value(row.result.estimate)) for key, row in own.items()}
    # Where each part may have been rounded from a little less, or more, so may what is made of all parts.
    ends = [aggregates_of(registry, benchmark, _moved(bare, own, end)).figures for end in (0, 1)]
    for name, figure in aggregates_of(registry, benchmark, bare).figures.items():
        entry.figures[name] = _value(figure.estimate)
        values = [figure.estimate.value, *(end[name].estimate.value for end in ends if name in end)]
        entry.rounded_from[name] = (min(values), max(values))
        rows.kinds.setdefault(name, (figure.unit, figure.higher_is_better))
    if entry.figures:
        rows.entries.append(entry)
        rows.notes.extend(note for row in own.values() if (note := row.note) and note not in rows.notes)


def _moved(bare: Mapping[Key, Result], own: Mapping[Key, Published], end: int) -> dict[Key, Result]:
    """Return the figures as they may have been before they were rounded: all at the low end, or all at the high end."""
    return {
        key: dataclasses.replace(
            result, estimate=dataclasses.replace(result.estimate, value=own[key].rounded_from[end])
        )
        for key, result in bare.items()
    }


def _value(estimate: Estimate) -> Estimate:
    return Estimate(estimate.value, math.nan, math.nan, math.nan, estimate.n)
