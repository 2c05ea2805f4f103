"""Where the cells of a store come from: runs, descriptions of models, failed items."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from harness.store import schema as s
from harness.store.reading import Readable
from harness.store.records import CellRecord


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, as it was filed."""

    id: int
    started: str
    """UTC, ISO 8601."""
    description: dict[str, Any]
    """Versions, git state, hardware and settings."""


class Took(NamedTuple):
    """What answers took."""

    items: int
    requests: int
    seconds: float
    """On the clock, loading included."""


def runs_of_cells(store: Readable, cells: Collection[int]) -> dict[int, RunRecord]:
    """The run of every one of these cells, by the cell's number."""
    query = sa.select(s.cells.c.id.label("cell"), s.runs).join(s.runs, s.cells.c.run == s.runs.c.id)
    known: dict[int, RunRecord] = {}
    found: dict[int, RunRecord] = {}
    with store.reading() as connection:
        for part in _parts(cells):
            for row in connection.execute(query.where(s.cells.c.id.in_(part))):
                if row.id not in known:
                    known[row.id] = RunRecord(row.id, row.started, json.loads(row.description))
                found[row.cell] = known[row.id]
    return found


def model_descriptions(store: Readable) -> dict[str, dict[str, Any]]:
    """What the fingerprint of every model is a hash of, by fingerprint."""
    with store.reading() as connection:
        rows = connection.execute(sa.select(s.models.c.fingerprint, s.models.c.description))
        return {row.fingerprint: json.loads(row.description) for row in rows}


def failures_of_cells(store: Readable, cells: Collection[int], *, at_most: int) -> dict[int, list[tuple[str, str]]]:
    """The first failed items of each of these cells with their reasons, by the cell's number."""
    f = s.failures.c
    query = sa.select(f.cell, f.item, f.reason).where(f.number < at_most).order_by(f.cell, f.number)
    found: dict[int, list[tuple[str, str]]] = {}
    with store.reading() as connection:
        for part in _parts(cells):
            for row in connection.execute(query.where(f.cell.in_(part))):
                found.setdefault(row.cell, []).append((row.item, row.reason))
    return found


def whole_computations(store: Readable, cells: Collection[CellRecord]) -> dict[tuple[str, str], Took]:
    """What it took each model, by fingerprint, to answer all of a task, when it last answered all of it anew.

    Args:
        store: Where evaluations are looked for.
        cells: The tasks in question, in the definition and on the items that are meant.
    """
    c = s.cells.c
    items = c["items"]  # as an attribute it would be the method of that name
    meant = {(cell.task, cell.task_digest, cell.items) for cell in cells}
    query = (
        sa.select(c.fingerprint, c.task, c.task_digest, items, c.requests, c.seconds)
        .outerjoin(s.reuse, s.reuse.c.cell == c.id)
        .where(c.task.in_({task for task, _, _ in meant}), c.status == "done", items > 0)
        # Of older evaluations it is known only how much they computed.
        .where(sa.func.coalesce(s.reuse.c.responses == 0, c.computed >= items))
        .order_by(c.id)
    )
    found = {}
    with store.reading() as connection:
        for model, task, digest, count, requests, seconds in connection.execute(query):
            if (task, digest, count) in meant:
                found[model, task] = Took(count, requests, seconds)
    return found


def _parts(cells: Collection[int]) -> Iterator[tuple[int, ...]]:
    """As many at a time as a statement may name."""
    rest = iter(cells)
    while part := tuple(islice(rest, 10_000)):
        yield part
