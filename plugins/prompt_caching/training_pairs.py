"""The pairs that trainers learn from, and those of other groups that say when to stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import BadItem, Item, Task

from .answers import lot
from .same_answer import groups_of_pairs


class TextPairs(NamedTuple):
    """Pairs of texts by index, with targets and groups."""

    texts: list[str]
    groups: list[str]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    targets: NDArray[np.float32]

    def take(self, rows: NDArray[np.bool_]) -> TextPairs:
        """Return some of the pairs."""
        return self._replace(first=self.first[rows], second=self.second[rows], targets=self.targets[rows])


class Parted(NamedTuple):
    """What is learned from, what is held out, and how many pairs are neither."""

    learned: TextPairs
    held: TextPairs | None
    left_out: int


def gather(items: Iterable[Item], task: str) -> TextPairs:
    """Collect pairs of a same-answer task.

    Raises:
        ValueError: there are none.
    """
    read = list(items)
    if not read:
        raise ValueError(f"{task}: the train split has no pairs")
    groups = groups_of_pairs(read)
    place = {text: i for i, text in enumerate(groups)}
    first, second = (
        np.array([place[item.fields[end]] for item in read], dtype=np.int64) for end in ("first", "second")
    )
    targets = np.array([item.fields["label"] for item in read], dtype=np.float32)
    return TextPairs(list(groups), list(groups.values()), first, second, targets)


def part(task: Task, items: Iterable[Item], share: float, seed: int) -> Parted:
    """Part pairs by group: those of the task's split ``validation``, if it has one, else of a share of the groups.

    A pair of a held-out prompt and one that is learned from belongs to neither part.

    Raises:
        ValueError: there are no pairs, or one of the parts would have none of either label.
    """
    pairs = gather(items, task.name)
    if not share:
        return Parted(pairs, None, 0)
    if "validation" in task.splits:
        others = [item for item in task.items("validation") if not isinstance(item, BadItem)]
        held = gather(others, f"{task.name}, split 'validation'")
        known = set(pairs.groups)
        apart = np.array([group not in known for group in held.groups])
        if apart.any():  # groups of the train split teach nothing of others; where all are shared, prompts have to do
            kept = apart[held.first] & apart[held.second]
            if usable(held.targets[kept]):
                return Parted(pairs, held.take(kept), int((~kept).sum()))
        return Parted(pairs, held, 0)
    out = np.array([lot(group, seed) < share for group in pairs.groups])
    both, none = out[pairs.first] & out[pairs.second], ~out[pairs.first] & ~out[pairs.second]
    for rows, what in ((none, "to learn from"), (both, "to hold out")):
        if not usable(pairs.targets[rows]):
            raise ValueError(
                f"{task.name}: parted by group, no pairs of both labels are left {what}; give validation=0"
            )
    return Parted(pairs.take(none), pairs.take(both), int((~both & ~none).sum()))


def usable(targets: Sequence[float] | NDArray[np.float32]) -> bool:
    """Tell whether there are pairs of either label."""
    same = np.asarray(targets) >= 0.5
    return bool(same.any() and not same.all())
