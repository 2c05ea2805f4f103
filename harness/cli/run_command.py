"""``harness run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option
from harness.errors import ConfigurationError, HarnessError, PlanError

if TYPE_CHECKING:
    from harness.plan import Plan
    from harness.registry import Registry
    from harness.run import Outcome
    from harness.schema import LeaderboardFile, RunFile


@click.command("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print the plan with request counts, and what would be written.")
@store_option
@registry_options
@json_option
def command(
    file: Path, dry_run: bool, store: Path | None, registry_file: Path | None, strict: bool, as_json: bool
) -> int:
    """Evaluate and write leaderboards as a committed file says; run again, it computes only what is missing.

    Paths in the file start from its folder, and the registry.yaml beside it counts, wherever the command is typed.

    \b
    Examples:
      harness run leaderboard.yaml
      harness run leaderboard.yaml --dry-run
      harness run leaderboard.yaml --store /tmp/fresh.sqlite --json

    \b
    Exit status: 0 all cells done, 1 some cell failed, 2 the file cannot be run as it is.
    """
    from harness.runfiles import in_folder_of, read_run_file

    path = file.absolute()
    try:
        read = read_run_file(file)
        place = _place(path, store, read.store)
        extra = _place(path, registry_file, read.registry)
        with in_folder_of(path):
            registry = open_registry(extra, strict)
            return _run(registry, read, path, place, extra, dry_run=dry_run, as_json=as_json)
    except HarnessError as error:
        if not as_json:
            raise
        click.echo(f"error: {error}", err=True)
        reasons = error.problems if isinstance(error, PlanError) else (str(error),)
        failures = [{"model": None, "task": None, "item": None, "reason": reason} for reason in reasons]
        print_json({"run": None, "results": [], "failures": failures, "written": []})
        return error.exit_code


def _place(path: Path, option: Path | None, entry: str | None) -> Path | None:
    """What an option names, from where the command is typed; else what the file names, from its folder."""
    if option is not None:
        return option.expanduser().absolute()
    return None if entry is None else path.parent / Path(entry).expanduser()


def _run(
    registry: Registry,
    file: RunFile,
    path: Path,
    store: Path | None,
    extra: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    from harness.api import run_plan
    from harness.progress import TerminalProgress
    from harness.report import cell_line, results_table
    from harness.runfiles import check_places, plan_of

    plan = plan_of(registry, file, path, store)
    _check_options(file, path)
    if dry_run:
        return _show_plan(plan, file, as_json=as_json)
    check_places(file, path)
    progress = TerminalProgress()
    for reason in plan.skipped:
        click.echo(f"skipped: {reason}", err=True)
    for warning in plan.warnings:
        progress.warn(warning)
    outcome = run_plan(
        registry, plan, store=store, progress=progress, on_cell=lambda cell: click.echo(cell_line(cell), err=True)
    )
    written = [p for board in file.leaderboards if (p := _write(board, store, extra, outcome)) is not None]
    if as_json:
        results = [result.as_json() for result in outcome.results]
        document = {"run": outcome.run, "results": results, "failures": outcome.failures()}
        print_json({**document, "remarks": outcome.remarks(), "written": [str(p) for p in written]})
    elif not written and outcome.results:
        click.echo(results_table(outcome.results))
    return outcome.exit_code


def _show_plan(plan: Plan, file: RunFile, *, as_json: bool) -> int:
    from harness.cli.dry_run import described_plan, show_plan

    boards = [{"benchmarks": board.benchmarks, "output": board.output} for board in file.leaderboards]
    if as_json:
        print_json({**described_plan(plan), "leaderboards": boards})
        return 0
    show_plan(plan, as_json=False)
    for board in boards:
        click.echo(f"would write: {board['output']}, the leaderboard of {', '.join(board['benchmarks'])}")
    return 0


def _check_options(file: RunFile, path: Path) -> None:
    """Let the command that writes leaderboards read its options before anything is computed.

    Raises:
        ConfigurationError: it does not take one of them; names the line.
    """
    from harness.cli.leaderboard_command import command as leaderboard
    from harness.taskfiles import line_of

    for i, board in enumerate(file.leaderboards):
        try:
            leaderboard.make_context("harness leaderboard", _options(board))
        except click.ClickException as error:
            raise ConfigurationError(
                f"{path}:{line_of(path, ['leaderboards', i])}: leaderboards.{i}: {error.format_message()}"
            ) from None


def _options(board: LeaderboardFile) -> list[str]:
    """What ``harness leaderboard`` would be told."""
    options = [*board.benchmarks, "-o", board.output]
    for option, values in (("--published", board.published), ("--merge", board.merge)):
        options += [part for value in values for part in (option, value)]
    return options if board.format is None else [*options, "--format", board.format]


def _write(board: LeaderboardFile, store: Path | None, extra: Path | None, outcome: Outcome) -> Path | None:
    """One leaderboard, by the command that writes any; None where all of its cells failed.

    Raises:
        HarnessError: it cannot be written although all cells are done.
    """
    from harness.cli.leaderboard_command import command as leaderboard

    arguments = _options(board)
    for option, given in (("--store", store), ("--registry", extra)):
        arguments += [] if given is None else [option, str(given)]
    try:
        leaderboard.main(arguments, prog_name="harness leaderboard", standalone_mode=False)
    except HarnessError as error:
        if outcome.exit_code == 0:
            raise
        click.echo(f"not written: {board.output}: {error}", err=True)
        return None
    return Path(board.output).absolute()
