"""The index of task files and benchmarks: found below folders and in registry files, read when they are used."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import ConfigurationError
from harness.files.regular_files import is_folder
from harness.files.validation import validate
from harness.files.yaml_files import load_yaml
from harness.names.plugins import TASK_GROUP
from harness.tasks.remembered_index import RememberedIndex

if TYPE_CHECKING:
    from harness.names.registry_schema import RegistryFile
    from harness.tasks.library import TaskSource
    from harness.tasks.schema import BenchmarkFile, TaskFile

BENCHMARK_FILE = "benchmark.yaml"
_MOST_FOLDERS = 20_000


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task file as the index sees it: found, not yet validated."""

    name: str
    path: Path
    kind: str
    description: str
    origin: str
    """The distribution, folder or registry file it came with."""
    inline: Mapping[str, Any] | None = None
    """The definition, where a registry file holds it itself."""
    source: TaskSource | None = None
    """The library of tasks that holds it, where it is no file of harness's own."""


@dataclass(frozen=True, slots=True)
class BenchmarkEntry:
    """A benchmark as the index sees it: found, not yet validated."""

    name: str
    path: Path
    value: Any
    inline: bool = False


class FileIndex(NamedTuple):
    """All tasks and benchmarks of files, and the files that could not be read."""

    tasks: dict[str, TaskEntry]
    benchmarks: dict[str, BenchmarkEntry]
    problems: list[str]
    unreadable: dict[str, str]
    """What is wrong with the file of a task or benchmark, by the name that it would have."""


def task_folders() -> Iterator[tuple[Path, str]]:
    """Find the folders of task files that distributions announce under the entry-point group ``harness.tasks``."""
    import importlib.util

    seen: set[str] = set()
    for point in entry_points(group=TASK_GROUP):
        if point.value in seen:
            continue
        seen.add(point.value)
        spec = importlib.util.find_spec(point.value)
        distribution = point.dist.name if point.dist else "unknown"
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place), distribution


def index_tasks(files: Sequence[RegistryFile], more: Sequence[tuple[Path, str]] = ()) -> FileIndex:
    """Index all tasks by name: ``suite/task`` for the file ``suite/task.yaml`` below a task folder.

    Args:
        files: Registry files, which name folders and define tasks.
        more: Further task folders as registry files name them, each with the folder of that file.
    """
    index = FileIndex({}, {}, [], {})
    folders = list(task_folders())
    for base, name in [*((file.folder, f) for file in files for f in file.task_folders), *more]:
        folders.append((base / os.path.expanduser(name), str(base / name)))
    for folder, origin in folders:
        if not is_folder(folder):
            continue  # `Registry.file_problems` reports it
        paths, problem = _files_below(folder)
        index.problems.extend([f"{origin}: {problem}"] if problem else [])
        remembered = RememberedIndex(folder, len(paths))
        for path in paths:
            _index_file(index, path, folder, origin, remembered)
        remembered.save()
    for file in files:
        _index_registry(index, file)
    return index


def _files_below(folder: Path) -> tuple[list[Path], str]:
    """List the YAML files below a folder, sorted, or say why it is not read: a folder such as ``/`` would never end."""
    paths: list[Path] = []
    for number, (place, _, names) in enumerate(os.walk(folder)):
        paths += [Path(place) / name for name in names if name.endswith(".yaml")]
        if number >= _MOST_FOLDERS:
            return (
                [],
                f"it holds more than {_MOST_FOLDERS} folders, so it is not read; name the one with tasks",
            )
    return sorted(paths), ""


