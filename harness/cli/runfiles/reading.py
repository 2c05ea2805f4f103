"""A run file, read as far as it follows the schema, and the lines of its entries."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import ConfigurationError, Place, PlanError, Problem
from harness.running.plan import EvaluationRequest
from harness.tasks.data.sources import MIRROR_VARIABLE

if TYPE_CHECKING:
    from harness.tasks.schema import LeaderboardFile, RunFile

_APART = {("description",), ("limit",), ("seed",), ("confidence",), ("leaderboards",)}
"""Keys without which the rest of a file means the same, so that it is checked also where one of them is wrong."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run file that was read, and what the command line said beside it."""

    path: Path
    """Absolute."""
    shown: Path
    """As the user typed it."""
    file: RunFile
    boards: Mapping[int, LeaderboardFile]
    """The leaderboards that follow the schema, by their place in the file."""
    mistakes: Sequence[Problem]
    """Against the schema, each with file, line and key already."""
    store: Path | None
    """As the command line says, else the file; None: the default."""
    registry: Path | None

    def line(self, place: Place) -> int:
        """The line of an entry; 0 where it is in no line of the file."""
        from harness.files.validation import line_of

        return line_of(self.path, place) or 0

    def located(self, problem: Problem) -> str:
        """``file:line: key: what``."""
        line, key = self.line(problem.place), ".".join(map(str, problem.place))
        return f"{self.shown}{f':{line}' if line else ''}: {f'{key}: ' if key else ''}{problem.text}"

    def place_of(self, key: Literal["store", "registry"]) -> Place:
        """Where the file names what is used; empty where the command line does, or nobody."""
        entry = getattr(self.file, key)
        return (key,) if entry is not None and getattr(self, key) == _place(self.path, None, entry) else ()

    @property
    def evaluation(self) -> EvaluationRequest:
        """What the file asks to have evaluated."""
        file = self.file
        return EvaluationRequest(
            models=file.models,
            targets=file.tasks,
            roles=file.roles,
            adapters=file.adapters,
            metrics=file.metrics,
            limit=file.limit,
            split=file.split,
            seed=file.seed,
            confidence=file.confidence,
        )


def read_run_file(path: Path, *, store: Path | None = None, registry: Path | None = None) -> ReadRun:
    """A run file, as far as it follows the schema.

    Args:
        path: The file.
        store: Of the command line, wins over the file's.
        registry: The same.

    Raises:
        ConfigurationError: it is missing or not YAML.
        PlanError: so much is wrong with it that the rest would mean something else; names lines and keys.
    """
    from harness.files.yaml_files import load_yaml

    file, boards, mistakes = _as_far_as_valid(load_yaml(path), path)
    whole = path.absolute()
    store, registry = _place(whole, store, file.store), _place(whole, registry, file.registry)
    return ReadRun(whole, path, file, boards, mistakes, store, registry)


def _as_far_as_valid(value: Any, path: Path) -> tuple[RunFile, dict[int, LeaderboardFile], Sequence[Problem]]:
    """The file without what is wrong in it, its leaderboards by their place, and what is wrong."""
    from harness.files.validation import validate
    from harness.tasks.schema import RunFile

    mistakes: Sequence[Problem] = ()
    wrong: set[str | int] = set()
    try:
        file: RunFile = validate(RunFile, value, path)
    except ConfigurationError as error:
        mistakes = error.problems
        if not mistakes:  # no mapping at all
            raise
        if any(problem.place[:1] not in _APART for problem in mistakes):
            raise PlanError(mistakes) from None
        wrong = {problem.place[1] for problem in mistakes if len(problem.place) > 1}
        kept = {key: entry for key, entry in value.items() if (key,) not in {problem.place for problem in mistakes}}
        if "leaderboards" in kept:
            kept["leaderboards"] = [board for i, board in enumerate(kept["leaderboards"]) if i not in wrong]
        file = validate(RunFile, kept, path)
    numbers = (i for i in range(len(file.leaderboards) + len(wrong)) if i not in wrong)
    return file, {i: _expanded(board) for i, board in zip(numbers, file.leaderboards, strict=True)}, mistakes


def _expanded(board: LeaderboardFile) -> LeaderboardFile:
    """With ``~`` replaced; the slash at the end of a folder stays."""
    home = os.path.expanduser
    paths = {"published": [home(name) for name in board.published], "merge": [home(name) for name in board.merge]}
    outcome = None if board.outcome is None else home(board.outcome)
    return board.model_copy(update={"output": home(board.output), "outcome": outcome, **paths})


def _place(path: Path, option: Path | None, entry: str | None) -> Path | None:
    """What an option names, from where the command is typed; else what the file names, from its folder."""
    if option is not None:
        return Path(os.path.expanduser(option)).absolute()
    return None if entry is None else path.parent / os.path.expanduser(entry)


@contextlib.contextmanager
def in_folder_of(path: Path) -> Iterator[None]:
    """Work in the folder of a run file, so that paths in it, and the registry.yaml beside it, are those of the file."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror:
        os.environ[MIRROR_VARIABLE] = str(Path(mirror).absolute())
    try:
        with contextlib.chdir(path.parent):
            yield
    finally:
        if mirror:
            os.environ[MIRROR_VARIABLE] = mirror
