"""The command ``harness eval``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.gates import (
    TRIPPED,
    Gate,
    check_planned,
    fail_if_option,
    figures_of_cells,
    gates_of,
    say_tripped,
    tripped,
)
from harness.cli.options import (
    LEVEL,
    SEED,
    json_option,
    key_values,
    open_registry,
    print_json,
    registry_options,
    store_option,
    table_options,
)
from harness.cli.plan_running import failure_lines, outcome_document, refusal_document, run_shown
from harness.errors import HarnessError
from harness.terminal import say, visible

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.running.plan import EvaluationRequest, Plan
    from harness.running.runner import Outcome


@click.command("eval")
@click.argument("targets", nargs=-1)
@click.option("-m", "--model", "models", multiple=True, help="[LABEL=]NAME[:key=value,...]; repeat for several.")
@click.option("-t", "--task", "tasks", multiple=True, help="Task, benchmark or glob of tasks; repeat for several.")
@click.option("--role", "roles", multiple=True, metavar="NAME=MODEL", help="Model for another role of a task.")
@click.option(
    "--adapter",
    "adapters",
    multiple=True,
    metavar="[ROLE=]NAME[:key=value,...]",
    help="Adapter to ask through: one that changes answers, or to prefer where several would do; repeat for several.",
)
@click.option("--metric", "metrics", multiple=True, help="Compute this metric too.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first items of every task.")
@click.option("--split", default="test", show_default=True, help="Which split of the tasks.")
@click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of metrics that resample.")
@click.option("--confidence", default=0.95, show_default=True, type=LEVEL, help="Coverage of the intervals.")
@click.option(
    "--all-metrics", is_flag=True, help="Show every metric, not only the first few or a benchmark's leaderboard."
)
@click.option("--domains", is_flag=True, help="Show every metric on every domain.")
@click.option("--dry-run", is_flag=True, help="Print the plan with request counts; compute nothing.")
@fail_if_option
@store_option
@registry_options
@table_options
@json_option
def command(
    targets: tuple[str, ...],
    tasks: tuple[str, ...],
    roles: tuple[str, ...],
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
    dry_run: bool,
    all_metrics: bool,
    domains: bool,
    fail_if: tuple[str, ...],
    **options: Any,
) -> int:
    """Evaluate models on tasks and benchmarks; answers computed before are not computed again.

    
    Examples:
      harness eval quickstart
      harness eval -m length -t judgebench
      harness eval -m mine=recorded:path=scores.jsonl -t rm-bench --json
      harness eval -m bt-linear:path=my-model -t 'quickstart/*' --limit 100 --dry-run
      harness eval -m length -t judgebench --fail-if 'accuracy < 60% of length'

    
    Exit status: 0 all cells done, 1 some cell failed, 2 the request cannot be run as given, 3 a figure is not shown to
    pass --fail-if.
    """
    from harness.running.plan import EvaluationRequest

    try:
        gates = gates_of(fail_if)
        registry = open_registry(registry_file, strict)
        evaluation = EvaluationRequest(targets=(*targets, *tasks), roles=key_values(roles, "--role"), **options)
        return evaluate_and_show(
            registry,
            evaluation,
            store,
            dry_run=dry_run,
            as_json=as_json,
            all_metrics=all_metrics,
            domains=domains,
            gates=gates,
        )
    except HarnessError as error:
        if not as_json:
            raise
        say(f"error: {error}", err=True)
        print_json(refusal_document(error))
        return error.exit_code


def evaluate_and_show(
    registry: Registry,
    evaluation: EvaluationRequest,
    store: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
    all_metrics: bool,
    domains: bool,
    gates: Sequence[Gate] = (),
) -> int:
    """Plan, run, and print the results; return the exit status.

    Args:
        registry: The registry of names.
        evaluation: The request to evaluate.
        store: The SQLite file; None for the default.
        dry_run: Print the plan, and compute nothing.
        as_json: Print one JSON document.
        all_metrics: Print every metric, even if there is a leaderboard.
        domains: Print every metric on every domain.
        gates: Conditions under which the status is 3.

    Raises:
        PlanError: everything that is wrong with the request, together.
        UsageError: a gate is about nothing that is computed.
        StoreError: the store cannot be used.
    """
    from harness.api import make_plan

    plan = make_plan(registry, evaluation, store=store)
    check_planned(gates, plan)
    if dry_run:
        from harness.cli.dry_run import show_plan

        show_plan(plan, as_json=as_json)
        return 0
    outcome = run_shown(registry, plan, store)
    failed = tripped(gates, figures_of_cells(outcome.cells), [cell.label for cell in plan.cells])
    if as_json:
        print_json({**outcome_document(outcome), **({"tripped": failed} if gates else {})})
    else:
        _show(registry, plan, outcome, store, all_metrics=all_metrics, domains=domains)
    say_tripped(failed)
    return TRIPPED if failed else outcome.exit_code


def _show(
    registry: Registry, plan: Plan, outcome: Outcome, store: Path | None, *, all_metrics: bool, domains: bool
) -> None:
    """Print the results for a reader: figures, failures, leaderboards, and where everything is kept."""
    from harness.results.generated import generated_tasks, say_generated
    from harness.results.summary import say_results
    from harness.results.terminal_tables import say_prose

    # A leaderboard holds whole evaluations: readers would take one of some items, or of another split, for that.
    boards = plan.benchmarks if plan.evaluation.limit is None and plan.evaluation.split == "test" else []
    say()
    if outcome.results and (domains or all_metrics or not boards):
        if made := say_generated(generated_tasks(outcome.cells), of=len({cell.task for cell in outcome.cells})):
            say_prose(visible(made), style="bold")
            say()
        say_results(outcome.cells, domains=domains, every=all_metrics)
    for line in failure_lines(outcome.cells):
        say(line, err=True)
    for benchmark in boards:
        _write_leaderboard(
            registry, benchmark.name, store, Path(outcome.run["store"]).parent, plan.evaluation.confidence
        )
    if boards and not (domains or all_metrics):
        say_prose(
            "every metric: --all-metrics; every domain: --domains; all of it for programs: --json; "
            "what a word means: harness docs WORD"
        )
    say_prose(_kept(outcome))


def _kept(outcome: Outcome) -> str:
    """Return where everything is kept, and what the same command would do; where all failed, nothing was computed."""
    place = outcome.run["store"]
    if outcome.cells and all(cell.status == "failed" for cell in outcome.cells):
        reasons = f"nothing was computed: every evaluation failed, and the reasons are kept in {place}"
        return f"{reasons}; the same command asks again"
    return f"everything computed is kept in {place}; the same command computes only what is missing"


def _write_leaderboard(registry: Registry, name: str, store: Path | None, folder: Path, confidence: float) -> None:
    """Print a benchmark's leaderboard, and write its page beside the store."""
    from harness.api import build_leaderboard
    from harness.files.atomic import write_atomically
    from harness.leaderboard.rendering import render
    from harness.leaderboard.terminal_board import say_board

    board = build_leaderboard(name, store=store, confidence=confidence, registry=registry)
    if not board.columns:
        return  # no cell is done, and the failures have been printed
    page = folder / (re.sub(r"[^\w.=,-]+", "-", name) + ".html")
    write_atomically(page, render(board, "html"))
    say_board(board)
    say(f"leaderboard written to {page}")
