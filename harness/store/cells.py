"""Writing and reading cells: the one place that knows which table holds which field of a `CellRecord`.

Fields with a column of the same name in the table ``cells`` are written and read without being named here. What a cell
has several of (estimates, failures, remarks, stages), or what came later, lies in a table of its own: a `CellPart`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from harness.stats import Estimate
from harness.store import schema as s
from harness.store.checked import CheckedRow, read_checked, select_checked
from harness.store.columns import JsonNames, JsonObject
from harness.store.reading import Readable
from harness.store.records import (
    MAX_FAILURES_KEPT,
    NOT_ON_FILE,
    CellRecord,
    Result,
    StageRecord,
    detail_json,
    finite_or_none,
)
from harness.store.store import Store

_NAMED_AT_ONCE = 10_000
"""Cells that one statement names."""


@dataclass(frozen=True, slots=True)
class CellPart:
    """What a table of its own holds of cells."""

    field: str
    """Of `CellRecord`."""
    table: sa.Table
    rows: Callable[[CellRecord], Sequence[Mapping[str, Any]]]
    """The rows to write of a cell, without its number."""
    add: Callable[[CellRecord, CheckedRow], None]
    """Takes one row over into the cell that is read."""
    order: Sequence[sa.ColumnElement[Any]] = ()
    """Default: as the table keeps them."""
    only: sa.ColumnElement[bool] | None = None
    """Which rows are read; default: all."""


# what each part writes, and how it is read


def _estimate_rows(cell: CellRecord) -> list[dict[str, Any]]:
    return [
        {
            "metric": result.metric,
            "domain": result.domain,
            "value": finite_or_none(result.estimate.value),
            "stderr": finite_or_none(result.estimate.stderr),
            "low": finite_or_none(result.estimate.low),
            "high": finite_or_none(result.estimate.high),
            "n": result.estimate.n,
            "n_failed": result.estimate.n_failed,
            "unit": result.unit,
            "higher_is_better": result.higher_is_better,
            "headline": result.headline,
            "detail": detail_json(result.estimate),
        }
        for result in cell.results
    ]


def _add_estimate(cell: CellRecord, row: CheckedRow) -> None:
    figures = (row[name] for name in ("value", "stderr", "low", "high"))
    value, stderr, low, high = (math.nan if figure is None else figure for figure in figures)
    estimate = Estimate(value, stderr, low, high, row["n"], row["n_failed"], row["detail"], cell.confidence)
    result = Result(
        cell.label,
        cell.task,
        row["metric"],
        row["domain"],
        estimate,
        row["unit"],
        row["higher_is_better"],
        cell.adapters,
        row["headline"],
    )
    cell.results.append(result)


def _failure_rows(cell: CellRecord) -> list[dict[str, Any]]:
    kept = enumerate(cell.failures[:MAX_FAILURES_KEPT])
    return [{"number": number, "item": item, "reason": reason} for number, (item, reason) in kept]


def _remark_rows(cell: CellRecord) -> list[dict[str, Any]]:
    return [{"number": number, "text": text} for number, text in enumerate(cell.remarks)]


def _stage_rows(cell: CellRecord) -> list[dict[str, Any]]:
    return [
        {"stage": stage, **dataclasses.asdict(record), "adapters": json.dumps(record.adapters)}
        for stage, record in enumerate(cell.asked)
    ]


def _add_stage(cell: CellRecord, row: CheckedRow) -> None:
    cell.asked.append(StageRecord(**{field.name: row[field.name] for field in dataclasses.fields(StageRecord)}))


def _reuse_rows(cell: CellRecord) -> list[dict[str, Any]]:
    return [] if cell.reused is None else [{"responses": cell.reused}]


def _add_reuse(cell: CellRecord, row: CheckedRow) -> None:
    cell.reused = row["responses"]


RESULTS = CellPart("results", s.estimates, _estimate_rows, _add_estimate)
HEADLINES = dataclasses.replace(RESULTS, only=sa.and_(s.estimates.c.headline, s.estimates.c.domain == "overall"))
"""Of the results only those of the headline metrics over all items."""
FAILURES = CellPart(
    "failures",
    s.failures,
    _failure_rows,
    lambda cell, row: cell.failures.append((row["item"], row["reason"])),
    (s.failures.c.cell, s.failures.c.number),
)
REMARKS = CellPart(
    "remarks",
    s.remarks,
    _remark_rows,
    lambda cell, row: cell.remarks.append(row["text"]),
    (s.remarks.c.cell, s.remarks.c.number),
)
STAGES = CellPart("asked", s.asked, _stage_rows, _add_stage, (s.asked.c.cell, s.asked.c.stage))
REUSE = CellPart("reused", s.reuse, _reuse_rows, _add_reuse)
ALL_PARTS = (RESULTS, FAILURES, REMARKS, STAGES, REUSE)


def own_fields() -> list[str]:
    """Fields of `CellRecord` that the table ``cells`` has a column for.

    Raises:
        AssertionError: a field has a place nowhere.
    """
    names = {field.name for field in dataclasses.fields(CellRecord)}
    placed = {part.field for part in ALL_PARTS} | NOT_ON_FILE
    unplaced = names - placed - set(s.cells.c.keys())
    assert not unplaced, f"the store has no place for {sorted(unplaced)} of a cell: see harness.store.records"
    return sorted(names - placed)


# writing


def save_cell(store: Store, run: int, cell: CellRecord) -> None:
    """File a cell with all its parts, in one transaction; gives it its number.

    Args:
        store: The store.
        run: Number of the run that it belongs to.
        cell: The cell.

    Raises:
        StoreError: the database cannot be written.
    """
    with store.transaction() as connection:
        write_cell(connection, run, cell)


def write_cell(connection: sa.Connection, run: int, cell: CellRecord) -> None:
    """File a cell inside a transaction that is open; see `save_cell`."""
    cell.run = run
    values = {name: _written(s.cells.c[name].type, getattr(cell, name)) for name in own_fields() if name != "id"}
    cell.id = int(connection.execute(insert(s.cells).values(values)).inserted_primary_key[0])  # type: ignore[index]
    for part in ALL_PARTS:
        if rows := part.rows(cell):
            connection.execute(insert(part.table), [{"cell": cell.id, **row} for row in rows])


def _written(kind: Any, value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(kind, (JsonObject, JsonNames)) else value


# reading


def read_cells(
    store: Readable,
    where: sa.ColumnElement[bool],
    *,
    with_: Collection[CellPart] = ALL_PARTS,
    order: Sequence[sa.ColumnElement[Any]] = (),
    offset: int = 0,
    size: int | None = None,
) -> list[CellRecord]:
    """The cells that meet a condition.

    Args:
        store: The store.
        where: A condition on the table ``cells``.
        with_: What is read beside the table itself.
        order: Columns to sort by; default: by number, so the oldest first.
        offset: How many to leave out at the beginning.
        size: How many to read at most; None: all.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    query = select_checked(s.cells).where(where).order_by(*(order or [s.cells.c.id])).offset(offset)
    names = own_fields()
    with store.reading() as connection:
        cells = [_cell_of(row, names) for row in read_checked(connection, s.cells, query.limit(size))]
        read_parts(connection, cells, with_)
    return cells


