"""The match trace: for each prompt of a stream the nearest earlier ones, and whether the nearest would have served.

With every prompt cached and none evicted, whatever threshold a cache has follows from the trace alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

from .stream import ABSENT, DIGITS, NONE, IntArray, Stream, Vectors, similarities

_BLOCK = 512
"""Rows of a product at a time."""
_SLACK = 4e-6
"""By how much a product of 32-bit numbers may be off, and rounding on top; candidates are taken so far below."""
MOST = 50_000
"""Prompts of a scope up to which products of all with all are made; beyond, an index finds the nearest."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest earlier prompts of each, in its scope; k of them at most."""

    rows: IntArray
    """(n, k): their indices, the nearest first, and of equally near ones the earliest; -1 where there are no more."""
    similarities: FloatArray
    """(n, k): their cosines."""
    whole: NDArray[np.bool_]
    """(n,): whether these are all earlier prompts of the scope; else there are more, which are no nearer."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What every threshold follows from, where all prompts are cached and stay; n prompts."""

    nearest: IntArray
    """(n,): index of the nearest earlier prompt of the scope whose response still holds; -1 for none."""
    similarity: FloatArray
    """(n,): the cosine with it; `NONE` for none."""
    right: NDArray[np.bool_]
    """(n,): whether its response serves the prompt."""
    possible: NDArray[np.bool_]
    """(n,): whether any earlier response of the scope serves it, and still holds."""

    def hits(self, threshold: float) -> NDArray[np.bool_]:
        """Mark what a threshold hits, (n,); equality is a hit."""
        return np.asarray((self.similarity >= threshold) & (self.nearest >= 0))


def neighbours_of(stream: Stream, k: int) -> Neighbours:
    """Find the nearest earlier prompts of each, exactly, by products of blocks.

    Args:
        stream: The prompts; those without a vector are nobody's neighbour.
        k: How many at most.
    """
    n = len(stream)
    rows = np.full((n, k), ABSENT, dtype=np.int64)
    cosines = np.full((n, k), NONE)
    whole = np.ones(n, dtype=bool)
    for scope in np.unique(stream.scopes):
        members = np.flatnonzero((stream.scopes == scope) & stream.there)
        _within(stream.vectors[members], members, k, rows, cosines, whole)
    return Neighbours(rows, cosines, whole)


def _within(
    vectors: Vectors, members: IntArray, k: int, rows: IntArray, cosines: FloatArray, whole: NDArray[np.bool_]
) -> None:
    """Fill in the neighbours of the prompts of one scope."""
    taken = k + 8  # some more than are kept, since products of 32 bits may put two in the wrong order
    for start in range(0, len(members), _BLOCK):
        block = vectors[start : start + _BLOCK]
        end = start + len(block)
        products = block @ vectors[:end].T
        products[np.arange(end) >= np.arange(start, end)[:, None]] = -np.inf
        many = end > taken
        picked = np.argpartition(-products, taken - 1, axis=1)[:, :taken] if many else np.arange(end)[None, :]
        picked = np.broadcast_to(picked, (len(block), picked.shape[1]))
        approximate = np.take_along_axis(products, picked, axis=1)
        floor = approximate.min(axis=1) + _SLACK if many else np.full(len(block), -np.inf)
        for i in range(len(block)):
            earlier = start + i
            near = picked[i][approximate[i] > -np.inf]
            exact = similarities(vectors[near], block[i])
            complete = len(near) == earlier
            if not complete:  # whoever was not picked may be as near as the least of those that were
                near, exact = near[exact > floor[i]], exact[exact > floor[i]]
            order = np.lexsort((near, -exact))[:k]
            own = members[earlier]
            rows[own, : len(order)] = members[near[order]]
            cosines[own, : len(order)] = exact[order]
            whole[own] = complete and len(near) <= k


def trace_of(stream: Stream, neighbours: Neighbours | None = None) -> Trace:
    """Make the trace of a stream.

    Args:
        stream: The prompts.
        neighbours: As `neighbours_of` finds them; None: they are found here.
    """
    found = neighbours_of(stream, 1 if np.isinf(stream.lifetimes).all() else 16) if neighbours is None else neighbours
    n = len(stream)
    nearest = np.full(n, ABSENT, dtype=np.int64)
    similarity = np.full(n, NONE)
    everyone = np.arange(n)
    holds = found.rows >= 0
    age = stream.times[:, None] - stream.times[found.rows]
    holds &= age < stream.lifetimes[found.rows]
    first = holds.argmax(axis=1)
    any_ = holds.any(axis=1)
    nearest[any_] = found.rows[everyone, first][any_]
    similarity[any_] = found.similarities[everyone, first][any_]
    for i in np.flatnonzero(~any_ & ~found.whole):
        nearest[i], similarity[i] = _search(stream, int(i))
    right = stream.same_as(everyone, nearest)
    return Trace(nearest, similarity, right, possible(stream))


def _search(stream: Stream, i: int) -> tuple[int, float]:
    """Find the nearest earlier prompt whose response still holds, among all."""
    rows = np.flatnonzero((stream.scopes[:i] == stream.scopes[i]) & stream.there[:i])
    rows = rows[stream.times[i] - stream.times[rows] < stream.lifetimes[rows]]
    if not len(rows) or not stream.there[i]:
        return ABSENT, NONE
    found = similarities(stream.vectors[rows], stream.vectors[i])
    best = int(found.argmax())
    return int(rows[best]), float(found[best])


def possible(stream: Stream) -> NDArray[np.bool_]:
    """Mark the prompts, (n,), that some earlier response of the scope serves, and still holds."""
    until: dict[tuple[int, int], float] = {}
    found = np.zeros(len(stream), dtype=bool)
    for i, (scope, codes) in enumerate(zip(stream.scopes.tolist(), stream.answers.tolist(), strict=True)):
        now, ends = stream.times[i], stream.times[i] + stream.lifetimes[i]
        for code in codes:
            if code >= 0:
                found[i] |= until.get((scope, code), -np.inf) > now
        for code in codes:
            if code >= 0 and stream.there[i]:
                until[scope, code] = max(ends, until.get((scope, code), -np.inf))
    return found


def rounded(cosine: float) -> float:
    """Return a cosine as similarities are kept."""
    return round(cosine, DIGITS)
