"""A matrix of outcomes made of the evaluations in a store: the items of any tasks, by the models evaluated on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from harness import (
    BadItem,
    Conversation,
    DataError,
    FloatArray,
    HarnessError,
    Item,
    Registry,
    Task,
    UsageError,
    figures,
)
from harness.errors import did_you_mean
from harness.results import existing_store_path
from harness.store import StoreReader, latest_cells, whole_computations

SLACK = 1e-9
"""How far rounding may carry a figure out of [0, 1]."""
_UNCOUNTED = np.full(2, np.nan)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One question: an item of an evaluated task."""

    id: str
    """``TASK:ITEM``."""
    prompt: str | list[dict[str, str]]
    """A text, or messages."""
    category: str
    cluster: str | None
    """Shared by rows that are not independent."""
    task: str


@dataclass(slots=True)
class Matrix:
    """What evaluated models scored on the items of tasks."""

    models: tuple[str, ...]
    rows: list[MatrixRow] = field(default_factory=list)
    outcomes: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """(n, m), in [0, 1]; NaN where a request failed or a model was not evaluated."""
    latencies: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """(n, m): seconds an item took on average, of the item's task; NaN where the store does not know."""
    costs: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """(n, m): USD a question; NaN where nobody said."""
    tokens: FloatArray = field(default_factory=lambda: np.empty((0, 0, 2)))
    """(n, m, 2): tokens of the prompt and of the completions; NaN where nobody counted them."""
    evaluation_only: bool = False
    """A task is for evaluation only, and so is the matrix."""
    notes: list[str] = field(default_factory=list)
    left_out: int = 0
    """Items of which no outcome is known, or whose text is not at hand."""

    @property
    def gaps(self) -> int:
        """Count the outcomes that are not known."""
        return int(np.isnan(self.outcomes).sum())

    @property
    def repeats(self) -> int:
        """Count the rows whose text occurred before, as another item."""
        return len(self.rows) - len({repr(row.prompt) for row in self.rows})


def tasks_of(registry: Registry, targets: Sequence[str]) -> dict[str, bool]:
    """Return the tasks that targets stand for, each with whether it was named itself.

    Raises:
        UnknownName: there is no such task or benchmark.
        UsageError: a glob matches nothing.
    """
    found: dict[str, bool] = {}
    for target in targets:
        benchmark = registry.benchmarks().find(target)
        if benchmark is not None:
            names: Sequence[str] = benchmark.tasks
        elif registry.is_pattern(target):
            names = registry.matching(target)
            if not names:
                raise UsageError(f"no task matches {target!r}")
        else:
            names = [target]
        for name in names:
            found[name] = found.get(name, False) or (name == target)
    return found


def read_matrix(
    registry: Registry,
    targets: Sequence[str],
    *,
    models: Sequence[str] = (),
    exclude: Collection[str] = (),
    metrics: Mapping[str, str] | None = None,
    split: str = "test",
    domains: bool = False,
    store: Path | None = None,
    merge: Sequence[Path] = (),
) -> Matrix:
    """Read what every evaluated model scored on every item of some tasks.

    Args:
        registry: Where tasks and metrics are looked up.
        targets: Tasks, benchmarks or globs. A task that only a benchmark or a glob brings is left out, with a note,
            where it has no figures of items.
        models: Labels, in the order of the columns; empty: all, sorted.
        exclude: Labels that are left out.
        metrics: By task, and under "" for all others; default: each task's headline.
        split: The split that was evaluated.
        domains: The category of a row is its task and first domain, rather than its task alone.
        store: The store; None for the default.
        merge: Stores of other machines, read beside it.

    Raises:
        UsageError: a model was not evaluated at all, fewer than two are left, or figures are no outcomes.
        DataError: nothing was evaluated.
        HarnessError: a name is unknown, or a store cannot be read.
    """
    metrics = dict(metrics or {})
    wanted = tasks_of(registry, targets)
    if not merge or store is not None:  # else it would be said of every task
        existing_store_path(registry, store)
    for name in metrics:
        if name and name not in wanted:
            raise UsageError(f"--metric names the task {name!r}, which is not among those{did_you_mean(name, wanted)}")
    tables: list[tuple[Task, Any]] = []
    notes: list[str] = []
    for name, named in wanted.items():
        task = registry.task(name)
        try:
            table = figures(
                name, metrics.get(name, metrics.get("")), split=split, store=store, merge=merge, registry=registry
            )
            _check_form(table)
        except (DataError, UsageError) as error:
            said = str(error) if name in str(error) else f"{name}: {error}"
            if named:
                raise UsageError(said) from error
            notes.append(f"left out: {said}")
            continue
        notes += table.notes
        tables.append((task, table))
    if not tables:
        raise DataError("; ".join(["no task has figures of evaluated models", *notes]))
    labels = _labels([table.models for _, table in tables], models, exclude)
    matrix = Matrix(tuple(labels), notes=notes, evaluation_only=any(t.definition.evaluation_only for t, _ in tables))
    outcomes, latencies, tokens = [], [], []
    for task, table in tables:
        items = {item.id: item for item in task.items(split) if not isinstance(item, BadItem)}
        measured = _measured(registry, task, items, labels, split, store, merge)
        for id_, row, values in _rows(matrix, task, items, table, domains):
            matrix.rows.append(row)
            outcomes.append(values)
            latencies.append(measured.seconds)
            tokens.append([counted.get(id_, _UNCOUNTED) for counted in measured.tokens])
    if not matrix.rows:
        raise DataError("; ".join(["no item has a known outcome of these models", *notes]))
    matrix.outcomes, matrix.latencies, matrix.tokens = np.array(outcomes), np.array(latencies), np.array(tokens)
    matrix.costs = np.full_like(matrix.outcomes, np.nan)
    return matrix


