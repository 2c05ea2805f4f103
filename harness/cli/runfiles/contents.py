"""Checks of what leaderboards of a run file are made from: benchmarks, published results, outcomes, stores to merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.runfiles.context import Context, of_board
from harness.cli.runfiles.orders import outcome_of
from harness.errors import ConfigurationError, HarnessError, Problem, UsageError
from harness.store.choosing import ChosenModels, ModelChoice

if TYPE_CHECKING:
    from harness.store.reading import Readable
    from harness.store.records import CellRecord
    from harness.tasks.schema import BenchmarkFile, LeaderboardFile


def benchmarks(context: Context) -> Iterator[Problem]:
    """Yield benchmarks that do not exist, or whose aggregates cannot be computed."""
    from harness.leaderboard.made_benchmarks import tasks_meant, with_made_benchmarks
    from harness.tasks.selectors import problems_of

    index = context.registry.benchmarks()
    planned = {benchmark.name for benchmark in context.plan.benchmarks} if context.plan else set()
    for i, board in context.boards:
        place = of_board(i, "benchmark")
        for name in board.benchmarks:
            try:
                meant = tasks_meant(context.registry, [name])
                with_made_benchmarks(context.registry, meant, meant[name])
            except HarnessError as error:
                yield Problem(str(error), place)
        for benchmark in context.benchmarks_of(board):
            if benchmark.name not in planned and index.exists(
                benchmark.name
            ):  # planning has checked the benchmarks of the plan
                yield from (Problem(text, place) for text in problems_of(context.registry, benchmark, {}))


def published(context: Context) -> Iterator[Problem]:
    """Yield published results that cannot be read, or that are of none of the benchmark's tasks."""
    from harness.leaderboard.published_rows import own_figures, shipped_files
    from harness.results.published import read_published

    for i, board in context.boards:
        of_this_board = context.benchmarks_of(board)
        files = [(of_board(i, "published", j), Path(name), of_this_board) for j, name in enumerate(board.published)]
        files += [(of_board(i, "benchmark"), file, [b]) for b in of_this_board for file in shipped_files(b)]
        for place, file, those in files:
            try:
                read = read_published(file, context.registry)
                for benchmark in those:
                    own_figures(benchmark, file, read)
            except ConfigurationError as error:
                yield from (Problem(p.text, place) for p in error.problems or [Problem(str(error))])
            except HarnessError as error:
                yield Problem(str(error), place)


_COLUMNS = ("model_column", "value_column")


def outcomes(context: Context) -> Iterator[Problem]:
    """Yield tables of outcomes that cannot be read, and columns that a table lacks."""
    from harness.publisher import CORRELATE, UnclearColumn, code_of, find_analysis

    for i, board in context.boards:
        given = {key: getattr(board, key) for key in _COLUMNS}
        if board.outcome is None:
            text = "is of the table that 'outcome' names; give that too"
            yield from (Problem(text, of_board(i, key)) for key in _COLUMNS if given[key] is not None)
            continue
        try:
            outcome = outcome_of(board)
            assert outcome is not None  # `board.outcome` was checked above
            analysis = find_analysis(context.registry)
            with code_of(context.registry, "analysis", CORRELATE):
                analysis.check(outcome)
        except HarnessError as error:
            text = str(error)
            for key in _COLUMNS:  # the message names options of commands; a run file has keys
                text = text.replace("--" + key.replace("_", "-"), repr(key))
            speaks_of = error.key if isinstance(error, UnclearColumn) else "outcome"
            yield Problem(text, of_board(i, speaks_of if given.get(speaks_of) is not None else "outcome"))


def merged(context: Context) -> Iterator[Problem]:
    """Yield files to merge that are no stores, or in which a label names another model than here."""
    from harness.results.selection import open_to_merge

    for i, board in context.boards:
        with ExitStack() as stack:
            readers = []
            for j, name in enumerate(board.merge):
                try:
                    readers.append(stack.enter_context(open_to_merge(Path(name))))
                except HarnessError as error:
                    yield Problem(str(error), of_board(i, "merge", j))
            if readers:
                own = [stack.enter_context(reader) for reader in context.own_store()]
                for benchmark in context.benchmarks_of(board):
                    contradictions = _contradictions(context, own, readers, _digests(context, benchmark))
                    yield from (Problem(text, of_board(i, "merge")) for text in contradictions)


@dataclass(frozen=True, slots=True)
class _Planned:
    """Stands for the store of the cells that a run file is about to evaluate, in messages."""

    path: str = "this file"