def read_parts(connection: sa.Connection, cells: Collection[CellRecord], parts: Collection[CellPart]) -> None:
    """Read what tables of their own hold of some cells, and add it to them.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
    """
    by_number = {cell.id: cell for cell in cells}
    for part in parts:
        for numbers in at_once(by_number):
            query = select_checked(part.table).where(part.table.c.cell.in_(numbers)).order_by(*part.order)
            if part.only is not None:
                query = query.where(part.only)
            for row in read_checked(connection, part.table, query):
                part.add(by_number[row["cell"]], row)


def is_numbered(numbers: Collection[int]) -> sa.ColumnElement[bool]:
    """The condition that a cell has one of these numbers; `at_once` says how many one condition may name."""
    return s.cells.c.id.in_(numbers)


def at_once(numbers: Collection[int]) -> Iterator[tuple[int, ...]]:
    """As many numbers of cells at a time as one statement may name."""
    rest = iter(numbers)
    while named := tuple(islice(rest, _NAMED_AT_ONCE)):
        yield named


def _cell_of(row: CheckedRow, names: Sequence[str]) -> CellRecord:
    values = {name: row[name] for name in names}
    # A column that an earlier version left empty stands for the field's default.
    cell = CellRecord(**{name: value for name, value in values.items() if value is not None})
    confidence = cell.settings.get("confidence", 0.5)
    if not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise row.damaged("settings", "a confidence between 0 and 1")
    return cell


