"""Where the cells of a store come from: descriptions of models, failed items, what the answers took."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from harness.store import schema as s
from harness.store.cells import REUSE, at_once, read_cells
from harness.store.checked import read_checked, select_checked
from harness.store.reading import Readable
from harness.store.records import CellRecord


class AnsweringCost(NamedTuple):
    """What it took to compute the answers of a cell."""

    items: int
    requests: int
    seconds: float
    """On the clock, loading included."""


def model_descriptions(store: Readable) -> dict[str, dict[str, Any]]:
    """What the fingerprint of every model is a hash of, by fingerprint.

    Raises:
        DamagedRecord: a description on file is no JSON object.
        StoreError: the store cannot be read.
    """
    return _descriptions(store, select_checked(s.models))


def model_description(store: Readable, fingerprint: str) -> dict[str, Any]:
    """What one fingerprint is a hash of; empty where it is not on file.

    Raises:
        DamagedRecord: the description on file is no JSON object.
        StoreError: the store cannot be read.
    """
    query = select_checked(s.models).where(s.models.c.fingerprint == fingerprint)
    return _descriptions(store, query).get(fingerprint, {})


def _descriptions(store: Readable, query: sa.Select[Any]) -> dict[str, dict[str, Any]]:
    with store.reading() as connection:
        return {row["fingerprint"]: row["description"] for row in read_checked(connection, s.models, query)}


def copy_models(old: sa.Connection, new: sa.Connection) -> None:
    """File the descriptions of all models of one store in another, where they are not there yet."""
    for row in old.execute(sa.select(s.models.c.fingerprint, s.models.c.description)).mappings():
        new.execute(insert(s.models).values(row).on_conflict_do_nothing())


def failures_of_cells(store: Readable, cells: Collection[int], *, at_most: int) -> dict[int, list[tuple[str, str]]]:
    """The first failed items of each of these cells with their reasons, by the cell's number.

    Args:
        store: The store.
        cells: Numbers of cells.
        at_most: How many items of each.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    f = s.failures.c
    failures: dict[int, list[tuple[str, str]]] = {}
    with store.reading() as connection:
        for numbers in at_once(cells):
            query = select_checked(s.failures).where(f.number < at_most, f.cell.in_(numbers))
            for row in read_checked(connection, s.failures, query.order_by(f.cell, f.number)):
                failures.setdefault(row["cell"], []).append((row["item"], row["reason"]))
    return failures


def whole_computations(store: Readable, cells: Collection[CellRecord]) -> dict[tuple[str, str], AnsweringCost]:
    """What it took each model to answer all of a task, when it last answered all of it anew; by fingerprint and task.

    Args:
        store: Where evaluations are looked for.
        cells: The tasks in question, in the definition and on the items that are meant.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    meant = {(cell.task, cell.task_digest, cell.items) for cell in cells}
    of_tasks = sa.and_(s.cells.c.task.in_({task for task, _, _ in meant}), s.cells.c.status == "done")
    costs: dict[tuple[str, str], AnsweringCost] = {}
    for cell in read_cells(store, of_tasks, with_=[REUSE]):
        # Of older evaluations it is known only how much they computed.
        anew = cell.reused == 0 if cell.reused is not None else cell.computed >= cell.items
        if anew and cell.items > 0 and (cell.task, cell.task_digest, cell.items) in meant:
            costs[cell.fingerprint, cell.task] = AnsweringCost(cell.items, cell.requests, cell.seconds)
    return costs
