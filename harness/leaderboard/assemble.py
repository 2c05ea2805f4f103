"""From the newest cells of a store to the rows of a benchmark's leaderboard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.build import build_task, task_digest
from harness.errors import UnknownName
from harness.leaderboard.aggregates import aggregates_of
from harness.leaderboard.board import Board, Column, Entry
from harness.leaderboard.cost import COLUMN, NOTE, add_cost
from harness.leaderboard.merge import merged_cells
from harness.leaderboard.published_rows import published_rows, shipped_files, sort_in
from harness.leaderboard.shared_items import Combination, SharedItems
from harness.registry import Registry
from harness.stats import Estimate
from harness.store.reading import Readable
from harness.store.records import CellRecord, Result

if TYPE_CHECKING:
    from harness.schema import BenchmarkFile


def assemble(
    registry: Registry,
    store: Readable | None,
    name: str,
    *,
    published: Sequence[Path] = (),
    merge: Sequence[Readable] = (),
) -> Board:
    """The leaderboard of a benchmark, of all models that the store has whole, current results of.

    Published results stand beside them: those of the benchmark's own files, and those of ``published``.

    Args:
        registry: Where the benchmark and its aggregates are looked up.
        store: The store; None: published results only.
        name: The benchmark.
        published: Further files of published results.
        merge: Stores of other machines, whose cells stand beside; of cells that several have, the first store's counts.

    Raises:
        UsageError: one label names different models in two stores.
        UnknownName: there is no such benchmark.
        ConfigurationError: an aggregate selects what no task gives, or a published file is not of the form.
        DataError: a published file is missing or not of the form.
    """
    if name not in registry.benchmarks():
        raise UnknownName("benchmark", name, registry.benchmarks())
    benchmark = registry.benchmarks()[name]
    current, notes = current_cells(registry, store, benchmark, merge)
    shared = SharedItems(registry, [*([] if store is None else [store]), *merge], current)
    entries, kinds, made_of = _entries(registry, benchmark, current, shared)
    files = [*shipped_files(benchmark), *published]
    others = published_rows(registry, benchmark, files, _shown_by_task(registry, benchmark) if files else {})
    columns = _columns(benchmark, {**others.kinds, **kinds})
    notes += _notes_on_figures(columns, entries)
    ranking = benchmark.aggregates[0].name if benchmark.aggregates else (columns[0].key if columns else "")
    first = next((column for column in columns if column.key == ranking), None)
    notes += _rank(entries, first, shared, made_of)
    shared.save()
    fingerprints: dict[str, set[str]] = {}
    for cell in current:
        fingerprints.setdefault(cell.label, set()).add(cell.fingerprint)
    mixed = sorted(label for label, own in fingerprints.items() if len(own) > 1)
    if mixed:
        notes.append(f"one label, different models behind its tasks; evaluate again: {', '.join(mixed)}")
    for reason in dict.fromkeys(reason for entry in entries for reason in entry.reasons):
        notes.append(f"{reason}: {', '.join(e.model for e in entries if reason in e.reasons)}")
    unranked = [e for e in entries if e.rank is None]
    for lacks, missing in (
        ("needs tasks not evaluated", [e.model for e in unranked if not e.reasons]),
        ("lacks a part", [e.model for e in unranked if e.reasons]),
    ):
        if missing:
            notes.append(f"without rank, since {ranking!r} {lacks}: {', '.join(missing)}")
    notes += others.notes
    if benchmark.cost and add_cost(entries, current, [*([] if store is None else [store]), *merge]):
        columns.append(COLUMN)
        notes.append(NOTE)
    sort_in(entries, others.entries, first)
    return Board(name, benchmark.description, columns, entries, notes)


def current_cells(
    registry: Registry, store: Readable | None, benchmark: BenchmarkFile, merge: Sequence[Readable] = ()
) -> tuple[list[CellRecord], list[str]]:
    """The cells a leaderboard is made of, and what the reader has to know of those left out."""
    tasks = [task for task in benchmark.tasks if task in registry.tasks()]
    digests = {task: task_digest(registry, task) for task in tasks}
    return merged_cells([*([] if store is None else [store]), *merge], digests)


_UNKNOWN = 1e9
"""Error of a figure that has neither standard error nor interval: large enough to allow every place."""
_Z = NormalDist().inv_cdf(0.975)
Kinds = dict[str, tuple[str, bool]]
MadeOf = dict[tuple[str, str], Combination | None]
"""By model and column: the measured figures behind one."""


def _entries(
    registry: Registry, benchmark: BenchmarkFile, cells: Sequence[CellRecord], shared: SharedItems
) -> tuple[list[Entry], Kinds, MadeOf]:
    by_model: dict[str, list[CellRecord]] = {}
    for cell in cells:
        by_model.setdefault(cell.label, []).append(cell)
    kinds: Kinds = {}
    entries = []
    made_of: MadeOf = {}
    for model, own in by_model.items():
        results = {(r.task, r.metric, r.domain): r for cell in own for r in cell.results}
        figures: dict[str, Estimate] = {}
        for task, metric in _shown(benchmark, results):
            result = results.get((task, metric, "overall"))
            if result is not None:
                figures[f"{task}:{metric}"] = result.estimate
                kinds[f"{task}:{metric}"] = (result.unit, result.higher_is_better)
                made_of[model, f"{task}:{metric}"] = {(task, metric, "overall"): 1.0}
        made = aggregates_of(registry, benchmark, results, partial(shared.correlation, model))
        for name, figure in made.figures.items():
            figures[name], kinds[name] = figure.estimate, (figure.unit, figure.higher_is_better)
            made_of[model, name] = figure.made_of
        adapters = {cell.task: cell.adapters for cell in own if cell.adapters}
        reasons = tuple(f"without {name!r}, since {reason}" for name, reason in made.reasons.items())
        entries.append(Entry(model, figures, adapters, sum(cell.failed_requests for cell in own), reasons=reasons))
    return entries, kinds, made_of


def _shown(benchmark: BenchmarkFile, results: Mapping[tuple[str, str, str], Result]) -> list[tuple[str, str]]:
    """The columns of single tasks: those the benchmark lists, else each task's headline."""
    shown = []
    for task in benchmark.tasks:
        listed = benchmark.metrics.get(task)
        headlines = [r.metric for (t, _, d), r in results.items() if t == task and d == "overall" and r.headline]
        shown += [(task, metric) for metric in (listed if listed is not None else headlines)]
    return shown


