"""What the leaderboards of a run file are made of: benchmarks, published results, stores to merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError, Problem, UsageError, did_you_mean
from harness.runfiles.context import Context, of_board

if TYPE_CHECKING:
    from harness.plan import Cell
    from harness.schema import BenchmarkFile, LeaderboardFile
    from harness.store.reading import Readable


def benchmarks(context: Context) -> Iterator[Problem]:
    """Benchmarks that do not exist, or whose aggregates cannot be computed."""
    from harness.leaderboard.aggregates import problems_of

    known = context.registry.benchmarks()
    planned = {benchmark.name for benchmark in context.plan.benchmarks} if context.plan else set()
    for i, board in context.boards:
        place = of_board(i, "benchmark")
        for name in board.benchmarks:
            if name not in known:
                yield Problem(f"no benchmark is named {name!r}{did_you_mean(name, known)}", place)
        for benchmark in context.benchmarks_of(board):
            if benchmark.name not in planned:  # the plan has looked at those
                yield from (Problem(text, place) for text in problems_of(context.registry, benchmark, {}))


def published(context: Context) -> Iterator[Problem]:
    """Published results that cannot be read, or are of none of the benchmark's tasks."""
    from harness.leaderboard.published_rows import own_figures, shipped_files
    from harness.published import read_published

    for i, board in context.boards:
        own = context.benchmarks_of(board)
        files = [(of_board(i, "published", j), Path(name), own) for j, name in enumerate(board.published)]
        files += [(of_board(i, "benchmark"), file, [b]) for b in own for file in shipped_files(b)]
        for place, file, those in files:
            try:
                read = read_published(file, context.registry)
                for benchmark in those:
                    own_figures(benchmark, file, read)
            except HarnessError as error:
                yield Problem(str(error), place)


def merged(context: Context) -> Iterator[Problem]:
    """Stores of other machines that are none, or in which a label names another model than here."""
    from harness.store.reading import StoreReader

    for i, board in context.boards:
        with ExitStack() as stack:
            readers = []
            for j, name in enumerate(board.merge):
                try:
                    readers.append(stack.enter_context(StoreReader(Path(name), briefly=True)))
                except HarnessError as error:
                    yield Problem(str(error), of_board(i, "merge", j))
            if readers:
                own = [stack.enter_context(reader) for reader in context.own_store()]
                for benchmark in context.benchmarks_of(board):
                    said = _contradictions(context, own, readers, _digests(context, benchmark))
                    yield from (Problem(text, of_board(i, "merge")) for text in said)


def _contradictions(
    context: Context, own: Sequence[Readable], others: Sequence[Readable], digests: Mapping[str, str]
) -> Iterator[str]:
    """Where the models of several stores, or of the plan, have one label."""
    from harness.leaderboard.merge import DIFFER, choose

    planned = {(cell.label, cell.task.name): cell for cell in context.plan.cells} if context.plan else {}
    try:
        choose([*own, *others], digests, renewed={label for label, _ in planned} if own else ())
        theirs, _ = choose(others, digests)
    except UsageError as error:
        yield str(error)
        return
    for key, (store, cell) in theirs.items():
        if key in planned and (mine := _fingerprint(planned[key])) and mine != cell.fingerprint:
            yield f"the label {key[0]!r} names different models on {key[1]} in this file and in {store.path}: {DIFFER}"


def _fingerprint(cell: Cell) -> str:
    """Empty where it is not known yet, or the cell cannot be evaluated."""
    try:
        return "" if cell.blocked else cell.fingerprint
    except Exception:  # not trained, weights missing, a plugin's code: the run says so
        return ""


def _digests(context: Context, benchmark: BenchmarkFile) -> dict[str, str]:
    from harness.build import task_digest

    tasks = context.registry.tasks()
    return {task: task_digest(context.registry, task) for task in benchmark.tasks if task in tasks}


def empty(context: Context) -> Iterator[Problem]:
    """Leaderboards of benchmarks that the file evaluates nothing of; a warning where something else fills them."""
    if context.evaluated is None or context.faulty("tasks"):
        return
    for i, board in context.boards:
        if any(context.faulty(*of_board(i, key)) for key in ("benchmark", "published", "merge")):
            continue
        for benchmark in context.benchmarks_of(board):
            if context.evaluated.isdisjoint(benchmark.tasks):
                said = f"no task of this file belongs to the benchmark {benchmark.name!r}"
                if _shows_something(context, board, benchmark):
                    text = f"{said}; the leaderboard holds only what stores and published files hold already"
                    context.warnings.append(Problem(text, of_board(i, "benchmark")))
                else:
                    text = f"{said}, and nothing else fills its leaderboard; add {benchmark.name} to 'tasks'"
                    yield Problem(text, of_board(i, "benchmark"))


def _shows_something(context: Context, board: LeaderboardFile, benchmark: BenchmarkFile) -> bool:
    """Whether stores and published files as they are fill the leaderboard of a benchmark."""
    from harness.leaderboard import assemble
    from harness.store.reading import StoreReader

    with ExitStack() as stack:
        try:
            readers = [*context.own_store(), *(StoreReader(Path(name), briefly=True) for name in board.merge)]
        except HarnessError:  # `merged` and `store` say it
            return True
        stores = [stack.enter_context(reader) for reader in readers]
        files = [Path(name) for name in board.published]
        return bool(assemble(context.registry, None, benchmark.name, published=files, merge=stores).entries)
