"""The match trace of a stream too long for all pairs: by an approximate index, whose recall is measured."""

from __future__ import annotations

import numpy as np

from .lookup import Index
from .match_trace import Trace, possible
from .stream import ABSENT, NONE, Stream, similarities

_TRIED = 16
"""Neighbours that are taken from the index, so that one whose response still holds is among them."""


def trace_by_index(stream: Stream, *, sample: int = 200, seed: int = 0) -> tuple[Trace, float]:
    """Make the trace of a long stream, and say how often the index finds the nearest prompt.

    Args:
        stream: The prompts.
        sample: Prompts whose nearest one is looked for among all as well.
        seed: Of the sample.

    Returns:
        The trace, and the share of the sample of which the index found a prompt as near as the nearest.

    Raises:
        ConfigurationError: usearch is not installed.
    """
    n, index = len(stream), Index()
    nearest, similarity = np.full(n, ABSENT, dtype=np.int64), np.full(n, NONE)
    k = 1 if np.isinf(stream.lifetimes).all() else _TRIED
    for i in range(n):
        if not stream.there[i]:
            continue
        vector, scope = stream.vectors[i], int(stream.scopes[i])
        found, _ = index.nearest(i, vector, scope, k)
        rows = np.array(found, dtype=np.int64)
        rows = rows[stream.times[i] - stream.times[rows] < stream.lifetimes[rows]]
        if len(rows):
            exact = similarities(stream.vectors[rows], vector)
            best = np.lexsort((rows, -exact))[0]
            nearest[i], similarity[i] = rows[best], exact[best]
        index.add(i, vector, scope)
    right = stream.same_as(np.arange(n), nearest)
    trace = Trace(nearest, similarity, right, possible(stream))
    return trace, _recall(stream, trace, sample, seed)


def _recall(stream: Stream, trace: Trace, sample: int, seed: int) -> float:
    able = np.flatnonzero(trace.nearest >= 0)
    if not len(able):
        return 1.0
    chosen = np.random.default_rng(seed).choice(able, min(sample, len(able)), replace=False)
    found = 0
    for i in chosen:
        rows = np.flatnonzero((stream.scopes[:i] == stream.scopes[i]) & stream.there[:i])
        rows = rows[stream.times[i] - stream.times[rows] < stream.lifetimes[rows]]
        best = rows[int((stream.vectors[rows] @ stream.vectors[i]).argmax())]
        (nearest,) = similarities(stream.vectors[[best]], stream.vectors[i])
        found += trace.similarity[i] >= nearest - 1e-6
    return float(found / len(chosen))
