"""Writing and reading of cells: the only module that knows which table holds which field of a `CellRecord`.

Fields with a column of the same name in the table ``cells`` are written and read without being named here. Values that
a cell has several of (estimates, failures, remarks, stages), and values that later versions added, lie in tables of
their own: a `CellPart` for each.
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

LAST_FORGOTTEN = "last_forgotten_cell"
"""The fact about a store that says the highest number of a cell that was taken out of it."""
_NAMED_AT_ONCE = 10_000
"""Most cells that one statement names, since SQLite bounds the variables of a statement."""


@dataclass(frozen=True, slots=True)
class CellPart:
    """A field of cells that has a table of its own: how its rows are written and read."""

    field: str
    """Name of the field of `CellRecord`."""
    table: sa.Table
    rows: Callable[[CellRecord], Sequence[Mapping[str, Any]]]
    """Makes the rows to write for a cell, without the cell's number."""
    add: Callable[[CellRecord, CheckedRow], None]
    """Adds the content of one row to the cell that is read."""
    order: Sequence[sa.ColumnElement[Any]] = ()
    """Columns to sort the rows by; default: the order of the table."""
    only: sa.ColumnElement[bool] | None = None
    """Condition on the rows to read; default: all rows."""
    complete: Callable[[sa.Connection, Mapping[int, CellRecord]], None] | None = None
    """Adds what lies in a further table to the cells that were read, given by number."""


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


def _chance_rows(cell: CellRecord) -> list[dict[str, Any]]:
    return [
        {"metric": result.metric, "domain": result.domain, "level": result.estimate.chance}
        for result in cell.results
        if result.estimate.chance is not None
    ]


def _add_chance_levels(connection: sa.Connection, cells: Mapping[int, CellRecord]) -> None:
    """Give the results of cells the chance levels on file; those of early versions have none."""
    levels: dict[tuple[int, str, str], float] = {}
    for numbers in at_once(cells):
        query = select_checked(s.chance_levels).where(s.chance_levels.c.cell.in_(numbers))
        for row in read_checked(connection, s.chance_levels, query):
            levels[row["cell"], row["metric"], row["domain"]] = row["level"]
    for number, cell in cells.items():
        for i, result in enumerate(cell.results):
            level = levels.get((number, result.metric, result.domain))
            if level is not None:
                cell.results[i] = dataclasses.replace(
                    result, estimate=dataclasses.replace(result.estimate, chance=level)
                )


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


RESULTS = CellPart("results", s.estimates, _estimate_rows, _add_estimate, complete=_add_chance_levels)
HEADLINES = dataclasses.replace(RESULTS, only=sa.and_(s.estimates.c.headline, s.estimates.c.domain == "overall"))
"""The results of the headline metrics over all items, without the others."""
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
    """List the fields of `CellRecord` that the table ``cells`` has a column for.

    Raises:
        AssertionError: a field has neither a column nor a table of its own.
    """
    names = {field.name for field in dataclasses.fields(CellRecord)}
    placed = {part.field for part in ALL_PARTS} | NOT_ON_FILE
    unplaced = names - placed - set(s.cells.c.keys())
    assert not unplaced, f"the store has no place for {sorted(unplaced)} of a cell: see harness.store.records"
    return sorted(names - placed)


# writing


def save_cell(store: Store, run: int, cell: CellRecord) -> None:
    """File a cell with all its parts in one transaction, and set the cell's number.

    Args:
        store: The store.
        run: Number of the run that the cell belongs to.
        cell: The cell.

    Raises:
        StoreError: the database cannot be written.
    """
    with store.transaction() as connection:
        write_cell(connection, run, cell)


