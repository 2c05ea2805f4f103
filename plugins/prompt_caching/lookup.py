"""Ways to find the nearest entries of a cache: stored lists, a search, a ranking for many orders, an index."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness import ConfigurationError, FloatArray

from .match_trace import Neighbours
from .stream import DIGITS, Stream, Vectors, similarities

_SLACK = 4e-6
"""By how much a product of 32-bit numbers may be off."""


class Lookup(Protocol):
    """Finds the nearest entries; entries are known by the index of their prompt in the stream."""

    def add(self, entry: int, vector: Vectors, scope: int) -> None:
        """Take in an entry."""

    def remove(self, entry: int) -> None:
        """Forget an entry."""

    def nearest(self, prompt: int, vector: Vectors, scope: int, k: int) -> tuple[list[int], list[float]]:
        """Return up to k entries of a scope and their cosines, the nearest first, and of equals the earliest."""


class Search:
    """Products with every entry of the scope: exact, and in memory that the number of entries bounds."""

    def __init__(self) -> None:
        self._scopes: dict[int, _Buffer] = {}
        self._scope_of: dict[int, int] = {}

    def add(self, entry: int, vector: Vectors, scope: int) -> None:
        """Take in an entry."""
        if scope not in self._scopes:
            self._scopes[scope] = _Buffer(len(vector))
        self._scopes[scope].add(entry, vector)
        self._scope_of[entry] = scope

    def remove(self, entry: int) -> None:
        """Forget an entry."""
        scope = self._scope_of.pop(entry)
        buffer = self._scopes[scope]
        buffer.remove(entry)
        if not buffer.count:
            del self._scopes[scope]

    def nearest(self, prompt: int, vector: Vectors, scope: int, k: int) -> tuple[list[int], list[float]]:
        """Return the nearest entries."""
        buffer = self._scopes.get(scope)
        return buffer.nearest(vector, k) if buffer is not None else ([], [])

    @property
    def bytes(self) -> int:
        """What the vectors take."""
        return sum(buffer.vectors.nbytes for buffer in self._scopes.values())


class _Buffer:
    """Vectors side by side, whose places are used again."""

    def __init__(self, width: int) -> None:
        self.vectors = np.zeros((16, width), dtype=np.float32)
        self.entries = np.full(16, -1, dtype=np.int64)
        self.count = 0
        self._place: dict[int, int] = {}

    def add(self, entry: int, vector: Vectors) -> None:
        if self.count == len(self.entries):
            self.vectors = np.concatenate([self.vectors, np.zeros_like(self.vectors)])
            self.entries = np.concatenate([self.entries, np.full_like(self.entries, -1)])
        self.vectors[self.count], self.entries[self.count] = vector, entry
        self._place[entry] = self.count
        self.count += 1

    def remove(self, entry: int) -> None:
        place, last = self._place.pop(entry), self.count - 1
        if place != last:
            self.vectors[place], self.entries[place] = self.vectors[last], self.entries[last]
            self._place[int(self.entries[place])] = place
        self.count = last

    def nearest(self, vector: Vectors, k: int) -> tuple[list[int], list[float]]:
        products = self.vectors[: self.count] @ vector
        if self.count > k:
            least = np.partition(products, self.count - k)[self.count - k]
            near = np.flatnonzero(products >= least - _SLACK)
        else:
            near = np.arange(self.count)
        exact = similarities(self.vectors[near], vector)
        entries = self.entries[near]
        order = np.lexsort((entries, -exact))[:k]
        return entries[order].tolist(), exact[order].tolist()


class Stored:
    """Lists of the nearest earlier prompts, of which those in the cache count; where a list ends, a search.

    Args:
        stream: The prompts.
        neighbours: Their lists.
    """

    def __init__(self, stream: Stream, neighbours: Neighbours) -> None:
        self._lists, self._cosines, self._whole = neighbours.rows, neighbours.similarities, neighbours.whole
        self._cached = np.zeros(len(stream) + 1, dtype=bool)  # the last stands for a list's end, which is never cached
        self._search = Search()
        self.searches = 0
        """How often a list ended too early."""

    def add(self, entry: int, vector: Vectors, scope: int) -> None:
        """Take in an entry."""
        self._cached[entry] = True
        self._search.add(entry, vector, scope)

    def remove(self, entry: int) -> None:
        """Forget an entry."""
        self._cached[entry] = False
        self._search.remove(entry)

    def nearest(self, prompt: int, vector: Vectors, scope: int, k: int) -> tuple[list[int], list[float]]:
        """Return the nearest entries."""
        listed = self._lists[prompt]
        places = np.flatnonzero(self._cached[listed])[:k]
        if len(places) < k and not self._whole[prompt]:
            self.searches += 1
            return self._search.nearest(prompt, vector, scope, k)
        return listed[places].tolist(), self._cosines[prompt][places].tolist()


class Ranking:
    """All prompts of a stream of one scope, ranked by their cosine with each: made once for studies of many orders.

    Args:
        vectors: (n, d) of length 1.
    """

    def __init__(self, vectors: Vectors) -> None:
        exact = vectors.astype(np.float64)
        self.cosines: FloatArray = np.round(exact @ exact.T, DIGITS)
        """(n, n)."""
        kind = np.int16 if len(vectors) < 2**15 else np.int32
        self.rows = np.empty(self.cosines.shape, dtype=kind)
        """(n, n): which are the nearest, the nearest first."""
        for i, row in enumerate(self.cosines):
            self.rows[i] = np.argsort(-row, kind="stable")


class Ranked:
    """What `Search` finds, from a ranking of all prompts, whatever the order in which they come.

    Args:
        ranking: Of all prompts.
        order: (n,): which of them each prompt of the stream is.
    """

    def __init__(self, ranking: Ranking, order: NDArray[np.int64]) -> None:
        self._ranking, self._order = ranking, order.tolist()
        count = len(ranking.rows)
        self._cached = np.zeros(count, dtype=bool)
        self._entry = np.zeros(count, dtype=np.int64)
        self._widths = (32, 512, count)

    def add(self, entry: int, vector: Vectors, scope: int) -> None:
        """Take in an entry."""
        row = self._order[entry]
        self._cached[row], self._entry[row] = True, entry

    def remove(self, entry: int) -> None:
        """Forget an entry."""
        self._cached[self._order[entry]] = False

    def nearest(self, prompt: int, vector: Vectors, scope: int, k: int) -> tuple[list[int], list[float]]:
        """Return the nearest entries."""
        own = self._order[prompt]
        ranked, cosines = self._ranking.rows[own], self._ranking.cosines[own]
        rows = ranked[:0]
        for width in self._widths:
            rows = ranked[:width]
            rows = rows[self._cached[rows]]
            if len(rows) > k:
                break
        taken = rows[: k + 1]
        found = cosines[taken].tolist()
        if len(set(found)) < len(found):  # equally near: the earliest entry counts, which the order decides
            rows = ranked[self._cached[ranked]]
            rows = rows[cosines[rows] >= found[-1]]
            taken = rows[np.lexsort((self._entry[rows], -cosines[rows]))]
            found = cosines[taken[:k]].tolist()
        return self._entry[taken[:k]].tolist(), found[:k]


class Index:
    """An approximate index, of usearch, a graph each scope; for more entries than products reach.

    Args:
        expansion: How many candidates a search keeps; more find more of the true neighbours, and take longer.

    Raises:
        ConfigurationError: usearch is not installed.
    """

    def __init__(self, *, expansion: int = 64) -> None:
        try:
            from usearch.index import Index as Graph
        except ImportError:
            raise ConfigurationError(
                "a stream of that length needs an index: pip install usearch, or take fewer rows"
            ) from None
        self._make: Any = lambda width: Graph(
            ndim=width, metric="ip", dtype="f32", expansion_add=expansion, expansion_search=expansion
        )
        self._scopes: dict[int, Any] = {}
        self._scope_of: dict[int, int] = {}

    def add(self, entry: int, vector: Vectors, scope: int) -> None:
        """Take in an entry."""
        if scope not in self._scopes:
            self._scopes[scope] = self._make(len(vector))
        self._scopes[scope].add(entry, vector, threads=1)
        self._scope_of[entry] = scope

    def remove(self, entry: int) -> None:
        """Forget an entry."""
        self._scopes[self._scope_of.pop(entry)].remove(entry)

    def nearest(self, prompt: int, vector: Vectors, scope: int, k: int) -> tuple[list[int], list[float]]:
        """Return entries that are most likely the nearest."""
        graph = self._scopes.get(scope)
        if graph is None or not len(graph):
            return [], []
        found = graph.search(vector, k, threads=1)
        return found.keys.tolist(), np.round(1 - found.distances.astype(np.float64), 6).tolist()

    @property
    def bytes(self) -> int:
        """What the graphs take."""
        return sum(int(graph.memory_usage) for graph in self._scopes.values())
