"""From a task's YAML to a task that can be run: kind, sources, column mapping."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError, UsageError, did_you_mean
from harness.files.regular_files import is_folder
from harness.names.arguments import fitted, forms_of
from harness.names.plugins import plugin_code
from harness.names.registry import Registry
from harness.task import DataPart, Definition, Task
from harness.tasks.data.field_mapping import ColumnReader, Slice
from harness.tasks.data.hub import HubSource, SnapshotSource, snapshot_files
from harness.tasks.data.rows import AbsentSource, RangeSource, RowSource, SelectedSource
from harness.tasks.data.sources import MIRROR_VARIABLE, FileSource, GeneratorSource, mirror_file
from harness.tasks.data.values import number_of, same

if TYPE_CHECKING:
    from harness.tasks.index import TaskEntry
    from harness.tasks.schema import SliceFile, SourceFile, TaskFile


def build_task(registry: Registry, name: str) -> Task:
    """Build the task of that name, ready to give items; no data is read.

    Raises:
        UnknownName: there is none; suggests the nearest.
        UsageError: it is that of several tasks.
        ConfigurationError: its file cannot be read, breaks the schema, or names a field or option that its kind does
            not have.
    """
    from harness.tasks.index import read_task_file

    entry = registry.tasks().find(name)
    if entry is None:
        benchmark = registry.benchmarks().find(name)
        if benchmark is not None:
            some = ", ".join(benchmark.tasks[:3]) + (", ..." if len(benchmark.tasks) > 3 else "")
            raise UsageError(f"{name!r} is {len(benchmark.tasks)} tasks, and one is needed here: {some}")
        raise registry.unknown(name)
    if entry.source is not None:
        with plugin_code(f"the task source {entry.source.name!r}: task({name.partition(':')[2]!r})"):
            task = entry.source.task(name.partition(":")[2])
        task.name = name
        return task
    file, digest = read_task_file(entry)
    kind: type[Task] = registry.find("task kind", file.kind).load()
    _check_names(entry, "columns", [*file.columns], [*kind.fields, "id"])
    _check_names(entry, "options", [*file.options], [*kind.options])
    definition = _definition(entry, file, kind, digest)
    with plugin_code(f"{entry.path}: a task of kind {file.kind!r}"):
        return kind(definition)


def _definition(entry: TaskEntry, file: TaskFile, kind: type[Task], digest: str) -> Definition:
    """Resolve a task file: its options held to their forms, and a reader of columns for each source of each split."""
    parts = {
        split: [
            _part(entry, file, kind, split, source) for source in (sources if isinstance(sources, list) else [sources])
        ]
        for split, sources in file.data.items()
    }
    return Definition(
        name=entry.name,
        version=file.version,
        description=file.description,
        licence=file.licence,
        citation=file.citation,
        parts=parts,
        metrics=tuple(file.metrics),
        brief=file.brief,
        options={name: _option(entry, kind, name, value) for name, value in file.options.items()},
        digest=digest,
    )


def task_digest(registry: Registry, name: str) -> str:
    """Return the hash of the definition of a task.

    Raises:
        UnknownName: there is none of that name.
    """
    from harness.tasks.index import read_task_file

    entry = registry.tasks().find(name)
    if entry is None:
        raise registry.unknown(name)
    return entry.source.digest(name.partition(":")[2]) if entry.source is not None else read_task_file(entry)[1]


def _option(entry: TaskEntry, kind: type[Task], name: str, value: Any) -> Any:
    """Check the value of an option against the form that the task's kind declares, and return it.

    Raises:
        ConfigurationError: it is something else; names file and key.
    """
    forms = forms_of(kind, kind.option_forms[name]) if name in kind.option_forms else None
    if forms is None:
        return value
    try:
        return fitted(f"{entry.path}: options.{name}=", value, forms)
    except UsageError as error:
        raise ConfigurationError(str(error)) from None


def _check_names(entry: TaskEntry, block: str, given: list[str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            raise ConfigurationError(
                f"{entry.path}: {block}.{name}: tasks of kind {entry.kind!r} have no such entry"
                f"{did_you_mean(name, known)}"
            )


def _part(entry: TaskEntry, file: TaskFile, kind: type[Task], split: str, spec: SourceFile) -> DataPart:
    source, mirrored = _source(entry, split, spec)
    where = spec.mirror_where if mirrored else spec.where
    if where:
        source = SelectedSource(source, where)
    if spec.rows is not None:
        source = RangeSource(source, *spec.rows)
    _check_names(entry, "data.columns", [*spec.columns], [*kind.fields, "id"])
    columns: dict[str, Any] = {name: _plain(column) for name, column in (file.columns | spec.columns).items()}
    if mirrored and spec.mirror_columns:
        _check_names(entry, "mirror_columns", [*spec.mirror_columns], [*kind.fields, "id"])
        columns.update({name: _plain(column) for name, column in spec.mirror_columns.items()})
    types = {name: (field.type, field.required) for name, field in kind.fields.items()}
    slices = [_slice(entry, s) for s in file.slices]
    return DataPart(source, ColumnReader(columns, types, slices=slices, constants=spec.set, cluster=file.cluster))


def _plain(column: Any) -> Any:
    return column.model_dump(exclude_unset=True) if hasattr(column, "model_dump") else column


def _slice(entry: TaskEntry, spec: Any) -> Slice:
    if isinstance(spec, str):
        return Slice(spec)
    if spec.name is not None:
        return Slice(spec.column, name=spec.name, holds=_test(spec))
    try:
        return Slice(spec.column, re.compile(spec.pattern) if spec.pattern else None)
    except re.error as error:
        raise ConfigurationError(f"{entry.path}: slices: {spec.pattern!r} is no regular expression: {error}") from None


def _test(spec: SliceFile) -> Callable[[Any], bool]:
    """Make the test of a named domain, from a value of its column to whether the row belongs to the domain."""
    if spec.above is not None or spec.below is not None:
        low = -math.inf if spec.above is None else spec.above
        high = math.inf if spec.below is None else spec.below
        return lambda value: (number := number_of(value)) is not None and low < number < high
    named = spec.equals if spec.equals is not None else spec.differs
    values = named if isinstance(named, list) else [named]
    is_equal = spec.equals is not None
    return lambda value: any(same(value, listed) for listed in values) == is_equal


def _file(entry: TaskEntry, text: str) -> Path:
    """Resolve a path relative to the task file, or ``package://PACKAGE/PATH`` inside an installed package.

    Raises:
        ConfigurationError: there is no such package.
    """
    if not text.startswith("package://"):
        return (entry.path.parent / Path(text).expanduser()).resolve()
    import importlib.util

    package, _, inside = text.removeprefix("package://").partition("/")
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(f"{entry.path}: {text!r}: no package {package!r} is installed")
    return Path(next(iter(spec.submodule_search_locations))) / inside


def _source(entry: TaskEntry, split: str, spec: SourceFile) -> tuple[RowSource, bool]:
    """Find the rows of a source, and tell whether they come from the mirror that the task names, with its own columns.

    Args:
        entry: The task.
        split: The split that the source is of; a generator is told it where the task names no other.
        spec: The source.
    """
    if spec.file is not None:
        return FileSource(_file(entry, spec.file), spec.records), False
    if spec.generator is not None:
        return GeneratorSource(spec.generator, spec.split or split), False
    copy, looked_in = mirror_file(spec.hub, spec.config, spec.split or split, spec.mirror)
    if copy is not None:
        mirrored = spec.mirror is not None and copy == Path(os.environ[MIRROR_VARIABLE]) / spec.mirror
        # A mirror is a file of its own, with its own columns; any other copy is laid out like the hub's.
        return FileSource(copy, spec.records if mirrored else ""), mirrored
    hub = spec.hub
    if hub is None:
        problem = (
            f"{entry.name}: these data are not on the hub; looked for {looked_in}. "
            f"Set {MIRROR_VARIABLE} to a folder that holds {spec.mirror} (see: harness show {entry.name})"
        )
        return AbsentSource(f"{spec.mirror} below {MIRROR_VARIABLE}", problem), False
    assert spec.split is not None
    shards, layout = snapshot_files(hub, spec.config, spec.split)
    if shards:
        return SnapshotSource(shards), False
    local = entry.path.parent / hub
    if is_folder(local):
        hub = str(local)
    looked = " and ".join(filter(None, (looked_in, layout)))
    return HubSource(hub, spec.split, spec.config, spec.revision, looked), False
