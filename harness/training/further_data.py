"""What a trainer may read besides the items that it is handed: other splits, and other tasks that its settings name.

Cross-validation holds items out. They are kept from a trainer wherever it reads them: by id, and by cluster.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.errors import UsageError
from harness.names.registry import Registry
from harness.names.trainings import data_of
from harness.task import BadItem, Item, Task
from harness.tasks.build import build_task
from harness.trainer import Trainer, TrainingData
from harness.training.checks import refuse_evaluation_only
from harness.training.items import good_items, items_digest


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The items that a training may not learn from."""

    ids: frozenset[str] = frozenset()
    clusters: frozenset[str] = field(default=frozenset())

    def __bool__(self) -> bool:
        return bool(self.ids or self.clusters)

    def holds(self, item: Item | BadItem) -> bool:
        """Whether an item is held out: it has the id of one that is, or is of its cluster."""
        if isinstance(item, BadItem):
            return False
        return item.id in self.ids or (item.cluster is not None and item.cluster in self.clusters)

    def view(self, task: Task) -> Task:
        """Return a task of the same kind and data, of which nothing that is held out can be read item by item."""
        if not self:
            return task
        view = copy.copy(task)

        def items(split: str = "test", *, limit: int | None = None) -> Iterator[Item | BadItem]:
            return (item for item in task.items(split, limit=limit) if not self.holds(item))

        def count(split: str = "test") -> int | None:
            return None  # not known without reading them

        object.__setattr__(view, "items", items)
        object.__setattr__(view, "_items", items)
        object.__setattr__(view, "count", count)
        return view


class FurtherData:
    """The further data of one training.

    Args:
        registry: Where tasks are looked up.
        kind: The trainer's class.
        settings: Its settings.

    Raises:
        UsageError: there is no such task, or it has no such split.
    """

    def __init__(self, registry: Registry, kind: type[Trainer], settings: Mapping[str, Any]) -> None:
        self._tasks: dict[str, list[tuple[Task, str]]] = {}
        built: dict[str, Task] = {}
        for setting, pairs in data_of(registry, kind, settings).items():
            for name, split in pairs:
                task = built.setdefault(name, build_task(registry, name))
                refuse_evaluation_only(task, f"{setting}={name}:{split}: a trainer")
                if split not in task.splits:
                    raise UsageError(
                        f"{setting}={name}:{split}: the task {name} has no split {split!r}; it has: "
                        f"{', '.join(task.splits)}"
                    )
                self._tasks.setdefault(setting, []).append((task, split))

    @property
    def splits(self) -> list[tuple[str, str]]:
        """List the tasks and splits by name."""
        return [(task.name, split) for pairs in self._tasks.values() for task, split in pairs]

    def views(self, held_out: HeldOut) -> dict[str, Sequence[TrainingData]]:
        """Give the trainer what it may read, by setting."""
        return {
            setting: tuple(
                TrainingData(task.name, split, view, partial(good_items, view, split, None))
                for task, split in pairs
                for view in [held_out.view(task)]
            )
            for setting, pairs in self._tasks.items()
        }

    def digests(self, held_out: HeldOut) -> dict[str, list[dict[str, str]]]:
        """Say, for the manifest, what is read: names, hash of the definition and of the items, by setting."""
        return {
            setting: [
                {
                    "task": task.name,
                    "split": split,
                    "task_digest": task.definition.digest,
                    "items": items_digest(good_items(held_out.view(task), split, None)),
                }
                for task, split in pairs
            ]
            for setting, pairs in self._tasks.items()
        }
