"""From the newest cells of a store to the rows of a benchmark's leaderboard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.leaderboard.aggregates import aggregates_of
from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.cost import COLUMN, NOTE, add_cost
from harness.leaderboard.levels import at_one_level
from harness.leaderboard.published_rows import published_rows, shipped_files, sort_in
from harness.leaderboard.shared_items import Combination, SharedItems
from harness.names.registry import Registry
from harness.results.judges import evaluated_fingerprints, notes_on_judges, roles_of
from harness.results.numbers import percent
from harness.results.selection import merged_cells
from harness.stats import Estimate
from harness.store.reading import Readable
from harness.store.records import CellRecord, Result
from harness.tasks.build import build_task, task_digest
from harness.tasks.selectors import task_of

if TYPE_CHECKING:
    from harness.tasks.schema import BenchmarkFile


def assemble(
    registry: Registry,
    store: Readable | None,
    name: str,
    *,
    published: Sequence[Path] = (),
    merge: Sequence[Readable] = (),
    confidence: float | None = None,
    timed_by: Sequence[Readable] = (),
) -> Board:
    """The leaderboard of a benchmark, of all models that the store has whole, current results of.

    Published results stand beside them: those of the benchmark's own files, and those of ``published``.

    Args:
        registry: Where the benchmark and its aggregates are looked up.
        store: The store; None: published results only.
        name: The benchmark.
        published: Further files of published results.
        merge: Stores of other machines, whose cells stand beside; of cells that several have, the first store's counts.
        confidence: Nominal coverage of all intervals; None: that of most cells.
        timed_by: Stores that know what it took to compute the answers, where the others hold the newest cells only.

    Raises:
        UsageError: one label names different models in two stores.
        UnknownName: there is no such benchmark.
        ConfigurationError: an aggregate selects what no task gives, or a published file is not of the form.
        DataError: a published file is missing or not of the form.
    """
    benchmark = registry.benchmarks().find(name)
    if benchmark is None:
        raise registry.unknown(name, "benchmark", registry.benchmarks().files())
    current, level, notes = current_cells(registry, store, benchmark, merge, confidence)
    shared = SharedItems(registry, [*([] if store is None else [store]), *merge], current)
    entries, kinds, made_of = _entries(registry, benchmark, current, shared)
    files = [*shipped_files(benchmark), *published]
    others = published_rows(registry, benchmark, files, _shown_by_task(registry, benchmark) if files else {})
    columns = _columns(benchmark, {**others.kinds, **kinds})
    notes += _notes_on_figures(columns, entries)
    notes += _notes_on_published(others.entries, level)
    ranking = benchmark.aggregates[0].name if benchmark.aggregates else (columns[0].key if columns else "")
    first = next((column for column in columns if column.key == ranking), None)
    notes += _rank(entries, first, shared, made_of)
    shared.save()
    fingerprints: dict[str, set[frozenset[str]]] = {}
    for cell in current:
        fingerprints.setdefault(cell.label, set()).add(evaluated_fingerprints(registry, cell))
    mixed = sorted(label for label, own in fingerprints.items() if len(own) > 1)
    if mixed:
        notes.append(f"one label, different models behind its tasks; evaluate again: {', '.join(mixed)}")
    judged = notes_on_judges(registry, current)
    notes += judged
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
    clocks = timed_by or [*([] if store is None else [store]), *merge]
    if benchmark.cost and add_cost(entries, current, clocks):
        columns.append(COLUMN)
        notes.append(NOTE)
    sort_in(entries, others.entries, first)
    return Board(name, benchmark.description, columns, entries, notes, level, judged)


class CurrentCells(NamedTuple):
    """What a leaderboard is made of."""

    cells: list[CellRecord]
    confidence: float
    """Nominal coverage of the intervals."""
    notes: list[str]
    """What the reader has to know of cells left out, and of intervals of another level."""


def current_cells(
    registry: Registry,
    store: Readable | None,
    benchmark: BenchmarkFile,
    merge: Sequence[Readable] = (),
    confidence: float | None = None,
) -> CurrentCells:
    """The cells a leaderboard is made of, all with intervals of one level where their columns allow it."""
    tasks = [task for task in benchmark.tasks if registry.tasks().exists(task)]
    digests = {task: task_digest(registry, task) for task in tasks}
    stores = [*([] if store is None else [store]), *merge]
    cells, notes = merged_cells(stores, digests)
    if not stores:
        return CurrentCells([], confidence or 0.95, notes)
    level, kept = at_one_level(registry, stores[0], cells, confidence)
    return CurrentCells(cells, level, [*notes, *kept])


_UNKNOWN = 1e9
"""Error of a figure that has neither standard error nor interval: large enough to allow every place."""
Kinds = dict[str, tuple[str, bool]]
MadeOf = dict[tuple[str, str], Combination | None]
"""By model and column: the measured figures behind one."""


def _entries(
    registry: Registry, benchmark: BenchmarkFile, cells: Sequence[CellRecord], shared: SharedItems
) -> tuple[list[BoardEntry], Kinds, MadeOf]:
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
        failed = sum(cell.failed_requests for cell in own)
        entries.append(BoardEntry(model, figures, adapters, failed, roles=roles_of(registry, own), reasons=reasons))
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
        if listed is None and registry.tasks().exists(task):
            listed = list(build_task(registry, task).metrics[:1])
        shown[task] = list(listed or [])
    return shown


def _columns(benchmark: BenchmarkFile, kinds: Kinds) -> list[Column]:
    keys = [aggregate.name for aggregate in benchmark.aggregates if aggregate.name in kinds]
    singles = [key for key in kinds if key not in keys]
    order = {task: i for i, task in enumerate(benchmark.tasks)}
    singles.sort(key=lambda key: order.get(task_of(benchmark.tasks, key), 0))
    return [Column(key, title_of(benchmark, key), *kinds[key]) for key in [*keys, *singles]]


def title_of(benchmark: BenchmarkFile, key: str) -> str:
    """``TASK METRIC`` without what the names of the benchmark and its tasks share: a folder, or a library of tasks."""
    task = task_of(benchmark.tasks, key)
    if not task:
        return key
    short = task.removeprefix(benchmark.name + "/")
    library, colon, _ = benchmark.name.partition(":")
    return f"{short.removeprefix(library + colon) if colon else short} {key.removeprefix(task + ':')}"


def _notes_on_figures(columns: Sequence[Column], entries: Sequence[BoardEntry]) -> list[str]:
    """What metrics say that a reader of their figures must know, a line a sentence, with the models it holds for."""
    models: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        for entry in entries:
            figure = entry.figures.get(column.key)
            if figure is not None and figure.detail.get("note"):
                models.setdefault((column.title, str(figure.detail["note"])), []).append(entry.model)
    return [f"{title}: {note} ({', '.join(sorted(names))})" for (title, note), names in models.items()]


def _notes_on_published(entries: Sequence[BoardEntry], level: float) -> list[str]:
    """Published intervals are as they were published, and cannot be made others."""
    levels = {e.confidence for entry in entries for e in entry.figures.values() if math.isfinite(e.low)} - {level}
    return [f"published intervals are those of {percent(other)}, not of {percent(level)}" for other in sorted(levels)]


def _rank(
    entries: list[BoardEntry], column: Column | None, shared: SharedItems | None = None, made_of: MadeOf | None = None
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
    from_interval = (estimate.high - estimate.low) / (2 * NormalDist().inv_cdf(0.5 + estimate.confidence / 2))
    return from_interval if math.isfinite(from_interval) else _UNKNOWN
