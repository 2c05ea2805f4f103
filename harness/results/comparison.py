"""Two models on the same items: paired differences with interval and p-value."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from harness import stats
from harness.errors import HarnessError, UsageError, did_you_mean
from harness.files.generated_data import GeneratedData
from harness.metric import Columns, MeanMetric, Metric
from harness.names.plugins import describe, plugin_code
from harness.names.registry import Registry
from harness.results.generated import check_alike, own_mark
from harness.results.judges import notes_on_judges
from harness.running.sequences import note_on_blocks
from harness.running.table import Table, table_of_cell
from harness.stats import Difference, Estimate, Linearised
from harness.store.cells import latest_cells
from harness.store.reading import Readable
from harness.store.records import GENERATED, CellRecord
from harness.tasks.build import build_task
from harness.tasks.build_metric import check_columns, metric_of

CONFIDENCE = 0.95
"""Nominal coverage of the intervals of differences, unless another is asked for; headings are made from it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric on one domain: how much better the first model is than the second."""

    task: str
    metric: str
    domain: str
    first: float
    second: float
    difference: Difference
    unit: str
    higher_is_better: bool
    win_rate: Estimate | None = None
    """Share of items on which the first has the better figure, ties half; None for metrics that are no mean of one."""
    confidence: float = CONFIDENCE
    """Nominal coverage of the intervals of the difference and the win rate."""
    note: str = ""
    """What a reader must know, such as that the two were judged by different judges."""
    unresolvable: str = ""
    """Why the items are too few for the figure to mean anything, so that there is no p-value; empty where they are
    enough."""
    remarks: tuple[str, ...] = ()
    """What there is to say of the figure of one or both models, as below the figures themselves."""
    generated: GeneratedData | None = None
    """What is known of the items if a program made them; None for real data."""
    bounds: Mapping[str, str] = field(default_factory=dict)
    """Of the two, the models whose figures are a bound, by label with the reason (`harness.model.Model.bound`)."""

    @property
    def better(self) -> Literal["first", "second", "neither"]:
        """Which model is better as far as the errors tell, by the metric's direction."""
        d = self.difference
        # The p-value too: without any spread the interval may leave zero out where a sign-flip test tells nothing.
        # Where it is withheld, as of a figure that is not resolvable, it is NaN, and nobody is better.
        if not (d.low > 0 or d.high < 0) or not d.p_value < 1 - self.confidence:
            return "neither"
        return "first" if (d.value > 0) == self.higher_is_better else "second"


def compare_models(
    registry: Registry,
    store: Readable,
    first: str,
    second: str,
    targets: Sequence[str],
    *,
    metrics: Sequence[str] = (),
    split: str = "test",
    say: Callable[[str], None] = lambda note: None,
    confidence: float = CONFIDENCE,
) -> list[Comparison]:
    """Paired differences on every task that both models were evaluated on.

    Args:
        registry: Where tasks and metrics are looked up.
        store: Holds the columns of both models.
        first: Label of a model, as results call it.
        second: Label of the other.
        targets: Tasks or benchmarks.
        metrics: Only these; default: the metrics of each task.
        split: Results on this split; whole evaluations before those with a limit.
        say: Told which metrics were left out, and why.
        confidence: Nominal coverage of the intervals, in (0, 1).

    Raises:
        UsageError: one of them was not evaluated on any of the tasks; suggests the nearest label.
    """
    names = tasks_of(registry, targets)
    # A limited evaluation counts only where there is no whole one.
    found = latest_cells(store, names, settings={"split": split})
    found += latest_cells(store, names, settings={"split": split, "limit": None})
    cells: dict[tuple[str, str], CellRecord] = {(cell.label, cell.task): cell for cell in found}
    labels = sorted({label for label, _ in cells})
    for label in (first, second):
        if label not in labels:
            raise UsageError(
                f"no result of a model {label!r} on {', '.join(targets)} [{split}]{did_you_mean(label, labels)}"
            )
    shared = [name for name in names if (first, name) in cells and (second, name) in cells]
    if not shared:
        raise UsageError(f"{first!r} and {second!r} were evaluated on no common task of {', '.join(targets)}")
    return [
        c
        for name in shared
        for c in compare_cells(
            registry,
            store,
            cells[first, name],
            cells[second, name],
            metrics=metrics,
            confidence=confidence,
            say=say,
        )
    ]


