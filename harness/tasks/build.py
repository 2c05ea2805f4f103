"""From a task's YAML to a task that can be run: kind, sources, column mapping."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError, HarnessError, PluginError, UsageError, did_you_mean
from harness.files.generated_data import GeneratedData
from harness.files.regular_files import is_folder
from harness.files.validation import line_of
from harness.names.arguments import fitted, forms_of
from harness.names.plugins import plugin_code
from harness.names.registry import Registry
from harness.task import DataPart, Definition, Task
from harness.tasks.data.evaluations import EvaluationSource
from harness.tasks.data.field_mapping import ColumnReader, Slice
from harness.tasks.data.generator_settings import WrongSetting, check_settings
from harness.tasks.data.hub import HubSource, SnapshotSource, snapshot_files
from harness.tasks.data.rows import AbsentSource, RangeSource, RowSource, SelectedSource
from harness.tasks.data.sources import MIRROR_VARIABLE, FileSource, GeneratorSource, mirror_file
from harness.tasks.data.values import number_of, same

if TYPE_CHECKING:
    from harness.tasks.index import TaskEntry
    from harness.tasks.schema import SliceFile, SourceFile, TaskFile


def build_task(registry: Registry, name: str) -> Task:
    """Build the task of a name, ready to give items; no data is read.

    Raises:
        UnknownName: no task has the name; the message suggests the nearest.
        UsageError: the name is that of a benchmark, which is several tasks.
        ConfigurationError: the task's file cannot be read, breaks the schema, or names a field or option that the
            kind of
            task does not have.
    """
    from harness.tasks.index import read_task_file
    from harness.tasks.settling import interim_types

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
    _check_data(entry, file, kind)
    definition = _definition(registry, entry, file, kind, digest)
    with plugin_code(f"{entry.path}: a task of kind {file.kind!r}"):
        task = kind(definition)
    interim_types(task)
    _check_roles(entry, task)
    return task


def _check_roles(entry: TaskEntry, task: Task) -> None:
    """Check that the roles for which a task file names models are roles of the task, other than the evaluated one.

    Raises:
        ConfigurationError: one is not.
    """
    known = {stage.role for stage in task.stages} - {task.evaluates}
    for role in task.definition.roles:
        if role not in known:
            has = f"it has {', '.join(sorted(known))}" if known else "it asks nobody but the evaluated model"
            raise _mistake(
                entry, ("roles", role), f"roles.{role}: no role of this task{did_you_mean(role, known)}; {has}"
            )


def _check_data(entry: TaskEntry, file: TaskFile, kind: type[Task]) -> None:
    """Check the keys of a task file that speak of its rows against the kind of task.

    Raises:
        ConfigurationError: the file names no data, though the kind makes no items; or it has keys about data and no
            data;
            or the rows are a sequence, and the file gives clusters or says that they are no sequence.
    """
    if not file.data:
        if not kind.makes_items:
            raise _mistake(
                entry, (), f"the key 'data' is missing; tasks of kind {file.kind!r} do not make their items themselves"
            )
        for key in ("columns", "slices", "cluster"):
            if getattr(file, key):
                raise _mistake(entry, (key,), f"{key!r} does nothing without 'data': the kind makes the items")
    if kind.ordered and file.ordered is False and "ordered" in file.model_fields_set:
        raise _mistake(entry, ("ordered",), f"ordered: tasks of kind {file.kind!r} are sequences; leave it out")
    if file.cluster is not None and (kind.ordered or file.ordered is not False):
        raise _mistake(
            entry, ("cluster",), "cluster: the rows are a sequence, whose blocks take the place of clusters; remove it"
        )


def _mistake(entry: TaskEntry, place: Sequence[str | int], text: str) -> ConfigurationError:
    """Make the error about a mistake at a place of a task's file, with its line."""
    prefix = ("tasks", entry.name) if entry.inline is not None else ()
    line = line_of(entry.path, [*prefix, *place])
    return ConfigurationError(f"{entry.path}{f':{line}' if line else ''}: {text}")


def _definition(registry: Registry, entry: TaskEntry, file: TaskFile, kind: type[Task], digest: str) -> Definition:
    """Resolve a task file: check its options, and make a column reader for each source of each split."""
    parts = {
        split: [_part(registry, entry, file, kind, (split, *place), source) for place, source in _sources_of(sources)]
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
        digest=_with_figures(registry, entry, file, digest),
        ordered=file.ordered is not False,
        block=None if isinstance(file.ordered, bool) else file.ordered.block,
        evaluation_only=file.evaluation_only,
        generated=_generated(file.generated),
        roles=dict(file.roles),
        sensitive=file.sensitive,
    )


def _generated(said: bool | str) -> GeneratedData | None:
    """Return the mark that a task file gives its data."""
    return GeneratedData(said if isinstance(said, str) else "") if said else None


def task_digest(registry: Registry, name: str) -> str:
    """Return the hash of the definition of a task.

    Raises:
        UnknownName: there is none of that name.
    """
    from harness.tasks.index import read_task_file

    entry = registry.tasks().find(name)
    if entry is None:
        raise registry.unknown(name)
    if entry.source is not None:
        return entry.source.digest(name.partition(":")[2])
    return _with_figures(registry, entry, *read_task_file(entry))


