"""lm-eval's groups: their members with what the group says otherwise of them, and how their figures are averaged."""

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
"""Members from which a leaderboard shows the group's own figures alone."""


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One task of a group."""

    task: str
    """Its name in lm-eval."""
    path: Path | None
    """Its file; None where the group holds the definition itself."""
    overrides: Mapping[str, Any]
    """What the group says otherwise of it, or all of its definition."""


@dataclass(slots=True)
class Group:
    """A group and what is in it."""

    name: str
    path: Path
    averages: list[Any] = field(default_factory=list)
    """lm-eval's ``AggMetricConfig``."""
    children: list[Group | GroupMember] = field(default_factory=list)

    def members(self) -> dict[str, GroupMember]:
        """All tasks below it, in order, each once."""
        found: dict[str, GroupMember] = {}
        for child in self.children:
            inner = child.members() if isinstance(child, Group) else {child.task: child}
            for name, member in inner.items():
                found.setdefault(name, member)
        return found

    def groups(self) -> Iterator[Group]:
        """Itself, then all groups below it."""
        yield self
        for child in self.children:
            if isinstance(child, Group):
                yield from child.groups()


def read_group(index: Mapping[str, ListedName], name: str, *, resolve: bool = False) -> Group:
    """The group of that name with everything below it.

    Args:
        index: All names.
        name: That of a group.
        resolve: Import the functions that overrides name.

    Raises:
        ConfigurationError: a file is not of lm-eval's form, or a member is not known.
    """
    return _Reader(index, resolve).group(name, read_definition(Path(index[name].path), resolve=resolve), {}, ())


class _Reader:
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
        own = {key: value for key, value in definition.items() if key not in _GROUP_KEYS}
        made = Group(name, path, list(read.aggregate_metric_list or ()))
        for entry in read.task or ():
            made.children += self._child(made, entry, {**own, **overrides}, (*above, name))
        return made

    def _child(
        self, parent: Group, entry: Any, overrides: Mapping[str, Any], above: tuple[str, ...]
    ) -> list[Group | GroupMember]:
        if isinstance(entry, str):
            entry = {"task": entry}
        if not isinstance(entry, Mapping) or not {"task", "group"} & entry.keys():
            raise ConfigurationError(
                f"{parent.path}: task: expected names, or mappings with 'task' or 'group', got {entry!r}"
            )
        own = {**overrides, **{key: value for key, value in entry.items() if key not in _NAMING}}
        if "group" in entry:
            name = entry["group"]
            if name in self._index:
                return [self._named(name, own, above)]
            return [self.group(f"{parent.name}::{name}", entry, overrides, above)]
        name = entry["task"]
        if name not in self._index:
            if not own.keys() - overrides.keys():
                raise ConfigurationError(
                    f"{parent.path}: task: {name!r} is no task, group or tag{did_you_mean(str(name), self._index)}"
                )
            return [GroupMember(f"{parent.name}::{name}", None, own)]
        if self._index[name].kind == "tag":
            return [GroupMember(task, Path(self._index[task].path), own) for task in self._index[name].members]
        if self._index[name].kind == "group":
            return [self._named(name, own, above)]
        return [GroupMember(name, Path(self._index[name].path), own)]

    def _named(self, name: str, overrides: Mapping[str, Any], above: tuple[str, ...]) -> Group:
        definition = read_definition(Path(self._index[name].path), resolve=self._resolve)
        return self.group(name, definition, overrides, above)


def benchmark_of(group: Group, name: str, task_name: Callable[[GroupMember], str]) -> BenchmarkFile:
    """A group as a benchmark: its tasks, and the averages that it and the groups below it define.

    Args:
        group: The group.
        name: Of the benchmark.
        task_name: The name of a member's task in harness.
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
    """(metric, filter) of a member; none where only its Python knows them."""
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
    made = []
    inside = group.members()
    wanted = []
    for average in group.averages:
        found = {f for task in inside for m, f in figures[task] if m == average.metric}
        wanted += [(average, f) for f in (sorted(found) if average.filter_list is None else average.filter_list)]
    for average, filtered in wanted:
        holders = [names[task] for task in inside if (average.metric, filtered) in figures[task]]
        key = average.metric if filtered == "none" else f"{average.metric},{filtered}"
        if holders:
            made.append(
                AggregateFile(
                    name=f"{group.name} {key}",
                    how="lm-eval-by-size" if average.weight_by_size else "mean",
                    of=[f"{holder}:{key}" for holder in holders],
                )
            )
    return made
