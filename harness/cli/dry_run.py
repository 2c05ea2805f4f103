"""The output of ``harness eval --dry-run``: every cell with its route and the number of requests."""

from __future__ import annotations

from typing import Any

from harness.cli.options import print_json
from harness.results.numbers import plain_table
from harness.running.plan import Cell, Plan
from harness.task import BadItem
from harness.terminal import one_entry, say


def show_plan(plan: Plan, *, as_json: bool) -> None:
    """Print a plan, as a table or as one JSON document."""
    described = described_plan(plan)
    if as_json:
        print_json(described)
        return
    cells = described["cells"]
    head = ["model", "task", "asked for", "through", "items", "requests", "texts"]
    rows = [
        [
            c["model"],
            c["task"],
            c["capability"],
            " > ".join(c["adapters"]) or "-",
            *("-" if c[k] is None else str(c[k]) for k in ("items", "requests", "texts")),
        ]
        for c in cells
    ]
    say(plain_table(head, rows))
    for cell in cells:
        if cell["problem"]:
            say(one_entry(f"will fail: {cell['model']} on {cell['task']}: {cell['problem']}"))
    for reason in plan.skipped:
        say(f"skipped: {one_entry(reason)}")
    for warning in plan.warnings:
        say(f"warning: {one_entry(warning)}")


def described_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data."""
    cells = [_describe(cell, plan) for cell in plan.cells]
    return {"cells": cells, "skipped": plan.skipped, "warnings": plan.warnings}


def _describe(cell: Cell, plan: Plan) -> dict[str, Any]:
    """Describe one cell; counts are of the first stage, and of all requests, whether on file or not."""
    asked = cell.stages[0]
    described: dict[str, Any] = {
        "model": cell.label,
        "task": cell.task.name,
        "capability": asked.route.capability,
        "adapters": list(cell.adapters),
        "metrics": [metric.name for metric in cell.metrics],
        "needs_training": any(inner.model is None for handle in cell.handles for inner in handle.everyone()),
        "items": None,
        "requests": None,
        "texts": None,
        "problem": cell.blocked,
    }
    if cell.blocked:
        return described
    items = requests = texts = 0
    for item in cell.task.items(plan.evaluation.split, limit=plan.evaluation.limit):
        if isinstance(item, BadItem):
            continue
        items += 1
        asking = list(cell.task.requests(item, 0, asked.route.capability, ()))
        for adapter in asked.route.adapters:
            asking = [inner for request in asking for inner in adapter.expand(request)]
        requests += len(asking)
        texts += sum(len(request.parts()) for request in asking)
    return {**described, "items": items, "requests": requests, "texts": texts}
