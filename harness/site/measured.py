"""What the pages of tasks and comparisons show, computed once from the columns of all models, task by task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.build import build_task
from harness.collect import Table, load_table
from harness.errors import HarnessError
from harness.metric import Metric
from harness.plan import metric_of
from harness.registry import Registry
from harness.site.content import Content, SiteColumn
from harness.site.frames import drawings, frames
from harness.site.items import ItemScores, excerpts, item_scores
from harness.site.matrices import matrices, matrices_of_models
from harness.site.names import file_name
from harness.site.pairs import BYTES_OWN, BYTES_SHARED, Paired, paired
from harness.store import Store
from harness.store.records import Result
from harness.task import Task

PAIR_BYTES = 960_000
"""Of all comparisons of a benchmark."""


@dataclass(slots=True)
class TaskPage:
    """One task."""

    name: str
    slug: str
    description: str
    version: str
    licence: str
    citation: str
    metrics: list[tuple[str, str]]
    """(name, what it is)."""
    results: dict[str, dict[str, Result]]
    """Overall, by the name of a model's page and metric."""
    frames: list[dict[str, Any]]
    matrices: list[dict[str, Any]]

    @property
    def drawn(self) -> set[str]:
        """Names of the pages of the models that any picture shows."""
        found = {slug for frame in self.frames for slug in frame["models"]}
        for frame in self.matrices:
            for choice in frame["choices"]:
                found.update(choice["rows"] if frame["together"] else [choice["model"]])
        return found


@dataclass(slots=True)
class Measured:
    """Everything computed from columns."""

    tasks: list[TaskPage] = field(default_factory=list)
    pairs: list[Paired] = field(default_factory=list)
    items: list[ItemScores] = field(default_factory=list)
    texts: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    """By task, item and field."""
    notes: list[str] = field(default_factory=list)

    def slug_of(self, task: str) -> str:
        """Name of a task's page; empty where it has none."""
        return next((page.slug for page in self.tasks if page.name == task), "")


def measure(registry: Registry, store: Store | None, content: Content, *, texts: bool) -> Measured:
    """Pictures, comparisons and items of a benchmark.

    Raises:
        StoreError: a file of columns is missing or damaged.
    """
    made = Measured()
    wanted = _within_budget(content, made)
    for name in content.tasks:
        if store is None or name not in registry.tasks():
            continue
        task = build_task(registry, name)
        tables = _tables(store, content, task)
        if any(table is not None for table in tables):
            _measure_task(registry, content, task, tables, wanted, made, texts=texts)
    order = [column.key for column in content.columns]
    made.pairs.sort(key=lambda pair: order.index(pair.key))
    return made


def _within_budget(content: Content, made: Measured) -> list[SiteColumn]:
    """The columns whose pairs are compared: whole tasks before domains, as many as there is room for."""
    columns = sorted((c for c in content.columns if c.kind != "aggregate"), key=lambda c: c.kind == "domain")
    chosen, room = [], float(PAIR_BYTES)
    for column in columns:
        cells = [cell for row in content.evaluated for cell in row.cells if cell.task == column.task]
        whole = sum(not cell.failed_requests for cell in cells)
        alike = whole * (whole - 1) / 2
        room -= alike * BYTES_SHARED + (len(cells) * (len(cells) - 1) / 2 - alike) * BYTES_OWN
        if room >= 0:
            chosen.append(column)
    if len(chosen) < len(columns):
        made.notes.append(
            f"{len(columns) - len(chosen)} of {len(columns)} columns are left out of the comparison of two models, "
            "since those of all pairs would make the site too large; harness compare gives them"
        )
    return chosen


def _tables(store: Store, content: Content, task: Task) -> list[Table | None]:
    tables: list[Table | None] = []
    for row in content.evaluated:
        cell = next((cell for cell in row.cells if cell.task == task.name), None)
        tables.append(load_table(store.folder / cell.columns, task.facts()) if cell is not None else None)
    return tables


def _measure_task(
    registry: Registry,
    content: Content,
    task: Task,
    tables: Sequence[Table | None],
    wanted: Sequence[SiteColumn],
    made: Measured,
    *,
    texts: bool,
) -> None:
    rows = content.evaluated
    results = {
        row.slug: {
            r.metric: r for cell in row.cells if cell.task == task.name for r in cell.results if r.domain == "overall"
        }
        for row in rows
    }
    names = list(dict.fromkeys(name for own in results.values() for name in own))
    metrics = {name: metric for name in names if (metric := _metric(registry, task, name, made)) is not None}
    by_slug = {row.slug: table for row, table in zip(rows, tables, strict=True) if table is not None}
    own = [column for column in content.columns if column.task == task.name and column.metric in metrics]
    for column in (column for column in own if column in wanted):
        try:
            made.pairs.append(paired(column.key, metrics[column.metric], task.name, column.domain, tables))
        except NotImplementedError:
            made.notes.append(f"{column.title}: this metric cannot compare two models")
    _add_items(made, task, metrics[own[0].metric] if own else None, tables, texts=texts)

    def say(note: str) -> None:
        made.notes.append(f"{task.name}: {note}")

    headlines = {r.metric for of_model in results.values() for r in of_model.values() if r.headline}
    together = matrices_of_models([metric for name, metric in metrics.items() if name in headlines], by_slug, say)
    drawn = drawings(list(metrics.values()), by_slug, say)
    d = task.definition
    made.tasks.append(
        TaskPage(
            task.name,
            file_name(_short(content, task.name)),
            d.description,
            d.version,
            d.licence,
            d.citation,
            [(name, _what(registry, name)) for name in metrics],
            results,
            frames(drawn),
            [*together, *matrices(drawn)],
        )
    )


def _short(content: Content, task: str) -> str:
    """A task's name without the benchmark's, where no other task has that."""
    short = task.removeprefix(content.board.benchmark + "/")
    return task if short in content.benchmark.tasks else short


def _add_items(
    made: Measured, task: Task, metric: Metric | None, tables: Sequence[Table | None], *, texts: bool
) -> None:
    """The items of a task by its first metric, where that has a figure an item."""
    try:
        items = item_scores(metric, task.name, tables) if metric is not None else None
    except NotImplementedError:
        return
    if items is None:
        return
    made.items.append(items)
    if texts:
        try:
            made.texts[task.name] = excerpts(task, items.ids)
        except HarnessError as error:
            made.notes.append(f"{task.name}: no texts of the items: {error}")


def _metric(registry: Registry, task: Task, name: str, made: Measured) -> Metric | None:
    """The metric behind a result; None where its plugin is gone, or the task learnt of it from the answers."""
    try:
        metric = metric_of(registry, task, name)
    except HarnessError as error:
        made.notes.append(f"{task.name}: no comparison or picture of {name}: {error}")
        return None
    return metric if all(need in task.columns for need in metric.needs) else None


def _what(registry: Registry, name: str) -> str:
    plain = name.partition(":")[0]
    return registry.find("metric", plain).description if plain in registry.names("metric") else ""