def tasks_of(registry: Registry, targets: Sequence[str]) -> list[str]:
    """The tasks that are meant by names of tasks and benchmarks, each once.

    Raises:
        UnknownName: there is no such task or benchmark.
    """
    names: list[str] = []
    for target in targets:
        benchmark = registry.benchmarks().find(target)
        if benchmark is None and not registry.tasks().exists(target):
            raise registry.unknown(target)
        names += benchmark.tasks if benchmark else [target]
    return list(dict.fromkeys(names))


def compare_cells(
    registry: Registry,
    store: Readable,
    one: CellRecord,
    other: CellRecord,
    *,
    metrics: Sequence[str] = (),
    confidence: float = CONFIDENCE,
    say: Callable[[str], None] = lambda note: None,
) -> list[Comparison]:
    """Paired differences of two cells of one task, every metric on every domain.

    A metric that has no influence of single items, or whose code raises, is left out and said.

    Raises:
        UsageError: they are of different versions of the task, of generated data and of real ones, or have no item in
            common.
        StoreError: a file of columns is missing or damaged.
    """
    task = build_task(registry, one.task)
    if one.task_digest != other.task_digest:
        raise UsageError(
            f"{one.label} and {other.label} were evaluated on different versions of {one.task}; evaluate both again"
        )
    if (mark := own_mark(task)) is not None:
        for cell in (one, other):  # cells of early versions know nothing of it
            cell.settings.setdefault(GENERATED, mark.as_json())
    check_alike(one, other)
    with plugin_code(f"{one.task}: facts()"):
        facts = task.facts()
    tables = [table_of_cell(store, cell, facts) for cell in (one, other)]
    rows = shared_rows(*tables)
    if not len(rows[0]):
        raise UsageError(f"{one.label} and {other.label} have no item of {one.task} in common")
    blocks = note_on_blocks(tables[0].columns)
    note = "; ".join([*notes_on_judges(registry, [one, other]), *([blocks] if blocks else [])])
    comparisons = []
    for text in metrics or task.metrics:
        try:
            metric = metric_of(registry, task, text)
            check_columns(metric, task)
        except HarnessError as error:
            if metrics:  # the user asked for this one
                raise
            say(f"{one.task}: no comparison by {text}: {error}")
            continue
        try:
            made = _by_domain(metric, one.task, tables, rows, confidence)
        except NotImplementedError:
            say(f"{one.task}: two models cannot be compared by {text}, which gives no influence of single items")
        except (Exception, SystemExit) as error:  # a plugin's metric
            say(f"{one.task}: no comparison by {text}: {describe(error)}")
        else:
            comparisons += [
                dataclasses.replace(
                    comparison,
                    note=note,
                    remarks=_remarks(comparison, [one, other]),
                    generated=one.generated,
                    bounds={cell.label: cell.bound for cell in (one, other) if cell.bound},
                )
                for comparison in made
            ]
    return comparisons


def _remarks(comparison: Comparison, cells: Sequence[CellRecord]) -> tuple[str, ...]:
    """Return the notes of both models' figures, each with whom it is true of."""
    told: dict[str, list[str]] = {}
    for cell in cells:
        for result in cell.results:
            is_of_it = (result.metric, result.domain) == (comparison.metric, comparison.domain)
            if is_of_it and (note := result.estimate.detail.get("note")):
                told.setdefault(str(note), []).append(cell.label)
    if comparison.unresolvable and not any(comparison.unresolvable in note for note in told):
        told[comparison.unresolvable] = [cell.label for cell in cells]
    # A model that is set against itself is named once.
    return tuple(f"{note} ({', '.join(dict.fromkeys(labels))})" for note, labels in told.items())


