"""What the store keeps of runs, cells, estimates and learning curves."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from harness.stats import Estimate
from harness.store import schema as s
from harness.store.places import DamagedRecord
from harness.store.reading import Readable
from harness.store.store import Store

BY_LABEL = "verdicts_by_label"
"""Setting of cells whose recorded verdicts were looked up by whose answer they are on.

Before, the item alone was looked up, and of two candidates the second got the verdicts on the first.
"""
MAX_FAILURES_KEPT = 1000
J = TypeVar("J", bound="dict[str, Any] | list[Any]")


@dataclass(frozen=True, slots=True)
class Result:
    """One metric of one cell on one domain."""

    model: str
    task: str
    metric: str
    domain: str
    estimate: Estimate
    unit: str
    higher_is_better: bool
    adapters: tuple[str, ...] = ()
    headline: bool = False

    def as_json(self) -> dict[str, Any]:
        """The contract of ``--json``; None where a figure cannot be computed."""
        e = self.estimate
        return {
            "model": self.model,
            "task": self.task,
            "metric": self.metric,
            "domain": self.domain,
            "value": _finite(e.value),
            "stderr": _finite(e.stderr),
            "low": _finite(e.low),
            "high": _finite(e.high),
            "confidence": e.confidence,
            "n": e.n,
            "n_failed": e.n_failed,
            "unit": self.unit,
            "higher_is_better": self.higher_is_better,
            "adapters": list(self.adapters),
            "detail": {k: v for k, v in e.detail.items() if isinstance(v, (str, int, float, list, bool))},
        }


@dataclass(frozen=True, slots=True)
class StageRecord:
    """Who was asked in one stage of a cell, and how."""

    role: str
    model: str
    """Label."""
    fingerprint: str
    capability: str
    """What the task asked for."""
    adapters: tuple[str, ...] = ()
    """Outermost first."""
    listwise: bool = False
    by_origin: bool = False
    """Its requests are filed by item, not by text."""


@dataclass(slots=True)
class CellRecord:
    """One finished cell, as it is filed and read back."""

    label: str
    fingerprint: str
    task: str
    task_digest: str
    settings: dict[str, Any]
    adapters: tuple[str, ...]
    status: str
    problem: str = ""
    items: int = 0
    failed_requests: int = 0
    requests: int = 0
    computed: int = 0
    reused: int | None = None
    """Responses that were on file; None where that was not noted."""
    seconds: float = 0.0
    columns: str = ""
    results: list[Result] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    """(item, reason); the first of them."""
    remarks: list[str] = field(default_factory=list)
    """What the models said about how their answers came about."""
    asked: list[StageRecord] = field(default_factory=list)
    """By stage."""
    id: int = 0
    broken_metrics: list[str] = field(default_factory=list)
    """A sentence for each metric whose code raised: the cell is done, and the command ends with 1. Not on file."""

    @property
    def confidence(self) -> float:
        """Nominal coverage of the intervals of its estimates; stores of old, which did not note it, hold 0.95."""
        return float(self.settings.get("confidence", 0.95))


def now() -> str:
    """UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def start_run(store: Store, description: Mapping[str, Any]) -> int:
    """File that a run began; returns its number."""
    with store.transaction() as connection:
        values = {"started": now(), "status": "running", "description": json.dumps(description, default=str)}
        return int(connection.execute(insert(s.runs).values(values)).inserted_primary_key[0])  # type: ignore[index]


def finish_run(store: Store, run: int, status: str) -> None:
    """File how a run ended."""
    with store.transaction() as connection:
        connection.execute(sa.update(s.runs).where(s.runs.c.id == run).values(finished=now(), status=status))


