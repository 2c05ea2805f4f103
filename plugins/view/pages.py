"""The pages of one model: runs, cells and samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.errors import HarnessError
from harness.store import (
    CellRecord,
    Result,
    StoreReader,
    cells_of_other_models,
    list_cells,
    list_curves,
    list_runs,
    models_and_tasks,
    read_cell,
    read_run,
)

from .curves import curve_of
from .figures import ORDER, CellFigures
from .filters import CellFilter, QueryParameters, SampleFilter, filter_of, whole
from .item import one_sample, rows_of, shown_texts
from .samples import CellTexts, Samples
from .search import search
from .texts import address
from .words import match_of

RUNS, CELLS, SAMPLES, CURVES = 20, 50, 25, 50
"""Rows on a page of each kind."""
NOTHING_FOUND = {"rows": [], "total": 0, "next": "", "before": "", "hits": None}
"""The content of a list of samples before its figures are loaded."""


class NotFound(HarnessError):
    """An address leads to nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """The name of a template, and the values that the template is filled with."""

    template: str
    context: dict[str, Any]


def cell_named(store: StoreReader, number: int) -> CellRecord:
    """Return the cell of a number.

    Raises:
        NotFound: the store has no cell of this number.
    """
    cell = read_cell(store, number) if number < 2**62 else None  # SQLite refuses larger numbers with an error
    if cell is None:
        raise NotFound(f"There is no cell {number} in this store.")
    return cell


def by_metric(cell: CellRecord) -> dict[str, dict[str, Result]]:
    """Group the estimates of a cell by metric, then domain; the headline comes first, the whole before the domains."""
    results: dict[str, dict[str, Result]] = {}
    for result in sorted(cell.results, key=lambda r: (not r.headline, r.domain != "overall", r.domain)):
        results.setdefault(result.metric, {})[result.domain] = result
    return results