def _by_domain(
    metric: Metric, task: str, tables: Sequence[Table], rows: tuple[np.ndarray, np.ndarray], confidence: float
) -> list[Comparison]:
    """One metric on the rows that two models share, on every domain."""
    comparisons = []
    for domain, mask in tables[0].domains():
        keep = np.ones(len(rows[0]), dtype=bool) if mask is None else mask[rows[0]]
        kept = (rows[0][keep], rows[1][keep])
        comparisons.append(compare_rows(metric, task, domain, tables, kept, confidence))
    return comparisons


def _win_rate(
    metric: Metric, tables: Sequence[Table], rows: tuple[np.ndarray, np.ndarray], confidence: float
) -> Estimate | None:
    if not isinstance(metric, MeanMetric) or not metric.is_plain:
        return None
    one, other = (table.columns.take(row) for table, row in zip(tables, rows, strict=True))
    figures = metric.figures(one), metric.figures(other)
    better = metric.higher_is_better
    return stats.win_rate(*figures, higher_is_better=better, clusters=one.clusters, confidence=confidence)


def shared_rows(one: Table, other: Table) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the items that both have, in the first's order."""
    if len(one.ids) == len(other.ids) and (one.ids == other.ids).all():
        return np.arange(len(one.ids)), np.arange(len(one.ids))
    _, first, second = np.intersect1d(one.ids, other.ids, assume_unique=True, return_indices=True)
    order = np.argsort(first)
    return first[order], second[order]


def shared_classes(metric: Metric, one: Columns, other: Columns) -> np.ndarray | None:
    """The classes of a metric's influences where they are the same of both models, such as labels; else none."""
    first, second = metric.classes(one), metric.classes(other)
    return first if first is not None and second is not None and np.array_equal(first, second) else None


class Linearisations:
    """Values and influences of one metric on rows of tables, each computed once however many pairs need them."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._known: dict[tuple[int, bytes], tuple[Linearised, str]] = {}

    def on(self, table: Table, rows: np.ndarray) -> tuple[Linearised, str]:
        """Return what `Metric.on` returns of some rows of a table; the table must outlive this object."""
        key = (id(table), rows.tobytes())
        if key not in self._known:
            self._known[key] = self._metric.on(table.columns.take(rows))
        return self._known[key]


def compare_rows(
    metric: Metric,
    task: str,
    domain: str,
    tables: Sequence[Table],
    rows: tuple[np.ndarray, np.ndarray],
    confidence: float = CONFIDENCE,
    linearisations: Linearisations | None = None,
) -> Comparison:
    """Compare two models by one metric, on given rows of each.

    Args:
        metric: The metric.
        task: The task's name, for the result.
        domain: The domain's name, for the result.
        tables: The columns of both models.
        rows: Row numbers of each table; the n-th of one is the same item as the n-th of the other.
        confidence: Nominal coverage of the intervals, in (0, 1).
        linearisations: Of this metric, shared by the comparisons of many pairs.
    """
    known = linearisations or Linearisations(metric)
    columns = [table.columns.take(row) for table, row in zip(tables, rows, strict=True)]
    # Both are measured on the items that neither failed, so that the difference is between like and like.
    both = metric.valid(columns[0]) & metric.valid(columns[1])
    columns = [part.take(both) for part in columns]
    (a, no_a), (b, no_b) = (known.on(table, row[both]) for table, row in zip(tables, rows, strict=True))
    if no_a or no_b:
        difference = Difference(math.nan, math.nan, math.nan, math.nan, math.nan, len(columns[0]), math.nan)
    else:
        difference = stats.paired_difference(
            a.value,
            a.influence,
            b.value,
            b.influence,
            clusters=columns[0].clusters,
            classes=shared_classes(metric, *columns),
            bounds=metric.bounds,
            trials=metric.trials(columns[0]),
            confidence=confidence,
        )
    unresolvable = next(filter(None, map(metric.unresolvable, columns)), "") if both.any() else ""
    if unresolvable:  # a test of what cannot be resolved would say more than the items know
        difference = dataclasses.replace(difference, p_value=math.nan)
    won = _win_rate(metric, tables, rows, confidence)
    return Comparison(
        task,
        metric.name,
        domain,
        a.value,
        b.value,
        difference,
        metric.unit,
        metric.higher_is_better,
        won,
        confidence=confidence,
        unresolvable=unresolvable,
    )