def write_cell(connection: sa.Connection, run: int, cell: CellRecord) -> None:
    """File a cell inside an open transaction; see `save_cell`."""
    cell.run = run
    values = {name: _written(s.cells.c[name].type, getattr(cell, name)) for name in own_fields() if name != "id"}
    # No number is given twice, also after the newest cell was forgotten: viewers and their caches know cells by number.
    forgotten = sa.select(sa.cast(s.about.c.value, sa.Integer)).where(s.about.c.key == LAST_FORGOTTEN).scalar_subquery()
    last = sa.select(sa.func.max(sa.func.coalesce(sa.func.max(s.cells.c.id), 0), sa.func.coalesce(forgotten, 0)))
    cell.id = int(connection.execute(insert(s.cells).values(id=last.scalar_subquery() + 1, **values)).lastrowid)
    for part in ALL_PARTS:
        if rows := part.rows(cell):
            connection.execute(insert(part.table), [{"cell": cell.id, **row} for row in rows])
    if rows := _chance_rows(cell):
        connection.execute(insert(s.chance_levels), [{"cell": cell.id, **row} for row in rows])


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
    """Return the cells that meet a condition.

    Args:
        store: The store.
        where: A condition on the table ``cells``.
        with_: The parts to read beside the table itself.
        order: Columns to sort by; default: by number, the oldest cell first.
        offset: Number of cells to leave out at the beginning.
        size: Most cells to read; None: all.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
        StoreError: the store cannot be read.
    """
    if store.chosen is not None:  # a view of some models: see `harness.store.choosing`
        where = sa.and_(where, s.cells.c.label.in_(sorted(store.chosen)))
    query = select_checked(s.cells).where(where).order_by(*(order or [s.cells.c.id])).offset(offset)
    names = own_fields()
    with store.reading() as connection:
        cells = [_cell_of(row, names) for row in read_checked(connection, s.cells, query.limit(size))]
        read_parts(connection, cells, with_)
    return cells


def read_parts(connection: sa.Connection, cells: Collection[CellRecord], parts: Collection[CellPart]) -> None:
    """Read the parts of some cells from their own tables, and add them to the cells.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
    """
    by_number = {cell.id: cell for cell in cells}
    for part in parts:
        for numbers in at_once(by_number):
            query = select_checked(part.table).where(part.table.c.cell.in_(numbers)).order_by(*part.order)
            if part.only is not None:
                query = query.where(part.only)
            for row in read_checked(connection, part.table, query):
                part.add(by_number[row["cell"]], row)
        if part.complete is not None:
            part.complete(connection, by_number)


def is_numbered(numbers: Collection[int]) -> sa.ColumnElement[bool]:
    """Make the condition that a cell has one of these numbers; `at_once` keeps their number within bounds."""
    return s.cells.c.id.in_(numbers)


def at_once(numbers: Collection[int]) -> Iterator[tuple[int, ...]]:
    """Split numbers of cells into groups that are small enough for one statement."""
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
    """Return the newest finished cell of every model on each of some tasks, with all its parts except the failures.

    Args:
        store: The store.
        tasks: Names of the tasks.
        settings: Return only cells whose settings have these values, such as ``{"limit": None}``.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
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
    """Return one cell with all its parts; None if the store has no cell of this number.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
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
    """Return cells with their headline figures, the newest first.

    Args:
        store: The store.
        model: Return only cells of the model with this label; empty: of any model.
        task: Return only cells on this task; empty: on any task.
        status: ``done`` or ``failed``; empty: both.
        run: Return only cells that this run filed; None: of any run.
        newest: Return only the newest cell of each model on each task, whatever its status.
        offset: Number of cells to leave out at the beginning.
        size: Most cells to read; None: all.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
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
    """Return the newest finished cell of each other model on the same task definition, with headline figures.

    Args:
        store: The store.
        cell: The cell whose task is meant, and whose model is left out.
        size: Most cells to read, in the order of their labels.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
        StoreError: the store cannot be read.
    """
    c = s.cells.c
    same = sa.and_(c.task == cell.task, c.task_digest == cell.task_digest, c.status == "done", c.label != cell.label)
    newest = sa.select(sa.func.max(c.id)).where(same).group_by(c.label)
    return read_cells(store, c.id.in_(newest), with_=[HEADLINES], order=[c.label], size=size)


def models_and_tasks(store: Readable) -> tuple[list[str], list[str]]:
    """Return the labels of all models, and the names of all tasks, that the store shows cells of; both are sorted.

    Raises:
        StoreError: the store cannot be read.
    """
    with store.reading() as connection:
        every = connection.execute(sa.select(s.cells.c.task, s.cells.c.label).distinct()).all()
    pairs = [(str(task), str(label)) for task, label in every if store.chosen is None or label in store.chosen]
    return sorted({label for _, label in pairs}), sorted({task for task, _ in pairs})
