"""Selectors of a benchmark's aggregates (``task:metric[:domain]``, or another aggregate's name) and their mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError, PluginError, UnknownName, UsageError, did_you_mean
from harness.names.arguments import fitted, forms_of
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
        problems += [f"{what}: {problem}" for problem in _way(registry, benchmark, aggregate)]
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


def _way(registry: Registry, benchmark: BenchmarkFile, aggregate: AggregateFile) -> list[str]:
    """Return why an aggregate's ``how`` cannot be used; empty if it can."""
    try:
        entry = registry.find("aggregate", aggregate.how)
        function = entry.load()
    except (UnknownName, PluginError) as error:
        return [str(error)]
    problems: list[str] = []
    if aggregate.weights is not None and "weights" not in inspect.signature(function).parameters:
        problems.append(f"{aggregate.how!r} takes no weights; remove 'weights', or use 'mean'")
    try:
        settings_of(function, aggregate)
    except UsageError as error:
        problems.append(str(error))
    if entry.facts.field:
        for selector in aggregate.of:
            if selected_aggregate(benchmark, selector) is not None:
                problems.append(
                    f"{aggregate.how!r} needs figures of items, which the aggregate {selector!r} has not; "
                    "select task:metric or task:metric:domain"
                )
    return problems


GIVEN_TO_AGGREGATES = {
    "confidence": "it is that of the whole leaderboard: --confidence",
    "correlation": "it follows from the items that the parts share",
    "weights": "it is a key beside 'settings'",
}
"""Keywords of a way to aggregate that the harness gives it, and where a user says them."""


def settings_of(function: Callable[..., Any], aggregate: AggregateFile) -> dict[str, Any]:
    """The settings of an aggregate, held to the keywords of the function that aggregates.

    Raises:
        UsageError: one is unknown, given elsewhere, missing, or not what the function takes.
    """
    parameters = list(inspect.signature(function).parameters.values())[1:]
    named = {p.name: p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    taken = [name for name in named if name not in GIVEN_TO_AGGREGATES]
    further = any(p.kind is p.VAR_KEYWORD for p in parameters)
    made: dict[str, Any] = {}
    for name, value in aggregate.settings.items():
        if name in GIVEN_TO_AGGREGATES:
            raise UsageError(f"settings.{name}: is not a setting; {GIVEN_TO_AGGREGATES[name]}")
        if name not in named and not further:
            allowed = did_you_mean(name, taken) or (f" (it takes: {', '.join(taken)})" if taken else " (it takes none)")
            raise UsageError(f"settings.{name}: {aggregate.how!r} has no such setting{allowed}")
        forms = forms_of(SimpleNamespace(__init__=function), named[name].annotation) if name in named else None
        made[name] = value if forms is None else fitted(f"settings.{name}=", value, forms)
    missing = [name for name in taken if named[name].default is inspect.Parameter.empty and name not in made]
    if missing:
        raise UsageError(f"settings: {aggregate.how!r} needs {', '.join(missing)}")
    return made
