"""The figures of models on a benchmark's tasks: from the store, from published files, and aggregates of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness import Registry
from harness.errors import UsageError, did_you_mean
from harness.leaderboard import (
    Combination,
    FieldFigures,
    SharedItems,
    aggregates_of,
    field_figures,
    shipped_files,
)
from harness.store import EVERY_MODEL, CellRecord, ModelChoice, Readable, Result, latest_cells
from harness.tasks import task_digest

if TYPE_CHECKING:
    from harness.tasks import BenchmarkFile

FloatArray = NDArray[np.float64]
Key = tuple[str, str, str]
"""Task, metric and domain of a figure."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One metric of one task on one domain; an aggregate has the benchmark as its task."""

    task: str
    metric: str
    domain: str
    unit: str
    higher_is_better: bool
    aggregate: bool = False

    @property
    def name(self) -> str:
        """The name by which selectors name the feature: ``task:metric:domain``."""
        where = "" if self.domain == "overall" else f":{self.domain}"
        return f"{self.task}:{self.metric}{where}"


@dataclass(slots=True)
class OutcomeFigures:
    """OutcomeFigures of models, with one row for each model and one column for each feature."""

    models: list[str]
    features: list[Feature]
    values: FloatArray
    """(models, features), lower-is-better metrics negated, so that more is better throughout; NaN if absent."""
    stderrs: FloatArray
    """(models, features) standard errors; NaN if not known."""
    notes: list[str] = field(default_factory=list)

    def select(self, *, features: Sequence[int] | None = None, models: Sequence[str] | None = None) -> OutcomeFigures:
        """Return some of the features, or some of the models in the given order."""
        columns = list(range(len(self.features))) if features is None else list(features)
        names = self.models if models is None else list(models)
        rows = [self.models.index(model) for model in names]
        grid = np.ix_(rows, columns)
        kept = [self.features[i] for i in columns]
        return OutcomeFigures(list(names), kept, self.values[grid], self.stderrs[grid], self.notes)


def gather(
    registry: Registry,
    target: str,
    *,
    store: Readable | None = None,
    published: Sequence[Path] = (),
    choice: ModelChoice = EVERY_MODEL,
) -> OutcomeFigures:
    """Gather every figure of every model on the tasks of a benchmark.

    If several sources have a figure of the same model, task, metric and domain, the newest whole cell of the store
    wins,
    then the given files, the last one first, then the files that the benchmark ships.

    Args:
        registry: The registry, in which benchmarks and tasks are looked up.
        target: A benchmark, or a single task.
        store: The store of evaluated models; None: published figures only.
        published: Files of published results, beside those that the benchmark ships.
        choice: The models that have a row; aggregates of the field are made of these alone.

    Raises:
        UnknownName: there is no such benchmark or task.
        DataError: a published file cannot be read.
        UsageError: there is not a single figure, or a glob of the choice matches no model.
    """
    benchmark = registry.benchmarks().find(target)
    if benchmark is None and not registry.tasks().exists(target):
        raise registry.unknown(target, "benchmark or task")
    tasks = benchmark.tasks if benchmark else [target]
    notes: list[str] = []
    shipped = shipped_files(benchmark) if benchmark else []
    by_model = _published(registry, tasks, [*shipped, *published], notes)
    cells = [] if store is None else _add_evaluated(registry, store, tasks, by_model, notes)
    if not by_model:
        raise UsageError(
            f"there is no result of {target} to correlate; evaluate models with: harness eval -m MODEL -t {target}, "
            "or name files of published results with --published"
        )
    every = len(by_model)
    choice.check(by_model)
    by_model = {model: results for model, results in by_model.items() if choice.takes(model)}
    cells = [cell for cell in cells if choice.takes(cell.label)]
    if len(by_model) < every:
        notes.append(f"{len(by_model)} of {every} models with figures were chosen; the others are left out")
    if benchmark is not None:
        stores = [] if store is None else [store]
        shared = SharedItems(registry, stores, cells)
        field_ = field_figures(registry, benchmark, stores, cells, confidence=0.95)  # only errors are used
        notes += field_.notes
        _add_aggregates(registry, benchmark, by_model, shared, _measured(cells), notes, field_)
        shared.save()
    return _table(by_model, benchmark.name if benchmark else "", notes)


