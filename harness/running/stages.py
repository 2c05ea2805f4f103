"""The requests of a task's stages, each of which says whose earlier answer it is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.requests import Request
from harness.task import Answers, Item, Task


def about(task: Task, stage: int, earlier: Sequence[str]) -> str:
    """Return the label of the model whose answer a stage asks about; empty where it asks about none.

    That is the evaluated model where another role is asked about its answer, as a judge is, and else whoever of another
    role answered last, as an attacker before the candidate. A stage before which only its own role was asked is about
    no one else's answer.

    Args:
        task: The task.
        stage: Index into its stages.
        earlier: The labels of the models asked in the stages before, in order.
    """
    role = task.stages[stage].role
    others = [(s.role, label) for s, label in zip(task.stages, earlier, strict=False) if s.role != role]
    evaluated = [label for role, label in others if role == task.evaluates]
    return (evaluated or [label for _, label in others] or [""])[-1]


def stage_requests(
    task: Task, item: Item, stage: int, capability: str, earlier: Sequence[Answers], *, of: str | None = None
) -> Sequence[Request]:
    """Make the requests of one stage for one item; those made for the item say whose answer they are about.

    The harness says it, and not each kind of task, so that no kind can forget it: a recorded judge would then answer
    with its verdict on another candidate. What a task itself says in ``Origin.of`` stands.

    Args:
        task: The task.
        item: The item.
        stage: Index into the task's stages.
        capability: What the plan chose to ask for.
        earlier: The answers of the stages before, with the labels of who gave them.
        of: What `about` says of the stage, where the caller knows: it is the same for all items.
    """
    requests = task.requests(item, stage, capability, earlier)
    if not requests:
        return requests
    if of is None:
        of = about(task, stage, [answers.model for answers in earlier])
    return [_about(request, of) for request in requests] if of else requests


def _about(request: Request, of: str) -> Request:
    """Return a request that says whose answer it is about; one of no item, or that says it itself, as it is."""
    origin = request.origin
    if origin is None or origin.of:
        return request
    return dataclasses.replace(request, origin=dataclasses.replace(origin, of=of))
