"""The responses to what was asked together: in memory up to a number of bytes, the rest read from the store on use.

How many items are asked together is what models batch by, so it stays the same however large the answers are; it is the
answers that are not all held. What is beyond the bytes was filed as it came, and is read again when somebody looks at
it, the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from harness.array_values import owned
from harness.capabilities import Capability
from harness.errors import StoreError
from harness.requests import Failure, Response

if TYPE_CHECKING:
    from harness.store.store import Store

HELD_BYTES = 64 << 20
"""Bytes of the responses to one stage of a chunk of items that are held in memory."""
_FIRST = 16
"""Responses of unknown size that are read at once."""
_AT_ONCE = 1000
"""Responses that are read at once, however small they are."""
Join = Callable[[Sequence[Response]], Response]
"""Makes a request's response of the responses under its keys."""


class _OnFile:
    """Stands for a response that is filed and was let go."""


_ON_FILE = _OnFile()


class Responses:
    """Responses by their keys, of one model and one capability.

    Args:
        store: Where the responses are filed.
        model: The model's number in the store.
        capability: The capability.
    """

    def __init__(self, store: Store, model: int, capability: Capability) -> None:
        self._store, self.model, self._capability = store, model, capability
        self._values: dict[bytes, Any] = {}
        self._held = 0
        self.whole = True
        """Whether all responses are in memory."""

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._values)

    def find(self, keys: Sequence[bytes]) -> None:
        """Take in the responses on file under these keys; failed and missing ones stay absent."""
        if self._capability.form == "number":
            self._values.update(self._find(keys))
            return
        start, size = 0, _FIRST
        while start < len(keys) and self.whole:
            for key, value in self._find(keys[start : start + size]).items():
                self.add(key, value)
            start += size
            each = max(1, self._held // max(1, len(self._values)))
            size = max(1, min(_AT_ONCE, (HELD_BYTES - self._held) // each))
        rest = self._store.on_file(self.model, self._capability, keys[start:])
        self._values.update(dict.fromkeys(rest, _ON_FILE))
        self.whole = self.whole and not rest

    def _find(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        return self._store.find(self.model, self._capability, keys)

    def add(self, key: bytes, response: Response) -> None:
        """Take in a response that is filed; a failure is always held, for the store does not give failures back."""
        if isinstance(response, Failure) or self._capability.form == "number":
            self._values[key] = response
            return
        size = _bytes(response)
        if self._held + size > HELD_BYTES:
            self._values[key] = _ON_FILE
            self.whole = False
            return
        self._held += size
        self._values[key] = owned(response)

    def file(self, answers: Sequence[tuple[bytes, Response]]) -> None:
        """File answers by their keys, in one transaction, and take them in."""
        for key, answer in self._store.file(self.model, self._capability, answers).items():
            self.add(key, answer)

    def held(self, key: bytes) -> Response | None:
        """Return a response that is in memory; None for one that would have to be read."""
        value = self._values[key]
        return None if value is _ON_FILE else value

    def get(self, keys: Sequence[bytes]) -> list[Response]:
        """Return the responses under keys, read from the store where they were let go.

        Raises:
            StoreError: a response was deleted meanwhile.
        """
        absent = [key for key in keys if self._values[key] is _ON_FILE]
        read: Mapping[bytes, Any] = self._find(absent) if absent else {}
        if len(read) < len(set(absent)):
            raise StoreError(f"{self._store.path}: a response that was filed a moment ago is gone; run again")
        return [read[key] if key in read else self._values[key] for key in keys]


class LazyResponses(Sequence[Response]):
    """The responses to requests, each made when somebody looks at it and not kept.

    Args:
        responses: The responses by their keys.
        keys: Of each request, the keys of its response.
        join: Makes a request's response of the responses under its keys.
    """

    def __init__(self, responses: Responses, keys: Sequence[Sequence[bytes]], join: Join) -> None:
        self._responses, self._keys, self._join = responses, keys, join

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Response: ...
    @overload
    def __getitem__(self, index: slice) -> LazyResponses: ...
    def __getitem__(self, index: int | slice) -> Response | LazyResponses:
        if isinstance(index, slice):
            return LazyResponses(self._responses, self._keys[index], self._join)
        return self._join(self._responses.get(self._keys[index]))

    def failures(self) -> list[Failure]:
        """Return the first failure of each request that failed; reads nothing."""
        held = ([self._responses.held(key) for key in group] for group in self._keys)
        firsts = (next((value for value in values if isinstance(value, Failure)), None) for values in held)
        return [failure for failure in firsts if failure is not None]


def _bytes(response: Response) -> int:
    """Estimate how many bytes of memory a response takes."""
    size = getattr(response, "nbytes", None)  # of arrays
    if size is not None:
        return int(size)
    import msgspec

    try:
        return len(msgspec.json.encode(response))
    except (TypeError, ValueError):
        return len(repr(response))
