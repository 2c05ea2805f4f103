"""The content of the pages of tasks and comparisons, computed once from the columns of all models, task by task."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import Metric, Registry, Task
from harness.errors import HarnessError, StoreError
from harness.names import describe
from harness.results import drawings
from harness.running import Table, table_of_cell
from harness.store import Readable, Result
from harness.tasks import HIDDEN, build_task, metric_of

from .content import Content, SiteColumn
from .explanations import metric_description
from .frames import frames
from .items import ItemScores, excerpts, item_scores
from .matrices import matrices, matrices_of_models
from .names import file_name
from .pairs import PairedColumn, compare_column, compared_models


@dataclass(slots=True)
class TaskPage:
    """The content of the page of one task."""

    name: str
    slug: str
    description: str
    version: str
    licence: str
    citation: str
    metrics: list[tuple[str, str]]
    """Pairs of a metric's name and its description, headlines first."""
    results: dict[str, dict[str, Result]]
    """Results over all items, by the name of the model's page and by metric; the best by the first metric first,
    bounds last."""
    items: dict[str, int]
    """Number of items that each model was evaluated on, by the name of its page."""
    frames: list[dict[str, Any]]
    matrices: list[dict[str, Any]]

    @property
    def tells_numbers(self) -> bool:
        """Whether the description holds numbers, as of the items that the full set has."""
        return any(character.isdigit() for character in self.description)

    @property
    def lower_is_better(self) -> set[str]:
        """The names of the metrics of which lower is better."""
        return {name for of_model in self.results.values() for name, r in of_model.items() if not r.higher_is_better}

    @property
    def drawn(self) -> set[str]:
        """The names of the pages of all models that a picture shows."""
        slugs = {slug for frame in self.frames for slug in frame["models"]}
        for frame in self.matrices:
            for choice in frame["choices"]:
                slugs.update(choice["rows"] if frame["together"] else [choice["model"]] * (choice["model"] is not None))
        return slugs


@dataclass(slots=True)
class Measured:
    """Everything that a benchmark's pages show and that is computed from columns."""

    tasks: list[TaskPage] = field(default_factory=list)
    pairs: list[PairedColumn] = field(default_factory=list)
    compared: int = 0
    """The number of best-ranked models whose pairs are compared."""
    items: list[ItemScores] = field(default_factory=list)
    texts: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    """Beginnings of texts, by task, item and field."""
    notes: list[str] = field(default_factory=list)

    def slug_of(self, task: str) -> str:
        """Return the name of a task's page; empty for a task without a page."""
        return next((page.slug for page in self.tasks if page.name == task), "")


def measure(
    registry: Registry, store: Readable | None, content: Content, *, texts: bool, sensitive: bool = False
) -> Measured:
    """Compute pictures, comparisons and items of a benchmark; the notes say what could not be computed, and why.

    Args:
        registry: The registry.
        store: The store with the columns; None: nothing is computed.
        content: The content of the benchmark's pages.
        texts: Whether the beginnings of the items' texts are wanted.
        sensitive: Whether those of sensitive tasks are wanted too.
    """
    made = Measured()
    figures = sum(column.kind in ("task", "domain") for column in content.columns)
    made.compared = compared_models(len(content.evaluated), figures)
    for name in content.tasks:
        if store is None or not registry.tasks().exists(name):
            continue
        task = build_task(registry, name)
        tables = _tables(store, content, task, made)
        if any(table is not None for table in tables):
            hidden = texts and task.definition.sensitive and not sensitive
            if hidden:
                made.notes.append(f"{name}: {HIDDEN}")
            _measure_task(registry, content, task, tables, made, texts=texts and not hidden)
    order = [column.key for column in content.columns]
    made.pairs.sort(key=lambda pair: order.index(pair.key))
    if made.compared < len(content.evaluated):
        made.notes.append(
            f"the {made.compared} best-ranked of {len(content.evaluated)} models are compared with one another; "
            f"any others with: harness compare FIRST SECOND -t {content.board.benchmark}"
        )
    return made