def _contradictions(
    context: Context, own: Sequence[Readable], others: Sequence[Readable], digests: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence if different models of several stores, or of the plan, have one label."""
    from harness.results.selection import choose, choose_among, whole_cells

    planned, unknown = _planned_cells(context, digests)
    renewed = {(cell.label, cell.task) for cell in planned}
    ahead: list[tuple[_Planned | Readable, CellRecord]] = [(_Planned(), cell) for cell in planned]
    held = [ahead]  # the content of the run's own store after the run
    for store in [*own, *others]:
        cells = whole_cells(store, digests)
        current = [(store, cell) for cell in cells if cell.task_digest == digests[cell.task]]
        if store in own:
            ahead += [(s, c) for s, c in current if (c.label, c.task) not in renewed and c.label not in unknown]
        else:
            held.append([*current])
    try:
        choose(others, digests)
        choose_among(held)
    except UsageError as error:
        yield str(error)


def _planned_cells(context: Context, digests: Mapping[str, str]) -> tuple[list[CellRecord], set[str]]:
    """Return the cells of these tasks that the run will file, and the labels of models unknown before the run."""
    from harness.store.records import CellRecord, StageRecord

    cells: list[CellRecord] = []
    unknown: set[str] = set()
    for cell in context.plan.cells if context.plan else ():
        if cell.blocked or cell.task.name not in digests:
            continue
        try:
            whole = cell.fingerprint
            parts = [
                StageRecord(
                    stage.role, asked.handle.label, asked.handle.own_fingerprint, "", adapters=asked.route.names
                )
                for stage, asked in zip(cell.task.stages, cell.stages, strict=True)
            ]
        except (Exception, SystemExit):  # not trained, weights missing, a plugin's code: the run says so
            unknown.add(cell.label)
            continue
        digest = digests[cell.task.name]
        cells.append(CellRecord(cell.label, whole, cell.task.name, digest, {}, cell.adapters, "planned", asked=parts))
    return [cell for cell in cells if cell.label not in unknown], unknown


def _digests(context: Context, benchmark: BenchmarkFile) -> dict[str, str]:
    from harness.tasks.build import task_digest

    tasks = context.registry.tasks()
    return {task: task_digest(context.registry, task) for task in benchmark.tasks if tasks.exists(task)}


def introductions(context: Context) -> Iterator[Problem]:
    """Yield introductions that cannot be read."""
    from harness.leaderboard.about import read_about

    for i, board in context.boards:
        try:
            read_about(None if board.about is None else Path(board.about))
        except HarnessError as error:
            yield Problem(str(error), of_board(i, "about"))


def chosen(context: Context) -> Iterator[Problem]:
    """Yield globs of models that match none of those that the file evaluates and that stores and files hold."""
    for i, board in context.boards:
        if not (board.models or board.exclude) or context.faulty("models"):
            continue
        for key in ("models", "exclude"):
            globs = getattr(board, key) or []
            yield from (
                Problem("a glob is empty; write '*' for every model", of_board(i, key, j))
                for j, glob in enumerate(globs)
                if not glob
            )
        if "" in [*(board.models or ()), *board.exclude]:
            continue
        try:
            labels = _labels(context, board)
        except HarnessError:  # the checks `published`, `merged` and `store` report it
            continue
        choice = ModelChoice(board.models or (), board.exclude)
        useless = set(choice.useless(labels))
        for key in ("models", "exclude"):
            for j, glob in enumerate(getattr(board, key) or ()):
                if glob in useless:
                    yield Problem(choice.refusal(glob, labels), of_board(i, key, j))
        if not useless and labels and not any(map(choice.takes, labels)):
            yield Problem("no model is left: all are excluded", of_board(i, "exclude"))


def _labels(context: Context, board: LeaderboardFile) -> set[str]:
    """Return the labels that a leaderboard can show when the run is over.

    Raises:
        HarnessError: a store or a published file cannot be read.
    """
    from harness.cli.runfiles.orders import labels_of
    from harness.leaderboard.chosen_models import labels_with_results
    from harness.leaderboard.published_rows import shipped_files

    benchmarks = context.benchmarks_of(board)
    tasks = [task for benchmark in benchmarks for task in benchmark.tasks]
    files = [*(file for b in benchmarks for file in shipped_files(b)), *map(Path, board.published)]
    with ExitStack() as stack:
        stores = _stores(context, board, stack)
        known = labels_with_results(context.registry, stores, tasks, files)
    return known | (labels_of(context.plan) if context.plan is not None else set())


def _stores(context: Context, board: LeaderboardFile, stack: ExitStack) -> list[Readable]:
    """Open the store as it is before the run, and the stores to merge.

    Raises:
        StoreError: a store to merge cannot be read.
    """
    from harness.results.selection import open_to_merge

    stores: list[Readable] = [stack.enter_context(reader) for reader in context.own_store()]
    return stores + [stack.enter_context(open_to_merge(Path(name))) for name in board.merge]


def empty(context: Context) -> Iterator[Problem]:
    """Yield leaderboards that the file evaluates nothing for; only warn if stores or published files fill them."""
    if context.evaluated is None or context.faulty("tasks"):
        return
    for i, board in context.boards:
        if any(context.faulty(*of_board(i, key)) for key in ("benchmark", "published", "merge")):
            continue
        for benchmark in context.benchmarks_of(board):
            if context.evaluated.isdisjoint(benchmark.tasks):
                reason = f"no task of this file belongs to the benchmark {benchmark.name!r}"
                if _shows_something(context, board, benchmark):
                    text = f"{reason}; the leaderboard holds only what stores and published files hold already"
                    context.warnings.append(Problem(text, of_board(i, "benchmark")))
                else:
                    text = f"{reason}, and nothing else fills its leaderboard; add {benchmark.name} to 'tasks'"
                    if board.models is None and context.own_store():
                        text += ", or name the models of the store that it shows: models: ['*']"
                    yield Problem(text, of_board(i, "benchmark"))


def _shows_something(context: Context, board: LeaderboardFile, benchmark: BenchmarkFile) -> bool:
    """Tell whether stores and published files, as they are now, fill the leaderboard of a benchmark."""
    from harness.cli.runfiles.orders import labels_of
    from harness.leaderboard.assembling import assemble
    from harness.leaderboard.chosen_models import views_of

    choice = ModelChoice(board.models or (), board.exclude)
    with ExitStack() as stack:
        try:
            stores = _stores(context, board, stack)
        except HarnessError:  # the checks `merged` and `store` report it
            return True
        if board.models is None and context.plan is not None and len(stores) > len(board.merge):
            stores[0] = ChosenModels(stores[0], labels_of(context.plan))
        files = [Path(name) for name in board.published]
        registry = context.registry.with_benchmarks({benchmark.name: benchmark})
        views = views_of(stores, choice)
        return bool(assemble(registry, None, benchmark.name, published=files, merge=views, choice=choice).entries)
