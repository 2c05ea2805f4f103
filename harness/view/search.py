"""Items that hold words: from the index to rows of a cell, a page at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from harness.view.figures import Figures, Mask
from harness.view.index import Index
from harness.view.samples import Texts

_CHUNK = 1024
_SCAN = 50_000
"""Matches that a page looks at before it gives the reader what it found."""


@dataclass(slots=True)
class Hits:
    """Rows found by a search."""

    rows: list[int]
    next: int | None = None
    """Where to go on; None: that was all."""


def search(figures: Figures, texts: Texts, wanted: str, place: str, mask: Mask, start: int, size: int) -> Hits:
    """Rows that hold the words and are in the mask, in the order of the data.

    Args:
        figures: Of the cell.
        texts: Of the cell.
        wanted: A query of the index.
        place: ``data``, ``model``, or both where empty.
        mask: (n,) rows that may be shown.
        start: Item number to begin with.
        size: How many to find at most.
    """
    documents = texts.documents
    if documents is None:
        return Hits([])
    streams = []
    if place != "model":
        streams.append(documents.matching(wanted, start))
    if place != "data" and texts.written is not None:
        streams.append(texts.written.matching(wanted, start))
    numbers = streams[0] if len(streams) == 1 else _once(heapq.merge(*streams))
    kept = mask if _aligned(figures, documents) else None
    hits, seen = Hits([]), 0
    while chunk := list(islice(numbers, _CHUNK)):
        for number, row in _rows_of(figures, documents, chunk, kept):
            if len(hits.rows) == size:
                hits.next = number
                return hits
            if mask[row]:
                hits.rows.append(row)
        seen += len(chunk)
        if seen >= _SCAN:
            hits.next = chunk[-1] + 1
            return hits
    return hits


def _rows_of(
    figures: Figures, documents: Index, numbers: Sequence[int], kept: Mask | None
) -> Iterator[tuple[int, int]]:
    """(number in the index, row of the cell); only those kept, where the numbers are the rows."""
    if kept is not None:
        found = np.array(numbers)
        found = found[found < len(kept)]
        yield from ((number, number) for number in found[kept[found]].tolist())
        return
    ids = documents.ids(numbers)
    rows = ((number, figures.row(ids.get(number, ""), number)) for number in numbers)
    yield from ((number, row) for number, row in rows if row is not None)


def _aligned(figures: Figures, documents: Index) -> bool:
    """Whether the items of the index are the rows of the cell, seen at some of them: else the data have changed."""
    some = np.unique(np.linspace(0, max(documents.count() - 1, 0), 64).astype(int)).tolist()
    return all(figures.row(id_, number) == number for number, id_ in documents.ids(some).items())


def _once(numbers: Iterable[int]) -> Iterator[int]:
    """Ascending numbers, each once."""
    last = -1
    for number in numbers:
        if number != last:
            yield number
        last = number