def latest_cells(
    store: Readable, tasks: Sequence[str], *, settings: Mapping[str, Any] | None = None
) -> list[CellRecord]:
    """The newest finished cell of every model on every one of these tasks, with all its parts but the failures.

    Args:
        store: The store.
        tasks: Task names.
        settings: Only cells whose settings have these values, such as ``{"limit": None}``.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    newest: dict[tuple[str, str], CellRecord] = {}
    for cell in read_cells(store, sa.and_(s.cells.c.task.in_(tasks), s.cells.c.status == "done"), with_=()):
        if settings is None or all(cell.settings.get(key) == value for key, value in settings.items()):
            newest[cell.label, cell.task] = cell
    with store.reading() as connection:
        read_parts(connection, newest.values(), (RESULTS, REMARKS, STAGES, REUSE))
    return list(newest.values())


def latest_failed_cells(
    store: Readable, tasks: Sequence[str], *, settings: Mapping[str, Any] | None = None
) -> list[CellRecord]:
    """The newest failed cell of every model on every one of these tasks, without its parts.

    Args:
        store: The store.
        tasks: Task names.
        settings: Only cells whose settings have these values, such as ``{"limit": None}``.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    newest: dict[tuple[str, str], CellRecord] = {}
    for cell in read_cells(store, sa.and_(s.cells.c.task.in_(tasks), s.cells.c.status == "failed"), with_=()):
        if settings is None or all(cell.settings.get(key) == value for key, value in settings.items()):
            newest[cell.label, cell.task] = cell
    return list(newest.values())


def read_cell(store: Readable, number: int) -> CellRecord | None:
    """One cell with all its parts; None where the store has none of that number.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    return next(iter(read_cells(store, s.cells.c.id == number)), None)


def list_cells(
    store: Readable,
    *,
    model: str = "",
    task: str = "",
    status: str = "",
    run: int | None = None,
    newest: bool = False,
    offset: int = 0,
    size: int | None = None,
) -> list[CellRecord]:
    """Cells, the newest first, with their headline figures.

    Args:
        store: The store.
        model: Only those of the model with this label; empty: of any.
        task: Only those on this task; empty: on any.
        status: ``done`` or ``failed``; empty: both.
        run: Only those that this run filed; None: any.
        newest: Only the newest of each model on each task, whatever its status.
        offset: How many to leave out at the beginning.
        size: How many to read at most; None: all.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    c = s.cells.c
    conditions = [column == value for column, value in ((c.label, model), (c.task, task), (c.status, status)) if value]
    if run is not None:
        conditions.append(c.run == run)
    if newest:
        conditions.append(c.id.in_(sa.select(sa.func.max(c.id)).group_by(c.task, c.label)))
    where = sa.and_(sa.true(), *conditions)
    return read_cells(store, where, with_=[HEADLINES], order=[c.id.desc()], offset=offset, size=size)


def cells_of_other_models(store: Readable, cell: CellRecord, *, size: int = 200) -> list[CellRecord]:
    """The newest finished cell of each other model on the same task of the same definition, with headline figures.

    Args:
        store: The store.
        cell: Whose task is meant, and whose model is left out.
        size: How many to read at most, in the order of their labels.

    Raises:
        DamagedRecord: a value on file is none that its column may hold.
        StoreError: the store cannot be read.
    """
    c = s.cells.c
    same = sa.and_(c.task == cell.task, c.task_digest == cell.task_digest, c.status == "done", c.label != cell.label)
    newest = sa.select(sa.func.max(c.id)).where(same).group_by(c.label)
    return read_cells(store, c.id.in_(newest), with_=[HEADLINES], order=[c.label], size=size)


def models_and_tasks(store: Readable) -> tuple[list[str], list[str]]:
    """Labels of all models, and names of all tasks, that the store has cells of; each sorted.

    Raises:
        StoreError: the store cannot be read.
    """
    with store.reading() as connection:
        pairs = connection.execute(sa.select(s.cells.c.task, s.cells.c.label).distinct()).all()
    return sorted({str(label) for _, label in pairs}), sorted({str(task) for task, _ in pairs})
