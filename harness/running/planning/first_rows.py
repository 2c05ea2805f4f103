"""A look at the first rows of a task, which tells a mistake of its file from a row that lacks a value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from harness.errors import DataError, HarnessError, Problem, did_you_mean
from harness.names.plugins import describe
from harness.running.planning.draft import PlanDraft, Target
from harness.task import BadItem, Task
from harness.tasks.data.hub import HubSource
from harness.tasks.data.rows import RangeSource, RowSource, SelectedSource, has_path

LOOKED_AT = 1000
"""Rows. A column that none of so many has is taken for one that the data do not have."""


def read_first_items(draft: PlanDraft) -> Iterator[Problem]:
    """Read the first item of each task: a missing column is a mistake, data out of reach block only their cells."""
    split = draft.request.split
    for target in draft.targets:
        task = target.task
        if split not in task.splits:
            yield Problem(f"the task {task.name} has no split {split!r}; it has: {', '.join(task.splits)}", ("split",))
            continue
        try:
            text = _read_first_item(target, split)
            draft.warnings += unnamed_columns(task, split)
        except DataError as error:  # the machine's fault and not the request's: the other cells can run
            target.blocked = str(error)
        except HarnessError as error:
            yield Problem(f"{task.name}: {error}", target.place)
        except (Exception, SystemExit) as error:  # a plugin's kind of task
            yield Problem(f"{task.name}: its first item cannot be read: {describe(error)}", target.place)
        else:
            if text:
                yield Problem(text, target.place)


def _read_first_item(target: Target, split: str) -> str:
    """Note on a target what its first item tells; return what is wrong with the task's columns, empty where nothing is.

    Raises:
        DataError: the data cannot be read.
    """
    task = target.task
    first = next(iter(task.items(split, limit=1)), None)
    if first is None:
        target.blocked = f"{task.name}: the data is empty: {task.describe_data(split)}"
    elif not isinstance(first, BadItem):
        target.withheld = first.withheld
    elif first.absent and absent_columns(task, split):  # else it is one bad row, and the rest of the task goes on
        return f"{task.name}: {first.where}: {first.problem}; map it under 'columns' in the task's YAML"
    return ""


def absent_columns(task: Task, split: str) -> tuple[str, ...]:
    """Return the columns that the first row lacks, whose absence makes it bad, and that no other row has either.

    A row of JSONL may lack a key that others have: that is one bad row, and the rest of the task goes on.

    Raises:
        DataError: the data cannot be read.
    """
    never: set[str] | None = None
    for item in task.items(split, limit=LOOKED_AT):
        if not isinstance(item, BadItem):
            return ()
        if item.absent:
            never = set(item.absent) if never is None else never & set(item.absent)
        if never is not None and not never:
            return ()
    return tuple(sorted(never or ()))


def unnamed_columns(task: Task, split: str) -> Iterator[str]:
    """Yield a sentence for each column of a slice or of the cluster that no row has: it would do nothing, silently.

    Raises:
        DataError: the data cannot be read.
    """
    for part in task.definition.parts.get(split, ()):
        absent = part.reader.naming_columns()
        if not absent or isinstance(_innermost(part.source), HubSource):  # a stream that is slow to begin
            continue
        columns: dict[str, None] = {}
        for row in islice(part.source.rows(), LOOKED_AT):
            absent = [column for column in absent if not has_path(row.values, column)]
            columns.update(dict.fromkeys(map(str, row.values)))
            if not absent:
                break
        if columns:  # of data without rows nothing can be said
            for column in absent:
                yield (
                    f"{task.name}: no row looked at has the column {column!r} of 'slices' or 'cluster'"
                    f"{did_you_mean(column, columns)}: {part.source.description}"
                )


def _innermost(source: RowSource) -> RowSource:
    """Return the source that rows are read from, below those that select among its rows."""
    while isinstance(source, (SelectedSource, RangeSource)):
        source = source.source
    return source
