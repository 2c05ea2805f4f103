"""The content of one benchmark's pages: the leaderboard, its domains, and the cells behind each row."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from harness import Registry
from harness.leaderboard import (
    COST_COLUMN,
    Board,
    BoardEntry,
    Claim,
    Column,
    against_published,
    assemble,
    claim,
    current_cells,
    divider_of,
    items_text,
    note_on_generated,
    shipped_files,
    split_selector,
    task_of,
    title_of,
    why_unranked,
)
from harness.results import chance_text, read_published, say_generated
from harness.stats import Estimate
from harness.store import EVERY_MODEL, CellRecord, ModelChoice, Readable, Result
from harness.tasks import BenchmarkFile

from .names import file_name

AT_FIRST = 20
"""Number of columns that a table shows before its reader asks for more."""


@dataclass(frozen=True, slots=True)
class SiteColumn:
    """One column of figures; columns of domains are hidden until a reader asks for them."""

    key: str
    """``task:metric``, ``task:metric:domain``, or the name of an aggregate or of the cost."""
    title: str
    unit: str
    higher_is_better: bool
    kind: Literal["aggregate", "cost", "task", "domain"]
    task: str = ""
    metric: str = ""
    domain: str = ""
    least: float = math.nan
    """The lowest end of any interval, at which the bars start."""
    most: float = math.nan
    median: float = math.nan
    """Median of the evaluated models' values."""
    spread: float = math.nan
    """Standard deviation of the same values."""
    items: str = ""
    """How many items the evaluated models' figures are of; empty where that is not one number of items of a task."""
    chance: float | None = None
    """The chance level that all evaluated models share; None where there is none, or models have their own."""

    @property
    def group(self) -> str:
        """What stands above this column and its neighbours: the task, as titles call it; empty without a task."""
        rest = self.metric if self.domain in ("", "overall") else f"{self.metric} · {self.domain}"
        return self.title.removesuffix(rest).rstrip() if self.task and self.title.endswith(" " + rest) else ""

    @property
    def name(self) -> str:
        """The title without the group above it."""
        return self.title.removeprefix(self.group).lstrip()

    @property
    def about(self) -> str:
        """Under which word the page explains the column: its metric, or the aggregate itself."""
        return self.metric or self.key

    @property
    def shown_chance(self) -> str:
        """The chance level in the unit in which figures are shown; empty where there is no shared one."""
        return shown_chance(self.chance, self.unit)

    @property
    def shown_ends(self) -> str:
        """The ends of the bars, in the unit in which figures are shown."""
        return shown_ends(self.least, self.most, self.unit)


def shown_ends(least: float, most: float, unit: str) -> str:
    """Write the ends of bars in the unit in which figures are shown: fractions as percentages."""
    times = 100 if unit == "fraction" else 1
    return f"{times * least:.6g} {times * most:.6g}"


def shown_chance(level: float | None, unit: str) -> str:
    """Write a chance level in the unit in which figures are shown; empty where there is none."""
    return "" if level is None else f"{(100 if unit == 'fraction' else 1) * level:.4g}"


def against_chance(estimate: Estimate | None, column: SiteColumn | Column) -> str:
    """Return how a figure stands to chance in words, ``not distinguishable from chance (50)``; empty where better."""
    if estimate is None or estimate.chance is None:
        return ""
    level = chance_text([estimate], column.unit)
    if estimate.at_chance:
        return f"not distinguishable from chance ({level})"
    return f"worse than chance ({level})" if estimate.worse_than_chance(column.higher_is_better) else ""


@dataclass(slots=True)
class ModelRow:
    """One row of the table, with the content of the model's page."""

    entry: BoardEntry
    slug: str
    figures: dict[str, Estimate]
    """Figures by column key, also of domains."""
    cells: list[CellRecord] = field(default_factory=list)


