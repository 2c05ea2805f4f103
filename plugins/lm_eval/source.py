"""The library of lm-eval's tasks: ``lm_eval:NAME``, its groups, and the user's own YAML files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness import ConfigurationError, SourcedTask, TaskSource, UsageError
from harness.errors import UnknownName

from .index import ListedName, installed, read_index, remembered_count
from .options import parse_options, split_name

if TYPE_CHECKING:
    from harness.tasks import BenchmarkFile

    from .groups import GroupMember
    from .task import LmEvalTask


class LmEvalTasks(TaskSource):
    """Provides every task, group and tag of lm-eval.

    Args:
        include: Folders of further YAML files in lm-eval's form, whose names win over lm-eval's own.
    """

    places = frozenset({"include"})

    def __init__(self, include: list[str] | str = ()) -> None:  # type: ignore[assignment]
        self._include = [Path(place) for place in ([include] if isinstance(include, str) else include)]

    @cached_property
    def _index(self) -> dict[str, ListedName]:
        return read_index(self._include)

    def summary(self) -> str:
        """Say how many tasks there are, if that is known without reading them."""
        try:
            count, release = remembered_count(), installed()[1]
        except UsageError as error:
            return str(error)
        return f"{f'{count:,} ' if count else ''}tasks of lm-eval {release}"

    def names(self) -> Mapping[str, SourcedTask]:
        """List all names; tags are groups without averages."""
        return {name: _sourced(entry) for name, entry in self._index.items()}

    def find(self, name: str) -> SourcedTask | None:
        """Find a task, group, tag, member of a group (``GROUP/TASK``) or YAML file, with its options.

        Raises:
            UsageError: an option is wrong, or the file does not exist.
        """
        plain, listed = split_name(name)
        parse_options(listed)
        if _is_path(plain):
            path = Path(plain).expanduser()
            if not path.is_file():
                raise UsageError(f"lm_eval:{plain}: no such file")
            return SourcedTask("a task in lm-eval's form", "lm_eval", path.resolve())
        if plain in self._index:
            return _sourced(self._index[plain])
        member = self._member(plain)
        return None if member is None else SourcedTask(f"of {plain.partition('/')[0]}", "lm_eval", member.path)

    def task(self, name: str) -> LmEvalTask:
        """Build the task, from its YAML alone unless it is defined in Python.

        Raises:
            ConfigurationError: the file is a group, or names no task.
        """
        from harness import Definition

        from .definitions import as_task, read_definition
        from .task import LmEvalTask

        plain, listed = split_name(name)
        options = parse_options(listed)
        path, overrides, own_name = self._located(plain, resolve=True)
        read = read_definition(path, overrides) if path is not None else dict(overrides)
        if "group" in read and "class" not in read:
            raise ConfigurationError(
                f"{path}: a group; put its folder under 'include' (registry.yaml, sources: lm_eval)"
            )
        if not read.get("task") and "class" not in read and path is not None and _is_path(plain):
            raise ConfigurationError(f"{path}: the key 'task' is missing: a task of lm-eval has a name")
        own_name = str(read.get("task")) if _is_path(plain) else own_name
        metadata = read.get("metadata")
        definition = Definition(
            name=f"lm_eval:{name}",
            version=str(metadata.get("version", "1")) if isinstance(metadata, Mapping) else "1",
            description=f"lm-eval's {own_name}: {self._index[plain].description}" if plain in self._index else own_name,
            licence="that of the data set; see its page",
            digest=self.digest(name),
        )
        config = as_task(read, own_name, options)
        return LmEvalTask(f"lm_eval:{name}", config, options, definition, where=str(path or plain))

    def digest(self, name: str) -> str:
        """Hash the definition and the options."""
        from .definitions import definition_digest

        plain, listed = split_name(name)
        path, overrides, _ = self._located(plain, resolve=False)
        return definition_digest(path, overrides, parse_options(listed))

    def benchmark(self, name: str) -> BenchmarkFile:
        """Return a group with its averages, or a tag; the options hold for every task."""
        from harness.tasks import BenchmarkFile

        from .groups import benchmark_of, read_group

        plain, listed = split_name(name)
        options = f":{listed}" if listed else ""
        entry = self._index[plain]
        if entry.kind == "tag":
            tagged = BenchmarkFile(
                description=f"tasks that lm-eval tags {plain!r}",
                tasks=[f"lm_eval:{task}{options}" for task in entry.members],
            )
            tagged._name, tagged._path = f"lm_eval:{name}", Path(plain)
            return tagged

        def task_name(member: GroupMember) -> str:
            differs = member.path is None or member.overrides
            return f"lm_eval:{plain}/{member.task}{options}" if differs else f"lm_eval:{member.task}{options}"

        return benchmark_of(read_group(self._index, plain), f"lm_eval:{name}", task_name)

    def _member(self, plain: str, *, resolve: bool = False) -> GroupMember | None:
        from .groups import read_group

        group, slash, task = plain.partition("/")
        entry = self._index.get(group)
        if not slash or entry is None or entry.kind != "group":
            return None
        return read_group(self._index, group, resolve=resolve).members().get(task)

    def _located(self, plain: str, *, resolve: bool) -> tuple[Path | None, Mapping[str, object], str]:
        """Find a task's file, its group's overrides, and its name in lm-eval."""
        if _is_path(plain):
            return Path(plain).expanduser().resolve(), {}, plain
        if plain in self._index and self._index[plain].path:
            return Path(self._index[plain].path), {}, plain
        member = self._member(plain, resolve=resolve)
        if member is None:
            raise UnknownName("task of lm-eval", plain, self._index)
        return member.path, member.overrides, member.task


def _sourced(entry: ListedName) -> SourcedTask:
    kind = "lm_eval" if entry.kind == "task" else "group"
    return SourcedTask(entry.description, kind, Path(entry.path) if entry.path else None)


def _is_path(plain: str) -> bool:
    return plain.endswith((".yaml", ".yml"))
