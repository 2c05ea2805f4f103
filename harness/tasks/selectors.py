"""Selectors of a benchmark's aggregates (``task:metric[:domain]``, or another aggregate's name) and their mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError, PluginError, UnknownName, did_you_mean
from harness.names.registry import Registry

if TYPE_CHECKING:
    from harness.tasks.schema import AggregateFile, BenchmarkFile


def task_of(tasks: Iterable[str], key: str) -> str:
    """Return the task that ``task:metric`` or ``task:metric:domain`` begins with; empty if it begins with no task.

    Names of a task source contain colons, so one task's name may begin with another's: the longest match is meant.
    """
    return max((task for task in tasks if key.startswith(task + ":")), key=len, default="")


def split_selector(benchmark: BenchmarkFile, selector: str) -> tuple[str, str, str]:
    """Split ``task:metric[:domain]`` into its parts; metrics with arguments contain colons themselves.

    Raises:
        ConfigurationError: the selector begins with none of the benchmark's tasks.
    """
    task = task_of(benchmark.tasks, selector)
    if task:
        rest = selector.removeprefix(task + ":")
        metric, colon, domain = rest.rpartition(":")
        if colon and "=" not in domain:
            return task, metric, domain
        return task, rest, "overall"
    names = [*benchmark.tasks, *(aggregate.name for aggregate in benchmark.aggregates)]
    raise ConfigurationError(
        f"{benchmark._path}: the selector {selector!r} starts with none of the benchmark's tasks and is the name of "
        f"none of its aggregates{did_you_mean(selector, names)}"
    )


def selected_aggregate(benchmark: BenchmarkFile, selector: str) -> AggregateFile | None:
    """Return the aggregate that a selector names; None for a selector of a task's metric."""
    if task_of(benchmark.tasks, selector):
        return None
    return next((aggregate for aggregate in benchmark.aggregates if aggregate.name == selector), None)


def in_order(benchmark: BenchmarkFile) -> list[AggregateFile]:
    """Return the aggregates in an order in which each comes after the aggregates that it selects.

    Raises:
        ConfigurationError: some aggregates select each other in a circle.
    """
    order: list[AggregateFile] = []

    def visit(aggregate: AggregateFile, path: Sequence[str]) -> None:
        if aggregate.name in path:
            circle = " -> ".join([*path[path.index(aggregate.name) :], aggregate.name])
            raise ConfigurationError(f"{benchmark._path}: aggregates that select each other in a circle: {circle}")
        if aggregate in order:
            return
        for selector in aggregate.of:
            inner = selected_aggregate(benchmark, selector)
            if inner is not None:
                visit(inner, [*path, aggregate.name])
        order.append(aggregate)

    for aggregate in benchmark.aggregates:
        visit(aggregate, [])
    return order


def problems_of(registry: Registry, benchmark: BenchmarkFile, given: Mapping[str, Sequence[str]]) -> list[str]:
    """Write a sentence for each mistake that would leave an aggregate's column empty.

    Args:
        registry: The registry, in which ways to aggregate are looked up.
        benchmark: The benchmark.
        given: Names of the metrics that are computed, by task; tasks that are absent are not checked.
    """
    problems: list[str] = []
    for aggregate in benchmark.aggregates:
        what = f"{benchmark._path}: the aggregate {aggregate.name!r}"
        problem = _way(registry, aggregate)
        problems += [f"{what}: {problem}"] if problem else []
        for selector in aggregate.of:
            if selected_aggregate(benchmark, selector) is not None:
                continue
            try:
                task, metric, _ = split_selector(benchmark, selector)
            except ConfigurationError as error:
                problems.append(str(error))
                continue
            if task in given and metric not in given[task]:
                problems.append(
                    f"{what} selects {selector!r}, but {task} has no metric {metric!r}"
                    f"{did_you_mean(metric, given[task])}"
                )
    try:
        in_order(benchmark)
    except ConfigurationError as error:
        problems.append(str(error))
    return problems


def _way(registry: Registry, aggregate: AggregateFile) -> str:
    """Return why an aggregate's ``how`` cannot be used; empty if it can."""
    try:
        entry = registry.find("aggregate", aggregate.how)
    except UnknownName as error:
        return str(error)
    try:
        function = entry.load()
    except PluginError as error:
        return str(error)
    if aggregate.weights is not None and "weights" not in inspect.signature(function).parameters:
        return f"{aggregate.how!r} takes no weights; remove 'weights', or use 'mean'"
    return ""
