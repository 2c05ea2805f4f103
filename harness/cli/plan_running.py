"""Runs a plan from the command line, and makes the documents that its commands print for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, PlanError
from harness.terminal import one_entry, say, visible

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.running.plan import Plan
    from harness.running.runner import Outcome
    from harness.store.records import CellRecord

SHOWN_REASONS = 5
"""Reasons of failures that are printed; `--json` has all that were kept."""


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


def failure_lines(cells: Sequence[CellRecord]) -> list[str]:
    """Say which items failed, in a line for each reason of each cell, with how many they are; most items first."""
    groups: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], str] = {}
    for cell in cells:
        for item, reason in cell.failures:
            groups[cell.label, cell.task, reason] += 1
            first.setdefault((cell.label, cell.task, reason), item)
    lines = []
    for (label, task, reason), count in groups.most_common(SHOWN_REASONS):
        item = first[label, task, reason]
        which = f"item {item}" if count == 1 else f"{count} items, the first {item}"
        lines.append(f"failed: {visible(f'{label} on {task}, {which}: {reason}')}")
    rest = sum(count for _, count in groups.most_common()[SHOWN_REASONS:])
    if rest:
        lines.append(
            f"... and {rest} more failures for {len(groups) - SHOWN_REASONS} other reasons (all of them with --json)"
        )
    unkept = sum(max(cell.failed_requests - len(cell.failures), 0) for cell in cells)
    if unkept:
        lines.append(f"... and {unkept} more failures, whose reasons were not kept")
    return lines


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return the document that ``--json`` prints about a run."""
    return {
        "run": outcome.run,
        "results": [
            {
                **result.as_json(),
                "generated": cell.generated is not None,
                **({"bound": cell.bound} if cell.bound else {}),
            }
            for cell in outcome.cells
            for result in cell.results
        ],
        "failures": outcome.failures(),
        "remarks": outcome.remarks(),
    }


def refusal_document(error: HarnessError) -> dict[str, Any]:
    """Return what ``--json`` prints if nothing was run, with the same keys, so that programs need no second reader."""
    reasons = error.problems if isinstance(error, PlanError) else (str(error),)
    failures = [{"model": None, "task": None, "item": None, "reason": reason} for reason in reasons]
    return {"run": None, "results": [], "failures": failures}
