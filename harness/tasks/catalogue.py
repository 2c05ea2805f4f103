"""The catalogue of tasks and benchmarks: from files, and from libraries of tasks."""

from __future__ import annotations

import contextlib
import copy
import fnmatch
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError, HarnessError, UnknownName
from harness.names.plugins import plugin_code
from harness.tasks.index import BenchmarkEntry, TaskEntry, index_tasks, read_benchmarks
from harness.tasks.library import TaskIndex, TaskSource, build_source

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.task import Task
    from harness.tasks.schema import BenchmarkFile


class Catalogue:
    """The tasks and benchmarks of a registry; task files are read on first use.

    Args:
        registry: The registry, whose files name folders of tasks and whose plugins bring libraries of tasks.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._tasks: dict[str, TaskEntry] | None = None
        self._benchmark_entries: dict[str, BenchmarkEntry] = {}
        self._benchmarks: dict[str, BenchmarkFile] | None = None
        self._sources: dict[str, TaskSource] = {}
        self.problems: list[str] = []
        """The problems of task and benchmark files, as far as they have been read."""
        self._unreadable: dict[str, str] = {}

    def tasks(self) -> TaskIndex[TaskEntry]:
        """Return all tasks: from files, read on first use, and from sources."""
        self._read_tasks()
        assert self._tasks is not None
        return TaskIndex(self._tasks, self._task_of_source)

    def benchmarks(self) -> TaskIndex[BenchmarkFile]:
        """Return all benchmarks: from files, validated on first use, and the groups of sources.

        Benchmark files that break the schema are added to ``problems``.
        """
        self._read_tasks()
        if self._benchmarks is None:
            self._benchmarks, problems = read_benchmarks(self._benchmark_entries)
            self.problems += problems.values()
            self._unreadable |= problems
        return TaskIndex(self._benchmarks, self._benchmark_of_source)

    def with_benchmarks(self, registry: Registry, more: Mapping[str, BenchmarkFile]) -> Catalogue:
        """Return a catalogue, for another registry, that knows further benchmarks by name; this one stays as it is."""
        known = self.benchmarks().files()
        other = copy.copy(self)
        other._registry, other._benchmarks = registry, {**known, **more}
        return other

    def task(self, name: str) -> Task:
        """Build the task of a name; errors as `harness.tasks.build.build_task`."""
        from harness.tasks.build import build_task  # most commands list tasks and build none

        return build_task(self._registry, name)

    def _read_tasks(self) -> None:
        if self._tasks is None:
            folders = self._registry.plain_task_folders()
            files = self._registry.files_about("tasks", "task_folders", "benchmarks") if folders is None else ()
            index = index_tasks(files, [(path.parent, name) for path, name in folders or ()])
            self._tasks, self._benchmark_entries, self.problems = index.tasks, index.benchmarks, index.problems
            self._unreadable = index.unreadable

    def unknown(self, name: str, kind: str = "task or benchmark", known: Collection[str] | None = None) -> HarnessError:
        """Make the error for an unknown name of a task or benchmark; its file may exist and be unreadable.

        Args:
            name: The name as given.
            kind: The kind of thing that was looked for, for the message.
            known: The names to suggest; default: all tasks and benchmarks.
        """
        names = self.known_names(name) if known is None else known
        if name in self._unreadable:
            return ConfigurationError(self._unreadable[name])
        count = len(self.problems)
        hints = self._registry.file_problems()
        if count:
            hints.append(f"{count} task file{'s' if count > 1 else ''} could not be read (see: harness doctor)")
        return UnknownName(kind, name, names, hint="; ".join(hints))

    def source_of(self, name: str) -> tuple[TaskSource, str] | None:
        """Split a name ``SOURCE:NAME`` into its library and the rest; None if the name names no library.

        Raises:
            UsageError: the library does not take its settings in registry.yaml.
        """
        prefix, colon, rest = name.partition(":")
        if not colon or prefix not in self._registry.names("task source"):
            return None
        if prefix not in self._sources:
            self._sources[prefix] = build_source(self._registry, prefix)
        return self._sources[prefix], rest

    def known_names(self, name: str = "") -> list[str]:
        """List all tasks and benchmarks, for suggestions; a source's own if the name names a source."""
        in_source = self.source_of(name)
        if in_source is not None:
            source, _ = in_source
            with _asking(source, "names"):
                return [f"{source.name}:{listed}" for listed in source.names()]
        return [*self.tasks().files(), *self.benchmarks().files()]

    def is_pattern(self, target: str) -> bool:
        """Tell whether a target is a glob; brackets in the options of a source's task do not count."""
        in_source = self.source_of(target)
        name = in_source[1].partition(":")[0] if in_source else target
        return any(c in name for c in "*?[")

    def matching(self, pattern: str) -> list[str]:
        """List the names of the tasks that a glob matches."""
        in_source = self.source_of(pattern)
        if in_source is None:
            return fnmatch.filter(self.tasks().files(), pattern)
        source, rest = in_source
        glob, colon, options = rest.partition(":")
        with _asking(source, "task_names"):
            names = list(source.task_names())
        return [f"{source.name}:{name}{colon}{options}" for name in fnmatch.filter(names, glob)]

    def _task_of_source(self, name: str) -> TaskEntry | None:
        in_source = self.source_of(name)
        if in_source is None:
            return None
        source, rest = in_source
        with _asking(source, "find"):
            listed = source.find(rest)
        if listed is None or listed.kind == "group":
            return None
        entry = self._registry.find("task source", source.name)
        origin = f"{entry.distribution} {entry.version}"
        return TaskEntry(name, listed.path or Path(), listed.kind, listed.description, origin, source=source)

    def _benchmark_of_source(self, name: str) -> BenchmarkFile | None:
        in_source = self.source_of(name)
        if in_source is None:
            return None
        source, rest = in_source
        with _asking(source, "find"):
            listed = source.find(rest)
        if listed is None or listed.kind != "group":
            return None
        with _asking(source, "benchmark"):
            return source.benchmark(rest)


def _asking(source: TaskSource, method: str) -> contextlib.AbstractContextManager[None]:
    """Turn an error of a task library's code into one that names the library and the method."""
    return plugin_code(f"the task source {source.name!r}: {method}()")
