"""The checks that find all mistakes of a run file before anything is computed, and report them together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from harness.api import make_plan, store_path
from harness.cli.runfiles import contents, outputs
from harness.cli.runfiles.context import Context
from harness.cli.runfiles.reading import ReadRun
from harness.errors import ConfigurationError, HarnessError, PlanError, Problem, StoreError, UsageError
from harness.files.regular_files import is_file
from harness.leaderboard.outputs import refuse_unwritable
from harness.names.registry import Registry
from harness.running.plan import Plan
from harness.store.reading import check_store

_KEYS = {"targets": "tasks"}
"""Keys of a run file whose name differs from the field of the evaluation, by field."""


def check_registries(run: ReadRun) -> None:
    """Make sure that the registry files that apply to a run can be read.

    Raises:
        PlanError: a registry file cannot be read; also names the mistakes of the run file itself.
    """
    from harness.names.registry_files import find_registry_files, read_registry_file

    problems = []
    for path in find_registry_files(run.registry):
        try:
            read_registry_file(path)
        except ConfigurationError as error:
            place = run.place_of("registry") if path == run.registry else ()
            problems += [Problem(p.text, place) for p in error.problems or [Problem(str(error))]]
    if problems:
        raise _together(run, problems)


def check(run: ReadRun, registry: Registry) -> Plan:
    """Check a run file and its leaderboards, and return the plan of its evaluation.

    Raises:
        PlanError: everything that is wrong, each mistake with file, line and key.
    """
    try:
        context = Context(run, registry, store_path(registry, run.store))
    except UsageError as error:
        raise _together(run, [Problem(str(error), run.place_of("store"))]) from None
    for find in CHECKS:
        try:
            context.problems += find(context)
        except HarnessError as error:
            context.problems.append(Problem(str(error)))
    if context.plan is None or context.problems or run.mistakes:
        raise _together(run, context.problems)
    context.plan.warnings += [run.located(warning) for warning in context.warnings]
    return context.plan


def _together(run: ReadRun, problems: list[Problem]) -> PlanError:
    """Make one error of all problems, in the order of their lines."""
    placed = [(run.line(problem.place), problem.text) for problem in run.mistakes]
    placed += [(run.line(problem.place), run.located(problem)) for problem in dict.fromkeys(problems)]
    return PlanError([text for _, text in sorted(placed, key=lambda pair: pair[0])])


def evaluation(context: Context) -> Iterator[Problem]:
    """Plan the evaluation; yield problems of models, tasks and the other parts of the request."""
    try:
        context.plan = make_plan(context.registry, context.run.evaluation, store=context.store)
    except PlanError as error:
        for problem in error.located:
            first, *rest = problem.place or ("",)
            yield Problem(problem.text, (_KEYS.get(str(first), first), *rest) if first else ())


def whole_evaluations(context: Context) -> Iterator[Problem]:
    """Yield a problem for each key that evaluates only a part, if the file has leaderboards."""
    file = context.run.file
    for key, given in (("limit", file.limit is not None), ("split", file.split != "test")):
        if file.leaderboards and given:
            text = "leaderboards hold whole evaluations of the test split; remove this key, or 'leaderboards'"
            yield Problem(text, (key,))


def store(context: Context) -> Iterator[Problem]:
    """Yield a problem if the store cannot be opened, made or written."""
    try:
        check_store(context.store)
        refuse_unwritable(context.store, in_place=True)
        if is_file(context.store) and not os.access(context.store, os.W_OK):
            raise StoreError(f"{context.store}: allows no writing; choose another store")
    except (StoreError, UsageError) as error:
        yield Problem(str(error), context.run.place_of("store"))


CHECKS: tuple[Callable[[Context], Iterator[Problem]], ...] = (
    evaluation,
    whole_evaluations,
    store,
    contents.benchmarks,
    outputs.formats,
    outputs.only_of_folders,
    outputs.places,
    outputs.alike,
    contents.published,
    contents.outcomes,
    contents.merged,
    contents.introductions,
    contents.chosen,
    contents.empty,
)