class Pages:
    """Makes the pages of runs, cells and samples.

    Args:
        store: The store.
        samples: The samples of the store's cells.
    """

    def __init__(self, store: StoreReader, samples: Samples) -> None:
        self._store, self._samples = store, samples

    def warm(self) -> None:
        """Build the newest cell's task once, before a reader asks: that imports everything that tasks need."""
        for cell in list_cells(self._store, size=1):
            self._samples.task(cell)

    def nothing(self, query: QueryParameters, rest: str) -> Page:
        """Refuse an address that leads to no page."""
        raise NotFound("There is no such page.")

    def runs(self, query: QueryParameters) -> Page:
        """Make the page of all runs, which shows the progress of those under way."""
        page = whole(query, "page")
        runs = list_runs(self._store, offset=page * RUNS, size=RUNS + 1)
        return Page("runs.html", {"runs": runs[:RUNS], "more": len(runs) > RUNS, "page": page})

    def run(self, query: QueryParameters, run: int) -> Page:
        """Make the page of one run."""
        record = read_run(self._store, run) if run < 2**62 else None
        if record is None:
            raise NotFound(f"There is no run {run} in this store.")
        page = whole(query, "page")
        cells = list_cells(self._store, run=run, offset=page * CELLS, size=CELLS + 1)
        training = record.description.get("kind") == "training"
        curve = curve_of(self._store, str(record.description.get("curve", ""))) if training else None
        listed = {"cells": cells[:CELLS], "more": len(cells) > CELLS, "page": page}
        return Page("run.html", {"run": record, "training": training, "curve": curve, **listed})

    def curves(self, query: QueryParameters) -> Page:
        """All learning curves, or the one of the model in a directory."""
        model = query.get("model", "")
        if model:
            curve = curve_of(self._store, model)
            if not curve.count:
                raise NotFound(f"There is no learning curve of {model} in this store.")
            return Page("curve.html", {"model": model, "curve": curve})
        page = whole(query, "page")
        found = list_curves(self._store, offset=page * CURVES, size=CURVES + 1)
        return Page("curves.html", {"curves": found[:CURVES], "more": len(found) > CURVES, "page": page})

    def cells(self, query: QueryParameters) -> Page:
        """Make the page of all cells, or of the cells of a model, a task or a status."""
        model, task, status = (query.get(key, "") for key in ("model", "task", "status"))
        asked_for = CellFilter(model, task, status, newest=query.get("all", "") != "1")
        page = whole(query, "page")
        cells = list_cells(
            self._store,
            model=model,
            task=task,
            status=status,
            newest=asked_for.newest,
            offset=page * CELLS,
            size=CELLS + 1,
        )
        models, tasks = models_and_tasks(self._store)
        listed = {"cells": cells[:CELLS], "more": len(cells) > CELLS, "page": page}
        return Page("cells.html", {**listed, "wanted": asked_for, "models": models, "tasks": tasks})

    # samples

    def samples(self, query: QueryParameters, cell: int) -> Page:
        """Make a page of the items of a cell that pass a filter."""
        record, chosen_filter = cell_named(self._store, cell), filter_of(query)
        context: dict[str, Any] = {"cell": record, "filter": chosen_filter, "choices": {}, "ORDER": ORDER}
        context |= {**NOTHING_FOUND, "waiting": False, "domains": [], "credit": None}
        job, texts = self._samples.figures(record) if record.columns else None, CellTexts()
        context |= {"problem": job.problem if job else "This cell failed, and has no samples.", "texts": texts}
        if job is None or job.problem:
            return Page("samples.html", context)
        texts = context["texts"] = self._samples.texts(record)
        figures = job.result
        if figures is None:
            return Page("samples.html", {**context, "waiting": True})
        context |= {"domains": figures.domains, "credit": figures.credit, "choices": figures.choices()}
        context |= self._found(record, figures, texts, chosen_filter)
        context["waiting"] = not texts.problem and not (texts.complete and texts.written_complete)
        return Page("samples.html", context)

    def _found(self, cell: CellRecord, figures: CellFigures, texts: CellTexts, wanted: SampleFilter) -> dict[str, Any]:
        here = f"/cells/{cell.id}/samples"
        if wanted.q:
            mask = figures.mask(wanted.domain, wanted.show)
            hits = search(figures, texts, match_of(wanted.q), wanted.place, mask, wanted.start, SAMPLES)
            after = "" if hits.next is None else address(here, **wanted.query, start=hits.next)
            return {
                "rows": rows_of(figures, texts, hits.rows, typed=wanted.q),
                "total": None,
                "next": after,
                "hits": hits,
            }
        chosen = figures.select(wanted.domain, wanted.show, wanted.order)
        start = wanted.page * SAMPLES
        more = start + SAMPLES < len(chosen)
        return {
            "rows": rows_of(figures, texts, chosen[start : start + SAMPLES]),
            "total": len(chosen),
            "first": start + 1,
            "next": address(here, **wanted.query, page=wanted.page + 1) if more else "",
            "before": address(here, **wanted.query, page=wanted.page - 1 or None) if wanted.page else "",
        }

    def sample(self, query: QueryParameters, cell: int, row: int) -> Page:
        """Make the page of one item: prompt, responses, figures, answers."""
        record, chosen_filter = cell_named(self._store, cell), filter_of(query)
        job = self._samples.figures(record) if record.columns else None
        if job is None or job.problem:
            raise NotFound(job.problem if job else "This cell failed, and has no samples.")
        if job.result is None:
            return Page("waiting.html", {"title": f"Sample {row}"})
        if row >= len(job.result.table.ids):
            raise NotFound(f"This cell has {len(job.result.table.ids)} items; there is none of number {row}.")
        texts = self._samples.texts(record)
        before, after = self._neighbours(record, job.result, chosen_filter, row)
        sample = one_sample(self._store, record, job.result, texts, row)
        context = {"cell": record, "sample": sample, "filter": chosen_filter, "before": before, "after": after}
        context |= shown_texts([sample], chosen_filter, query.get("diff", ""))
        context |= {"here": f"/cells/{cell}/samples/{row}", "others": cells_of_other_models(self._store, record)}
        return Page("sample.html", context)

    @staticmethod
    def _neighbours(cell: CellRecord, figures: CellFigures, wanted: SampleFilter, row: int) -> tuple[str, str]:
        """Return the addresses of the samples before and after this one, among the samples that pass the filter."""
        chosen = figures.select(wanted.domain, wanted.show, wanted.order)
        at = np.flatnonzero(chosen == row)
        if not len(at):
            return "", ""
        place = int(at[0])
        near = {i: int(chosen[i]) for i in (place - 1, place + 1) if 0 <= i < len(chosen)}
        links = {i: address(f"/cells/{cell.id}/samples/{other}", **wanted.query) for i, other in near.items()}
        return links.get(place - 1, ""), links.get(place + 1, "")
