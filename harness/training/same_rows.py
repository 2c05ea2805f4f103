"""Whether two tasks may hold the same rows: what was learned from one may then be asked again in the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from harness.task import Task
from harness.tasks.data.rows import RangeSource, RowSource, SelectedSource
from harness.tasks.data.values import same


def shared_source(one: Task, one_split: str, other: Task, other_split: str) -> str:
    """Return the description of a source of which both tasks may read the same rows; empty for none.

    Rows are taken for others where both tasks select by a column and name different values, or read different ranges.
    Files of the same content in two places are not recognised.

    Args:
        one: A task.
        one_split: Its split.
        other: Another task.
        other_split: Its split.
    """
    for source in _sources(one, one_split):
        for beside in _sources(other, other_split):
            if _may_meet(source, beside):
                return source.description
    return ""


def _sources(task: Task, split: str) -> Iterator[RowSource]:
    for part in task.definition.parts.get(split, ()):
        yield part.source


def _may_meet(one: RowSource, other: RowSource) -> bool:
    (one, one_where, one_range), (other, other_where, other_range) = _unwrapped(one), _unwrapped(other)
    if one != other:
        return False
    apart = any(
        not any(same(a, b) for a in _values(one_where[column]) for b in _values(other_where[column]))
        for column in one_where.keys() & other_where.keys()
    )
    # A range counts rows that are selected, so that ranges of different selections say nothing of each other.
    same_selection = one_where == other_where
    return not apart and not (same_selection and (one_range[1] <= other_range[0] or other_range[1] <= one_range[0]))


def _unwrapped(source: RowSource) -> tuple[RowSource, Mapping[str, Any], tuple[float, float]]:
    first, end = 0.0, math.inf
    if isinstance(source, RangeSource):
        first, end, source = source.first, source.end, source.source
    where: Mapping[str, Any] = {}
    if isinstance(source, SelectedSource):
        where, source = source.where, source.source
    return source, where, (first, end)


def _values(asked_for: Any) -> list[Any]:
    return asked_for if isinstance(asked_for, list) else [asked_for]
