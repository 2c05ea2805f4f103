"""Which tasks and benchmarks an evaluation's targets stand for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from harness.errors import Problem, UsageError
from harness.names.registry import Registry
from harness.running.planning.draft import PlanDraft, Target
from harness.running.planning.problems import attempt
from harness.tasks.build import build_task


def find_targets(draft: PlanDraft) -> Iterator[Problem]:
    """Look up the benchmarks and build the tasks that the request's targets stand for."""
    registry = draft.registry
    explicit: set[str] = set()
    tasks: dict[str, None] = {}
    for i, target in enumerate(draft.request.targets):
        place = ("targets", i)
        names = yield from attempt(partial(task_names, registry, target), place)
        if names is None:
            continue
        for name in (target, *names):
            draft.places.setdefault(name, place)
        tasks.update(dict.fromkeys(names))
        benchmark = registry.benchmarks().find(target)
        if benchmark is not None:
            draft.benchmarks.append(benchmark)
        elif not registry.is_pattern(target):
            explicit.add(target)
    if not draft.request.targets:
        yield Problem("nothing to evaluate on: name a task or benchmark with -t (see: harness list tasks)")
    for name in tasks:
        task = yield from attempt(partial(build_task, registry, name), draft.places[name])
        if task is not None:
            draft.targets.append(Target(task, draft.places[name], explicit=name in explicit))


def task_names(registry: Registry, target: str) -> list[str]:
    """Return the tasks that a target stands for: a benchmark, a glob, or a task, which need not exist.

    Raises:
        UsageError: no task matches the glob.
    """
    benchmark = registry.benchmarks().find(target)
    if benchmark is not None:
        return list(benchmark.tasks)
    if not registry.is_pattern(target):
        return [target]
    matches = registry.matching(target)
    if not matches:
        raise UsageError(f"no task matches {target!r}")
    groups = ((match, registry.benchmarks().find(match)) for match in matches)  # one of a library may be a group
    return [name for match, group in groups for name in (group.tasks if group is not None else [match])]
