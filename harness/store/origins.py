"""Where the cells of a store come from: descriptions of models, failed items, and the cost of the answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from harness.store import schema as s
from harness.store.cells import REUSE, at_once, read_cells
from harness.store.checked import read_checked, select_checked
from harness.store.choosing import whole_of
from harness.store.reading import Readable
from harness.store.records import CellRecord


class AnsweringCost(NamedTuple):
    """The work that computing the answers of a cell took."""

    items: int
    requests: int
    seconds: float
    """Seconds on the clock, including the loading of the model."""


def model_descriptions(store: Readable) -> dict[str, dict[str, Any]]:
    """Return the description of every model, whose hash is the model's fingerprint, by fingerprint.

    Raises:
        DamagedRecord: a description on file is no JSON object.
        StoreError: the store cannot be read.
    """
    return _descriptions(store, select_checked(s.models))


def model_description(store: Readable, fingerprint: str) -> dict[str, Any]:
    """Return the description whose hash is a fingerprint; empty if the description is not on file.

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
    """File the descriptions of all models of one store in another store, unless they are there already."""
    for row in old.execute(sa.select(s.models.c.fingerprint, s.models.c.description)).mappings():
        new.execute(insert(s.models).values(row).on_conflict_do_nothing())


def failures_of_cells(store: Readable, cells: Collection[int], *, at_most: int) -> dict[int, list[tuple[str, str]]]:
    """Return the first failed items of some cells with their reasons, by the cell's number.

    Args:
        store: The store.
        cells: Numbers of cells.
        at_most: Most items to return for each cell.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
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
    """Return what it cost each model to answer a whole task anew, the last time it did so, by fingerprint and task.

    Args:
        store: The store whose evaluations are searched.
        cells: Cells with the tasks, definitions of tasks, and numbers of items to search for.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
        StoreError: the store cannot be read.
    """
    meant = {(cell.task, cell.task_digest, cell.items) for cell in cells}
    of_tasks = sa.and_(s.cells.c.task.in_({task for task, _, _ in meant}), s.cells.c.status == "done")
    costs: dict[tuple[str, str], AnsweringCost] = {}
    # What an answer took is the same whichever models are shown: one may have been asked under another label first.
    for cell in read_cells(whole_of(store), of_tasks, with_=[REUSE]):
        # Evaluations of early versions did not count reused responses, only computed ones.
        anew = cell.reused == 0 if cell.reused is not None else cell.computed >= cell.items
        if anew and cell.items > 0 and (cell.task, cell.task_digest, cell.items) in meant:
            costs[cell.fingerprint, cell.task] = AnsweringCost(cell.items, cell.requests, cell.seconds)
    return costs
