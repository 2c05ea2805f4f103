"""Names to lazy references: what plugins registered, and what registry.yaml adds."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, PluginError, did_you_mean
from harness.names.name_table import NameTable
from harness.names.plugins import Plugins, import_attribute, load_plugins, slow_is_said
from harness.names.registration import KINDS, Registrar, Registration, refusal
from harness.names.registry_files import RegistryFiles

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
        self._files = RegistryFiles(extra)
        self.plugins: Plugins = load_plugins(disabled=self._files.disabled_plugins(), strict=strict)
        self._names = NameTable(self.plugins)
        self._collect(kinds, strict=strict)

    # registry files

    @property
    def files(self) -> list[RegistryFile]:
        """The registry files, validated on first use; the last wins.

        Raises:
            ConfigurationError: a file breaks the schema.
        """
        return self._files.validated

    def files_about(self, *keys: str) -> Sequence[RegistryFile]:
        """Return the registry files as `RegistryFiles.about` does."""
        return self._files.about(*keys)

    def plain_task_folders(self) -> list[tuple[Path, str]] | None:
        """List task folders as `RegistryFiles.plain_task_folders` does."""
        return self._files.plain_task_folders()

    def named_models(self) -> dict[str, Any]:
        """Return the models that registry files declare, by name; later files win."""
        return self._files.named_models()

    def file_problems(self) -> list[str]:
        """Write a sentence for each entry of a registry file that names nothing there is, and so does nothing.

        Raises:
            ConfigurationError: a registry file breaks the schema.
        """
        return self._files.problems(self.plugins, self.names("task source"))

    # names

    def entries(self, kind: str) -> Iterator[Registration]:
        """Yield the registrations of a kind, sorted by name."""
        return self._names.entries(kind)

    def names(self, kind: str) -> list[str]:
        """List the names of a kind, sorted."""
        return self._names.names(kind)

    def clashes(self) -> list[str]:
        """Write a sentence for each name that several distributions claim."""
        return self._names.clashes()

    def find(self, kind: str, name: str) -> Registration:
        """Find what is registered under a name, plain or qualified with its distribution.

        Raises:
            UnknownName: no plugin registered it; suggests the nearest names and says which plugins failed.
            NameClash: several plugins claim the name.
        """
        return self._names.find(kind, name)

    def hint(self, kind: str, name: str) -> str:
        """Say which plugins may have held a name that nobody registered; empty where there is none."""
        return self._names.hint(kind, name)

    def _collect(self, kinds: Collection[str], *, strict: bool) -> None:
        """Ask the plugins for their names; take nothing of one that failed.

        Raises:
            PluginError: a plugin failed, or a name was refused, and ``strict`` is set.
        """
        for kind, hook in ((kind, KINDS[kind]) for kind in kinds):
            caller = getattr(self.plugins.manager.hook, hook)
            for implementation in list(caller.get_hookimpls()):
                plugin = self.plugins.of(implementation.plugin_name)
                try:
                    with slow_is_said(plugin, f"registering names ({hook})"):
                        implementation.function(Registrar(kind, plugin, self._names.add))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # SystemExit too: a plugin's hook must not end the harness
                    self.plugins.fail(plugin, error)
                    if strict:
                        raise PluginError(f"plugin {plugin.name!r} failed in {hook}: {plugin.problem}") from error
        for failed in self.plugins.failed:
            self._names.forget([entry for entry in self._names.all() if entry.is_of(failed)])
        self._check_references(kinds)
        for plugin in self.plugins.found if strict else ():
            if plugin.refused:
                raise PluginError(f"plugin {plugin.name!r} of {plugin.distribution}: {plugin.problem}")

    def _check_references(self, kinds: Collection[str]) -> None:
        """Refuse entries that speak of capabilities or models which no plugin registered.

        It comes last, when it is known whose plugins failed.
        """
        for kind in kinds:
            for entry in list(self.entries(kind)):
                problem = self._dangling(entry, kinds)
                if problem:
                    plugin = next(plugin for plugin in self.plugins.found if entry.is_of(plugin))
                    plugin.refuse(refusal(kind, entry.name, plugin, problem))
                    self._names.forget([entry])

    def _dangling(self, entry: Registration, kinds: Collection[str]) -> str:
        """Say which capability or model an entry speaks of that nobody registered; empty where there is none."""
        for kind, keys in (("capability", entry.facts.capabilities), ("model", entry.facts.models)):
            for key in keys if kind in kinds else ():
                known = self.names(kind)
                value = getattr(entry.facts, key)
                for name in (value,) if isinstance(value, str) else value:
                    if name not in known and name not in (other.qualified for other in self.entries(kind)):
                        return f"{key}= names the {kind} {name!r}, which no plugin registers{did_you_mean(name, known)}"
        return ""

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

    def with_benchmarks(self, more: Mapping[str, BenchmarkFile]) -> Registry:
        """Return a registry that knows further benchmarks, by name; this one stays as it is."""
        other = copy.copy(self)
        other.__dict__["_catalogue"] = self._catalogue.with_benchmarks(other, more)
        return other

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


class Capabilities(Mapping[str, Any]):
    """The capabilities of a registry by name, each imported when it is first asked for.

    So a capability that cannot be imported, or that two plugins claim, troubles only who asks for it.
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


__all__ = ["CATALOGUE", "KINDS", "Capabilities", "Registration", "Registry"]
