"""Runs a plan from the command line, and makes the documents that its commands print for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, PlanError
from harness.terminal import one_entry, say

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.running.plan import Plan
    from harness.running.runner import Outcome


def run_shown(registry: Registry, plan: Plan, store: Path | None) -> Outcome:
    """Run a plan; show skipped models, warnings, bars and finished cells on standard error."""
    from harness.api import run_plan
    from harness.progress import TerminalProgress
    from harness.results.numbers import cell_line

    progress = TerminalProgress()
    for reason in plan.skipped:
        say(f"skipped: {one_entry(reason)}", err=True)
    for warning in plan.warnings:
        progress.warn(warning)
    return run_plan(registry, plan, store=store, progress=progress, on_cell=lambda cell: say(cell_line(cell), err=True))


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return the document that ``--json`` prints about a run."""
    return {
        "run": outcome.run,
        "results": [result.as_json() for result in outcome.results],
        "failures": outcome.failures(),
        "remarks": outcome.remarks(),
    }


def refusal_document(error: HarnessError) -> dict[str, Any]:
    """Return what ``--json`` prints if nothing was run, with the same keys, so that programs need no second reader."""
    reasons = error.problems if isinstance(error, PlanError) else (str(error),)
    failures = [{"model": None, "task": None, "item": None, "reason": reason} for reason in reasons]
    return {"run": None, "results": [], "failures": failures}
