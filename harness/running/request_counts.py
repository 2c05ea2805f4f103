"""How many responses a client of models gave, computed and found on file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

_MARKS = 1 << 24
"""Bits that say which keys were computed: 2 MiB, whatever the number of requests."""


@dataclass(slots=True)
class RequestCounts:
    """How many requests a client of models was asked so far, and where their responses came from."""

    requests: int = 0
    """Requests that models were asked themselves: where a task asks through adapters, those that adapters made."""
    computed: int = 0
    """Responses that models computed."""
    reused: int = 0
    """Responses that were on file already when this counting began; one in a few hundred thousand may be missed."""
    seconds: float = 0.0
    """Time that was spent inside models, in seconds."""
    _computed: bytearray = field(default_factory=lambda: bytearray(_MARKS // 8), repr=False)

    def count(self, on_file: Iterable[bytes], computed: Iterable[bytes]) -> None:
        """Count responses by their keys.

        A response found in the store counts as reused, unless this counting itself saw it computed earlier.

        Args:
            on_file: Keys of the responses found in the store.
            computed: Keys of the responses that a model just gave.
        """
        self.reused += sum(not self._is_marked(key) for key in on_file)
        for key in computed:
            self.computed += 1
            mark = int.from_bytes(key[:4], "little") % _MARKS
            self._computed[mark >> 3] |= 1 << (mark & 7)

    def _is_marked(self, key: bytes) -> bool:
        mark = int.from_bytes(key[:4], "little") % _MARKS
        return bool(self._computed[mark >> 3] >> (mark & 7) & 1)
