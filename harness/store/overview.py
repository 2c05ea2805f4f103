"""All models on all tasks at a glance: a summary of the cell of each pair, read in a few statements for all of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from harness.files.generated_data import GeneratedData
from harness.stats import Estimate
from harness.store import schema as s
from harness.store.cells import at_once
from harness.store.checked import read_checked, select_checked
from harness.store.reading import Readable
from harness.store.records import BOUND, GENERATED


@dataclass(slots=True)
class CellSummary:
    """The cell of one model on one task that a reader is shown first, without its parts."""

    id: int
    label: str
    task: str
    task_digest: str
    status: str
    """``done`` or ``failed``."""
    settings: Mapping[str, Any]
    problem: str = ""
    items: int = 0
    failed_requests: int = 0
    failed_since: bool = False
    """Whether a later evaluation of the pair failed whole."""
    metric: str = ""
    """Name of the headline metric; empty for a cell without a headline figure."""
    unit: str = ""
    higher_is_better: bool = True
    estimate: Estimate | None = None
    """The headline figure over all items; None where there is none."""

    @property
    def limit(self) -> int | None:
        """Number of the first items that were evaluated; None: all."""
        return self.settings.get("limit")

    @property
    def bound(self) -> str:
        """Why its figures are a bound, and not a result; empty where they are one."""
        return str(self.settings.get(BOUND, ""))

    @property
    def generated(self) -> GeneratedData | None:
        """What is known of the data if a program made them; None for real data."""
        return GeneratedData.from_json(self.settings.get(GENERATED))

    @property
    def split(self) -> str:
        """Name of the split that was evaluated."""
        return str(self.settings.get("split", "test"))


class CellsState(NamedTuple):
    """What changes whenever cells are filed or removed; two equal states have the same cells."""

    cells: int
    newest: int
    run: int
    started: str


def state_of_cells(store: Readable) -> CellsState:
    """Return the state of the store's cells, by which a reader knows that a summary made earlier still holds.

    Raises:
        StoreError: the store cannot be read.
    """
    c = s.cells.c
    last = sa.select(sa.func.max(s.runs.c.id)).scalar_subquery()
    started = sa.select(sa.func.max(s.runs.c.started)).scalar_subquery()
    query = sa.select(sa.func.count(), sa.func.max(c.id), last, started).select_from(s.cells)
    with store.reading() as connection:
        count, newest, run, begun = connection.execute(query).one()
    return CellsState(count, newest or 0, run or 0, str(begun or ""))


def summarise_cells(store: Readable) -> list[CellSummary]:
    """Return one cell of each model on each task: the newest whole one, else the newest finished, else the newest.

    An evaluation is whole if it covers all items of the split ``test``.

    Raises:
        DamagedRecord: a value on file is one that its column may not hold.
        StoreError: the store cannot be read.
    """
    summaries = _chosen(store)
    columns = _plain(s.cells, ("id", "task_digest", "problem", "items", "failed_requests"))
    with store.reading() as connection:
        for numbers in at_once(summaries):
            query = sa.select(*columns).where(s.cells.c.id.in_(numbers))
            for row in read_checked(connection, s.cells, query):
                cell = summaries[row["id"]]
                cell.task_digest, cell.problem = row["task_digest"], row["problem"] or ""
                cell.items, cell.failed_requests = row["items"] or 0, row["failed_requests"] or 0
            _add_headlines(connection, summaries, numbers)
            _add_chance_levels(connection, summaries, numbers)
    return list(summaries.values())


def _plain(table: sa.Table, names: Collection[str]) -> list[sa.ColumnElement[Any]]:
    """Name columns for `read_checked`, as `select_checked` does for all columns of a table."""
    return [sa.type_coerce(table.c[name], sa.types.NullType()).label(name) for name in names]


_OF_ESTIMATES = (
    "cell",
    "metric",
    "domain",
    "value",
    "low",
    "high",
    "n",
    "n_failed",
    "unit",
    "higher_is_better",
    "detail",
)


def _add_headlines(connection: sa.Connection, summaries: Mapping[int, CellSummary], numbers: Collection[int]) -> None:
    e = s.estimates.c
    whole = sa.and_(e.cell.in_(numbers), e.headline, e.domain == "overall")
    for row in read_checked(connection, s.estimates, sa.select(*_plain(s.estimates, _OF_ESTIMATES)).where(whole)):
        cell = summaries[row["cell"]]
        if cell.metric:
            continue
        value, low, high = (math.nan if row[name] is None else row[name] for name in ("value", "low", "high"))
        confidence = float(cell.settings.get("confidence", 0.95))
        detail = {} if row.raw("detail") == "{}" else row["detail"]
        cell.estimate = Estimate(value, math.nan, low, high, row["n"], row["n_failed"], detail, confidence)
        cell.metric, cell.unit, cell.higher_is_better = row["metric"], row["unit"], row["higher_is_better"]


def _add_chance_levels(
    connection: sa.Connection, summaries: Mapping[int, CellSummary], numbers: Collection[int]
) -> None:
    """Give the headline figures the chance levels on file."""
    c = s.chance_levels.c
    query = select_checked(s.chance_levels).where(c.cell.in_(numbers), c.domain == "overall")
    for row in read_checked(connection, s.chance_levels, query):
        cell = summaries[row["cell"]]
        if cell.estimate is not None and row["metric"] == cell.metric:
            cell.estimate = dataclasses.replace(cell.estimate, chance=row["level"])


def _chosen(store: Readable) -> dict[int, CellSummary]:
    """Return the cells to show, by number, with what tells them from other evaluations of the same pair."""
    c = s.cells.c
    # Cells of the same settings differ by age alone, so that SQLite finds the newest, and few texts are parsed.
    newest = [*_plain(s.cells, ("label", "task", "status", "settings")), sa.func.max(c.id).label("id")]
    query = sa.select(*newest).group_by(c.task, c.label, c.status, c.settings)
    parsed: dict[Any, Mapping[str, Any]] = {}
    best: dict[tuple[str, str], tuple[int, int, Mapping[str, Any]]] = {}
    failed: dict[tuple[str, str], int] = {}
    with store.reading() as connection:
        for row in read_checked(connection, s.cells, query):
            text, number = row.raw("settings"), row["id"]
            if text not in parsed:
                parsed[text] = row["settings"]
            settings, pair, done = parsed[text], (row["label"], row["task"]), row["status"] == "done"
            if not done:
                failed[pair] = max(number, failed.get(pair, 0))
            whole = settings.get("limit") is None and settings.get("split", "test") == "test"
            found = (1 + whole if done else 0, number)
            if pair not in best or found > best[pair][:2]:
                best[pair] = (*found, settings)
    return {
        number: CellSummary(
            number,
            *pair,
            "",
            "done" if rank else "failed",
            settings,
            failed_since=rank > 0 and failed.get(pair, 0) > number,
        )
        for pair, (rank, number, settings) in best.items()
    }
