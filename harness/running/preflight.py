"""A look at the first rows of a task, which tells a mistake of its file from a row that lacks a value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from harness.errors import did_you_mean
from harness.task import BadItem, Task
from harness.tasks.data.hub import HubSource
from harness.tasks.data.rows import RangeSource, RowSource, SelectedSource, has_path

LOOKED_AT = 1000
"""Rows; a column that none of so many has is taken for one that the data do not have."""


def absent_columns(task: Task, split: str) -> tuple[str, ...]:
    """Columns that the first row lacks, whose absence makes it bad, and that no other row has either.

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
    """A sentence for each column of a slice or of the cluster that no row has: it would do nothing, without a word.

    Raises:
        DataError: the data cannot be read.
    """
    for part in task.definition.parts.get(split, ()):
        wanted = part.reader.naming_columns()
        if not wanted or isinstance(_innermost(part.source), HubSource):  # a stream that is slow to begin
            continue
        known: dict[str, None] = {}
        for row in islice(part.source.rows(), LOOKED_AT):
            wanted = [column for column in wanted if not has_path(row.values, column)]
            known.update(dict.fromkeys(map(str, row.values)))
            if not wanted:
                break
        if known:
            for column in wanted:
                yield (
                    f"{task.name}: no row looked at has the column {column!r} of 'slices' or 'cluster'"
                    f"{did_you_mean(column, known)}: {part.source.description}"
                )


def _innermost(source: RowSource) -> RowSource:
    while isinstance(source, (SelectedSource, RangeSource)):
        source = source.source
    return source
