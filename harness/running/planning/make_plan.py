"""Make the plan of an evaluation, or say everything that is wrong with the request at once."""

from __future__ import annotations

from pathlib import Path

from harness.errors import PlanError
from harness.names.registry import Registry
from harness.running.plan import EvaluationRequest, Plan
from harness.running.planning.checks import CHECKS
from harness.running.planning.draft import PlanDraft


def make_plan(registry: Registry, request: EvaluationRequest, *, models_folder: Path) -> Plan:
    """Make the plan of an evaluation; nothing is computed.

    Args:
        registry: Where names are looked up.
        request: What the user asked for.
        models_folder: Where trained models lie.

    Raises:
        PlanError: everything that is wrong, together; the places are the fields of the request and entries in them.
    """
    draft = PlanDraft(registry, request, models_folder)
    for check in CHECKS:
        draft.take(check(draft))
    if draft.problems:
        raise PlanError(draft.problems)
    if not draft.cells:
        raise PlanError([*draft.skipped, "nothing to run"])
    return Plan(request, draft.cells, draft.benchmarks, draft.skipped, draft.warnings)
