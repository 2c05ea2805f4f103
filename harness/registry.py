"""Names to lazy references: what plugins registered, and what registry.yaml adds."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import NameClash, PluginError, UnknownName
from harness.plugins import Plugin, Plugins, import_attribute, load_plugins
from harness.task_sources import WithSources

if TYPE_CHECKING:
    from harness.task_sources import TaskSource
    from harness.taskfiles import BenchmarkEntry, BenchmarkFile, RegistryFile, TaskEntry

KINDS = {
    "capability": "register_capabilities",
    "model": "register_models",
    "task kind": "register_tasks",
    "task source": "register_task_sources",
    "metric": "register_metrics",
    "trainer": "register_trainers",
    "adapter": "register_adapters",
    "aggregate": "register_benchmarks",
    "importer": "register_importers",
    "command": "register_commands",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered name."""

    kind: str
    name: str
    reference: str
    """``"module:attribute"``, imported on use."""
    plugin: str
    distribution: str
    version: str
    description: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the plugin says about it without importing it: ``offers`` of a model, ``cost`` of an adapter."""

    @property
    def qualified(self) -> str:
        """``distribution/name``, which no other distribution can claim."""
        return f"{self.distribution}/{self.name}"

    def load(self) -> Any:
        """Import what the reference names."""
        return import_attribute(self.reference)


class Register:
    """What a hook is called with: collects the names of one plugin and one kind."""

    def __init__(self, kind: str, plugin: Plugin, add: Callable[[Entry], None]) -> None:
        self._kind, self._plugin, self._add = kind, plugin, add

    def __call__(self, name: str, reference: str, *, description: str = "", **facts: Any) -> None:
        """Register ``name`` for the object that ``"module:attribute"`` names, without importing it."""
        if str(reference).count(":") != 1:
            raise PluginError(
                f"{self._kind} {name!r} must be registered with a 'module:attribute' string, not {reference!r}"
            )
        plugin = self._plugin
        self._add(
            Entry(
                self._kind,
                name,
                reference,
                plugin.name,
                plugin.distribution,
                plugin.version,
                description,
                facts,
            )
        )


class Registry:
    """All names of all kinds; nothing behind a name is imported until it is used.

    Args:
        extra: A registry file whose entries win over all others.
        strict: Raise on a plugin that fails, instead of reporting it.
        kinds: Only these kinds of name are asked of the plugins.
    """

    def __init__(
        self, *, extra: Path | None = None, strict: bool = False, kinds: Collection[str] = tuple(KINDS)
    ) -> None:
        from harness.taskfiles import find_registry_files, load_registry_yaml

        self._raw = [(path, load_registry_yaml(path)) for path in find_registry_files(extra)]
        self.plugins: Plugins = load_plugins(disabled=self._disabled(), strict=strict)
        self._entries: dict[str, dict[str, list[Entry]]] = {kind: {} for kind in KINDS}
        self._collect(kinds, strict=strict)
        self._tasks: dict[str, TaskEntry] | None = None
        self._benchmark_entries: dict[str, BenchmarkEntry] = {}
        self._benchmarks: dict[str, BenchmarkFile] | None = None
        self._sources: dict[str, TaskSource] = {}
        self.task_problems: list[str] = []

    @cached_property
    def files(self) -> list[RegistryFile]:
        """The registry files, validated on first use; the last wins.

        Raises:
            ConfigurationError: one breaks the schema.
        """
        from harness.taskfiles import read_registry_file

        return [read_registry_file(path) for path, _ in self._raw]

    def files_about(self, *keys: str) -> Sequence[RegistryFile]:
        """The registry files, validated, if one of them has one of these keys.

        Else none, since loading the schema is a third of the time that a list takes.

        Raises:
            ConfigurationError: one breaks the schema.
        """
        return self.files if any(key in raw for _, raw in self._raw for key in keys) else ()

    def _disabled(self) -> set[str]:
        disabled: set[str] = set()
        for file in self.files_about("plugins"):
            disabled = (disabled | set(file.plugins.disabled)) - set(file.plugins.enabled)
        return disabled

    def _collect(self, kinds: Collection[str], *, strict: bool) -> None:
        for kind, hook in ((kind, KINDS[kind]) for kind in kinds):
            caller = getattr(self.plugins.manager.hook, hook)
            for implementation in list(caller.get_hookimpls()):
                plugin = self.plugins.named(implementation.plugin_name)
                try:
                    implementation.function(Register(kind, plugin, self._add))
                except Exception as error:
                    self.plugins.fail(plugin.name, error)
                    if strict:
                        raise PluginError(f"plugin {plugin.name!r} failed in {hook}: {plugin.problem}") from error
        for failed in self.plugins.failed:
            self._forget(failed.name)

    def _add(self, entry: Entry) -> None:
        self._entries[entry.kind].setdefault(entry.name, []).append(entry)

    def _forget(self, plugin: str) -> None:
        for names in self._entries.values():
            for name in list(names):
                names[name] = [entry for entry in names[name] if entry.plugin != plugin]
                if not names[name]:
                    del names[name]

    def entries(self, kind: str) -> Iterator[Entry]:
        """All entries of a kind, sorted by name."""
        for name in sorted(self._entries[kind]):
            yield from self._entries[kind][name]

    def names(self, kind: str) -> list[str]:
        """All names of a kind, sorted."""
        return sorted(self._entries[kind])

    def clashes(self) -> list[str]:
        """A sentence for each name that several distributions claim."""
        return [
            _clash(kind, name, entries)
            for kind, names in self._entries.items()
            for name, entries in sorted(names.items())
            if len(entries) > 1
        ]

    def find(self, kind: str, name: str) -> Entry:
        """The entry of a name, plain or qualified with its distribution.

        Raises:
            UnknownName: no plugin registered it; suggests the nearest names and says which plugins failed.
            NameClash: several plugins claim it.
        """
        entries = self._entries[kind].get(name, [])
        if not entries:
            entries = [entry for entry in self.entries(kind) if entry.qualified == name]
        if not entries:
            raise UnknownName(kind, name, self.names(kind), hint=self._failed_hint())
        if len(entries) > 1:
            raise NameClash(_clash(kind, name, entries))
        return entries[0]

    def _failed_hint(self) -> str:
        if not self.plugins.failed:
            return ""
        names = ", ".join(plugin.name for plugin in self.plugins.failed)
        return f"these plugins failed to load and may have held it: {names} (see: harness plugins)"

    # tasks and benchmarks, which are YAML

    def tasks(self) -> Mapping[str, TaskEntry]:
        """All task files by task name, read on first use; and by name alone, the tasks of sources."""
        self._read_tasks()
        assert self._tasks is not None
        return WithSources(self._tasks, self._task_of_source)

    def benchmarks(self) -> Mapping[str, BenchmarkFile]:
        """All benchmarks by name, validated on first use, and by name alone the groups of sources.

        Those that break the schema are task problems.
        """
        self._read_tasks()
        if self._benchmarks is None:
            from harness.taskfiles import read_benchmarks

            self._benchmarks, problems = read_benchmarks(self._benchmark_entries)
            self.task_problems += problems
        return WithSources(self._benchmarks, self._benchmark_of_source)

    def _read_tasks(self) -> None:
        if self._tasks is None:
            from harness.taskfiles import index_tasks

            folders = self._plain_folders()
            files = self.files_about("tasks", "task_folders", "benchmarks") if folders is None else ()
            self._tasks, self._benchmark_entries, self.task_problems = index_tasks(files, folders or ())

    def _plain_folders(self) -> list[tuple[Path, str]] | None:
        """Task folders of registry files that define nothing else of tasks, read without loading the schema.

        None where the files have to be validated: they have other keys, or something else than a list of names.
        """
        found: list[tuple[Path, str]] = []
        for path, raw in self._raw:
            names = raw.get("task_folders", [])
            if not raw.keys() <= {"task_folders", "models"} or not isinstance(names, list):
                return None
            if not all(isinstance(name, str) for name in names):
                return None
            found += [(path.parent, name) for name in names]
        return found

    # libraries of tasks, which are plugins

    def source_of(self, name: str) -> tuple[TaskSource, str] | None:
        """The library that a name ``SOURCE:NAME`` speaks of, and the rest of the name; None where it speaks of none.

        Raises:
            UsageError: the library's settings in registry.yaml are not what it takes.
        """
        prefix, colon, rest = name.partition(":")
        if not colon or prefix not in self._entries["task source"]:
            return None
        if prefix not in self._sources:
            from harness.task_sources import build_source

            self._sources[prefix] = build_source(self, prefix)
        return self._sources[prefix], rest

    def known_names(self, name: str = "") -> list[str]:
        """All tasks and benchmarks, for suggestions; those of a source where the name speaks of one."""
        found = self.source_of(name)
        if found is not None:
            return [f"{found[0].name}:{listed}" for listed in found[0].names()]
        return [*self.tasks(), *self.benchmarks()]

    def is_pattern(self, target: str) -> bool:
        """Whether a target is a glob; brackets in the options of a source's task are none."""
        found = self.source_of(target)
        name = found[1].partition(":")[0] if found else target
        return any(c in name for c in "*?[")

    def matching(self, pattern: str) -> list[str]:
        """Names of the tasks that a glob matches."""
        found = self.source_of(pattern)
        if found is None:
            return fnmatch.filter(self.tasks(), pattern)
        source, rest = found
        glob, colon, options = rest.partition(":")
        return [f"{source.name}:{name}{colon}{options}" for name in fnmatch.filter(source.task_names(), glob)]

    def _task_of_source(self, name: str) -> TaskEntry | None:
        from harness.taskfiles import TaskEntry

        found = self.source_of(name)
        listed = found[0].find(found[1]) if found else None
        if found is None or listed is None or listed.kind == "group":
            return None
        entry = self.find("task source", found[0].name)
        origin = f"{entry.distribution} {entry.version}"
        return TaskEntry(name, listed.path or Path(), listed.kind, listed.description, origin, source=found[0])

    def _benchmark_of_source(self, name: str) -> BenchmarkFile | None:
        found = self.source_of(name)
        listed = found[0].find(found[1]) if found else None
        return found[0].benchmark(found[1]) if found and listed and listed.kind == "group" else None

    def named_models(self) -> dict[str, Any]:
        """Models that registry files declare, by name; later files win."""
        models: dict[str, Any] = {}
        for file in self.files:
            models.update(file.models)
        return models


def _clash(kind: str, name: str, entries: list[Entry]) -> str:
    claimants = " and ".join(f"{entry.distribution} {entry.version} (plugin {entry.plugin})" for entry in entries)
    options = " or ".join(repr(entry.qualified) for entry in entries)
    return f"the {kind} name {name!r} is claimed by {claimants}; write {options}"
