"""From the newest cells of a store to the rows of a benchmark's leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.leaderboard.aggregates import aggregates_of
from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.chosen_models import count_chosen
from harness.leaderboard.extra_columns import ColumnSources, add_extra_columns
from harness.leaderboard.field_fitting import FieldFigures, field_figures
from harness.leaderboard.levels import at_one_level
from harness.leaderboard.notes import (
    notes_on_chance,
    notes_on_chosen,
    notes_on_constant,
    notes_on_figures,
    notes_on_labels,
    notes_on_limited,
    notes_on_missing,
    notes_on_published,
)
from harness.leaderboard.published_rows import published_rows, shipped_files
from harness.leaderboard.ranking import MadeOf, rank_entries, sort_in
from harness.leaderboard.references import with_references, without_rank
from harness.leaderboard.shared_items import SharedItems
from harness.leaderboard.unranked import find_who_is_ahead, sort_unranked
from harness.leaderboard.verdict import verdict_of
from harness.names.registry import Registry
from harness.results.failed import failed_cells, limited_cells, without_folders
from harness.results.generated import generated_tasks, with_own_marks, without_mixing
from harness.results.judges import notes_on_judges, roles_of
from harness.results.selection import merged_cells
from harness.stats import Estimate
from harness.store.choosing import EVERY_MODEL, ModelChoice
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
    choice: ModelChoice = EVERY_MODEL,
) -> Board:
    """Return the leaderboard of a benchmark, of all models of which the store has whole, current results.

    Published results stand beside them: those of the benchmark's own files, and those of ``published``.

    Args:
        registry: Where the benchmark and its aggregates are looked up.
        store: The store; None: published results only.
        name: The benchmark.
        published: Further files of published results.
        merge: Stores of other machines, whose cells stand beside; of cells that several have, the first store's counts.
        confidence: Nominal coverage of all intervals; None: that of most cells.
        timed_by: Stores that know what it took to compute the answers, where the others hold the newest cells only.
        choice: Which published models have a row. Of the stores, those evaluated models are shown that the stores show:
            they may be views of chosen ones (`harness.leaderboard.chosen_models`).

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
    stores = [*([] if store is None else [store]), *merge]
    shared = SharedItems(registry, stores, current)
    field = field_figures(registry, benchmark, stores, current, confidence=level)
    failed = failed_cells([*stores, *timed_by], digests_of(registry, benchmark), current)
    limited = limited_cells([*stores, *timed_by], digests_of(registry, benchmark), current)
    evaluated = _evaluated_rows(registry, benchmark, current, failed, shared, field)
    files = [*shipped_files(benchmark), *published]
    others = published_rows(registry, benchmark, files, _shown_by_task(registry, benchmark) if files else {}, choice)
    generated = generated_tasks(current)
    left_out = len(others.entries) if generated else 0
    if generated:  # nobody could compare them, and everybody would
        others = others._replace(entries=[], kinds={}, notes=[], left_out=[])
    columns = _columns(benchmark, {**others.kinds, **evaluated.kinds})
    columns = with_references(registry, columns, evaluated.made_of)
    ranking = benchmark.aggregates[0].name if benchmark.aggregates else (columns[0].key if columns else "")
    first = next((column for column in columns if column.key == ranking), None)
    judged = notes_on_judges(registry, current)
    notes += notes_on_figures(columns, evaluated.entries)
    notes += notes_on_constant(columns, evaluated.entries)
    chance = notes_on_chance(columns, evaluated.entries)
    notes += [note.text for note in chance]
    notes += notes_on_published(others.entries, level)
    notes += field.notes
    if field.names and others.entries:
        notes.append(f"published results cannot be in the field, and have no figure of: {', '.join(field.names)}")
    without_rank(evaluated.entries, first)
    notes += rank_entries(evaluated.entries, first, shared, evaluated.made_of, field.covariances)
    sort_unranked(evaluated.entries, columns)
    board = Board(name, benchmark.description, columns, evaluated.entries, [], level, judged)
    board.ranking, board.tasks = ranking, tuple(benchmark.tasks)
    board.chosen = count_chosen([*stores, *timed_by], digests_of(registry, benchmark), board, others, choice)
    notes += find_who_is_ahead(board, shared, evaluated.made_of)
    shared.save()
    notes += notes_on_chosen(board.chosen)
    notes += notes_on_limited(limited)
    notes += notes_on_labels(registry, current)
    notes += judged
    notes += notes_on_missing(evaluated.entries, ranking)
    notes += others.notes
    board.notes, board.limited = notes, len(limited)
    board.long_notes = {note.text: note for note in chance if note.is_long}
    board.generated, board.published_left_out = generated, left_out
    board.items = _items(benchmark, current)
    board.covariances = field.covariances
    add_extra_columns(board, ColumnSources(registry, benchmark, current, timed_by or stores))
    sort_in(board.entries, others.entries, first, columns)
    board.verdict = verdict_of(board)
    return board


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
    digests = digests_of(registry, benchmark)
    stores = [*([] if store is None else [store]), *merge]
    cells, notes = merged_cells(stores, digests)
    with_own_marks(registry, cells)
    cells, mixed = without_mixing(cells)
    notes += mixed
    if not stores:
        return CurrentCells([], confidence or 0.95, notes)
    level, kept = at_one_level(registry, stores[0], cells, confidence)
    return CurrentCells(cells, level, [*notes, *kept])


