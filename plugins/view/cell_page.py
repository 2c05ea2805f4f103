"""The page of one cell: its figures, the pictures of its metrics, what failed and why, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from harness import Matrix, Metric, Registry, Task
from harness.errors import HarnessError
from harness.results import Drawing, bounds, drawings, figure, no_picture
from harness.running import OVERALL, in_rounds, table_of_cell
from harness.stats import Estimate
from harness.store import (
    CellRecord,
    StageRecord,
    StoreReader,
    cells_of_other_models,
    model_description,
    read_run,
)
from harness.tasks import HIDDEN_REASON, metric_of

from .charts import chart
from .filters import QueryParameters
from .pages import Page, by_metric, cell_named
from .samples import Samples
from .texts import shown

REASONS, NAMED = 50, 5
"""Most reasons of failures on a page, and most items that each names."""
_FIELDS = 40
"""Most rows and columns of a matrix that is shown."""


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """One picture of a metric, drawn."""

    metric: str
    title: str
    note: str
    drawn: Markup


@dataclass(frozen=True, slots=True)
class FailedItems:
    """Items that failed for one reason."""

    reason: str
    count: int
    items: Sequence[str]
    """Ids of the first of them."""


@dataclass(frozen=True, slots=True)
class ReadPictures:
    """The pictures of a cell, and why others are not there."""

    pictures: Sequence[ShownPicture]
    notes: Sequence[str]


class CellPage:
    """Makes the page of one cell.

    Args:
        registry: The registry, in which metrics are looked up.
        store: The store.
        samples: The samples of the store's cells.
    """

    def __init__(self, registry: Registry, store: StoreReader, samples: Samples) -> None:
        self._registry, self._store, self._samples = registry, store, samples

    def cell(self, query: QueryParameters, cell: int) -> Page:
        """Make the page of one cell."""
        record = cell_named(self._store, cell)
        metrics = by_metric(record)
        headline = next((name for name, of in metrics.items() if any(r.headline for r in of.values())), "")
        run = read_run(self._store, record.run)
        context = {
            "cell": record,
            "headline": headline,
            "by_metric": metrics,
            "others_overall": [of[OVERALL] for name, of in metrics.items() if name != headline and OVERALL in of],
            "split": {name: of for name, of in metrics.items() if name != headline and set(of) != {OVERALL}},
            "badges": badges(record),
            "run": run,
            "data_folder": "" if run is None else str(run.description.get("data_folder", "")),
            "asked": [
                (title, stage, model_description(self._store, stage.fingerprint)) for title, stage in _stages(record)
            ],
            "others": cells_of_other_models(self._store, record),
            "failures": failed_by_reason(self._failures(record)),
            **self._pictures(record),
        }
        return Page("cell.html", context)

    def _failures(self, record: CellRecord) -> Sequence[tuple[str, str]]:
        """Return the failed items, with their reasons unless those may quote what is hidden."""
        if not self._samples.hides(record):
            return record.failures
        return [(item, HIDDEN_REASON) for item, _ in record.failures]

    def _pictures(self, record: CellRecord) -> dict[str, Any]:
        """Return the pictures of a cell, which are drawn in the background at the first visit."""
        if not record.columns:
            return {"pictures": (), "picture_notes": (), "drawing": False}
        job = self._samples.quick(("pictures", record.id), partial(self._draw, record))
        read: ReadPictures = job.result or ReadPictures((), [job.problem] if job.problem else ())
        return {"pictures": read.pictures, "picture_notes": read.notes, "drawing": not job.done}

    def _draw(self, record: CellRecord) -> ReadPictures:
        task, problem = self._samples.task(record)
        if task is None:
            return ReadPictures((), [problem])
        table = table_of_cell(self._store, record, task.facts())
        notes: list[str] = []
        metrics = [metric for name in by_metric(record) if (metric := self._metric(task, name, notes)) is not None]
        drawn = drawings(metrics, {record.label: table}, notes.append)
        return ReadPictures(_shown(drawn, notes), notes)

    def _metric(self, task: Task, name: str, notes: list[str]) -> Metric | None:
        try:
            metric = metric_of(self._registry, task, name)
        except HarnessError as error:
            notes.append(f"no picture of {name}: {error}")
            return None
        return metric if all(need in task.columns for need in metric.needs) else None


def badges(cell: CellRecord) -> list[tuple[str, str]]:
    """Return what a reader must know of a cell before its figures, in a word or two, each with a sentence."""
    found = []
    limit, split = cell.settings.get("limit"), cell.settings.get("split", "test")
    if limit is not None:
        found.append((f"first {limit:,} items only", "these are not the figures of the whole task"))
    if split != "test":
        found.append((f"split {split}", "another part of the data than the test split"))
    whole = [r for r in cell.results if r.domain == OVERALL]
    constant = next((str(text) for r in cell.results if (text := r.estimate.detail.get("constant"))), "")
    if cell.bound:
        found.append(("a bound", f"The model is none that can be used: it {cell.bound}."))
    if constant:
        found.append(("constant", f"The model {constant}; figures of such scores say nothing of it."))
    headline = next((r for r in whole if r.headline), None)
    if headline is not None and headline.estimate.at_chance:
        found.append(("at chance", f"{headline.metric} is not distinguishable from chance"))
    return found


def failed_by_reason(failures: Sequence[tuple[str, str]]) -> list[FailedItems]:
    """Group failed items by the reason, the most frequent one first."""
    items: dict[str, list[str]] = {}
    for item, reason in failures:
        items.setdefault(reason, []).append(item)
    groups = [FailedItems(reason, len(ids), ids[:NAMED]) for reason, ids in items.items()]
    return sorted(groups, key=lambda group: -group.count)


def _stages(record: CellRecord) -> Iterator[tuple[str, StageRecord]]:
    """Yield who was asked in each stage, with its heading; stages that come in rounds once."""
    asked = record.asked
    for rounds in in_rounds(asked):
        for number in range(rounds.first, rounds.first + rounds.length):
            where = f"stage {number + 1}" if rounds.count == 1 else f"rounds 1-{rounds.count}"
            yield asked[number].role + (f", {where}" if len(asked) > 1 else ""), asked[number]


def _shown(drawn: Sequence[Drawing], notes: list[str]) -> list[ShownPicture]:
    """Draw pictures; one that several metrics draw alike, as with other arguments, is shown once."""
    pictures: dict[tuple[str, str], ShownPicture] = {}
    for drawing in drawn:
        picture = drawing.picture
        try:
            markup = matrix_table(picture) if isinstance(picture, Matrix) else chart(picture)
        except (Exception, SystemExit) as error:  # of any plugin
            notes.append(no_picture(drawing.metric, error))
            continue
        name = f"{picture.title}: {picture.name}" if isinstance(picture, Matrix) and picture.name else picture.title
        pictures.setdefault((name, str(markup)), ShownPicture(drawing.metric, name, picture.note, markup))
    return list(pictures.values())


def matrix_table(matrix: Matrix) -> Markup:
    """Draw a matrix as a table; a field is coloured where its interval leaves the middle out.

    Raises:
        ValueError: the matrix has more rows or columns than a page can show.
    """
    if len(matrix.rows) > _FIELDS or len(matrix.columns) > _FIELDS:
        raise ValueError(f"a matrix of {len(matrix.rows)} rows and {len(matrix.columns)} columns is too large to show")
    head = Markup().join(Markup('<th scope="col">{}</th>').format(shown(name)) for name in matrix.columns)
    rows = Markup().join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            shown(name), Markup().join(_field(matrix, row, column) for column in range(len(matrix.columns)))
        )
        for row, name in enumerate(matrix.rows)
    )
    caption = Markup("<caption>{}</caption>").format(shown(matrix.shows))
    return Markup(
        '<div class="scroll"><table class="matrix">{}<thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(caption, head, rows)


def _field(matrix: Matrix, row: int, column: int) -> Markup:
    value = float(matrix.values[row][column])
    if value != value:
        return Markup("<td></td>")
    ends = [float(ends[row][column]) if ends is not None else float("nan") for ends in (matrix.low, matrix.high)]
    range_ = bounds(Estimate(value, float("nan"), ends[0], ends[1], 0), matrix.unit)
    clear = ends[0] != ends[0] or ends[0] > matrix.middle or ends[1] < matrix.middle
    kind = "" if not clear or value == matrix.middle else "above" if value > matrix.middle else "below"
    return Markup('<td class="{}" title="{}">{}</td>').format(kind, range_, figure(value, matrix.unit))
