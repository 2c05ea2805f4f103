"""The event loop: a stream, a policy and a cache, prompt by prompt, as a cache would do it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

from .eviction import RULES, Eviction
from .lookup import Lookup, Search
from .policy import Entry, Insertion, Look, Policy
from .stream import ABSENT, NONE, IntArray, Stream, shared

Expiry = Literal["known", "unknown"]
Verifier = Callable[[int, int], float | None]
"""What a verifier says of a prompt and an entry, by index in the stream; None where it failed or was not asked."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How large a cache is, what goes into it and how long it stays."""

    insertion: Insertion = "on-miss"
    eviction: str = "lru"
    """Name of a rule in `eviction.RULES`; it matters only with a capacity."""
    capacity: int | None = None
    """Entries at most, of all scopes together; None: no bound."""
    ttl: float | None = None
    """Seconds for which an entry stays; None: as long as its response holds."""
    expiry: Expiry = "known"
    """Whether the cache knows for how long a response holds; where it does not, what it serves later is wrong."""

    def __str__(self) -> str:
        parts = [f"insertion={self.insertion}"]
        if self.capacity is not None:
            parts += [f"eviction={self.eviction}", f"capacity={self.capacity}"]
        if self.ttl is not None:
            parts.append(f"ttl={self.ttl:g}")
        if self.expiry != "known":
            parts.append(f"expiry={self.expiry}")
        return ",".join(parts)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a policy did with a stream of n prompts."""

    hit: NDArray[np.bool_]
    """(n,): whether a cached response was served."""
    right: NDArray[np.bool_]
    """(n,): whether the nearest entry's response would have been right, served or not."""
    nearest: IntArray
    """(n,): the nearest entry; -1 for none."""
    similarity: FloatArray
    """(n,): the cosine with it; -2 for none."""
    verified: NDArray[np.bool_]
    """(n,): whether the verifier was asked."""
    most_entries: int
    """Entries that the cache held at most."""
    report: Mapping[str, float] = field(default_factory=dict)
    """What the policy says at the end."""

    @property
    def false_hits(self) -> NDArray[np.bool_]:
        """Mark the responses that were served and wrong, (n,)."""
        return self.hit & ~self.right


def replay(
    stream: Stream | Iterable[Stream],
    policy: Policy,
    settings: CacheSettings | None = None,
    *,
    lookup: Lookup | None = None,
    verifier: Verifier | None = None,
    seed: int = 0,
) -> Replayed:
    """Send a stream through a cache.

    >>> from .policy import Static
    >>> from .stream import of_classes
    >>> stream = of_classes(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [1.0, 0.0]]), [5, 5, 6, 6])
    >>> done = replay(stream, Static(0.9))
    >>> done.hit.tolist(), done.false_hits.tolist()
    ([False, True, False, True], [False, False, False, True])

    Args:
        stream: The prompts; or pieces of a stream too long for memory, in order.
        policy: Decides.
        settings: Of the cache; None: as the policy inserts, without bounds.
        lookup: Finds the nearest entries; None: a search among all.
        verifier: Answers policies that verify.
        seed: Of the policy's random numbers.
    """
    settings = CacheSettings(policy.insertion) if settings is None else settings
    cache = _Cache(settings, Search() if lookup is None else lookup)
    policy.start(seed)
    pieces = [stream] if isinstance(stream, Stream) else stream
    done, first = [], 0
    for piece in pieces:
        done.append(_piece(piece, first, policy, cache, verifier))
        first += len(piece)
    hit, right, nearest, similarity, asked = (np.concatenate([part[i] for part in done]) for i in range(5))
    return Replayed(hit, right, nearest, similarity, asked, cache.most, dict(policy.report()))


def _piece(
    stream: Stream, first: int, policy: Policy, cache: _Cache, verifier: Verifier | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], IntArray, FloatArray, NDArray[np.bool_]]:
    n, insertion, k = len(stream), cache.settings.insertion, policy.neighbours
    hit, right, asked = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    nearest, similarity = np.full(n, ABSENT, dtype=np.int64), np.full(n, NONE)
    times, scopes, there = stream.times.tolist(), stream.scopes.tolist(), stream.there.tolist()
    for i in range(n):
        number, now = first + i, times[i]
        cache.expire(now)
        if not there[i]:  # without a vector nothing can be looked up or found later: the model answers
            continue
        vector, answers = stream.vectors[i], stream.answers[i]
        found, cosines = cache.lookup.nearest(number, vector, scopes[i], k)
        served = serves = False
        held = cache.held
        if found:
            look = Look(number, now, [held[entry].entry for entry in found], cosines)
            nearest[i], similarity[i] = found[0], cosines[0]
            right[i] = serves = shared(answers, held[found[0]].answers) and now < held[found[0]].until
            if policy.verifies(look):
                asked[i] = True
                look.verified = None if verifier is None else verifier(number, found[0])
            hit[i] = served = bool(policy.decide(look))
            if served:
                cache.serve(found[0])
            elif policy.learns:
                policy.learn(look, serves)
        if insertion == "all" or (not served and (insertion == "on-miss" or not serves)):
            # That a served response was right is not known: the entry that insert-all adds is of a group of its own.
            known = held[found[0]].entry.group if found and serves and not served else number
            cache.insert(stream, i, Entry(number, now, known), scopes[i])
    return hit, right, nearest, similarity, asked


@dataclass(slots=True)
class _Held:
    entry: Entry
    answers: IntArray
    until: float
    """Seconds, on the stream's clock, from which on its response is stale."""


class _Cache:
    """The entries, in bounded number."""

    def __init__(self, settings: CacheSettings, lookup: Lookup) -> None:
        self.settings, self.lookup = settings, lookup
        self.held: dict[int, _Held] = {}
        self.most = 0
        self._rule: Eviction | None = None if settings.capacity is None else RULES[settings.eviction]()
        self._ends: list[tuple[float, int]] = []

    def expire(self, now: float) -> None:
        """Drop the entries whose time is over."""
        while self._ends and self._ends[0][0] <= now:
            entry = heapq.heappop(self._ends)[1]
            if entry in self.held:
                self._drop(entry)

    def serve(self, entry: int) -> None:
        """Note that an entry's response is served."""
        self.held[entry].entry.uses += 1
        if self._rule is not None:
            self._rule.used(entry)

    def insert(self, stream: Stream, i: int, entry: Entry, scope: int) -> None:
        """Put an entry in; where there is no room, another goes."""
        capacity, number = self.settings.capacity, entry.number
        if self._rule is not None and capacity is not None:
            if len(self.held) >= capacity:
                self._drop(self._rule.victim())
            self._rule.added(number, float(stream.costs[i]))
        self.held[number] = _Held(entry, stream.answers[i].copy(), entry.added + float(stream.lifetimes[i]))
        self.most = max(self.most, len(self.held))
        self.lookup.add(number, stream.vectors[i], scope)
        known = float(stream.lifetimes[i]) if self.settings.expiry == "known" else np.inf
        lasts = min(known, np.inf if self.settings.ttl is None else self.settings.ttl)
        if lasts < np.inf:
            heapq.heappush(self._ends, (entry.added + lasts, number))
            if len(self._ends) > 64 + 4 * len(self.held):  # evicted entries must not be remembered for ever
                self._ends = [one for one in self._ends if one[1] in self.held]
                heapq.heapify(self._ends)

    def _drop(self, entry: int) -> None:
        del self.held[entry]
        self.lookup.remove(entry)
        if self._rule is not None:
            self._rule.removed(entry)
