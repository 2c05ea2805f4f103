"""Search for items that hold words: from the index to the rows of a cell, a page at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .figures import CellFigures, Mask
from .index import SearchIndex
from .samples import CellTexts

_FIRST, _LONGEST = 512, 32_768
"""Numbers of items in the first window that is searched, and in the longest."""
_AT_ONCE = 1024
_ENOUGH, _LIMIT = 0.03, 0.09
"""Seconds after which a page begins to look at no further stretch, and gives up the one under way.

What a stretch costs depends on how common the words are, which the index does not say beforehand. So how much one page
searches depends on the machine, and every page says which items it searched; following it to the end gives all.
"""


@dataclass(slots=True)
class SearchHits:
    """The rows that a search found, and the items that it searched."""

    rows: list[int]
    first: int = 0
    """Number of the first item that was searched."""
    end: int = 0
    """Number of the item after the last that was searched."""
    count: int = 0
    """Number of items that the index holds so far."""
    too_common: bool = False
    """Whether the search was given up at once, because too many words begin as typed."""
    next: int | None = None
    """Number of the item to go on with; None at the end. A page may be empty and go on, where matches are rare."""


def search(
    figures: CellFigures, texts: CellTexts, wanted: str, place: str, mask: Mask, start: int, size: int
) -> SearchHits:
    """Return the rows that match a query and are in a mask, in the order of the data.

    Args:
        figures: The figures of the cell.
        texts: The texts of the cell.
        wanted: The query, from `words.match_of`.
        place: ``data``, ``model``, or both if empty.
        mask: (n,) the rows that may be shown.
        start: Number of the item to begin with.
        size: Most rows to find.
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
    """Return the numbers of the items that one of the indices finds, each once; None if that takes too long."""
    numbers: set[int] = set()
    for index in indices:
        try:
            numbers.update(index.matching(wanted, first, last, seconds=max(0.001, until - time.monotonic())))
        except TimeoutError:
            return None
    return sorted(numbers)


def _windows(start: int, stop: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield windows of the data to search one after the other: short at first, since a page may be full at once.

    A search for the beginning of a word costs the same in a short window: SQLite gathers all words that begin so each
    time.
    """
    while start < stop:
        yield start, min(start + length, stop)
        start, length = start + length, min(2 * length, _LONGEST)


def _rows_of(
    figures: CellFigures, documents: SearchIndex, numbers: Sequence[int], kept: Mask | None
) -> Iterator[tuple[int, int]]:
    """Yield (number in the index, row of the cell); if numbers are rows, only of the rows in ``kept``."""
    if kept is not None:
        row_numbers = np.array(numbers, dtype=np.int64)
        row_numbers = row_numbers[row_numbers < len(kept)]
        yield from ((number, number) for number in row_numbers[kept[row_numbers]].tolist())
        return
    for at in range(0, len(numbers), _AT_ONCE):
        some = numbers[at : at + _AT_ONCE]
        ids = documents.ids(some)
        rows = ((number, figures.row(ids.get(number, ""), number)) for number in some)
        yield from ((number, row) for number, row in rows if row is not None)


def _aligned(figures: CellFigures, documents: SearchIndex) -> bool:
    """Tell from a sample of items whether numbers in the index are rows of the cell; if not, the data have changed."""
    some = np.unique(np.linspace(0, max(documents.count() - 1, 0), 64).astype(int)).tolist()
    return all(figures.row(id_, number) == number for number, id_ in documents.ids(some).items())
