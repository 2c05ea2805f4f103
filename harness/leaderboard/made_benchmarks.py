"""Benchmarks that are made when a task, or a glob of tasks, stands where a benchmark is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.names.registry import Registry
from harness.tasks.build import build_task
from harness.tasks.build_metric import metric_of

if TYPE_CHECKING:
    from harness.tasks.schema import AggregateFile, BenchmarkFile


class _Headline(NamedTuple):
    """The headline metric of a task."""

    metric: str
    unit: str
    higher_is_better: bool


def tasks_meant(registry: Registry, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the tasks that each name stands for: a benchmark, a task, or a glob of tasks.

    Raises:
        UnknownName: there is no such benchmark or task, or no task matches the glob.
    """
    meant: dict[str, list[str]] = {}
    for name in names:
        benchmark = registry.benchmarks().find(name)
        if benchmark is not None:
            meant[name] = list(benchmark.tasks)
        elif registry.is_pattern(name):
            meant[name] = _matching(registry, name)
        elif registry.tasks().exists(name):
            meant[name] = [name]
        else:
            raise registry.unknown(name, "benchmark or task")
    return meant


def with_made_benchmarks(
    registry: Registry, meant: Mapping[str, Sequence[str]], with_results: Collection[str]
) -> Registry:
    """Return a registry that also knows the benchmarks which tasks and globs of tasks make; the given one stays.

    Args:
        registry: The registry.
        meant: The tasks that each name stands for, as `tasks_meant` says.
        with_results: Names of the tasks of which there are results: of a glob, only these make the benchmark, since no
            model would have a rank where nobody was evaluated on all that match.

    Raises:
        HarnessError: a task cannot be built, so that its headline is not known.
    """
    made: dict[str, BenchmarkFile] = {}
    for name, tasks in meant.items():
        if registry.benchmarks().exists(name):
            continue
        used = [task for task in tasks if task in with_results] or list(tasks)
        made[name] = _made(registry, name, used, len(tasks))
    return registry.with_benchmarks(made) if made else registry


def _matching(registry: Registry, glob: str) -> list[str]:
    """Return the tasks that match a glob, those of the groups of a library one by one.

    Raises:
        UnknownName: there is none.
    """
    groups = [(match, registry.benchmarks().find(match)) for match in registry.matching(glob)]
    tasks = [task for match, group in groups for task in (group.tasks if group is not None else [match])]
    if not tasks:
        raise registry.unknown(glob, "benchmark or task")
    return list(dict.fromkeys(tasks))


def _made(registry: Registry, name: str, tasks: Sequence[str], matching: int) -> BenchmarkFile:
    """Make the benchmark of some tasks: one is ranked by its headline, several by the mean of their headlines."""
    from harness.tasks.schema import BenchmarkFile

    headlines = {task: _headline(registry, task) for task in tasks}
    if not registry.is_pattern(name):
        description = build_task(registry, name).definition.description
        benchmark = BenchmarkFile(description=description, tasks=list(tasks))
    else:
        aggregates = _mean_of(headlines)
        found = f"{len(tasks)} tasks that match" if len(tasks) > 1 else "the task that matches"
        if matching > len(tasks):
            found = f"{len(tasks)} of the {matching} tasks that match, those with results"
        ranked = f"ranked by {aggregates[0].name}" if aggregates else f"ranked by {tasks[0]}"
        if not aggregates and len(tasks) > 1:
            ranked += ", the first: headlines in several units, or of which lower is better for some, have no mean"
        description = f"{found}; {ranked}"
        benchmark = BenchmarkFile(description=description, tasks=list(tasks), aggregates=aggregates)
    benchmark._name = name
    return benchmark


def _headline(registry: Registry, task: str) -> _Headline:
    built = build_task(registry, task)
    name = built.metrics[0]
    metric = metric_of(registry, built, name)
    return _Headline(name, metric.unit, metric.higher_is_better)


def _mean_of(headlines: Mapping[str, _Headline]) -> list[AggregateFile]:
    """Return the aggregate that ranks several tasks; none where their headlines cannot be averaged."""
    from harness.tasks.schema import AggregateFile

    kinds = {(headline.unit, headline.higher_is_better) for headline in headlines.values()}
    if len(headlines) < 2 or len(kinds) > 1:
        return []
    metrics = {headline.metric for headline in headlines.values()}
    name = f"mean {min(metrics)}" if len(metrics) == 1 else "mean of headlines"
    return [AggregateFile(name=name, of=[f"{task}:{headline.metric}" for task, headline in headlines.items()])]