@dataclass(slots=True)
class Content:
    """The leaderboard of one benchmark, with the columns and rows of its pages."""

    board: Board
    benchmark: BenchmarkFile
    slug: str
    columns: list[SiteColumn]
    rows: list[ModelRow]

    @property
    def evaluated(self) -> list[ModelRow]:
        """The rows of models that were evaluated here, without published rows."""
        return [row for row in self.rows if not row.entry.published]

    @property
    def contenders(self) -> list[ModelRow]:
        """The rows of models of which one may be best: without published rows, and without bounds."""
        return [row for row in self.rows if row.entry.contends]

    @property
    def ranked(self) -> list[ModelRow]:
        """Rows of models that have a rank."""
        return [row for row in self.rows if row.entry.rank is not None]

    @property
    def claim(self) -> Claim | None:
        """Return what the board says of who is best; None where nobody has a rank."""
        return claim(self.board)

    @property
    def generated(self) -> str:
        """Return what there is to say of generated data; empty where all data are real."""
        return note_on_generated(self.board)

    def generated_of(self, task: str) -> str:
        """Return what there is to say of the data of one task, if they are generated."""
        return say_generated({name: mark for name, mark in self.board.generated.items() if name == task})

    def items_of(self, task: str) -> str:
        """Return how many items of a task were evaluated; empty for a task without an evaluation."""
        return items_text(*self.board.items[task]) if task in self.board.items else ""

    @property
    def items_alike(self) -> str:
        """Return how many items were evaluated where it is one number on all tasks; else nothing."""
        counts = set(self.board.items.values())
        return items_text(*counts.pop()) if len(counts) == 1 else ""

    def label_of(self, slug: str) -> str:
        """Return the model that a page is about."""
        return self._entry_of(slug).model

    def bound_of(self, slug: str) -> str:
        """Return why the figures of the model that a page is about are a bound; empty where they are none."""
        return self._entry_of(slug).bound

    def _entry_of(self, slug: str) -> BoardEntry:
        return next(row.entry for row in self.rows if row.slug == slug)

    def divider_of(self, row: ModelRow) -> str:
        """Return what stands above the rows of which this one is; empty above those that stand by their figure."""
        return divider_of(self.board, row.entry)

    def why_unranked(self, entry: BoardEntry) -> str:
        """Return what an entry without rank lacks; empty for a ranked or published one."""
        return why_unranked(self.board, entry)

    @property
    def knows_chance(self) -> bool:
        """Whether any figure has a chance level."""
        return any(e.chance is not None for row in self.rows for e in row.figures.values())

    def against_chance(self, entry: BoardEntry) -> str:
        """Return how the figure that ranks an entry stands to chance in words; empty where it is better."""
        ranking = next((column for column in self.board.columns if column.key == self.board.ranking), None)
        return "" if ranking is None else against_chance(entry.figures.get(ranking.key), ranking)

    def failure_of(self, row: ModelRow, column: SiteColumn) -> str:
        """Return why a row has no figure of a column whose task was tried; empty elsewhere."""
        return "" if column.key in row.figures else row.entry.failed_tasks.get(column.task, "")

    @property
    def tasks(self) -> list[str]:
        """The benchmark's tasks that have a column."""
        with_columns = {column.task for column in self.columns}
        return [task for task in self.benchmark.tasks if task in with_columns]

    @property
    def has_published(self) -> bool:
        """Whether published rows stand between the evaluated ones, which are then marked."""
        return len(self.evaluated) < len(self.rows)

    @property
    def best_words(self) -> str:
        """What is said of a model that no ranked one is significantly better than; published ones are not ranked."""
        return "tied with the best evaluated here" if self.has_published else "tied with the best"

    @property
    def head_groups(self) -> list[tuple[str, int]]:
        """What stands above the columns that the page shows at first, each with the number of columns below it."""
        shown = [column for column in self.columns if column.key not in self.hidden]
        return [(group, len(list(columns))) for group, columns in groupby(shown, key=lambda column: column.group)]

    @property
    def against(self) -> Mapping[str, Any]:
        """Where published figures lie to the intervals of evaluated models, as `against_published`, by pages' names."""
        found = against_published(self.board)
        if not found:
            return {}
        own = {row.entry.model: row.slug for row in self.evaluated}
        places = {key: {own[model]: signs for model, signs in of.items()} for key, of in found["places"].items()}
        return {"rows": [row.slug for row in self.rows if row.entry.published], "places": places}

    @property
    def hidden(self) -> set[str]:
        """Keys of the columns that are hidden at first: domains, tasks within aggregates, and all beyond `AT_FIRST`."""
        shown = [column.key for column in self.board.columns][:AT_FIRST]
        return {column.key for column in self.columns} - set(shown)


def gather(
    registry: Registry,
    store: Readable | None,
    name: str,
    *,
    published: Sequence[Path] = (),
    confidence: float | None = None,
    parts: Sequence[Readable] = (),
    choice: ModelChoice = EVERY_MODEL,
) -> Content:
    """Gather the content of a benchmark's pages.

    Args:
        registry: The registry.
        store: The store of evaluations; None for a site of published results only.
        name: Name of the benchmark.
        published: Files of published results to show beside those that the benchmark names.
        confidence: Level of the intervals; None: that of the evaluations.
        parts: The stores that a merged store was made from, which know what the answers took.
        choice: Which published models have a row.

    Raises:
        UnknownName, ConfigurationError, DataError: as `harness.leaderboard.assemble`.
    """
    board = assemble(registry, store, name, published=published, confidence=confidence, timed_by=parts, choice=choice)
    benchmark = registry.benchmarks().find(name)
    assert benchmark is not None  # `assemble` refuses unknown names
    cells = current_cells(registry, store, benchmark, confidence=board.confidence).cells
    base = [*board.columns, *_within_aggregates(benchmark, board, cells)]
    shown = {column.key for column in base}
    by_model: dict[str, list[CellRecord]] = {}
    for cell in cells:
        by_model.setdefault(cell.label, []).append(cell)
    left_out = bool(board.published_left_out)
    published_figures = {} if left_out else _published(registry, benchmark, published, shown)
    rows = []
    for entry in board.entries:
        of_model = [] if entry.published else by_model.get(entry.model, [])
        further = published_figures.get(entry.model, {}) if entry.published else _figures(of_model, shown)
        # A published row and an evaluated row may have the same name: the pages must not overwrite each other.
        slug = file_name(f"{entry.model} published") if entry.published else file_name(entry.model)
        rows.append(ModelRow(entry, slug, {**further, **entry.figures}, of_model))
    columns = [_scaled(column, rows) for column in _columns(base, benchmark, rows)]
    return Content(board, benchmark, file_name(name), columns, rows)