def _shown_by_task(registry: Registry, benchmark: BenchmarkFile) -> dict[str, list[str]]:
    """The metrics shown of each task, also where nothing was evaluated: listed ones, or each task's headline."""
    shown: dict[str, list[str]] = {}
    for task in benchmark.tasks:
        listed = benchmark.metrics.get(task)
        if listed is None and task in registry.tasks():
            listed = list(build_task(registry, task).metrics[:1])
        shown[task] = list(listed or [])
    return shown


def _columns(benchmark: BenchmarkFile, kinds: Kinds) -> list[Column]:
    keys = [aggregate.name for aggregate in benchmark.aggregates if aggregate.name in kinds]
    singles = [key for key in kinds if key not in keys]
    singles.sort(key=lambda key: next((i for i, t in enumerate(benchmark.tasks) if key.startswith(t + ":")), 0))
    return [Column(key, title_of(benchmark, key), *kinds[key]) for key in [*keys, *singles]]


def title_of(benchmark: BenchmarkFile, key: str) -> str:
    """``TASK METRIC`` without what the names of the benchmark and its tasks share: a folder, or a library of tasks."""
    task = next((task for task in benchmark.tasks if key.startswith(task + ":")), "")
    if not task:
        return key
    short = task.removeprefix(benchmark.name + "/")
    library, colon, _ = benchmark.name.partition(":")
    return f"{short.removeprefix(library + colon) if colon else short} {key.removeprefix(task + ':')}"


def _notes_on_figures(columns: Sequence[Column], entries: Sequence[Entry]) -> list[str]:
    """What metrics say that a reader of their figures must know, a line a sentence, with the models it holds for."""
    models: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        for entry in entries:
            figure = entry.figures.get(column.key)
            if figure is not None and figure.detail.get("note"):
                models.setdefault((column.title, str(figure.detail["note"])), []).append(entry.model)
    return [f"{title}: {note} ({', '.join(sorted(names))})" for (title, note), names in models.items()]


def _rank(
    entries: list[Entry], column: Column | None, shared: SharedItems | None = None, made_of: MadeOf | None = None
) -> list[str]:
    """Sort by a column, and say which places the errors allow; without the column, by name and without ranks.

    Returns:
        What a reader of the places must know.
    """
    entries.sort(key=lambda entry: entry.model)
    if column is None:
        return []
    notes = []
    key, sign = column.key, 1 if column.higher_is_better else -1
    ranked = [e for e in entries if key in e.figures and math.isfinite(e.figures[key].value)]
    ranked.sort(key=lambda e: (-sign * e.figures[key].value, e.model))
    if ranked:
        values = np.array([sign * e.figures[key].value for e in ranked])
        errors = np.array([_error(e.figures[key]) for e in ranked])
        covariance, unknown = _covariance(errors, [e.model for e in ranked], key, shared, made_of or {})
        ranks = stats.rank_intervals(values, covariance)
        tied = stats.tied_with_best(values, covariance)
        if unknown and len(ranked) > 1:
            who = "all models" if len(unknown) == len(ranked) else ", ".join(sorted(unknown))
            notes.append(f"places take as independent, for want of what each item contributes to {key!r}: {who}")
        for i, entry in enumerate(ranked):
            entry.rank, entry.tied_with_best = int(ranks.rank[i]), bool(tied[i])
            entry.rank_low, entry.rank_high = int(ranks.low[i]), int(ranks.high[i])
    entries[:] = [*ranked, *(entry for entry in entries if entry not in ranked)]
    return notes


def _covariance(
    errors: NDArray[np.float64], models: Sequence[str], key: str, shared: SharedItems | None, made_of: MadeOf
) -> tuple[NDArray[np.float64], list[str]]:
    """Covariance of the models' figures, and those of which it is not known."""
    if shared is None or len(models) < 2:
        return np.diag(errors**2), []
    correlation, least, unknown = shared.between({model: made_of.get((model, key)) for model in models})
    # Two models that differ on a few items only are told apart by no less than a single item weighs.
    return np.outer(errors, errors) * correlation + np.diag((errors * least) ** 2), unknown


def _error(estimate: Estimate) -> float:
    """Standard error; that of the interval where none was seen: a single item, or a value on its bound."""
    if estimate.stderr > 0:
        return estimate.stderr
    from_interval = (estimate.high - estimate.low) / (2 * _Z)
    return from_interval if math.isfinite(from_interval) else _UNKNOWN