def _published(
    registry: Registry, tasks: Sequence[str], files: Sequence[Path], notes: list[str]
) -> dict[str, dict[Key, Result]]:
    from harness.results import read_published

    by_model: dict[str, dict[Key, Result]] = {}
    sources: dict[str, None] = {}
    for file in files:
        rows = read_published(file, registry)
        others = sorted({row.result.task for row in rows} - set(tasks))
        if others:
            hint = did_you_mean(others[0], tasks)
            notes.append(f"{file}: figures of other tasks are not used: {', '.join(others)}{hint}")
        for row in rows:
            result = row.result
            if result.task in tasks and math.isfinite(result.estimate.value):
                by_model.setdefault(result.model, {})[result.task, result.metric, result.domain] = result
                sources[row.source or str(file)] = None
    notes += [f"published, not evaluated here: {source}" for source in sources]
    return by_model


def _add_evaluated(
    registry: Registry, store: Readable, tasks: Sequence[str], by_model: dict[str, dict[Key, Result]], notes: list[str]
) -> list[CellRecord]:
    """Add the figures of evaluated models, and return the cells that they come from."""
    existing = [task for task in tasks if registry.tasks().exists(task)]
    digests = {task: task_digest(registry, task) for task in existing}
    cells = latest_cells(store, existing, settings={"limit": None, "split": "test"})
    current = [cell for cell in cells if cell.task_digest == digests[cell.task]]
    if len(current) < len(cells):
        notes.append(f"{len(cells) - len(current)} cells of earlier task definitions are left out; evaluate them again")
    bounds = sorted({cell.label for cell in current if cell.bound})
    if bounds:  # how far models could come is not what a model that can be used scores
        notes.append(f"left out, since their figures are bounds and no results: {', '.join(bounds)}")
        current = [cell for cell in current if cell.label not in bounds]
    made = sorted({cell.label for cell in current if cell.generated and cell.generated.in_place_of})
    if made and by_model:  # published figures are of the real data
        notes.append(f"left out beside published results, since evaluated on generated data: {', '.join(made)}")
        current = [cell for cell in current if not (cell.generated and cell.generated.in_place_of)]
    elif made:
        notes.append(f"evaluated on generated data, which say nothing about the real ones: {', '.join(made)}")
    replaced: set[str] = set()
    for cell in current:
        of_model = by_model.setdefault(cell.label, {})
        for result in cell.results:
            key = (result.task, result.metric, result.domain)
            if math.isfinite(result.estimate.value):
                replaced |= {cell.label} if key in of_model else set()
                of_model[key] = result
        if not of_model:
            del by_model[cell.label]
    if replaced:
        notes.append(f"evaluated here, so their published figures give way: {', '.join(sorted(replaced))}")
    return current


_PUBLISHED = (
    "its parts are published, so what they share is not known: they are taken as independent, and its error is too "
    "small where they agree on the same items"
)


def _measured(cells: Sequence[CellRecord]) -> dict[str, set[Key]]:
    """Return the figures of each model whose columns are on file."""
    measured: dict[str, set[Key]] = {}
    for cell in cells:
        of_model = measured.setdefault(cell.label, set())
        of_model |= {(r.task, r.metric, r.domain) for r in cell.results if math.isfinite(r.estimate.value)}
    return measured


