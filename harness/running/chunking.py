"""Items in portions that memory can hold; how many are asked together is what models batch by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.array_values import arrays_inside
from harness.errors import DataError
from harness.requests import Conversation, Request
from harness.task import BadItem, Item, Task

CHUNK = 2048
"""Items that are in memory at once, where their texts are not too large."""
_LOOKED_AT = 8
"""Requests of a chunk that are weighed."""
CHUNK_BYTES = 256 << 20
"""About how many bytes of texts and arrays are in memory at once; one item is taken whatever it weighs."""


class RequestWeight:
    """What the arrays in an item's requests take: seen on the first item, and then on those of every chunk.

    Requests of texts hold the texts of the item, which are weighed with it; arrays may be made for the request.

    Args:
        requests: Makes the first requests of an item.
    """

    def __init__(self, requests: Callable[[Item], Sequence[Request]]) -> None:
        self._requests = requests
        self._each: int | None = None

    def __call__(self, item: Item) -> int:
        """Estimate the bytes of an item's requests."""
        if self._each is None:
            try:
                self._each = _array_bytes(self._requests(item))
            except (Exception, SystemExit):  # a plugin's code: where it is asked in earnest, it is said what is wrong
                self._each = 0
        return self._each

    def learn(self, requests: Sequence[Request], items: int) -> None:
        """Take in the requests that were made of some items."""
        if items and requests:
            some = requests[:: max(1, len(requests) // _LOOKED_AT)]
            self._each = max(self._each or 0, _array_bytes(some) * len(requests) // (len(some) * items))


def _array_bytes(requests: Sequence[Request]) -> int:
    """Sum the bytes of the arrays in requests, each once."""
    return sum({id(array): array.nbytes for request in requests for array in arrays_inside(request)}.values())


def at_once(task: Task) -> int:
    """Return how many items of a task are at most in memory at once.

    Raises:
        DataError: ``at_once`` of the task is no whole number from 1.
    """
    said: Any = task.at_once  # a plugin's
    if said is None:
        return CHUNK
    if isinstance(said, bool) or not isinstance(said, int) or said < 1:
        raise DataError(f"{task.name}: at_once: expected a whole number from 1, or None; got {said!r}")
    return said


def chunks(
    items: Iterable[Item | BadItem], size: int = CHUNK, more: Callable[[Item], int] = lambda item: 0
) -> Iterator[list[Item | BadItem]]:
    """Cut items into lists of up to ``size``, and of about `CHUNK_BYTES` of their fields and requests at most.

    Args:
        items: The items, or the rows that make none.
        size: Items in a list, at most.
        more: Bytes that an item's requests take beside its fields.
    """
    chunk: list[Item | BadItem] = []
    held = 0
    for item in items:
        chunk.append(item)
        held += 0 if isinstance(item, BadItem) else _weight(item.fields) + more(item)
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
