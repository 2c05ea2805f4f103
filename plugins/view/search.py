"""Items that hold words: from the index to rows of a cell, a page at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .figures import CellFigures, Mask
from .index import SearchIndex
from .samples import CellTexts

_FIRST, _LONGEST = 512, 32_768
"""Items that are looked at together."""
_AT_ONCE = 1024
_ENOUGH, _LIMIT = 0.03, 0.09
"""Seconds after which a page begins to look at no further stretch, and gives up the one under way.

What a stretch costs depends on how common the words are, which the index does not say beforehand. So how much one page
searches depends on the machine, and every page says which items it searched; following it to the end gives all.
"""


@dataclass(slots=True)
class SearchHits:
    """Rows found by a search, and which items were looked at."""

    rows: list[int]
    first: int = 0
    """Number of the first item that was looked at."""
    end: int = 0
    """Number of the item after the last that was looked at."""
    count: int = 0
    """Items that there are so far."""
    too_common: bool = False
    """Given up at once: more words begin like that than can be looked up."""
    next: int | None = None
    """Where to go on; None: that was all. There may be no row before it, where the words are common and hits rare."""


def search(
    figures: CellFigures, texts: CellTexts, wanted: str, place: str, mask: Mask, start: int, size: int
) -> SearchHits:
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
        return SearchHits([])
    indices = [documents] if place != "model" else []
    indices += [texts.written] if place != "data" and texts.written is not None else []
    kept = mask if _aligned(figures, documents) else None
    count = documents.count()
    hits, began = SearchHits([], start, count, count), time.monotonic()
    for first, last in _windows(start, count, _LONGEST if '"*' in wanted else _FIRST):
        if kept is not None and not kept[first:last].any():
            continue  # none of these may be shown
        late = first > start and time.monotonic() > began + _ENOUGH
        numbers = None if late else _matching(indices, wanted, first, last, began + _LIMIT)
        if numbers is None:
            hits.next, hits.end, hits.too_common = first, first, first == start
            return hits
        for number, row in _rows_of(figures, documents, numbers, kept):
            if len(hits.rows) == size:
                hits.next = hits.end = number
                return hits
            if mask[row]:
                hits.rows.append(row)
    return hits


def _matching(indices: Sequence[SearchIndex], wanted: str, first: int, last: int, until: float) -> list[int] | None:
    """Numbers of the items that one of the indices finds, each once; None where that takes too long."""
    found: set[int] = set()
    for index in indices:
        try:
            found.update(index.matching(wanted, first, last, seconds=max(0.001, until - time.monotonic())))
        except TimeoutError:
            return None
    return sorted(found)


def _windows(start: int, stop: int, length: int) -> Iterator[tuple[int, int]]:
    """Stretches of the data to look at one after the other: short at first, where a page may be full at once.

    The beginning of a word costs as much for a short one: all words that begin so are gathered each time.
    """
    while start < stop:
        yield start, min(start + length, stop)
        start, length = start + length, min(2 * length, _LONGEST)


def _rows_of(
    figures: CellFigures, documents: SearchIndex, numbers: Sequence[int], kept: Mask | None
) -> Iterator[tuple[int, int]]:
    """(number in the index, row of the cell); only those kept, where the numbers are the rows."""
    if kept is not None:
        found = np.array(numbers, dtype=np.int64)
        found = found[found < len(kept)]
        yield from ((number, number) for number in found[kept[found]].tolist())
        return
    for at in range(0, len(numbers), _AT_ONCE):
        some = numbers[at : at + _AT_ONCE]
        ids = documents.ids(some)
        rows = ((number, figures.row(ids.get(number, ""), number)) for number in some)
        yield from ((number, row) for number, row in rows if row is not None)


def _aligned(figures: CellFigures, documents: SearchIndex) -> bool:
    """Whether the items of the index are the rows of the cell, seen at some of them: else the data have changed."""
    some = np.unique(np.linspace(0, max(documents.count() - 1, 0), 64).astype(int)).tolist()
    return all(figures.row(id_, number) == number for number, id_ in documents.ids(some).items())