def _add_aggregates(
    registry: Registry,
    benchmark: BenchmarkFile,
    by_model: dict[str, dict[Key, Result]],
    shared: SharedItems,
    measured: dict[str, set[Key]],
    notes: list[str],
    of_field: FieldFigures,
) -> None:
    """Add each model's aggregates to its figures, and to the notes what a reader must know about their errors."""
    noted: dict[tuple[str, str], list[str]] = {}
    lacking: dict[str, list[str]] = {}
    for model, results in by_model.items():
        correlate = partial(_correlation, shared, model, measured.get(model, set()))
        in_field = of_field.of_model(model) if model in measured else None  # of published models no item is known
        made = aggregates_of(registry, benchmark, results, correlate, in_field)
        for name in set(of_field.names) - made.figures.keys():
            lacking.setdefault(name, []).append(model)
        for name, f in made.figures.items():
            key = (benchmark.name, name, "overall")
            results[key] = Result(model, benchmark.name, name, "overall", f.estimate, f.unit, f.higher_is_better)
            note = str(f.estimate.detail.get("note", ""))
            # The note says that an error may be too small: without an error there is nothing to note.
            if note and math.isfinite(f.estimate.stderr):
                noted.setdefault((name, note), []).append(model)
    notes += [f"{benchmark.name}:{name}: {note}: {', '.join(models)}" for (name, note), models in noted.items()]
    for name, models in lacking.items():
        notes.append(f"{benchmark.name}:{name}: a figure of the field, which these are not in: {', '.join(models)}")


def _correlation(
    shared: SharedItems,
    model: str,
    measured: set[Key],
    figures: Sequence[Combination],
) -> tuple[FloatArray | None, str]:
    """Return the correlations of a model's figures; published figures have no columns, and correlate with none."""
    ours = [{base: weight for base, weight in figure.items() if base in measured} for figure in figures]
    correlation, note = shared.correlation(model, ours)
    if any(len(measured_parts) < len(figure) for measured_parts, figure in zip(ours, figures, strict=True)):
        return correlation, "; ".join(filter(None, (note, _PUBLISHED)))
    return correlation, note


def _table(by_model: dict[str, dict[Key, Result]], benchmark: str, notes: list[str]) -> OutcomeFigures:
    keys = list(dict.fromkeys(key for results in by_model.values() for key in results))
    keys.sort(key=lambda key: key[0] == benchmark)  # aggregates last, the rest in the order in which they came
    place = {key: i for i, key in enumerate(keys)}
    models = list(by_model)
    values, stderrs = np.full((2, len(models), len(keys)), np.nan)
    example: dict[Key, Result] = {}
    for row, model in enumerate(models):
        for key, result in by_model[model].items():
            first = example.setdefault(key, result)
            if result.higher_is_better != first.higher_is_better:
                raise UsageError(
                    f"{':'.join(key)}: higher is better for {first.model} and lower is better for {model}; "
                    "mend 'higher_is_better' in the published file"
                )
            values[row, place[key]] = result.estimate.value * (1 if result.higher_is_better else -1)
            stderrs[row, place[key]] = result.estimate.stderr
    features = [
        Feature(*key, example[key].unit, example[key].higher_is_better, aggregate=key[0] == benchmark) for key in keys
    ]
    return OutcomeFigures(models, features, values, stderrs, notes)


def matching(
    figures: OutcomeFigures, *, tasks: Sequence[str], metrics: Sequence[str], domains: Sequence[str]
) -> list[int]:
    """Return the places of the features whose task, metric and domain each match one of the patterns.

    Args:
        figures: The figures.
        tasks: Patterns of task names; none: all tasks.
        metrics: Patterns of metric names; none: all metrics.
        domains: Patterns of domain names; none: all domains.

    Raises:
        UsageError: a pattern matches nothing; suggests the nearest name.
    """
    keep = set(range(len(figures.features)))
    for option, patterns, field_ in (
        ("--task", tasks, "task"),
        ("--metric", metrics, "metric"),
        ("--domain", domains, "domain"),
    ):
        names = [getattr(feature, field_) for feature in figures.features]
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise UsageError(f"{option}: nothing matches {pattern!r}{did_you_mean(pattern, names)}")
        if patterns:
            keep &= {i for i, name in enumerate(names) if any(fnmatchcase(name, p) for p in patterns)}
    if not keep:
        raise UsageError("no figure is left: --task, --metric and --domain together select nothing")
    return sorted(keep)
