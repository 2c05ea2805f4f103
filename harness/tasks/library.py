"""Libraries of tasks that live elsewhere than in harness's own task files; their tasks are named ``SOURCE:NAME``."""

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
    """A task or group of a source, as lists show it."""

    description: str
    kind: str
    path: Path | None = None
    """The file that defines the task, if there is one."""


class TaskSource:
    """Base class of a library of tasks, such as the tasks of another harness.

    The methods get the part of a name after ``SOURCE:``: the name of a task or of a group of tasks, then perhaps
    options (``NAME:key=value,...``), whose meaning is the source's own. Looking a name up must be cheap: listing and
    planning do it often. Settings come from ``sources: {SOURCE: {...}}`` in registry.yaml as keyword arguments.
    """

    name: str = ""
    """The registered name; the registry sets it."""
    registry: Registry
    """The registry, for a library made of other tasks; the registry sets it after the constructor."""
    places: ClassVar[frozenset[str]] = frozenset()
    """Settings that are paths, or lists of paths, relative to the registry file that names them."""

    def summary(self) -> str:
        """Describe the library's content in one line, for lists; this must take next to no time."""
        return ""

    def names(self) -> Mapping[str, SourcedTask]:
        """Return every task and group that the library can list."""
        return {}

    def task_names(self) -> list[str]:
        """List the `names` that are single tasks, which globs match."""
        return [name for name, listed in self.names().items() if listed.kind != "group"]

    def find(self, name: str) -> SourcedTask | None:
        """Return the task or group that a name with its options stands for; None if there is none.

        Raises:
            harness.errors.UsageError: an option is unknown or not of its type.
        """
        return self.names().get(name)

    def task(self, name: str) -> Task:
        """Build the task of a name; data is read only if nothing else tells which capabilities the task asks for.

        Raises:
            harness.errors.HarnessError: the task cannot be built; the message says why.
        """
        raise NotImplementedError

    def benchmark(self, name: str) -> BenchmarkFile:
        """Return the group of a name as a benchmark."""
        raise NotImplementedError

    def digest(self, name: str) -> str:
        """Return the hash of the task's definition, as `harness.task.Definition.digest`."""
        return self.task(name).definition.digest


class TaskIndex(Generic[T]):
    """Finds tasks or benchmarks by name, in files and in task sources.

    An index is no mapping. A source holds more names than anybody can list (every task of another harness, in every
    disguise), so iterating over an index, or making a set of its keys, would lose these names without a word. `find`
    and `exists` know every name; `files` holds the names that can be listed.

    Args:
        files: The tasks or benchmarks of files, by name.
        of_source: Looks up a name ``SOURCE:NAME``; None if the source has no such name.
    """

    def __init__(self, files: Mapping[str, T], of_source: Callable[[str], T | None]) -> None:
        self._files, self._of_source = MappingProxyType(dict(files)), of_source

    def find(self, name: str) -> T | None:
        """Return the task or benchmark of a name; None for an unknown name.

        Raises:
            harness.errors.UsageError: the name names a source, and has an option that this source does not take.
        """
        if name in self._files:
            return self._files[name]
        return self._of_source(name) if ":" in name else None

    def exists(self, name: str) -> bool:
        """Tell whether a name stands for anything; errors as `find`."""
        return self.find(name) is not None

    def files(self) -> Mapping[str, T]:
        """Return the tasks or benchmarks of files, by name, which lists and suggestions show and plain globs match."""
        return self._files


def build_source(registry: Registry, name: str) -> TaskSource:
    """Build a library of tasks, with its settings from the registry files; the last file wins.

    Raises:
        UsageError: the library does not take one of the settings.
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
