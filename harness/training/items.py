"""The items that a training learns from, and the hash that says whether they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from harness.errors import DataError
from harness.task import BadItem, Item, Task


def good_items(task: Task, split: str, limit: int | None) -> Iterator[Item]:
    """Yield the items of a split; a bad row ends the training, since a model made without it could not be made again.

    Raises:
        DataError: a row cannot be read.
    """
    for item in task.items(split, limit=limit):
        if isinstance(item, BadItem):
            raise DataError(f"{item.where}: {item.problem}; mend the row before training on it")
        yield item


def items_digest(items: Iterable[Item]) -> str:
    """Hash everything that is learned from, in order."""
    import msgspec

    def other(value: Any) -> Any:
        if hasattr(value, "tobytes"):
            return [str(value.dtype), list(value.shape), hashlib.blake2b(value.tobytes()).hexdigest()]
        return repr(value)

    encoder = msgspec.json.Encoder(enc_hook=other, order="deterministic")
    whole = hashlib.blake2b(digest_size=16)
    for item in items:
        content = (item.id, item.cluster, dict(item.fields))
        try:
            whole.update(encoder.encode(content) + b"\n")
        except (TypeError, ValueError):  # keys that are no texts, half of a pair of surrogates
            whole.update(repr(content).encode("utf-8", "surrogatepass") + b"\n")
    return whole.hexdigest()


def ids_digest(ids: frozenset[str]) -> str:
    """Hash a set of ids, such as those of the items that are held out."""
    return hashlib.blake2b("\0".join(sorted(ids)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
