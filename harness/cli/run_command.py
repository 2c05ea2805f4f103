"""The command ``harness run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option, table_options
from harness.cli.plan_running import outcome_document, refusal_document, run_shown
from harness.errors import HarnessError
from harness.terminal import one_entry, say

if TYPE_CHECKING:
    from harness.cli.runfiles import ReadRun
    from harness.names.registry import Registry
    from harness.running.plan import Plan
    from harness.tasks.schema import RunFile


@click.command("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print the plan with request counts, and what would be written.")
@store_option
@registry_options
@table_options
@json_option
def command(
    file: Path, dry_run: bool, store: Path | None, registry_file: Path | None, strict: bool, as_json: bool
) -> int:
    """Evaluate and write leaderboards as a committed file says; a second run computes only what is missing.

    Paths in the file start from the file's folder, and the registry.yaml in that folder counts, wherever the command
    is typed.

    \b
    Examples:
      harness run leaderboard.yaml
      harness run leaderboard.yaml --dry-run
      harness run leaderboard.yaml --store /tmp/fresh.sqlite --json

    \b
    Exit status: 0 all done, 1 some cell failed or some leaderboard was not written, 2 the file cannot be run as it is.
    """
    from harness.cli.runfiles import check_registries, in_folder_of, read_run_file

    try:
        run = read_run_file(file, store=store, registry=registry_file)
        with in_folder_of(run.path):
            check_registries(run)
            return _run(run, open_registry(run.registry, strict), dry_run=dry_run, as_json=as_json)
    except HarnessError as error:
        if not as_json:
            raise
        say(f"error: {error}", err=True)
        print_json({**refusal_document(error), "written": [], "not_written": []})
        return error.exit_code


def _run(run: ReadRun, registry: Registry, *, dry_run: bool, as_json: bool) -> int:
    """Check a run file, run its plan and write its leaderboards; return the exit status."""
    from harness.cli.runfiles import check
    from harness.results.summary import say_results

    plan = check(run, registry)
    if run.file.description:
        say(run.file.description, err=True)
    if dry_run:
        return _show_plan(plan, run.file, as_json=as_json)
    outcome = run_shown(registry, plan, run.store)
    written, not_written = _write_all(run, registry, plan)
    if as_json:
        print_json({**outcome_document(outcome), "written": written, "not_written": not_written})
    elif not written and outcome.results:
        say_results(outcome.cells, notes=False)
    return outcome.exit_code or int(bool(not_written))


def _show_plan(plan: Plan, file: RunFile, *, as_json: bool) -> int:
    from harness.cli.dry_run import described_plan, show_plan

    boards = [{"benchmarks": board.benchmarks, "output": board.output} for board in file.leaderboards]
    if as_json:
        print_json({**described_plan(plan), "leaderboards": boards})
        return 0
    show_plan(plan, as_json=False)
    for board in boards:
        say(f"would write: {board['output']}, the leaderboard of {', '.join(board['benchmarks'])}")
    return 0


def _write_all(run: ReadRun, registry: Registry, plan: Plan) -> tuple[list[str], list[dict[str, str]]]:
    """Write all leaderboards, even after one failed; return the paths of the written, and the reasons of the others."""
    from harness.cli.board_order import carry_out
    from harness.cli.runfiles import labels_of, order_of
    from harness.names.plugins import describe

    written, not_written, labels = [], [], labels_of(plan)
    for board in run.boards.values():
        try:
            carry_out(registry, order_of(board, run, labels))
            written.append(str(Path(board.output).absolute()))
        except click.Abort:  # the user wants to end the whole command, not to skip this leaderboard
            raise
        except Exception as error:  # an error of harness, of the disk or of a plugin must not lose the other boards
            reason = str(error) if isinstance(error, HarnessError) else describe(error)
            say(f"not written: {board.output}: {one_entry(reason)}", err=True)
            not_written.append({"output": str(Path(board.output).absolute()), "reason": reason})
    return written, not_written
