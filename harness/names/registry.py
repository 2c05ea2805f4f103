"""Names to lazy references: what plugins registered, and what registry.yaml adds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, NameClash, PluginError, UnknownName, did_you_mean
from harness.files.regular_files import is_folder
from harness.names.facts import Facts, check_name, facts_of, wrong_kind
from harness.names.own_descriptions import SELF_DESCRIBING, own_description
from harness.names.plugins import (
    CORE,
    DISTRIBUTION,
    Plugin,
    Plugins,
    import_attribute,
    load_plugins,
    slow_is_said,
)
from harness.names.registry_files import find_registry_files, load_registry_yaml, read_registry_file

if TYPE_CHECKING:
    from harness.names.registry_schema import RegistryFile

    # What the catalogue returns, for readers and type checkers: at run time nothing here imports a task.
    from harness.task import Task
    from harness.tasks.catalogue import Catalogue
    from harness.tasks.index import TaskEntry
    from harness.tasks.library import TaskIndex, TaskSource
    from harness.tasks.schema import BenchmarkFile

CATALOGUE = "harness.tasks.catalogue:Catalogue"
"""The class that knows the tasks, as ``"module:attribute"``."""

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
    "publisher": "register_publishers",
    "analysis": "register_analyses",
    "command": "register_commands",
}

_COMES_WITH = {
    ("publisher", "site"): "site",
    ("analysis", "correlate"): "outcomes",
    ("command", "correlate"): "outcomes",
    ("command", "view"): "view",
}
"""The shipped plugin of each name that the harness itself, or its documents, ask for, so that an error can name it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered name."""

    kind: str
    name: str
    reference: str
    """```"module:attribute"```, imported on use."""
    plugin: str
    distribution: str
    version: str
    registered_description: str = ""
    """The sentence that the plugin gave; empty where what it registered describes itself."""
    facts: Any = field(default_factory=Facts)
    """What the plugin says about it without importing it, of the class that `facts.FACTS` has for the kind."""

    @property
    def description(self) -> str:
        """One line for lists: the one registered, else, for a metric, the one that its class gives of itself."""
        if self.registered_description or self.kind not in SELF_DESCRIBING:
            return self.registered_description
        return own_description(self.reference)

    def is_of(self, plugin: Plugin) -> bool:
        """Whether that plugin registered it; another distribution may call its plugin alike."""
        return (self.plugin, self.distribution) == (plugin.name, plugin.distribution)

    @property
    def qualified(self) -> str:
        """``distribution/name``, which no other distribution can claim."""
        return f"{self.distribution}/{self.name}"

    def load(self) -> Any:
        """Import what the reference names.

        Raises:
            PluginError: it cannot be imported, or is not what a name of this kind stands for.
        """
        thing: Any = import_attribute(self.reference)
        problem = wrong_kind(self.kind, thing)
        if not problem and self.kind == "capability" and thing.name != self.name:
            problem = f"must have the name it is registered under, and has {thing.name!r}"
        if problem:
            raise PluginError(f"the {self.kind} {self.qualified!r} ({self.reference}) {problem}")
        return thing


class Register:
    """What a hook is called with: collects the names of one plugin and one kind.

    What cannot be used is refused alone, so that a careless line takes nothing else along.
    """

    def __init__(self, kind: str, plugin: Plugin, registry: Registry) -> None:
        self._kind, self._plugin, self._registry = kind, plugin, registry

    def __call__(self, name: str, reference: str, *, description: str = "", **facts: Any) -> None:
        """Register ``name`` for the object that ```"module:attribute"``` names, without importing it."""
        plugin = self._plugin
        try:
            check_name(name, reference, description)
            said = facts_of(self._kind, facts)
            entry = Registration(
                self._kind, name, reference, plugin.name, plugin.distribution, plugin.version, description, said
            )
            self._registry._add(entry, plugin)
        except PluginError as error:
            plugin.refuse(_refusal(self._kind, name, plugin, str(error)))


def _refusal(kind: str, name: object, plugin: Plugin, reason: str) -> str:
    return f"{KINDS[kind]}: the {kind} {name!r} of the plugin {plugin.name!r} cannot be used: {reason}"


class Capabilities(Mapping[str, Any]):
    """The capabilities of a registry by name, each imported when it is first asked for.

    So one that cannot be imported, or that two plugins claim, troubles only who asks for it.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._registry.find("capability", name).load()
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._registry.names("capability"))

    def __len__(self) -> int:
        return len(self._registry.names("capability"))


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
        self._raw = [(path, load_registry_yaml(path)) for path in find_registry_files(extra)]
        self.plugins: Plugins = load_plugins(disabled=self._disabled(), strict=strict)
        self._entries: dict[str, dict[str, list[Registration]]] = {kind: {} for kind in KINDS}
        self._collect(kinds, strict=strict)

    @cached_property
    def files(self) -> list[RegistryFile]:
        """The registry files, validated on first use; the last wins.

        Raises:
            ConfigurationError: one breaks the schema.
        """
        return [read_registry_file(path) for path, _ in self._raw]

    def file_problems(self) -> list[str]:
        """A sentence for each entry of a registry file that names nothing there is, and so does nothing.

        Raises:
            ConfigurationError: a registry file breaks the schema.
        """
        folders = self.plain_task_folders()
        if folders is None:
            files = self.files_about("plugins", "sources", "task_folders")
            folders = [(file._path, folder) for file in files for folder in file.task_folders]
        else:
            files = ()
        plugins, libraries = [plugin.name for plugin in self.plugins.found], self.names("task source")
        said: list[str] = []
        for file in files:
            for key, given in (("enabled", file.plugins.enabled), ("disabled", file.plugins.disabled)):
                said += [
                    f"{file._path}: plugins.{key}: no plugin {name!r} is installed{did_you_mean(name, plugins)}"
                    for name in given
                    if name not in plugins
                ]
            said += [
                f"{file._path}: sources.{name}: no plugin that is loaded has a library of tasks of this name"
                f"{did_you_mean(name, libraries)}"
                for name in file.sources
                if name not in libraries and all(plugin.state == "loaded" for plugin in self.plugins.found)
            ]
        said += [
            f"{path}: task_folders: {folder}: there is no such folder"
            for path, folder in folders
            if not is_folder(path.parent / Path(folder).expanduser())
        ]
        return said

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
                plugin = self.plugins.of(implementation.plugin_name)
                try:
                    with slow_is_said(plugin, f"registering names ({hook})"):
                        implementation.function(Register(kind, plugin, self))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # SystemExit too: a plugin's hook must not end the harness
                    self.plugins.fail(plugin, error)
                    if strict:
                        raise PluginError(f"plugin {plugin.name!r} failed in {hook}: {plugin.problem}") from error
        for failed in self.plugins.failed:
            self._forget([entry for entry in self._all() if entry.is_of(failed)])
        self._check_references(kinds)
        for plugin in self.plugins.found if strict else ():
            if plugin.refused:
                raise PluginError(f"plugin {plugin.name!r} of {plugin.distribution}: {plugin.problem}")

    def _add(self, entry: Registration, plugin: Plugin) -> None:
        """Add an entry.

        Raises:
            PluginError: the plugin has registered that name before, or it is a capability of the core's.
        """
        present = self._entries[entry.kind].get(entry.name, [])
        if any(other.is_of(plugin) for other in present):
            raise PluginError("the plugin registers that name twice")
        if entry.kind == "capability" and plugin.name != CORE and any(_of_core(other) for other in present):
            # Nobody can write a qualified name of a capability, so a clash would stop every evaluation that asks for
            # it; and whoever took the name over would answer, and file, what the core's requests ask for.
            raise PluginError("a capability of the core has that name; choose another")
        self._entries[entry.kind][entry.name] = [*present, entry]

    def _all(self) -> Iterator[Registration]:
        for kind in KINDS:
            yield from self.entries(kind)

    def _forget(self, gone: Collection[Registration]) -> None:
        for entry in gone:
            names = self._entries[entry.kind]
            names[entry.name] = [other for other in names[entry.name] if other is not entry]
            if not names[entry.name]:
                del names[entry.name]

    def _check_references(self, kinds: Collection[str]) -> None:
        """Refuse entries that speak of capabilities or models which no plugin registered.

        It comes last, when it is known whose plugins failed.
        """
        for kind in kinds:
            for entry in list(self.entries(kind)):
                problem = self._dangling(entry, kinds)
                if problem:
                    plugin = next(plugin for plugin in self.plugins.found if entry.is_of(plugin))
                    plugin.refuse(_refusal(kind, entry.name, plugin, problem))
                    self._forget([entry])

    def _dangling(self, entry: Registration, kinds: Collection[str]) -> str:
        """What an entry speaks of and nobody registered; empty where there is nothing."""
        for kind, keys in (("capability", entry.facts.capabilities), ("model", entry.facts.models)):
            for key in keys if kind in kinds else ():
                known = self.names(kind)
                value = getattr(entry.facts, key)
                for name in (value,) if isinstance(value, str) else value:
                    if name not in known and name not in (other.qualified for other in self.entries(kind)):
                        return f"{key}= names the {kind} {name!r}, which no plugin registers{did_you_mean(name, known)}"
        return ""

    def entries(self, kind: str) -> Iterator[Registration]:
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

    def find(self, kind: str, name: str) -> Registration:
        """The entry of a name, plain or qualified with its distribution.

        Raises:
            UnknownName: no plugin registered it; suggests the nearest names and says which plugins failed.
            NameClash: several plugins claim it.
        """
        entries = self._entries[kind].get(name, [])
        if not entries:
            entries = [entry for entry in self.entries(kind) if entry.qualified == name]
        if not entries:
            raise UnknownName(kind, name, self.names(kind), hint=self.hint(kind, name))
        if len(entries) > 1:
            raise NameClash(_clash(kind, name, entries))
        return entries[0]

    def hint(self, kind: str, name: str) -> str:
        """Say which plugins could not be asked for a name, failed ones first, for those can be mended; else nothing."""
        home = _COMES_WITH.get((kind, name), "")
        states = [plugin.state for plugin in self.plugins.named(home) if plugin.distribution == DISTRIBUTION]
        if home and not states:  # what is installed may be from before the plugin was one
            return f"it comes with the plugin {home!r}, which is not installed; install {DISTRIBUTION} again"
        if "disabled" in states:
            return f"it comes with the plugin {home!r}, which HARNESS_PLUGINS or registry.yaml leaves out"
        hints = []
        troubled = ", ".join(plugin.name for plugin in self.plugins.troubled)
        if troubled:
            hints.append(f"these plugins failed to load and may have held it: {troubled} (see: harness plugins)")
        left_out = ", ".join(plugin.name for plugin in self.plugins.disabled)
        if left_out:
            hints.append(f"these are left out by HARNESS_PLUGINS or registry.yaml: {left_out}")
        return "; ".join(hints)

    # tasks and benchmarks, which are YAML

    @cached_property
    def _catalogue(self) -> Catalogue:
        """What knows the tasks: it builds on names, so it is looked up as everything that a name stands for is."""
        kind: Any = import_attribute(CATALOGUE)
        catalogue: Catalogue = kind(self)
        return catalogue

    def tasks(self) -> TaskIndex[TaskEntry]:
        """All tasks: those of files, read on first use, and those of sources."""
        return self._catalogue.tasks()

    def benchmarks(self) -> TaskIndex[BenchmarkFile]:
        """All benchmarks: those of files, validated on first use, and the groups of sources.

        Those that break the schema are task problems.
        """
        return self._catalogue.benchmarks()

    def task(self, name: str) -> Task:
        """Build the task of that name; errors as `harness.tasks.build.build_task`."""
        return self._catalogue.task(name)

    @property
    def task_problems(self) -> list[str]:
        """What is wrong with task and benchmark files, as far as they have been read."""
        return self._catalogue.problems

    def unknown(self, name: str, kind: str = "task or benchmark", known: Collection[str] | None = None) -> HarnessError:
        """The error for the name of a task or benchmark that there is not: its file may be there and be unreadable.

        Args:
            name: The name as given.
            kind: What was looked for.
            known: The names to suggest; default: all tasks and benchmarks.
        """
        return self._catalogue.unknown(name, kind, known)

    def source_of(self, name: str) -> tuple[TaskSource, str] | None:
        """The library that a name ``SOURCE:NAME`` speaks of, and the rest of the name; None where it speaks of none.

        Raises:
            UsageError: the library's settings in registry.yaml are not what it takes.
        """
        return self._catalogue.source_of(name)

    def is_pattern(self, target: str) -> bool:
        """Whether a target is a glob; brackets in the options of a source's task are none."""
        return self._catalogue.is_pattern(target)

    def matching(self, pattern: str) -> list[str]:
        """Names of the tasks that a glob matches."""
        return self._catalogue.matching(pattern)

    def known_names(self, name: str = "") -> list[str]:
        """All tasks and benchmarks, for suggestions; those of a source where the name speaks of one."""
        return self._catalogue.known_names(name)

    def plain_task_folders(self) -> list[tuple[Path, str]] | None:
        """Registry files and the task folders that they name, read without loading the schema.

        None where the files have to be validated: they have other keys than those and models, or something else than
        a list of names.
        """
        found: list[tuple[Path, str]] = []
        for path, raw in self._raw:
            names = raw.get("task_folders", [])
            if not raw.keys() <= {"task_folders", "models"} or not isinstance(names, list):
                return None
            if not all(isinstance(name, str) for name in names):
                return None
            found += [(path, name) for name in names]
        return found

    def named_models(self) -> dict[str, Any]:
        """Models that registry files declare, by name; later files win."""
        models: dict[str, Any] = {}
        for file in self.files:
            models.update(file.models)
        return models


def _of_core(entry: Registration) -> bool:
    return (entry.plugin, entry.distribution) == (CORE, DISTRIBUTION)


def _clash(kind: str, name: str, entries: list[Registration]) -> str:
    claimants = " and ".join(f"{entry.distribution} {entry.version} (plugin {entry.plugin})" for entry in entries)
    options = " or ".join(repr(entry.qualified) for entry in entries)
    return f"the {kind} name {name!r} is claimed by {claimants}; write {options}"
