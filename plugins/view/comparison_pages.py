"""The pages of two models: their answers to the same items, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from harness import FloatArray, Registry
from harness.results import CONFIDENCE, Comparison, compare_cells, shared_rows, verdict
from harness.running import OVERALL
from harness.store import CellRecord, StoreReader

from .figures import CellFigures, Rows
from .filters import QueryParameters, SampleFilter, filter_of
from .item import one_sample, rows_of, shown_texts
from .pages import NOTHING_FOUND, SAMPLES, NotFound, Page, cell_named
from .samples import CellTexts, Samples
from .search import search
from .texts import address
from .words import match_of

SHOW = {
    "all": "all items",
    "differ": "where the two differ",
    "first": "where the first does better",
    "second": "where the second does better",
    "wrong": "where both are wrong",
    "failed": "where one of them failed",
}


@dataclass
class PairedItems:
    """The items that both of two cells have."""

    first: CellFigures
    second: CellFigures
    rows: tuple[Rows, Rows]

    @cached_property
    def gap(self) -> FloatArray:
        """(n,) how much better the first model does on each item; NaN if one of the two cannot be judged.

        Of a metric that tells two classes apart by scores, how much further towards its class the first ranks the item
        among the negatives: a reader can use that, other than the influences of an item on two figures.
        """
        ranks = (self.first.ranks, self.second.ranks)
        if ranks[0] is not None and ranks[1] is not None:
            above = ranks[0].above[self.rows[0]] - ranks[1].above[self.rows[1]]
            return np.asarray(np.where(ranks[0].positive[self.rows[0]], above, -above))
        return np.asarray(self.first.merit[self.rows[0]] - self.second.merit[self.rows[1]])

    @cached_property
    def largest_first(self) -> Rows:
        """Indices of the shared items, the largest gap first."""
        return np.argsort(-np.abs(self.gap), kind="stable")

    def select(self, domain: str, show: str) -> Rows:
        """Return the indices of the shared items to show; where the models are to differ, the largest gap first."""
        kept = np.ones(len(self.rows[0]), dtype=bool)
        inside = self.first.in_domain(domain)
        if inside is not None:
            kept &= inside[self.rows[0]]
        if show == "failed":
            kept &= self.first.failed[self.rows[0]] | self.second.failed[self.rows[1]]
        elif show == "wrong":
            kept &= (self.first.merit[self.rows[0]] < 0) & (self.second.merit[self.rows[1]] < 0)
        elif show in ("differ", "first", "second"):
            gap = np.nan_to_num(self.gap)
            kept &= {"differ": gap != 0, "first": gap > 0, "second": gap < 0}[show]
            return self.largest_first[kept[self.largest_first]]
        return np.flatnonzero(kept)


class ComparisonPages:
    """Makes the pages that compare two models.

    Args:
        registry: The registry, in which metrics are looked up.
        store: The store.
        samples: The samples of the store's cells.
    """

    def __init__(self, registry: Registry, store: StoreReader, samples: Samples) -> None:
        self._registry, self._store, self._samples = registry, store, samples

    def _cells(self, first: int, second: int) -> tuple[CellRecord, CellRecord]:
        one, other = cell_named(self._store, first), cell_named(self._store, second)
        if (one.task, one.task_digest) != (other.task, other.task_digest):
            raise NotFound("These two cells are not of the same task, as it was defined.")
        if not one.columns or not other.columns:
            raise NotFound("One of these cells failed, and has no samples.")
        return one, other

    def _joined(self, one: CellRecord, other: CellRecord) -> tuple[PairedItems | None, str]:
        jobs = [self._samples.figures(cell) for cell in (one, other)]
        if problem := next((job.problem for job in jobs if job.problem), ""):
            return None, problem
        figures = [job.result for job in jobs]
        if None in figures:
            return None, ""
        job = self._samples.quick(("joined", one.id, other.id), partial(_join, *figures))
        return job.result, job.problem

    def comparison(self, query: QueryParameters, first: int, second: int) -> Page:
        """Make the page of the paired differences, and of the items that pass a filter."""
        one, other = self._cells(first, second)
        wanted, show = filter_of(query), query.get("show", "differ")
        show = show if show in SHOW else "differ"
        context: dict[str, Any] = {"first": one, "second": other, "filter": wanted, "show": show, "SHOW": SHOW}
        context |= {**NOTHING_FOUND, "domains": [], "found": [], "verdict": "", "wins": False, "comparing": False}
        joined, problem = self._joined(one, other)
        texts = self._samples.texts(one)
        context |= {"problem": problem, "texts": texts, "waiting": joined is None and not problem}
        if joined is None:
            return Page("compare.html", context)
        context |= {"domains": joined.first.domains, "shared": len(joined.rows[0]), "credit": joined.first.credit}
        context["ranked"] = joined.first.ranks is not None and joined.second.ranks is not None
        credit = joined.first.credit
        if credit is not None and not credit.own:
            context["SHOW"] = {**SHOW, "wrong": f"where both worsen {credit.metric}"}
        context |= self._paired(one, other)
        context |= self._found(one, other, joined, texts, wanted, show)
        return Page("compare.html", context)

    def _paired(self, one: CellRecord, other: CellRecord) -> dict[str, Any]:
        """Return the differences that ``harness compare`` reports, over all items."""
        job = self._samples.quick(("paired", one.id, other.id), partial(self._compared, one, other))
        comparisons: Sequence[Comparison]
        comparisons, notes = job.result or ((), ())
        return {
            "found": [c for c in comparisons if c.domain == OVERALL],
            "verdict": verdict(one.label, other.label, comparisons),
            "wins": any(c.win_rate is not None for c in comparisons),
            "confidence": CONFIDENCE,
            "comparing": not job.done,
            "not_compared": job.problem or "; ".join(notes),
        }

    def _compared(self, one: CellRecord, other: CellRecord) -> tuple[Sequence[Comparison], Sequence[str]]:
        """Compute the paired differences, and note which metrics have none."""
        notes: list[str] = []
        return compare_cells(self._registry, self._store, one, other, say=notes.append), notes

    def _found(
        self, one: CellRecord, other: CellRecord, joined: PairedItems, texts: CellTexts, wanted: SampleFilter, show: str
    ) -> dict[str, Any]:
        here = f"/compare/{one.id}/{other.id}"
        query = {**wanted.query, "show": show}
        chosen = joined.select(wanted.domain, show)
        if wanted.q:
            mask = np.zeros(len(joined.first.table.ids), dtype=bool)
            mask[joined.rows[0][chosen]] = True
            hits = search(joined.first, texts, match_of(wanted.q), "data", mask, wanted.start, SAMPLES)
            at = np.searchsorted(joined.rows[0], hits.rows)
            after = "" if hits.next is None else address(here, **query, start=hits.next)
            return {"rows": _both(joined, texts, at, wanted.q), "total": None, "next": after, "hits": hits}
        start = wanted.page * SAMPLES
        more = start + SAMPLES < len(chosen)
        return {
            "rows": _both(joined, texts, chosen[start : start + SAMPLES]),
            "total": len(chosen),
            "next": address(here, **query, page=wanted.page + 1) if more else "",
            "before": address(here, **query, page=wanted.page - 1 or None) if wanted.page else "",
        }

    def pair(self, query: QueryParameters, first: int, second: int, row: int) -> Page:
        """Make the page of one item as both models answered it.

        Args:
            query: The query of the address.
            first: Number of the first cell.
            second: Number of the second cell.
            row: Row number of the item in the first cell.
        """
        one, other = self._cells(first, second)
        joined, problem = self._joined(one, other)
        if problem:
            raise NotFound(problem)
        if joined is None:
            return Page("waiting.html", {"title": f"Sample {row}"})
        at = np.flatnonzero(joined.rows[0] == row)
        if not len(at):
            raise NotFound("The two have no such item in common.")
        sides = [
            one_sample(self._store, cell, figures, self._samples.texts(cell), int(rows[at[0]]))
            for cell, figures, rows in zip((one, other), (joined.first, joined.second), joined.rows, strict=True)
        ]
        show = query.get("show", "differ")
        chosen = joined.select(query.get("domain", ""), show if show in SHOW else "differ")
        near = _near(joined, chosen, int(at[0]))
        links = [
            address(f"/compare/{first}/{second}/{r}", **filter_of(query).query | {"show": show})
            for r in near
            if r is not None
        ]
        before, after = (links[0] if near[0] is not None else ""), (links[-1] if near[1] is not None else "")
        wanted = filter_of(query)
        context: dict[str, Any] = {"first": one, "second": other, "samples": sides, "row": row, "show": show}
        context |= {"before": before, "after": after, "waiting": any(side.waiting for side in sides)}
        context |= {"filter": wanted, "here": f"/compare/{first}/{second}/{row}"}
        diff = query.get("diff", "")
        context |= shown_texts(sides, wanted, diff)
        # Where they were asked about other texts, each has its own column.
        context["apart"] = (
            [] if context["groups"] is not None else [shown_texts([side], wanted, diff) for side in sides]
        )
        return Page("pair.html", context)


def _join(first: CellFigures, second: CellFigures) -> PairedItems:
    joined = PairedItems(first, second, shared_rows(first.table, second.table))
    _ = joined.largest_first  # what the page will ask for
    return joined


def _near(joined: PairedItems, chosen: Rows, item: int) -> tuple[int | None, int | None]:
    """Return the rows, in the first cell, of the items before and after one among the chosen items."""
    at = np.flatnonzero(chosen == item)
    if not len(at):
        return None, None
    place = int(at[0])
    before = int(joined.rows[0][chosen[place - 1]]) if place else None
    after = int(joined.rows[0][chosen[place + 1]]) if place + 1 < len(chosen) else None
    return before, after


def _both(
    joined: PairedItems, texts: CellTexts, items: Any, typed: str = ""
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Make the rows of a list of items: for each item the first model's side, and the second's."""
    left = rows_of(joined.first, texts, joined.rows[0][items], typed=typed)
    right = rows_of(joined.second, CellTexts(), joined.rows[1][items])
    return list(zip(left, right, strict=True))