def save_cell(store: Store, run: int, cell: CellRecord) -> None:
    """File a cell with its estimates and failures, in one transaction."""
    with store.transaction() as connection:
        values = {
            "run": run,
            "label": cell.label,
            "fingerprint": cell.fingerprint,
            "task": cell.task,
            "task_digest": cell.task_digest,
            "settings": json.dumps(cell.settings, sort_keys=True),
            "adapters": json.dumps(cell.adapters),
            "status": cell.status,
            "problem": cell.problem,
            "items": cell.items,
            "failed_requests": cell.failed_requests,
            "requests": cell.requests,
            "computed": cell.computed,
            "seconds": cell.seconds,
            "columns": cell.columns,
        }
        cell.id = int(connection.execute(insert(s.cells).values(values)).inserted_primary_key[0])  # type: ignore[index]
        if cell.results:
            connection.execute(insert(s.estimates), [_estimate_row(cell.id, result) for result in cell.results])
        if cell.failures:
            rows = [
                {"cell": cell.id, "number": i, "item": item, "reason": reason}
                for i, (item, reason) in enumerate(cell.failures[:MAX_FAILURES_KEPT])
            ]
            connection.execute(insert(s.failures), rows)
        if cell.reused is not None:
            connection.execute(insert(s.reuse).values(cell=cell.id, responses=cell.reused))
        if cell.remarks:
            told = [{"cell": cell.id, "number": i, "text": text} for i, text in enumerate(cell.remarks)]
            connection.execute(insert(s.remarks), told)
        if cell.asked:
            connection.execute(insert(s.asked), [_asked_row(cell.id, i, asked) for i, asked in enumerate(cell.asked)])


def _asked_row(cell: int, stage: int, asked: StageRecord) -> dict[str, Any]:
    return {"cell": cell, "stage": stage, **dataclasses.asdict(asked), "adapters": json.dumps(asked.adapters)}


def _estimate_row(cell: int, result: Result) -> dict[str, Any]:
    e = result.estimate
    return {
        "cell": cell,
        "metric": result.metric,
        "domain": result.domain,
        "value": _finite(e.value),
        "stderr": _finite(e.stderr),
        "low": _finite(e.low),
        "high": _finite(e.high),
        "n": e.n,
        "n_failed": e.n_failed,
        "unit": result.unit,
        "higher_is_better": result.higher_is_better,
        "headline": result.headline,
        "detail": json.dumps(dict(e.detail), default=_plain),
    }


def check_estimate(estimate: Estimate) -> None:
    """Refuse what a metric of a plugin's may give and no store can hold, before it takes its whole cell along.

    Raises:
        TypeError: a figure is no number, or a key of the detail is none that JSON can hold.
        ValueError: the detail holds itself.
    """
    for figure in (estimate.value, estimate.stderr, estimate.low, estimate.high, estimate.n, estimate.n_failed):
        float(figure)
    json.dumps(dict(estimate.detail), default=_plain)


def latest_cells(
    store: Readable, tasks: Sequence[str], *, settings: Mapping[str, Any] | None = None
) -> list[CellRecord]:
    """The newest finished cell of every model on every one of these tasks, with its estimates.

    Args:
        store: The store.
        tasks: Task names.
        settings: Only cells whose settings have these values, such as ``{"limit": None}``.
    """
    query = sa.select(s.cells).where(s.cells.c.task.in_(tasks), s.cells.c.status == "done").order_by(s.cells.c.id)
    newest: dict[tuple[str, str], CellRecord] = {}
    with store.reading() as connection:
        for row in connection.execute(query):
            cell = cell_of(row)
            if settings is None or all(cell.settings.get(k) == v for k, v in settings.items()):
                newest[cell.label, cell.task] = cell
        by_id = {cell.id: cell for cell in newest.values()}
        for row in connection.execute(sa.select(s.estimates).where(s.estimates.c.cell.in_(by_id))):
            cell = by_id[row.cell]
            cell.results.append(result_of(cell, row))
        for row in connection.execute(sa.select(s.remarks).where(s.remarks.c.cell.in_(by_id))):
            by_id[row.cell].remarks.append(row.text)
        for row in connection.execute(
            sa.select(s.asked).where(s.asked.c.cell.in_(by_id)).order_by(s.asked.c.cell, s.asked.c.stage)
        ):
            by_id[row.cell].asked.append(_asked(row))
    return list(newest.values())


