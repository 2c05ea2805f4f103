"""Items in portions that memory can hold; how many are asked together is what models batch by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.requests import Conversation
from harness.task import BadItem, Item, Task

CHUNK = 2048
"""Items that are in memory at once, where their texts are not too large."""
CHUNK_BYTES = 256 << 20
"""About how many bytes of texts are in memory at once; one item is taken whatever it weighs."""


def chunks(items: Iterable[Item | BadItem], size: int = CHUNK) -> Iterator[list[Item | BadItem]]:
    """Cut items into lists of up to ``size``, and of about `CHUNK_BYTES` of their fields at most."""
    chunk: list[Item | BadItem] = []
    held = 0
    for item in items:
        chunk.append(item)
        held += 0 if isinstance(item, BadItem) else _weight(item.fields)
        if len(chunk) == size or held >= CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _weight(value: Any) -> int:
    """Estimate how many bytes the texts and arrays inside a value take."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_weight(each) for each in value.values())
    if isinstance(value, list | tuple):
        return sum(_weight(each) for each in value)
    if isinstance(value, Conversation):
        return sum(len(message.content) for message in value.messages)
    return int(getattr(value, "nbytes", 0))


def count_items(task: Task, split: str, limit: int | None) -> int | None:
    """Return how many items a bar goes to; None where that is not cheap to know."""
    total = task.count(split)
    if total is None or limit is None:
        return limit if total is None else total
    return min(limit, total)