def _tables(store: Readable, content: Content, task: Task, made: Measured) -> list[Table | None]:
    """Read one table per evaluated model, in row order; None if it has no result on the task or its file is damaged."""
    tables: list[Table | None] = []
    for row in content.evaluated:
        cell = next((cell for cell in row.cells if cell.task == task.name), None)
        try:
            tables.append(table_of_cell(store, cell, task.facts()) if cell is not None else None)
        except StoreError as error:
            made.notes.append(f"no comparisons or pictures of {error}")
            tables.append(None)
    return tables


def _measure_task(
    registry: Registry,
    content: Content,
    task: Task,
    tables: Sequence[Table | None],
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
    names = list(dict.fromkeys(name for by_metric in results.values() for name in by_metric))
    metrics = {name: metric for name in names if (metric := _metric(registry, task, name, made)) is not None}
    by_slug = {row.slug: table for row, table in zip(rows, tables, strict=True) if table is not None}
    of_task = [column for column in content.columns if column.task == task.name and column.metric in metrics]
    _add_items(made, task, metrics[of_task[0].metric] if of_task else None, tables, texts=texts)
    for column in of_task:
        _add_pairs(made, column, metrics[column.metric], tables)

    def say(note: str) -> None:
        made.notes.append(f"{task.name}: {note}")

    headlines = {r.metric for of_model in results.values() for r in of_model.values() if r.headline}
    listed = sorted(metrics, key=lambda name: name not in headlines)  # the others stay in the task's order
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
            [(name, metric_description(registry, name)) for name in listed],
            _best_first(results, next(iter(listed), ""), {row.slug for row in rows if row.entry.bound}),
            {row.slug: cell.items for row in rows for cell in row.cells if cell.task == task.name},
            frames(drawn, say),
            [*together, *matrices(drawn, say)],
        )
    )


def _best_first(
    results: dict[str, dict[str, Result]], metric: str, bounds: Collection[str]
) -> dict[str, dict[str, Result]]:
    """Sort the results of models by one metric: those without a figure behind the others, bounds last of all.

    Models without any result are left out.
    """

    def key(slug: str) -> tuple[bool, float]:
        result = results[slug].get(metric)
        if result is None or not math.isfinite(result.estimate.value):
            return slug in bounds, math.inf
        return slug in bounds, -result.estimate.value if result.higher_is_better else result.estimate.value

    return {slug: results[slug] for slug in sorted(results, key=key) if results[slug]}


def _short(content: Content, task: str) -> str:
    """Return a task's name without the benchmark's name before it, unless another task has the short name."""
    short = task.removeprefix(content.board.benchmark + "/")
    return task if short in content.benchmark.tasks else short


def _add_pairs(made: Measured, column: SiteColumn, metric: Metric, tables: Sequence[Table | None]) -> None:
    """Compare the best-ranked models on a column."""
    best = tables[: made.compared]
    try:
        made.pairs.append(compare_column(column.key, metric, column.task, column.domain, best))
    except NotImplementedError:
        made.notes.append(f"{column.title}: this metric cannot compare two models")
    except (Exception, SystemExit) as error:  # of any plugin
        made.notes.append(f"{column.title}: no comparison: {describe(error)}")


def _add_items(
    made: Measured, task: Task, metric: Metric | None, tables: Sequence[Table | None], *, texts: bool
) -> None:
    """Add the items of a task by its first metric, if that metric has a figure for each item."""
    try:
        items = item_scores(metric, task.name, tables) if metric is not None else None
    except NotImplementedError:
        return
    except (Exception, SystemExit) as error:  # of any plugin
        made.notes.append(f"{task.name}: no items by {metric.name if metric else ''}: {describe(error)}")
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
    """Build the metric of a result; None if its plugin is gone, or its columns depend on what models answer."""
    try:
        metric = metric_of(registry, task, name)
    except HarnessError as error:
        made.notes.append(f"{task.name}: no comparison or picture of {name}: {error}")
        return None
    return metric if all(need in task.columns for need in metric.needs) else None
