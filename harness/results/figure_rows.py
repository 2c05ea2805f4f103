"""Figures of evaluated models as rows of another task's data, for ``{store: PATH, task: T, metric: M}`` in its YAML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness.errors import DataError, StoreError, UsageError, did_you_mean
from harness.files.generated_data import GeneratedData, of_all
from harness.names.registry import Registry
from harness.requests import Conversation
from harness.results.figures import Figures, cells_of_figures, read_figures
from harness.store.reading import StoreReader
from harness.task import BadItem
from harness.tasks.build import build_task
from harness.tasks.data.values import plain

_OWN = ("id", "figures", "models")


def figure_rows(
    registry: Registry,
    stores: Sequence[Path],
    task: str,
    metric: str | None,
    models: Sequence[str],
    split: str,
    fields: Sequence[str],
) -> list[dict[str, Any]]:
    """Return one row an item of an evaluated task.

    Each holds the item's ``id``; ``figures``, one a model, None where there is none; ``models``, their labels; a column
    for each label; and one for each field asked for.

    Raises:
        DataError: a store cannot be read, or holds no such figures.
        HarnessError: there is no such task, metric, model or field.
    """
    with ExitStack() as opened:
        try:
            readers = [opened.enter_context(StoreReader(path, briefly=True)) for path in stores]
        except StoreError as error:
            raise DataError(str(error)) from error
        found = read_figures(registry, readers, task, metric, models=models, split=split)
    _check_names(found, fields)
    carried = _fields_of(registry, task, split, fields) if fields else {}
    rows = []
    for row in found.rows():
        own = {"figures": [row[label] for label in found.models], "models": list(found.models)}
        rows.append({**row, **own, **carried.get(row["id"], {})})
    return rows


def figure_digest(
    registry: Registry,
    stores: Sequence[Path],
    task: str,
    metric: str | None,
    models: Sequence[str],
    split: str,
    fields: Sequence[str],
) -> str:
    """Return a hash of what `figure_rows` returns, which takes the same and raises the same.

    A task is built many times in one command, so that what was hashed is remembered for as long as no file changes.
    """
    built = build_task(registry, task)
    beside = [path.with_name(path.name + "-wal") for path in stores]
    files = [_stamp(path) for path in (*stores, *beside, *(built.files(split) if fields else ()))]
    key = (task, built.definition.digest, metric, tuple(models), split, tuple(fields), tuple(files))
    if key not in _digests:
        made = hashlib.sha256()
        for row in figure_rows(registry, stores, task, metric, models, split, fields):
            made.update(json.dumps(row, sort_keys=True, default=str).encode("utf-8", "surrogatepass"))
        _digests[key] = made.hexdigest()
    return _digests[key]


def figures_are_generated(
    registry: Registry,
    stores: Sequence[Path],
    task: str,
    metric: str | None,
    models: Sequence[str],
    split: str,
    fields: Sequence[str],
) -> GeneratedData | None:
    """Return the mark of the data that the models of `figure_rows` were evaluated on; None for real data.

    Raises:
        HarnessError: there is no such task, or a store cannot be read.
    """
    with ExitStack() as opened:
        readers = [opened.enter_context(StoreReader(path, briefly=True)) for path in stores]
        cells, _ = cells_of_figures(readers, build_task(registry, task), split)
    return of_all(cell.generated for label, (_, cell) in cells.items() if not models or label in models)


_digests: dict[Any, str] = {}


def _stamp(path: Path) -> tuple[str, int, int]:
    """Return what tells a file that changed: its place, its time and its size; zeros where there is none."""
    try:
        known = path.stat()
    except (OSError, ValueError):
        return str(path), 0, 0
    return str(path), known.st_mtime_ns, known.st_size


def _check_names(found: Figures, fields: Sequence[str]) -> None:
    """Make sure that no two columns have one name.

    Raises:
        UsageError: a label is also the name of a field, or of a column that every row has.
    """
    for label in found.models:
        if label in (*_OWN, *fields):
            raise UsageError(
                f"the model {label!r} has the name of another column of the rows; evaluate it under another label, or "
                "leave it out with 'models'"
            )
    for name in fields:
        if name in _OWN:
            raise UsageError(f"fields: {name!r} is a column of every row; leave it out")


def _fields_of(registry: Registry, name: str, split: str, fields: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """Return fields of the task's items, by id.

    Raises:
        UsageError: the task's kind has no such field.
        DataError: its data cannot be read.
    """
    task = build_task(registry, name)
    for field in fields:
        if task.fields and field not in task.fields:
            raise UsageError(f"fields: {name} has no field {field!r}{did_you_mean(field, list(task.fields))}")
    return {
        item.id: {field: _as_row(item.fields.get(field)) for field in fields}
        for item in task.items(split)
        if not isinstance(item, BadItem)
    }


def _as_row(value: Any) -> Any:
    """Return the value of a field as a row of a file would hold it."""
    if isinstance(value, Conversation):
        messages = [{"role": message.role, "content": message.content} for message in value.messages]
        alone = len(messages) == 1 and messages[0]["role"] == "user"
        return messages[0]["content"] if alone else messages
    if isinstance(value, tuple | list):
        return [_as_row(part) for part in value]
    return plain(value)
