"""The context of the checks of a run file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.runfiles.reading import ReadRun
from harness.errors import HarnessError, Place, Problem, StoreError
from harness.files.regular_files import is_file
from harness.names.registry import Registry
from harness.running.plan import Plan
from harness.running.planning.targets import task_names

if TYPE_CHECKING:
    from harness.store.reading import StoreReader
    from harness.tasks.schema import BenchmarkFile, LeaderboardFile


@dataclass
class Context:
    """A run file, the registry and the store that it uses, and the problems found so far."""

    run: ReadRun
    registry: Registry
    store: Path
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    plan: Plan | None = None
    """None if the evaluation cannot be planned."""

    @property
    def boards(self) -> Iterable[tuple[int, LeaderboardFile]]:
        """The leaderboards, each with its place in the file."""
        return self.run.boards.items()

    def benchmarks_of(self, board: LeaderboardFile) -> list[BenchmarkFile]:
        """Return the benchmarks of a leaderboard that exist, those among them that tasks or globs of tasks make."""
        return [benchmark for name in dict.fromkeys(board.benchmarks) for benchmark in self._benchmark(name)]

    def _benchmark(self, name: str) -> list[BenchmarkFile]:
        from harness.leaderboard.made_benchmarks import tasks_meant, with_made_benchmarks

        try:
            meant = tasks_meant(self.registry, [name])
            found = with_made_benchmarks(self.registry, meant, meant[name]).benchmarks().find(name)
        except HarnessError:  # the check `contents.benchmarks` reports it
            return []
        return [] if found is None else [found]

    def own_store(self) -> list[StoreReader]:
        """Return a reader of the store as it is before the run; none if there is no usable store."""
        from harness.store.reading import StoreReader

        if not is_file(self.store) or not self.store.stat().st_size:
            return []
        try:
            return [StoreReader(self.store, briefly=True)]
        except StoreError:  # `checks.store` reports it
            return []

    def faulty(self, *place: str | int) -> bool:
        """Tell whether a problem was found below an entry."""
        return any(problem.place[: len(place)] == place for problem in [*self.problems, *self.run.mistakes])

    @cached_property
    def evaluated(self) -> set[str] | None:
        """The names of the tasks that the file evaluates; None if that cannot be told."""
        if self.plan is not None:
            return {cell.task.name for cell in self.plan.cells}
        try:
            names = {name for target in self.run.file.tasks for name in task_names(self.registry, target)}
            return None if not all(self.registry.tasks().exists(name) for name in names) else names
        except HarnessError:
            return None


def of_board(number: int, key: str, *more: int) -> Place:
    """Return the place of an entry of a leaderboard."""
    return ("leaderboards", number, key, *more)