def digests_of(registry: Registry, benchmark: BenchmarkFile) -> dict[str, str]:
    """Return the hash of the current definition of each task of a benchmark that is known here."""
    tasks = [task for task in benchmark.tasks if registry.tasks().exists(task)]
    return {task: task_digest(registry, task) for task in tasks}


def _items(benchmark: BenchmarkFile, cells: Sequence[CellRecord]) -> dict[str, tuple[int, int]]:
    """Return the fewest and the most items of a model's evaluation, by task."""
    counts: dict[str, list[int]] = {task: [] for task in benchmark.tasks}
    for cell in cells:
        counts[cell.task].append(cell.items)
    return {task: (min(found), max(found)) for task, found in counts.items() if found}


Kinds = dict[str, tuple[str, bool]]


class EvaluatedRows(NamedTuple):
    """What evaluations give a leaderboard."""

    entries: list[BoardEntry]
    kinds: Kinds
    """Unit and direction by column key."""
    made_of: MadeOf
    """The measured figures behind each entry's columns."""


def _evaluated_rows(
    registry: Registry,
    benchmark: BenchmarkFile,
    cells: Sequence[CellRecord],
    failed: Sequence[CellRecord],
    shared: SharedItems,
    field: FieldFigures,
) -> EvaluatedRows:
    """Return one entry a model, also where all that is known of it failed.

    Its aggregates know which of its figures share items.
    """
    by_model: dict[str, list[CellRecord]] = {}
    for cell in cells:
        by_model.setdefault(cell.label, []).append(cell)
    failures: dict[str, list[CellRecord]] = {}
    for cell in failed:
        by_model.setdefault(cell.label, [])
        failures.setdefault(cell.label, []).append(cell)
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
        made = aggregates_of(registry, benchmark, results, partial(shared.correlation, model), field.of_model(model))
        for name, figure in made.figures.items():
            figures[name], kinds[name] = figure.estimate, (figure.unit, figure.higher_is_better)
            made_of[model, name] = figure.made_of
        adapters = {cell.task: cell.adapters for cell in own if cell.adapters}
        reasons = tuple(f"without {name!r}, since {reason}" for name, reason in made.reasons.items())
        tried = failures.get(model, [])
        lost = sum(cell.failed_requests for cell in [*own, *tried])
        entry = BoardEntry(model, figures, adapters, lost, roles=roles_of(registry, own), reasons=reasons)
        entry.missing_tasks = tuple(task for task in benchmark.tasks if task not in {cell.task for cell in own})
        entry.failed_tasks = {cell.task: without_folders(cell.problem) for cell in tried}
        entry.constant_on = _constant_on(own)
        entry.bound = next((cell.bound for cell in [*own, *tried] if cell.bound), "")
        entries.append(entry)
    return EvaluatedRows(entries, kinds, made_of)


def _constant_on(cells: Sequence[CellRecord]) -> dict[str, str]:
    """Return what the metrics say of a model that gives every item of a task the same score, by task."""
    said = (
        (r.task, r.estimate.detail.get("constant")) for cell in cells for r in cell.results if r.domain == "overall"
    )
    return {task: str(text) for task, text in said if text}


def _shown(benchmark: BenchmarkFile, results: Mapping[tuple[str, str, str], Result]) -> list[tuple[str, str]]:
    """Return (task, metric) of the columns of single tasks: what the benchmark lists, else each task's headline."""
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