def _index_file(index: FileIndex, path: Path, folder: Path, origin: str, remembered: RememberedIndex) -> None:
    try:
        name = path.relative_to(folder).with_suffix("").as_posix()
        earlier = remembered.recall(path)
        if earlier is not None:
            _add_task(index, name, path, {"kind": earlier[0], "description": earlier[1]}, origin)
            return
        value = load_yaml(path)
        if isinstance(value, Mapping) and "figures" in value and "kind" not in value:
            return  # published results, which a benchmark names
        if path.name == BENCHMARK_FILE:
            _add_benchmark(index, BenchmarkEntry(path.parent.relative_to(folder).as_posix(), path, value))
        else:
            _add_task(index, name, path, value, origin)
            remembered.remember(path, str(value.get("kind", "")), str(value.get("description", "")))
    except ConfigurationError as error:
        index.problems.append(str(error))
        named = path.parent if path.name == BENCHMARK_FILE else path.with_suffix("")
        index.unreadable.setdefault(named.relative_to(folder).as_posix(), str(error))


def _index_registry(index: FileIndex, file: RegistryFile) -> None:
    for name, value in file.tasks.items():
        index.tasks.pop(name, None)
        _add_task(index, name, file._path, value, str(file._path), inline=True)
    for name, value in file.benchmarks.items():
        index.benchmarks[name] = BenchmarkEntry(name, file._path, value, inline=True)


def _add_task(index: FileIndex, name: str, path: Path, value: Any, origin: str, *, inline: bool = False) -> None:
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{path}: expected a mapping with 'kind', 'data' and 'columns', got {type(value).__name__}"
        )
    if name in index.tasks:
        other = index.tasks[name]
        index.problems.append(f"the task {name!r} is defined by {other.path} and by {path}; the first is used")
        return
    index.tasks[name] = TaskEntry(
        name,
        path,
        str(value.get("kind", "")),
        str(value.get("description", "")),
        origin,
        value if inline else None,
    )


def _add_benchmark(index: FileIndex, benchmark: BenchmarkEntry) -> None:
    if benchmark.name in index.benchmarks:
        other = index.benchmarks[benchmark.name].path
        index.problems.append(f"the benchmark {benchmark.name!r} is defined by {other} and by {benchmark.path}")
        return
    index.benchmarks[benchmark.name] = benchmark


def read_benchmarks(entries: Mapping[str, BenchmarkEntry]) -> tuple[dict[str, BenchmarkFile], dict[str, str]]:
    """Validate all benchmarks; return the valid ones by name, and by name the mistakes of each invalid one."""
    from harness.tasks.schema import BenchmarkFile

    benchmarks: dict[str, BenchmarkFile] = {}
    problems: dict[str, str] = {}
    for entry in entries.values():
        prefix = ("benchmarks", entry.name) if entry.inline else ()
        try:
            benchmark: BenchmarkFile = validate(BenchmarkFile, entry.value, entry.path, prefix=prefix)
        except ConfigurationError as error:
            problems[entry.name] = str(error)
            continue
        benchmark._name, benchmark._path = entry.name, entry.path
        benchmarks[entry.name] = benchmark
    return benchmarks, problems


def read_task_file(entry: TaskEntry) -> tuple[TaskFile, str]:
    """Read and validate a task's file; return it with the hash of its content.

    Raises:
        ConfigurationError: the file breaks the schema.
    """
    import json

    from harness.tasks.schema import TaskFile

    value = entry.inline if entry.inline is not None else load_yaml(entry.path)
    prefix = ("tasks", entry.name) if entry.inline is not None else ()
    file: TaskFile = validate(TaskFile, value, entry.path, prefix=prefix)
    # Texts about a task, the choice of metrics, whether one may train on it, and what pages show may change while its
    # answers stay comparable. So may who plays a role by default: every cell says who was asked.
    about = {"description", "citation", "licence", "metrics", "generated", "evaluation_only", "roles", "sensitive"}
    content = {k: v for k, v in value.items() if k not in about}
    try:
        text = json.dumps(content, sort_keys=True, default=str)
    except TypeError:  # keys of several types, such as 1 and yes, have no order
        text = json.dumps(_with_text_keys(content), sort_keys=True, default=str)
    return file, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _with_text_keys(value: Any) -> Any:
    """Copy a value with keys that are texts and say which type each key was."""
    if isinstance(value, Mapping):
        return {f"{type(key).__name__} {key}": _with_text_keys(entry) for key, entry in value.items()}
    return [_with_text_keys(entry) for entry in value] if isinstance(value, list) else value
