"""What a run's numbers came from: versions, git state, hardware, settings. Never a key or another secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from harness.store.machine import git_state, hardware, versions
from harness.tasks.data.sources import MIRROR_VARIABLE

if TYPE_CHECKING:
    from harness.running.plan import Plan


DATA_FOLDER = "data_folder"
"""Of a run's description: the folder of local copies of data that it read from, where there was one."""


def _data_folder() -> dict[str, str]:
    root = os.environ.get(MIRROR_VARIABLE)
    return {DATA_FOLDER: os.path.abspath(root)} if root else {}


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
        **_data_folder(),
    }
