"""Whether a trainer, a task and a base model fit together, said before any work."""

from __future__ import annotations

from harness.errors import UsageError
from harness.names.handles import ModelHandle
from harness.names.plugins import plugin_code
from harness.names.registry import Registry
from harness.progress import ProgressReporter
from harness.task import Task
from harness.trainer import Trainer


def check_base(kind: type[Trainer], name: str, base: ModelHandle | None) -> None:
    """Refuse a base model that the trainer does not take, or cannot ask.

    Args:
        kind: The trainer's class.
        name: The trainer's registered name.
        base: The base model, if one is given.

    Raises:
        UsageError: the trainer takes no base, or needs one, or this one lacks a capability.
    """
    if base is None:
        if kind.needs_base:
            raise UsageError(f"the trainer {name!r} needs a base model: --base MODEL")
        return
    if not kind.needs_base:
        raise UsageError(f"the trainer {name!r} is not trained over a base model; leave out {base.label!r}")
    lacking = [capability for capability in kind.asks if capability not in base.offers]
    if lacking:
        raise UsageError(
            f"the trainer {name!r} asks its base ({base.label}) for {' and '.join(lacking)}, which that does not "
            f"offer; it offers: {', '.join(base.offers) or 'nothing'}"
        )


def check_task(kind: type[Trainer], name: str, registry: Registry, task: Task, split: str) -> None:
    """Refuse a task whose items the trainer does not understand.

    Args:
        kind: The trainer's class.
        name: The trainer's registered name.
        registry: Where the kinds of task are looked up.
        task: The task to learn from.
        split: The split of the task to learn from.

    Raises:
        UsageError: the task is of another kind than the trainer learns from, or has no such split.
    """
    kinds = tuple(registry.find("task kind", k).load() for k in kind.trains_on)
    if kinds and not isinstance(task, kinds):
        raise UsageError(
            f"the trainer {name!r} learns from tasks of kind {' or '.join(kind.trains_on)}, which {task.name} is not"
        )
    if split not in task.splits:
        raise UsageError(f"the task {task.name} has no split {split!r} to train on; it has: {', '.join(task.splits)}")


def warn_of_flattery(base: ModelHandle | None, task: str, split: str, progress: ProgressReporter) -> None:
    """Warn that a base model, or one inside it, was trained on the items that are learned from now.

    Args:
        base: The base model, if there is one.
        task: Name of the task to learn from.
        split: The split of the task to learn from.
        progress: Where the warning goes.
    """
    for label in _trained_on_the_same(base, task, split):
        progress.warn(f"{label} was trained on {task} [{split}] itself: its answers there flatter it")


def _trained_on_the_same(base: ModelHandle | None, task: str, split: str) -> list[str]:
    """List the labels of the base model and those inside it that were trained on a split."""
    labels = []
    for handle in base.those_that_learned() if base else ():
        with plugin_code(f"{handle.label}: trained_on()"):
            manifests = handle.model.trained_on() if handle.model is not None else ()
        if any((m.get("task"), m.get("split")) == (task, split) for m in manifests):
            labels.append(handle.label)
    return labels
