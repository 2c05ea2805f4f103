"""One store made of the cells of several, for what reads a single one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from harness.results.selection import choose
from harness.store import Store
from harness.store import schema as s
from harness.store.places import file_below
from harness.store.reading import Readable

_OF_CELLS = (s.estimates, s.failures, s.reuse, s.remarks, s.asked)


def join(into: Store, stores: Sequence[Readable], digests: Mapping[str, str]) -> list[str]:
    """Copy the cells that a leaderboard of these stores is made of, with their runs and models; responses stay behind.

    Args:
        into: An empty store.
        stores: The first that has a model's cell on a task gives it.
        digests: Hash of the current definition, by task.

    Returns:
        What was left out, for the reader.

    Raises:
        UsageError: one label names different models in two stores.
    """
    chosen, notes = choose(stores, digests)
    for store in stores:
        into.others.append(store.folder)
        _copy(into, store, [cell.id for owner, cell in chosen.values() if owner is store])
    return notes


def _copy(into: Store, store: Readable, numbers: Sequence[int]) -> None:
    with store.reading() as old, into.transaction() as new:
        for row in old.execute(sa.select(s.models)).mappings():
            new.execute(insert(s.models).values({**row, "id": None}).on_conflict_do_nothing())
        runs: dict[int, int] = {}
        for number in numbers:
            cell = dict(old.execute(sa.select(s.cells).where(s.cells.c.id == number)).mappings().one())
            if cell["run"] not in runs:
                run = old.execute(sa.select(s.runs).where(s.runs.c.id == cell["run"])).mappings().one()
                runs[cell["run"]] = _added(new, s.runs, run)
            columns = str(file_below(store.folder.absolute(), cell["columns"])) if cell["columns"] else None
            copied = _added(new, s.cells, {**cell, "run": runs[cell["run"]], "columns": columns})
            for table in _OF_CELLS:
                rows = old.execute(sa.select(table).where(table.c.cell == number)).mappings().all()
                if rows:
                    new.execute(insert(table), [{**row, "cell": copied} for row in rows])


def _added(connection: sa.Connection, table: sa.Table, row: Mapping[Any, Any]) -> int:
    """The number under which a row of another store is filed here."""
    values = {key: value for key, value in row.items() if key != "id"}
    return int(connection.execute(insert(table).values(values)).inserted_primary_key[0])  # type: ignore[index]
