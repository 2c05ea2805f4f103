"""The output of ``harness eval --dry-run``: every cell with its route and the number of requests."""

from __future__ import annotations

from typing import Any

from harness.cli.options import print_json
from harness.results.terminal_tables import say_table
from harness.running.plan import Cell, Plan, StageModel
from harness.running.rounds import told
from harness.task import BadItem, Stage
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
    say_table(head, rows, keep=(0, 1, 5))
    for training in described["trainings"]:
        over = f" over {training['base']}" if training["base"] else ""
        asking = "".join(f", asking {label} as its {part}" for part, label in training["parts"].items())
        said = f"will be trained first: {training['model']}: {training['trainer']} on {training['task']}{over}{asking}"
        say(one_entry(said))
    for cell in cells:
        if cell["most_requests"] is not None and cell["stage_count"] > 1:
            say(one_entry(_later(cell)))
        if cell["problem"]:
            say(one_entry(f"will fail: {cell['model']} on {cell['task']}: {cell['problem']}"))
    for reason in plan.skipped:
        say(f"skipped: {one_entry(reason)}")
    for warning in plan.warnings:
        say(f"warning: {one_entry(warning)}")


def _later(cell: dict[str, Any]) -> str:
    """Say of a cell of several stages who is asked, and how often at most."""
    if_so = ", if every stage asks as much as the first" if cell["most_requests_assumed"] else ""
    return (
        f"{cell['model']} on {cell['task']}: the requests above are the first stage's; in all its stages "
        f"({'; '.join(cell['stages'])}) the task makes at most {cell['most_requests']}{if_so}"
    )


def described_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data."""
    cells = [_describe(cell, plan) for cell in plan.cells]
    return {"cells": cells, "trainings": _trainings(plan), "skipped": plan.skipped, "warnings": plan.warnings}


def _trainings(plan: Plan) -> list[dict[str, Any]]:
    """Describe each training that the plan begins with, once, in the order in which they run."""
    waiting = [inner for cell in plan.cells for handle in cell.handles for inner in handle.untrained()]
    described: list[dict[str, Any]] = []
    for untrained in dict.fromkeys(waiting):
        training = untrained.training
        if training.is_done:
            continue
        told_of = {
            "model": untrained.label,
            "trainer": training.trainer.name,
            "task": training.task,
            "settings": {k: v for k, v in training.settings.items() if k not in training.parts},
            "base": training.base.label if training.base else "",
            "parts": {name: part.label for name, part in training.parts.items()},
        }
        if told_of not in described:  # one model in two places is resolved twice and trained once
            described.append(told_of)
    return described


def _describe(cell: Cell, plan: Plan) -> dict[str, Any]:
    """Describe one cell. Counts are of the first stage, and of all requests, on file or not.

    What later stages ask depends on answers: of them it is only told how much it may be at most.
    """
    asked = cell.stages[0]
    several = len(cell.stages) > 1
    described: dict[str, Any] = {
        "model": cell.label,
        "task": cell.task.name,
        "capability": asked.route.capability,
        "adapters": list(cell.adapters),
        "metrics": [metric.name for metric in cell.metrics],
        "needs_training": any(inner.model is None for handle in cell.handles for inner in handle.everyone()),
        "stages": told([f"{stage.role}: {model.route.capability}" for stage, model in _staged(cell)]),
        "stage_count": len(cell.stages),
        "items": None,
        "requests": None,
        "texts": None,
        "most_requests": None,
        "most_requests_assumed": False,
        "problem": cell.blocked,
    }
    if cell.blocked:
        return described
    items = requests = texts = own = 0
    for item in cell.task.items(plan.evaluation.split, limit=plan.evaluation.limit):
        if isinstance(item, BadItem):
            continue
        items += 1
        asking = list(cell.task.requests(item, 0, asked.route.capability, ()))
        own += len(asking)
        for adapter in asked.route.adapters:
            asking = [inner for request in asking for inner in adapter.expand(request)]
        requests += len(asking)
        texts += sum(len(request.parts()) for request in asking)
    most, assumed = _most(cell, items, own) if several else (own, False)
    counts = {"items": items, "requests": requests, "texts": texts}
    return {**described, **counts, "most_requests": most, "most_requests_assumed": assumed}


def _staged(cell: Cell) -> list[tuple[Stage, StageModel]]:
    """Return each stage with who is asked in it."""
    return list(zip(cell.task.stages, cell.stages, strict=True))


def _most(cell: Cell, items: int, first: int) -> tuple[int, bool]:
    """Return how many requests a task may make at most in all its stages, and whether that is partly assumed.

    A task that does not say how much an item may ask in a later stage is taken to ask as much there as in the first.

    Args:
        cell: The cell.
        items: How many there are.
        first: Requests of the first stage, before adapters.
    """
    most, assumed = first, False
    for number in range(1, len(cell.stages)):
        said = cell.task.most_requests(number)
        most += first if said is None else items * said
        assumed = assumed or said is None
    return most, assumed