def _within_aggregates(benchmark: BenchmarkFile, board: Board, cells: Sequence[CellRecord]) -> list[Column]:
    """Return columns of the headline metrics of tasks that the leaderboard shows in aggregates only."""
    kinds = {
        f"{r.task}:{r.metric}": (r.unit, r.higher_is_better)
        for task in benchmark.tasks
        if task not in {task_of(benchmark.tasks, column.key) for column in board.columns}
        for cell in cells
        if cell.task == task
        for r in cell.results
        if r.headline and r.domain == "overall"
    }
    return [Column(key, title_of(benchmark, key), *kind) for key, kind in kinds.items()]


def _key(result: Result) -> str:
    whole = f"{result.task}:{result.metric}"
    return whole if result.domain == "overall" else f"{whole}:{result.domain}"


def _figures(cells: Sequence[CellRecord], shown: set[str]) -> dict[str, Estimate]:
    """Return the figures of the columns shown, overall and on every domain, by column key."""
    return {_key(r): r.estimate for cell in cells for r in cell.results if f"{r.task}:{r.metric}" in shown}


def _published(
    registry: Registry, benchmark: BenchmarkFile, files: Sequence[Path], shown: set[str]
) -> Mapping[str, dict[str, Estimate]]:
    """Return the figures of published results by model and column key."""
    figures: dict[str, dict[str, Estimate]] = {}
    for file in [*shipped_files(benchmark), *files]:
        for row in read_published(file, registry):
            r = row.result
            if f"{r.task}:{r.metric}" in shown:
                figures.setdefault(r.model, {})[_key(r)] = r.estimate
    return figures


def _columns(base: Sequence[Column], benchmark: BenchmarkFile, rows: Sequence[ModelRow]) -> list[SiteColumn]:
    """Return the columns of a site: each given column, followed by its domains."""
    keys = dict.fromkeys(key for row in rows for key in row.figures)
    columns = []
    for column in base:
        same = (column.unit, column.higher_is_better)
        if not task_of(benchmark.tasks, column.key):
            kind: Literal["aggregate", "cost"] = "cost" if column.key == COST_COLUMN.key else "aggregate"
            columns.append(SiteColumn(column.key, column.title, *same, kind))
            continue
        task, metric, _ = split_selector(benchmark, column.key)
        columns.append(SiteColumn(column.key, column.title, *same, "task", task, metric, "overall"))
        for domain in _domains_of(column.key, keys, {other.key for other in base}):
            title = f"{column.title} · {domain}"
            columns.append(SiteColumn(f"{column.key}:{domain}", title, *same, "domain", task, metric, domain))
    return columns


def _domains_of(key: str, keys: Iterable[str], columns: set[str]) -> list[str]:
    """Return the domains of a column; `f1:threshold=0.5` is a column of its own, and no domain of `f1`."""
    longer = [other for other in columns if other.startswith(key + ":")]
    further = [k for k in keys if k.startswith(key + ":") and not any(k == o or k.startswith(o + ":") for o in longer)]
    return sorted(k[len(key) + 1 :] for k in further)


def _scaled(column: SiteColumn, rows: Sequence[ModelRow]) -> SiteColumn:
    """Return the column with the ends of its bars, and the median and spread of the evaluated models."""
    figures = [(row, row.figures[column.key]) for row in rows if column.key in row.figures]
    ends = [v for _, e in figures for v in (e.value, e.low, e.high) if math.isfinite(v)]
    counts = [e.n + e.n_failed for row, e in figures if not row.entry.published] if column.domain else []
    levels = {None if e.chance is None else round(e.chance, 12) for row, e in figures if not row.entry.published}
    field_ = [e.value for row, e in figures if row.entry.contends and math.isfinite(e.value)]
    return dataclasses.replace(
        column,
        least=min(ends, default=math.nan),
        most=max(ends, default=math.nan),
        median=statistics.median(field_) if field_ else math.nan,
        spread=statistics.pstdev(field_) if field_ else math.nan,
        items=items_text(min(counts), max(counts)) if any(counts) else "",
        chance=levels.pop() if len(levels) == 1 else None,
    )
