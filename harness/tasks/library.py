"""Tasks that are found elsewhere than in harness's own task files, and are named ``SOURCE:NAME``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.task import Task
    from harness.tasks.schema import BenchmarkFile

T = TypeVar("T")


class SourcedTask(NamedTuple):
    """A task of a source as it is listed."""

    description: str
    kind: str
    path: Path | None = None
    """The file that defines it, where it has one."""


class TaskSource:
    """Base class: a library of tasks, such as that of another harness.

    A name it is asked for is what follows ``SOURCE:``: the name of a task or of a group of tasks, then perhaps options
    (``NAME:key=value,...``), whose meaning is the source's own. Looking a name up must be cheap: listing and planning
    do it often. Settings come from ``sources: {SOURCE: {...}}`` in registry.yaml as keyword arguments.
    """

    name: str = ""
    """As registered; set by the registry."""
    registry: Registry
    """Everything there is, for a library made of other tasks; set by the registry after the constructor."""
    places: ClassVar[frozenset[str]] = frozenset()
    """Settings that are paths, or lists of paths, relative to the registry file that names them."""

    def summary(self) -> str:
        """One line for lists: what it holds. Takes no time worth speaking of."""
        return ""

    def names(self) -> Mapping[str, SourcedTask]:
        """Every task and group it can list."""
        return {}

    def task_names(self) -> list[str]:
        """Those of `names` that are single tasks, which globs match."""
        return [name for name, listed in self.names().items() if listed.kind != "group"]

    def find(self, name: str) -> SourcedTask | None:
        """What a name with its options stands for; None where there is no such task or group.

        Raises:
            harness.errors.UsageError: an option is unknown or not of its type.
        """
        return self.names().get(name)

    def task(self, name: str) -> Task:
        """The task of that name; no data is read unless there is no other way to know what it asks for.

        Raises:
            harness.errors.HarnessError: it cannot be built; says why.
        """
        raise NotImplementedError

    def benchmark(self, name: str) -> BenchmarkFile:
        """The group of that name as a benchmark."""
        raise NotImplementedError

    def digest(self, name: str) -> str:
        """Hash of the task's definition, as `harness.task.Definition.digest`."""
        return self.task(name).definition.digest


class TaskIndex(Generic[T]):
    """Everything that can be asked for by name: what files define, and what task sources hold.

    It is no mapping. A source holds more names than anybody can list (every task of another harness, in every
    disguise), so whoever iterated over this, or took its keys for a set, would lose those without a word. `find` and
    `exists` know every name; `files` is what can be listed.

    Args:
        files: What files define, by name.
        of_source: What a name ``SOURCE:NAME`` stands for; None where the source has no such name.
    """

    def __init__(self, files: Mapping[str, T], of_source: Callable[[str], T | None]) -> None:
        self._files, self._of_source = MappingProxyType(dict(files)), of_source

    def find(self, name: str) -> T | None:
        """Return what a name stands for; None where there is nothing of that name.

        Raises:
            harness.errors.UsageError: the name speaks of a source, and has an option which that does not take.
        """
        if name in self._files:
            return self._files[name]
        return self._of_source(name) if ":" in name else None

    def exists(self, name: str) -> bool:
        """Whether a name stands for anything; errors as `find`."""
        return self.find(name) is not None

    def files(self) -> Mapping[str, T]:
        """What files define, by name: what lists and suggestions show, and globs without a source match."""
        return self._files


def build_source(registry: Registry, name: str) -> TaskSource:
    """The library of tasks of that name, with its settings from the registry files; the last wins.

    Raises:
        UsageError: a setting that it does not take.
    """
    from harness.names.arguments import check_arguments
    from harness.names.plugins import plugin_code

    kind: type[TaskSource] = registry.find("task source", name).load()
    settings: dict[str, Any] = {}
    for file in registry.files_about("sources"):
        given = dict(file.sources.get(name, {}))
        for key in kind.places & given.keys():
            places = given[key] if isinstance(given[key], list) else [given[key]]
            given[key] = [str(file.folder / Path(str(place)).expanduser()) for place in places]
        settings |= given
    with plugin_code(f"the task source {name!r}"):
        source = kind(**check_arguments(f"task source {name!r}", kind, settings))
    source.name, source.registry = name, registry
    return source
