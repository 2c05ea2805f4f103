"""Run files: a whole evaluation with its leaderboards, as a committed YAML file says; see docs/run-files.md."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data import MIRROR_VARIABLE
from harness.errors import ConfigurationError, PlanError, UsageError
from harness.plan import Plan, Wish
from harness.registry import Registry

if TYPE_CHECKING:
    from harness.schema import RunFile


Place = tuple[str | int, ...]


def read_run_file(path: Path) -> RunFile:
    """A run file, validated.

    Raises:
        ConfigurationError: it is missing or breaks the schema; names line and key.
    """
    from harness.schema import RunFile
    from harness.taskfiles import load_yaml, validate

    file: RunFile = validate(RunFile, load_yaml(path), path)
    return file


def wish_of(file: RunFile) -> Wish:
    """What the file asks to have evaluated."""
    return Wish(
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


def plan_of(registry: Registry, file: RunFile, path: Path, store: Path | None) -> Plan:
    """The plan of a run file.

    Raises:
        PlanError: everything that is wrong, each with the line of the file that it comes from.
    """
    from harness.api import make_plan

    unknown = _unknown_benchmarks(registry, file, path)
    try:
        plan = make_plan(registry, wish_of(file), store=store)
    except PlanError as error:
        raise PlanError([*(_located(problem, file, path) for problem in error.problems), *unknown]) from None
    if unknown:
        raise PlanError(unknown)
    return plan


def _unknown_benchmarks(registry: Registry, file: RunFile, path: Path) -> list[str]:
    from harness.errors import did_you_mean
    from harness.taskfiles import line_of

    problems = []
    for i, board in enumerate(file.leaderboards):
        for name in board.benchmarks:
            if name not in registry.benchmarks():
                line = line_of(path, ["leaderboards", i, "benchmark"])
                known = did_you_mean(name, registry.benchmarks())
                problems.append(f"{path}:{line}: leaderboards.{i}.benchmark: no benchmark is named {name!r}{known}")
    return problems


def _located(problem: str, file: RunFile, path: Path) -> str:
    """A problem of the plan with the entry of the file that it speaks of, where it names one."""
    from harness.resolve import parse_specification
    from harness.taskfiles import line_of

    places: list[tuple[Place, str]] = [(("tasks", i), name) for i, name in enumerate(file.tasks)]
    models: list[tuple[Place, str]] = [(("models", i), text) for i, text in enumerate(file.models)]
    models += [(("roles", role), text) for role, text in file.roles.items()]
    for place, text in models:
        with contextlib.suppress(Exception):  # what is no specification is named whole
            places.append((place, parse_specification(text).name))
        places.append((place, text))
    places += [(("metrics", i), name) for i, name in enumerate(file.metrics)]
    places += [(("adapters", i), name) for i, name in enumerate(file.adapters)]
    named = [(place, name) for place, name in places if repr(name) in problem]
    if not named:
        return f"{path}: {problem}"
    place, _ = max(named, key=lambda found: len(found[1]))
    return f"{path}:{line_of(path, place)}: {'.'.join(map(str, place))}: {problem}"


def check_places(file: RunFile, path: Path) -> None:
    """Find out before anything is computed whether the leaderboards can be written, and what they read is there.

    Raises:
        ConfigurationError: a folder cannot be made or written to, or a file is missing; names line and key.
    """
    from harness.taskfiles import line_of

    def where(*place: str | int) -> str:
        return f"{path}:{line_of(path, place)}: {'.'.join(map(str, place))}"

    from harness.outputs import refuse_to_replace

    for i, board in enumerate(file.leaderboards):
        try:
            read = [*([file.store] if file.store else []), *board.merge, *board.published]
            refuse_to_replace(Path(board.output), [path, *(path.parent / Path(name).expanduser() for name in read)])
        except UsageError as error:
            raise ConfigurationError(f"{where('leaderboards', i, 'output')}: {error}") from None
        for key, given in (("published", board.published), ("merge", board.merge)):
            for j, name in enumerate(given):
                if not Path(name).expanduser().is_file():
                    raise ConfigurationError(f"{where('leaderboards', i, key, j)}: {name}: no such file")
        folder = Path(board.output) if board.output.endswith("/") else Path(board.output).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = f"{where('leaderboards', i, 'output')}: {folder} cannot be made: {error.strerror}"
            raise ConfigurationError(said) from None
        if not os.access(folder, os.W_OK):
            raise ConfigurationError(f"{where('leaderboards', i, 'output')}: {folder} cannot be written to")
