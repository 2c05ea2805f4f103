"""lm-eval's groups: their members with the group's overrides, and the averages of their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import ConfigurationError
from harness.errors import did_you_mean
from harness.tasks import AggregateFile, BenchmarkFile

from .definitions import figures_of, read_definition
from .index import ListedName

_GROUP_KEYS = ("group", "group_alias", "task", "aggregate_metric_list", "metadata", "tag", "include")
_NAMING = ("task", "task_alias", "group", "group_alias", "alias")
MANY = 8
"""Most members of a group whose figures a leaderboard shows beside the group's own."""


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One task of a group, with the group's overrides."""

    task: str
    """The task's name in lm-eval."""
    path: Path | None
    """The task's file; None if the group holds the definition itself."""
    overrides: Mapping[str, Any]
    """The keys that the group changes, or the whole definition."""


@dataclass(slots=True)
class Group:
    """A group of lm-eval, with its averages and everything below it."""

    name: str
    path: Path
    averages: list[Any] = field(default_factory=list)
    """The averages as lm-eval's ``AggMetricConfig``."""
    children: list[Group | GroupMember] = field(default_factory=list)

    def members(self) -> dict[str, GroupMember]:
        """List all tasks below the group, in order, each once."""
        members: dict[str, GroupMember] = {}
        for child in self.children:
            inner = child.members() if isinstance(child, Group) else {child.task: child}
            for name, member in inner.items():
                members.setdefault(name, member)
        return members

    def groups(self) -> Iterator[Group]:
        """Yield the group itself, then all groups below it."""
        yield self
        for child in self.children:
            if isinstance(child, Group):
                yield from child.groups()


def read_group(index: Mapping[str, ListedName], name: str, *, resolve: bool = False) -> Group:
    """Read a group with everything below it.

    Args:
        index: All names of lm-eval's tasks, groups and tags.
        name: The name of a group.
        resolve: Import the functions that overrides name.

    Raises:
        ConfigurationError: a file is not of lm-eval's form, or a member is not known.
    """
    return _GroupReader(index, resolve).group(name, read_definition(Path(index[name].path), resolve=resolve), {}, ())


class _GroupReader:
    def __init__(self, index: Mapping[str, ListedName], resolve: bool) -> None:
        self._index, self._resolve = index, resolve

    def group(
        self, name: str, definition: Mapping[str, Any], overrides: Mapping[str, Any], above: tuple[str, ...]
    ) -> Group:
        from lm_eval.config.group import GroupConfig

        listed = self._index.get(name)
        path = Path(listed.path) if listed else Path()
        if name in above:
            raise ConfigurationError(f"{path}: groups that hold each other: {' -> '.join([*above, name])}")
        try:
            read = GroupConfig(
                group=name, task=definition.get("task"), aggregate_metric_list=definition.get("aggregate_metric_list")
            )
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"{path}: aggregate_metric_list: {error}") from None
        shared = {key: value for key, value in definition.items() if key not in _GROUP_KEYS}
        group = Group(name, path, list(read.aggregate_metric_list or ()))
        for entry in read.task or ():
            group.children += self._child(group, entry, {**shared, **overrides}, (*above, name))
        return group

    def _child(
        self, parent: Group, entry: Any, overrides: Mapping[str, Any], above: tuple[str, ...]
    ) -> list[Group | GroupMember]:
        if isinstance(entry, str):
            entry = {"task": entry}
        if not isinstance(entry, Mapping) or not {"task", "group"} & entry.keys():
            raise ConfigurationError(
                f"{parent.path}: task: expected names, or mappings with 'task' or 'group', got {entry!r}"
            )
        merged = {**overrides, **{key: value for key, value in entry.items() if key not in _NAMING}}
        if "group" in entry:
            name = entry["group"]
            if name in self._index:
                return [self._named(name, merged, above)]
            return [self.group(f"{parent.name}::{name}", entry, overrides, above)]
        name = entry["task"]
        if name not in self._index:
            if not merged.keys() - overrides.keys():
                raise ConfigurationError(
                    f"{parent.path}: task: {name!r} is no task, group or tag{did_you_mean(str(name), self._index)}"
                )
            return [GroupMember(f"{parent.name}::{name}", None, merged)]
        if self._index[name].kind == "tag":
            return [GroupMember(task, Path(self._index[task].path), merged) for task in self._index[name].members]
        if self._index[name].kind == "group":
            return [self._named(name, merged, above)]
        return [GroupMember(name, Path(self._index[name].path), merged)]

    def _named(self, name: str, overrides: Mapping[str, Any], above: tuple[str, ...]) -> Group:
        definition = read_definition(Path(self._index[name].path), resolve=self._resolve)
        return self.group(name, definition, overrides, above)


def benchmark_of(group: Group, name: str, task_name: Callable[[GroupMember], str]) -> BenchmarkFile:
    """Turn a group into a benchmark: its tasks, and the averages of the group and the groups below it.

    Args:
        group: The group.
        name: The name of the benchmark.
        task_name: Returns the name of a member's task in harness.
    """
    members = group.members()
    names = {task: task_name(member) for task, member in members.items()}
    figures = {task: _figures(member) for task, member in members.items()}
    aggregates = [a for inner in group.groups() for a in _averages(inner, names, figures)]
    unique = list({aggregate.name: aggregate for aggregate in aggregates}.values())
    hidden = bool(unique) and len(members) > MANY
    benchmark = BenchmarkFile(
        description=f"lm-eval's group {group.name}: {len(members)} tasks",
        tasks=list(names.values()),
        metrics={task: [] for task in names.values()} if hidden else {},
        aggregates=unique,
    )
    benchmark._name, benchmark._path = name, group.path
    return benchmark


def _figures(member: GroupMember) -> list[tuple[str, str]]:
    """List the (metric, filter) pairs of a member; none if only the member's Python knows them."""
    definition = read_definition(member.path, member.overrides, resolve=False) if member.path else member.overrides
    if "class" in definition:
        return []
    filters = [str(f["name"]) for f in definition.get("filter_list") or ()] or ["none"]
    listed = definition.get("metric_list")
    if listed is None:
        metrics = list(dict.fromkeys(figure.metric for figure in figures_of(definition, str(member.path))))
    else:
        metrics = [str(entry.get("metric")).rpartition(".")[2] for entry in listed]
    return [(metric, filtered) for filtered in filters for metric in metrics]


def _averages(
    group: Group, names: Mapping[str, str], figures: Mapping[str, Sequence[tuple[str, str]]]
) -> list[AggregateFile]:
    aggregates = []
    inside = group.members()
    averages = []
    for average in group.averages:
        filters = {f for task in inside for m, f in figures[task] if m == average.metric}
        averages += [(average, f) for f in (sorted(filters) if average.filter_list is None else average.filter_list)]
    for average, filtered in averages:
        holders = [names[task] for task in inside if (average.metric, filtered) in figures[task]]
        key = average.metric if filtered == "none" else f"{average.metric},{filtered}"
        if holders:
            aggregates.append(
                AggregateFile(
                    name=f"{group.name} {key}",
                    how="lm-eval-by-size" if average.weight_by_size else "mean",
                    of=[f"{holder}:{key}" for holder in holders],
                )
            )
    return aggregates
