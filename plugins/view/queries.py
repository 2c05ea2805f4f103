"""What pages ask of the tables of a store: every query gives one page of rows, by a key or an index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from harness.store import schema as s
from harness.store.reading import StoreReader
from harness.store.records import CellRecord, Result, cell_of, result_of

SILENT_SECONDS = 60
"""Without a sign of life for so long, a run is perhaps gone."""


@dataclass(slots=True)
class Run:
    """One run, with how far it is."""

    id: int
    started: str
    finished: str
    status: str
    description: dict[str, Any]
    done: int = 0
    failed: int = 0
    """Cells."""
    progress: Any = None
    """The row of the one under way, while it runs."""

    @property
    def silent(self) -> int:
        """Seconds since a running one gave a sign of life, where that is long; else 0."""
        if self.status != "running":
            return 0
        last = self.progress.updated if self.progress is not None else self.started
        seconds = int((datetime.now(UTC) - datetime.fromisoformat(last)).total_seconds())
        return seconds if seconds > SILENT_SECONDS else 0

    @property
    def cells(self) -> int | None:
        """How many cells it has, where that is known."""
        return self.progress.cells if self.progress is not None else None

    @property
    def share(self) -> float | None:
        """How much is done, in [0, 1], cells counted alike."""
        p = self.progress
        if p is None or not p.cells:
            return None
        inside = min(1.0, p.done / p.total) if p.total else 0.0
        return float(min(1.0, max(self.done + self.failed, p.cell - 1 + inside) / p.cells))


def runs(store: StoreReader, *, offset: int = 0, size: int = 20) -> list[Run]:
    """Runs, the newest first."""
    with store.reading() as connection:
        rows = connection.execute(sa.select(s.runs).order_by(s.runs.c.id.desc()).offset(offset).limit(size)).all()
        return _with_progress(connection, [_run(row) for row in rows])


def run(store: StoreReader, number: int) -> Run | None:
    """One run."""
    with store.reading() as connection:
        row = connection.execute(sa.select(s.runs).where(s.runs.c.id == number)).first()
        return None if row is None else _with_progress(connection, [_run(row)])[0]


def _run(row: Any) -> Run:
    return Run(row.id, row.started, row.finished or "", row.status, json.loads(row.description))


def _with_progress(connection: sa.Connection, found: list[Run]) -> list[Run]:
    by_id = {run.id: run for run in found}
    c = s.cells.c
    counted = sa.select(c.run, c.status, sa.func.count()).where(c.run.in_(by_id)).group_by(c.run, c.status)
    for number, status, count in connection.execute(counted):
        if status == "done":
            by_id[number].done += count
        else:
            by_id[number].failed += count
    for row in connection.execute(sa.select(s.progress).where(s.progress.c.run.in_(by_id))):
        by_id[row.run].progress = row
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cells to list."""

    model: str = ""
    task: str = ""
    status: str = ""
    run: int | None = None
    newest: bool = True
    """Only the newest of a model on a task."""


def cells(store: StoreReader, wanted: Wanted, *, offset: int = 0, size: int = 50) -> list[CellRecord]:
    """Cells, the newest first, with their headline figures."""
    c = s.cells.c
    query = sa.select(s.cells).order_by(c.id.desc()).offset(offset).limit(size)
    for column, value in ((c.label, wanted.model), (c.task, wanted.task), (c.status, wanted.status)):
        if value:
            query = query.where(column == value)
    if wanted.run is not None:
        query = query.where(c.run == wanted.run)
    elif wanted.newest:
        query = query.where(c.id.in_(sa.select(sa.func.max(c.id)).group_by(c.task, c.label)))
    with store.reading() as connection:
        found = [cell_of(row) for row in connection.execute(query)]
        _add_headlines(connection, found)
    return found


def _add_headlines(connection: sa.Connection, found: Sequence[CellRecord]) -> None:
    by_id = {cell.id: cell for cell in found}
    e = s.estimates.c
    query = sa.select(s.estimates).where(e.cell.in_(by_id), e.headline, e.domain == "overall")
    for row in connection.execute(query):
        by_id[row.cell].results.append(result_of(by_id[row.cell], row))


def names(store: StoreReader) -> tuple[list[str], list[str]]:
    """All models and all tasks that there are cells of."""
    with store.reading() as connection:
        pairs = connection.execute(sa.select(s.cells.c.task, s.cells.c.label).distinct()).all()
    return sorted({label for _, label in pairs}), sorted({task for task, _ in pairs})


def others_on(store: StoreReader, cell: CellRecord, *, size: int = 200) -> list[CellRecord]:
    """The newest finished cells of other models on the same task, of the same definition."""
    c = s.cells.c
    same = sa.and_(c.task == cell.task, c.task_digest == cell.task_digest, c.status == "done", c.label != cell.label)
    newest = sa.select(sa.func.max(c.id)).where(same).group_by(c.label)
    with store.reading() as connection:
        found = [
            cell_of(row)
            for row in connection.execute(sa.select(s.cells).where(c.id.in_(newest)).order_by(c.label).limit(size))
        ]
        _add_headlines(connection, found)
    return found


def model_description(store: StoreReader, fingerprint: str) -> dict[str, Any]:
    """What a fingerprint is a hash of; empty where it is not on file."""
    with store.reading() as connection:
        query = sa.select(s.models.c.description).where(s.models.c.fingerprint == fingerprint)
        found: dict[str, Any] = json.loads(connection.execute(query).scalar() or "{}")
    return found


def run_of(store: StoreReader, cell: CellRecord) -> int:
    """The number of the run that filed a cell."""
    with store.reading() as connection:
        return int(connection.execute(sa.select(s.cells.c.run).where(s.cells.c.id == cell.id)).scalar_one())


def by_metric(cell: CellRecord) -> dict[str, dict[str, Result]]:
    """Estimates by metric, then domain; the headline first, and overall first."""
    found: dict[str, dict[str, Result]] = {}
    for result in sorted(cell.results, key=lambda r: (not r.headline, r.domain != "overall", r.domain)):
        found.setdefault(result.metric, {})[result.domain] = result
    return found
