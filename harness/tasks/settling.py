"""Figures that need all rows of a task: the columns that `Task.settle` gets, and the columns that it may return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import CellError, PluginError, did_you_mean
from harness.metric import Columns
from harness.names.plugins import describe
from harness.task import Task

TYPES = ("float16", "float32", "float64")
"""Types of a column that only `Task.settle` sees; no integers, because a failed request must be NaN there too."""


def settles(task: Task) -> bool:
    """Tell whether a task has figures that need all rows."""
    return type(task).settle is not Task.settle


def interim_types(task: Task) -> dict[str, str]:
    """Return the columns that only `Task.settle` sees, with the type of each.

    Raises:
        PluginError: the kind declares a type that does not exist, a column that is kept as well, or no ``settle``.
    """
    declared: Any = task.interim
    kind = f"{type(task).__module__}.{type(task).__qualname__}"
    if not isinstance(declared, Mapping):
        raise PluginError(f"{kind}: interim must map names of columns to types such as 'float32', not {declared!r}")
    for name, type_ in declared.items():
        if type_ not in TYPES:
            raise PluginError(f"{kind}: interim[{name!r}] is {type_!r}, which is none of {', '.join(TYPES)}")
        if name in task.columns:
            raise PluginError(
                f"{kind}: the column {name!r} is in both 'columns' and 'interim': a column of 'interim' is gone once "
                "settle() has seen it; leave it out of one"
            )
    if declared and not settles(task):
        raise PluginError(f"{kind}: declares interim columns ({', '.join(declared)}), and has no settle() to use them")
    return dict(declared)


def settled(task: Task, columns: Columns) -> Columns:
    """Return the columns that are kept: those of the rows, replaced by those that `Task.settle` makes of all rows.

    Raises:
        CellError: ``settle`` raised, or gave something else than one figure or array a row for names that are declared.
    """
    if not settles(task):
        return columns
    interim = interim_types(task)
    try:
        given = task.settle(columns)
    except (Exception, SystemExit) as error:  # a plugin's code: the answers are on file
        raise CellError(f"{task.name}: settle() failed: {describe(error)}; the answers are kept") from error
    what = f"{task.name}: settle()"
    if not isinstance(given, Mapping):
        raise CellError(f"{what} must give a mapping of names to arrays, not {type(given).__name__}")
    kept = {name: values for name, values in columns.values.items() if name not in interim}
    names = list(dict.fromkeys([*task.columns, *kept]))
    for name, values in given.items():
        if name not in names:
            why = "which is gone after it" if name in interim else f"which is no column{did_you_mean(str(name), names)}"
            raise CellError(f"{what} gave {name!r}, {why}; the columns are: {', '.join(names) or 'none'}")
        kept[name] = _checked(f"{what}: the column {name!r}", values, len(columns))
    lacking = [name for name in task.columns if name not in kept]
    if lacking:
        raise CellError(f"{what} gave no column {lacking[0]!r}, and neither does row(); it gave: {_names(given)}")
    return Columns(kept, columns.clusters, columns.facts, ordered=columns.ordered)


def _checked(what: str, values: Any, rows: int) -> NDArray[np.float64]:
    """Return a column as numbers, one figure or one array for each row.

    Raises:
        CellError: the values are no array of numbers, or their number is not that of the rows.
    """
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:  # rows of unequal length, or no array at all
        raise CellError(f"{what} is no array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise CellError(f"{what} must hold numbers, with NaN where there is none, not {array.dtype}")
    if array.ndim not in (1, 2):
        raise CellError(f"{what} has {array.ndim} dimensions; one figure or one array a row is possible")
    if len(array) != rows:
        raise CellError(f"{what} has {len(array)} rows, and there are {rows} items; mark missing figures with NaN")
    return array.astype(np.float64)


def _names(given: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, given)) or "nothing"