def _check_form(table: Any) -> None:
    """Refuse figures that are no outcomes in [0, 1] of which 1 is the best.

    Raises:
        UsageError: they are not.
    """
    known = table.values[np.isfinite(table.values)]
    if known.size and (known.min() < -SLACK or known.max() > 1 + SLACK):
        raise UsageError(
            f"{table.task}: figures of {table.metric} range from {known.min():g} to {known.max():g}, and outcomes from "
            "0 to 1; name another with --metric"
        )
    if not table.higher_is_better:
        raise UsageError(f"{table.task}: of {table.metric} lower is better; name a metric of which 1 is the best")


def _labels(found: Sequence[Sequence[str]], models: Sequence[str], exclude: Collection[str]) -> list[str]:
    known = sorted(set(chain.from_iterable(found)))
    for label in (*models, *exclude):
        if label not in known:
            raise UsageError(f"no model {label!r} was evaluated on these tasks{did_you_mean(label, known)}")
    labels = [label for label in dict.fromkeys(models or known) if label not in exclude]
    if len(labels) < 2:
        raise UsageError(
            f"a matrix needs two models or more, and {', '.join(labels) or 'none'} is left; evaluated: "
            f"{', '.join(known)}"
        )
    return labels


def _rows(
    matrix: Matrix, task: Task, items: Mapping[str, Item], table: Any, domains: bool
) -> Iterator[tuple[str, MatrixRow, FloatArray]]:
    """Yield the id of each item with a known outcome, its row, and outcomes in the order of the matrix's models."""
    places = {label: i for i, label in enumerate(table.models)}
    here = [places.get(label) for label in matrix.models]
    for id_, values in zip(table.ids, table.values, strict=True):
        outcomes = np.array([np.nan if i is None else min(max(values[i], 0.0), 1.0) for i in here])
        item = items.get(id_)
        prompt = None if item is None or item.withheld else prompt_of(task, item)
        if np.isnan(outcomes).all() or prompt is None or item is None:
            matrix.left_out += 1
            continue
        category = f"{task.name}:{item.domains[0]}" if domains and item.domains else task.name
        cluster = None if item.cluster is None else f"{task.name}:{item.cluster}"
        yield id_, MatrixRow(f"{task.name}:{id_}", prompt, category, cluster, task.name), outcomes


def prompt_of(task: Task, item: Item) -> str | list[dict[str, str]] | None:
    """Return the text of an item's question: its prompt or text, or what the first request about it asks.

    Returns:
        A text; messages, where there are several or one is not the user's; None where no text is at hand.
    """
    for name in ("prompt", "text", *(name for name, spec in task.fields.items() if spec.type == "conversation")):
        if isinstance(item.fields.get(name), str | Conversation):
            return plain_prompt(item.fields[name])
    for capability in task.stages[0].accepts:
        try:
            requests = task.requests(item, 0, capability, ())
        except HarnessError:
            continue
        for request in requests:
            for name in ("prompt", "context", "text"):
                if isinstance(asked := getattr(request, name, None), str | Conversation) and asked != "":
                    return plain_prompt(asked)
    return next((value for value in item.fields.values() if isinstance(value, str) and value), None)


def plain_prompt(value: str | Conversation) -> str | list[dict[str, str]]:
    """Return a question as a row of a file holds it: a text, or messages where there are several."""
    if isinstance(value, str):
        return value
    messages = [{"role": message.role, "content": message.content} for message in value.messages]
    return messages[0]["content"] if len(messages) == 1 and messages[0]["role"] == "user" else messages


@dataclass(slots=True)
class _Measured:
    """What stores know of one task beside figures."""

    seconds: FloatArray
    """(m,): seconds an item took; NaN where no whole evaluation computed every answer."""
    tokens: list[dict[str, FloatArray]]
    """By model and item: prompt and completion tokens."""


def _measured(
    registry: Registry,
    task: Task,
    items: Mapping[str, Item],
    labels: Sequence[str],
    split: str,
    store: Path | None,
    merge: Sequence[Path],
) -> _Measured:
    """Read times and tokens of a task's evaluations; of several stores the first that knows counts."""
    from .matrix_tokens import tokens_of

    found = _Measured(np.full(len(labels), np.nan), [{} for _ in labels])
    try:
        paths = [existing_store_path(registry, store), *merge]
    except UsageError:  # everything is in the stores to merge
        paths = list(merge)
    for path in paths:
        with StoreReader(path) as reader:
            of_split = latest_cells(reader, [task.name], settings={"split": split})
            cells = [cell for cell in of_split if cell.task_digest == task.definition.digest and cell.label in labels]
            took = whole_computations(reader, cells)
            for cell in cells:
                place, cost = labels.index(cell.label), took.get((cell.fingerprint, cell.task))
                if cost is not None and np.isnan(found.seconds[place]):
                    found.seconds[place] = cost.seconds / cost.items
                found.tokens[place] = found.tokens[place] or tokens_of(reader, registry, task, items, cell)
    return found