def _sources_of(sources: SourceFile | list[SourceFile]) -> list[tuple[tuple[int, ...], SourceFile]]:
    """List the sources of a split, each with the keys that lead to it from the split."""
    return [((i,), source) for i, source in enumerate(sources)] if isinstance(sources, list) else [((), sources)]


def _with_figures(registry: Registry, entry: TaskEntry, file: TaskFile, digest: str) -> str:
    """Return the hash of a task's definition, including the figures of other evaluations that are the task's data.

    Raises:
        ConfigurationError: there is no such task or metric.
    """
    made = hashlib.sha256(digest.encode())
    has_figures = False
    for split, sources in file.data.items():
        for place, spec in _sources_of(sources):
            if spec.store is not None:
                has_figures = True
                try:
                    made.update(_evaluations(registry, entry, split, spec).digest().encode())
                except HarnessError as error:
                    at: tuple[str | int, ...] = ("data", split, *place)
                    raise _mistake(entry, at, f"{'.'.join(map(str, at))}: {error}") from error
    return made.hexdigest()[:16] if has_figures else digest


def _evaluations(registry: Registry, entry: TaskEntry, split: str, spec: SourceFile) -> EvaluationSource:
    assert spec.store is not None
    assert spec.task is not None
    stores = [_file(entry, text) for text in ([spec.store] if isinstance(spec.store, str) else spec.store)]
    of_split = spec.split or split
    return EvaluationSource(registry, entry.name, stores, spec.task, spec.metric, spec.models, of_split, spec.fields)


def _option(entry: TaskEntry, kind: type[Task], name: str, value: Any) -> Any:
    """Check the value of an option against the form that the task's kind declares, and return the converted value.

    Raises:
        ConfigurationError: the value has another form; names file and key.
    """
    forms = forms_of(kind, kind.option_forms[name]) if name in kind.option_forms else None
    if forms is None:
        return value
    try:
        return fitted(f"{entry.path}: options.{name}=", value, forms)
    except UsageError as error:
        raise ConfigurationError(str(error)) from None


def _check_names(entry: TaskEntry, block: str, given: list[str], allowed: list[str]) -> None:
    for name in given:
        if name not in allowed:
            raise ConfigurationError(
                f"{entry.path}: {block}.{name}: tasks of kind {entry.kind!r} have no such entry"
                f"{did_you_mean(name, allowed)}"
            )


def _part(
    registry: Registry,
    entry: TaskEntry,
    file: TaskFile,
    kind: type[Task],
    place: tuple[str | int, ...],
    spec: SourceFile,
) -> DataPart:
    source, mirrored = _source(registry, entry, place, spec)
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


def _settings(entry: TaskEntry, spec: SourceFile, place: tuple[str | int, ...]) -> dict[str, Any]:
    """Check the settings of a generator against its function, and return the converted settings.

    Raises:
        ConfigurationError: the function takes no such setting or value, or cannot be imported.
    """
    assert spec.generator is not None
    try:
        return check_settings(spec.generator, spec.settings)
    except WrongSetting as error:
        at = (*place, "settings", error.name) if error.name else (*place, "settings")
        raise _mistake(entry, at, f"{'.'.join(map(str, at))}: {error}") from None
    except PluginError as error:
        at = (*place, "generator")
        raise _mistake(entry, at, f"{'.'.join(map(str, at))}: {error}") from error


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


def _source(
    registry: Registry, entry: TaskEntry, place: tuple[str | int, ...], spec: SourceFile
) -> tuple[RowSource, bool]:
    """Find the source of rows; also tell whether it is the mirror that the task names, with columns of its own.

    Args:
        registry: Where the task of other evaluations is looked up.
        entry: The task.
        place: The split of the source, which a generator gets unless the task names another; then the number of the
            source, if the split has several.
        spec: The source.
    """
    split = str(place[0])
    if spec.file is not None:
        return FileSource(_file(entry, spec.file), spec.records), False
    if spec.generator is not None:
        settings = _settings(entry, spec, ("data", *place)) if spec.settings else {}
        return GeneratorSource(spec.generator, spec.split or split, settings), False
    if spec.store is not None:
        return _evaluations(registry, entry, split, spec), False
    copy, looked_in = mirror_file(spec.hub, spec.config, spec.split or split, spec.mirror)
    if copy is not None:
        mirrored = spec.mirror is not None and copy == Path(os.environ[MIRROR_VARIABLE]) / spec.mirror
        # A mirror is a file of its own, with its own columns; any other copy is laid out like the hub's.
        return FileSource(copy, spec.records if mirrored else "", spec.hub or str(spec.mirror)), mirrored
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
        return SnapshotSource(shards, hub), False
    local = entry.path.parent / hub
    if is_folder(local):
        hub = str(local)
    looked = " and ".join(filter(None, (looked_in, layout)))
    return HubSource(hub, spec.split, spec.config, spec.revision, looked), False