def read_cell(store: Readable, number: int) -> CellRecord | None:
    """One cell with everything filed of it; None where there is none of that number."""
    with store.reading() as connection:
        row = connection.execute(sa.select(s.cells).where(s.cells.c.id == number)).first()
        if row is None:
            return None
        cell = cell_of(row)
        found = connection.execute(sa.select(s.estimates).where(s.estimates.c.cell == number))
        cell.results = [result_of(cell, estimate) for estimate in found]
        told = sa.select(s.remarks.c.text).where(s.remarks.c.cell == number).order_by(s.remarks.c.number)
        cell.remarks = list(connection.execute(told).scalars())
        stages = sa.select(s.asked).where(s.asked.c.cell == number).order_by(s.asked.c.stage)
        cell.asked = [_asked(row) for row in connection.execute(stages)]
        failed = sa.select(s.failures.c.item, s.failures.c.reason).where(s.failures.c.cell == number)
        cell.failures = [(row.item, row.reason) for row in connection.execute(failed.order_by(s.failures.c.number))]
    return cell


def _asked(row: Any) -> StageRecord:
    return StageRecord(
        row.role,
        row.model,
        row.fingerprint,
        row.capability,
        tuple(map(str, _json(row.adapters, list))),
        row.listwise,
        row.by_origin,
    )


def cell_of(row: Any) -> CellRecord:
    """The cell that a row of the table holds, without estimates."""
    return CellRecord(
        label=row.label,
        fingerprint=row.fingerprint,
        task=row.task,
        task_digest=row.task_digest,
        settings=_json(row.settings, dict),
        adapters=tuple(map(str, _json(row.adapters, list))),
        status=row.status,
        problem=row.problem or "",
        items=row.items or 0,
        failed_requests=row.failed_requests or 0,
        requests=row.requests or 0,
        computed=row.computed or 0,
        seconds=row.seconds or 0.0,
        columns=row.columns or "",
        id=row.id,
    )


def result_of(cell: CellRecord, row: Any) -> Result:
    """The estimate that a row of the table holds."""
    value, stderr, low, high = (math.nan if v is None else float(v) for v in (row.value, row.stderr, row.low, row.high))
    detail = _json(row.detail, dict)
    estimate = Estimate(value, stderr, low, high, row.n, row.n_failed, detail, cell.confidence)
    return Result(
        cell.label,
        cell.task,
        row.metric,
        row.domain,
        estimate,
        row.unit,
        row.higher_is_better,
        cell.adapters,
        row.headline,
    )


def _json(text: str, kind: type[J]) -> J:
    """What a field of a row holds.

    Raises:
        DamagedRecord: it is no JSON of that kind; the file was damaged, or written to by others.
    """
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise DamagedRecord(f"damaged: a field that should hold a JSON {kind.__name__} holds {str(text)[:40]!r}")
    return value


def save_curve(store: Store, model: str, step: int, values: Mapping[str, float]) -> None:
    """File one point of a learning curve."""
    with store.transaction() as connection:
        for name, value in values.items():
            point = insert(s.curves).values(model=model, step=step, name=name, value=value)
            keys = ["model", "step", "name"]
            connection.execute(point.on_conflict_do_update(index_elements=keys, set_={"value": point.excluded.value}))


def delete_curve(store: Store, model: str) -> None:
    """Forget a learning curve: another training begins under its name."""
    with store.transaction() as connection:
        connection.execute(sa.delete(s.curves).where(s.curves.c.model == model))


def read_curve(store: Readable, model: str) -> list[tuple[int, str, float]]:
    """(step, name, value) of a learning curve."""
    c = s.curves.c
    with store.reading() as connection:
        query = sa.select(c.step, c.name, c.value).where(c.model == model).order_by(c.step, c.name)
        return [(row.step, row.name, row.value) for row in connection.execute(query)]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
