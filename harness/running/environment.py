"""What a run's numbers came from: versions, git state, hardware, settings. Never a key or another secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.store.machine import git_state, hardware, versions

if TYPE_CHECKING:
    from harness.running.plan import Plan


def describe_run(plan: Plan) -> dict[str, Any]:
    """Return everything about a run that its numbers may depend on, as plain data."""
    evaluation = plan.evaluation
    return {
        "models": list(dict.fromkeys(cell.label for cell in plan.cells)),
        "tasks": list(dict.fromkeys(cell.task.name for cell in plan.cells)),
        "roles": dict(evaluation.roles),
        "adapters": list(evaluation.adapters),
        "limit": evaluation.limit,
        "split": evaluation.split,
        "seed": evaluation.seed,
        "confidence": evaluation.confidence,
        "skipped": list(plan.skipped),
        "warnings": list(plan.warnings),
        "versions": versions(),
        "git": git_state(),
        "hardware": hardware(),
    }
