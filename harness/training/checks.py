"""Whether a trainer, a task and a base model fit together, said before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import HarnessError, UsageError
from harness.names.handles import ModelHandle
from harness.names.plugins import plugin_code
from harness.names.registry import Registry
from harness.progress import ProgressReporter
from harness.task import Task
from harness.tasks.build import build_task
from harness.trainer import Trainer


def check_task(kind: type[Trainer], name: str, registry: Registry, task: Task, split: str) -> None:
    """Refuse a task whose items the trainer does not understand.

    Args:
        kind: The trainer's class.
        name: The trainer's registered name.
        registry: Where the kinds of task are looked up.
        task: The task to learn from.
        split: The split of the task to learn from.

    Raises:
        UsageError: the task is for evaluation only, is of another kind than the trainer learns from, or has no such
            split.
    """
    refuse_evaluation_only(task, f"the trainer {name!r}")
    kinds = tuple(registry.find("task kind", k).load() for k in kind.trains_on)
    if kinds and not isinstance(task, kinds):
        raise UsageError(
            f"the trainer {name!r} learns from tasks of kind {' or '.join(kind.trains_on)}, which {task.name} is not"
        )
    if split not in task.splits:
        raise UsageError(f"the task {task.name} has no split {split!r} to train on; it has: {', '.join(task.splits)}")


def refuse_evaluation_only(task: Task, who: str) -> None:
    """Refuse to learn from a task that its file keeps for evaluation, whichever split is meant.

    Args:
        task: The task to learn from.
        who: Who would learn, for the message.

    Raises:
        UsageError: nothing may be trained on the task.
    """
    if task.definition.evaluation_only:
        raise UsageError(
            f"{who} may not learn from {task.name}: it is for evaluation only, none of its splits to train or "
            "cross-validate on (evaluation_only in its file); name another task"
        )


def learned_evaluation_only(registry: Registry, manifests: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the tasks that a model was trained on by its manifests, though they are for evaluation only by now."""
    found = []
    for name in dict.fromkeys(str(manifest.get("task")) for manifest in manifests):
        try:
            task = build_task(registry, name)
        except HarnessError:  # of somebody else's tasks nothing is known here
            continue
        found += [name] if task.definition.evaluation_only else []
    return found


def warn_of_flattery(
    models: Sequence[ModelHandle], splits: Sequence[tuple[str, str]], progress: ProgressReporter
) -> None:
    """Warn that a model that is asked, or one inside it, was trained on the items that are learned from now.

    Args:
        models: The base and the parts.
        splits: The tasks and splits that are learned from.
        progress: Where the warnings go.
    """
    said: set[str] = set()
    for task, split in dict.fromkeys(splits):
        for model in models:
            for label in _trained_on_the_same(model, task, split):
                text = f"{label} was trained on {task} [{split}] itself: its answers there flatter it"
                if text not in said:
                    progress.warn(text)
                said.add(text)


def _trained_on_the_same(model: ModelHandle, task: str, split: str) -> list[str]:
    """List the labels of a model and those inside it that were trained on a split."""
    labels = []
    for handle in model.those_that_learned():
        with plugin_code(f"{handle.label}: trained_on()"):
            manifests = handle.model.trained_on() if handle.model is not None else ()
        if any((m.get("task"), m.get("split")) == (task, split) for m in manifests):
            labels.append(handle.label)
    return labels
