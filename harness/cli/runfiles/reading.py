"""Reads a run file as far as it follows the schema, and finds the lines of its entries."""

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
"""Keys without which the rest of a file means the same: if one of them is wrong, the rest is checked all the same."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run file that was read, with the options of the command line."""

    path: Path
    """Absolute path of the file."""
    shown: Path
    """The path as the user typed it."""
    file: RunFile
    boards: Mapping[int, LeaderboardFile]
    """The leaderboards that follow the schema, by their place in the file."""
    mistakes: Sequence[Problem]
    """Mistakes against the schema; their texts name file, line and key already."""
    store: Path | None
    """The store that the command line names, else the file; None: the default."""
    registry: Path | None

    def line(self, place: Place) -> int:
        """Return the line of an entry; 0 for an entry without a line in the file."""
        from harness.files.validation import line_of

        return line_of(self.path, place) or 0

    def located(self, problem: Problem) -> str:
        """Write a problem with its place: ``file:line: key: what``."""
        line, key = self.line(problem.place), ".".join(map(str, problem.place))
        return f"{self.shown}{f':{line}' if line else ''}: {f'{key}: ' if key else ''}{problem.text}"

    def place_of(self, key: Literal["store", "registry"]) -> Place:
        """Return the place of a key whose value is used; empty if the value comes from elsewhere or there is none."""
        entry = getattr(self.file, key)
        return (key,) if entry is not None and getattr(self, key) == _place(self.path, None, entry) else ()

    @property
    def evaluation(self) -> EvaluationRequest:
        """The request to evaluate what the file names."""
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
    """Read a run file as far as it follows the schema.

    Args:
        path: The file.
        store: The store that the command line names, which wins over the file's.
        registry: The registry file that the command line names, which wins over the file's.

    Raises:
        ConfigurationError: the file is missing or not YAML.
        PlanError: so much is wrong with the file that the rest would mean something else; names lines and keys.
    """
    from harness.files.yaml_files import load_yaml

    file, boards, mistakes = _as_far_as_valid(load_yaml(path), path)
    whole = path.absolute()
    store, registry = _place(whole, store, file.store), _place(whole, registry, file.registry)
    return ReadRun(whole, path, file, boards, mistakes, store, registry)


def _as_far_as_valid(value: Any, path: Path) -> tuple[RunFile, dict[int, LeaderboardFile], Sequence[Problem]]:
    """Return the file without its invalid entries, the valid leaderboards by their place, and the mistakes."""
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
    """Replace ``~`` in the paths of a leaderboard; the slash at the end of a folder stays."""
    home = os.path.expanduser
    paths = {"published": [home(name) for name in board.published], "merge": [home(name) for name in board.merge]}
    outcome = None if board.outcome is None else home(board.outcome)
    return board.model_copy(update={"output": home(board.output), "outcome": outcome, **paths})


def _place(path: Path, option: Path | None, entry: str | None) -> Path | None:
    """Return the path of an option, relative to the working folder; else of an entry, relative to the file's folder."""
    if option is not None:
        return Path(os.path.expanduser(option)).absolute()
    return None if entry is None else path.parent / os.path.expanduser(entry)


@contextlib.contextmanager
def in_folder_of(path: Path) -> Iterator[None]:
    """Work in the folder of a run file, so that paths in the file, and the registry.yaml beside it, start there."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror:
        os.environ[MIRROR_VARIABLE] = str(Path(mirror).absolute())
    try:
        with contextlib.chdir(path.parent):
            yield
    finally:
        if mirror:
            os.environ[MIRROR_VARIABLE] = mirror
