"""Runs of commands: when they began and ended, what they computed, and how far they are."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from harness.store import schema as s
from harness.store.cells import at_once
from harness.store.checked import CheckedRow, read_checked, select_checked
from harness.store.reading import Readable
from harness.store.records import now
from harness.store.store import Store

SILENT_SECONDS = 60
"""Seconds without a sign of life after which a run has perhaps been killed."""


@dataclass(slots=True)
class RunRecord:
    """One run, as the store keeps it."""

    id: int
    started: str
    """UTC, ISO 8601."""
    description: dict[str, Any]
    """Versions, git state, hardware and settings."""
    finished: str = ""
    """UTC, ISO 8601; empty for a run that is under way, or was killed."""
    status: str = ""
    """``running``, ``done``, ``failed`` or ``interrupted``."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The cell of a run that is under way, and how far the cell is."""

    cell: int
    """Number of the cell in its run, from 1."""
    cells: int
    """Number of cells of the run."""
    model: str
    task: str
    done: int
    """Number of items that are done."""
    total: int | None
    """Number of items of the cell; None if it is not known."""
    updated: str
    """UTC, ISO 8601."""


@dataclass(slots=True)
class RunOverview(RunRecord):
    """One run, and how far it is."""

    done: int = 0
    """Number of finished cells."""
    failed: int = 0
    """Number of failed cells."""
    progress: RunProgress | None = None
    """The cell under way; None for a run that computes nothing."""

    @property
    def silent(self) -> int:
        """Seconds since a running command gave a sign of life, if more than `SILENT_SECONDS`; else 0."""
        if self.status != "running":
            return 0
        last = self.progress.updated if self.progress is not None else self.started
        seconds = int((datetime.now(UTC) - datetime.fromisoformat(last)).total_seconds())
        return seconds if seconds > SILENT_SECONDS else 0

    @property
    def cells(self) -> int | None:
        """Number of the run's cells; None if it is not known."""
        return self.progress.cells if self.progress is not None else None

    @property
    def share(self) -> float | None:
        """The share of the run that is done, in [0, 1], where all cells count alike; None if it is not known."""
        progress = self.progress
        if progress is None or not progress.cells:
            return None
        inside = min(1.0, progress.done / progress.total) if progress.total else 0.0
        return float(min(1.0, max(self.done + self.failed, progress.cell - 1 + inside) / progress.cells))


def start_run(store: Store, description: Mapping[str, Any]) -> int:
    """File that a run began, and return its number.

    Raises:
        StoreError: the database cannot be written.
    """
    with store.transaction() as connection:
        values = {"started": now(), "status": "running", "description": json.dumps(description, default=str)}
        return int(connection.execute(insert(s.runs).values(values)).inserted_primary_key[0])  # type: ignore[index]


def finish_run(store: Store, run: int, status: str, description: Mapping[str, Any] | None = None) -> None:
    """File how a run ended.

    Args:
        store: The store.
        run: The run's number.
        status: ``done``, ``failed`` or ``interrupted``.
        description: Takes the place of the one it began with; None: that stays.

    Raises:
        StoreError: the database cannot be written.
    """
    values: dict[str, Any] = {"finished": now(), "status": status}
    if description is not None:
        values["description"] = json.dumps(description, default=str)
    with store.transaction() as connection:
        connection.execute(sa.update(s.runs).where(s.runs.c.id == run).values(values))


def copy_run(connection: sa.Connection, run: RunRecord) -> int:
    """File a run of another store inside an open transaction, and return its number in this store."""
    values = {
        "started": run.started,
        "finished": run.finished or None,
        "status": run.status,
        "description": json.dumps(run.description),
    }
    return int(connection.execute(insert(s.runs).values(values)).inserted_primary_key[0])  # type: ignore[index]


def list_runs(store: Readable, *, offset: int = 0, size: int = 20) -> list[RunOverview]:
    """Return runs with their progress, the newest first.

    Args:
        store: The store.
        offset: Number of runs to leave out at the beginning.
        size: Most runs to read.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
        StoreError: the store cannot be read.
    """
    query = select_checked(s.runs).order_by(s.runs.c.id.desc()).offset(offset).limit(size)
    with store.reading() as connection:
        return _overviews(connection, query)


def read_run(store: Readable, number: int) -> RunOverview | None:
    """Return one run with its progress; None if the store has no run of this number.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
        StoreError: the store cannot be read.
    """
    with store.reading() as connection:
        return next(iter(_overviews(connection, select_checked(s.runs).where(s.runs.c.id == number))), None)


def runs_of_cells(store: Readable, cells: Collection[int]) -> dict[int, RunRecord]:
    """Return the run of each of some cells, by the cell's number.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
        StoreError: the store cannot be read.
    """
    run_of: dict[int, int] = {}
    runs: dict[int, RunRecord] = {}
    with store.reading() as connection:
        for numbers in at_once(cells):
            pairs = sa.select(s.cells.c.id, s.cells.c.run).where(s.cells.c.id.in_(numbers))
            run_of.update((row.id, row.run) for row in connection.execute(pairs))
        for numbers in at_once(dict.fromkeys(run_of.values())):
            query = select_checked(s.runs).where(s.runs.c.id.in_(numbers))
            for row in read_checked(connection, s.runs, query):
                runs[row["id"]] = RunRecord(*_values(row))
    return {cell: runs[run] for cell, run in run_of.items() if run in runs}


def _values(row: CheckedRow) -> tuple[int, str, dict[str, Any], str, str]:
    return row["id"], row["started"], row["description"], row["finished"] or "", row["status"]


def _overviews(connection: sa.Connection, query: sa.Select[Any]) -> list[RunOverview]:
    runs = {row["id"]: RunOverview(*_values(row)) for row in read_checked(connection, s.runs, query)}
    _count_cells(connection, runs)
    names: Sequence[str] = RunProgress.__slots__
    for row in read_checked(connection, s.progress, select_checked(s.progress).where(s.progress.c.run.in_(runs))):
        runs[row["run"]].progress = RunProgress(**{name: row[name] for name in names})
    return list(runs.values())


def _count_cells(connection: sa.Connection, runs: Mapping[int, RunOverview]) -> None:
    c = s.cells.c
    counted = sa.select(c.run, c.status, sa.func.count()).where(c.run.in_(runs)).group_by(c.run, c.status)
    for number, status, count in connection.execute(counted):
        if status == "done":
            runs[number].done += count
        else:
            runs[number].failed += count
