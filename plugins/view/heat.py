"""The heat table of the first page: the headline figure of every model on every task, its states in words."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from harness.results import bounds, figure, level_of
from harness.store import CellSummary

from .texts import address, breakable, shown

SHADES = 8
"""Number of the strongest shade; the shades begin at 0."""
Pair = tuple[str, str]
"""The label of a model, and the name of a task."""


@dataclass(slots=True)
class HeatColumn:
    """One task, with what the figures below it have in common."""

    task: str
    group: str
    """Name of the task's benchmark, or the beginning of the task's name."""
    short: str
    """The task's name without the name of its group."""
    metric: str = ""
    higher_is_better: bool = True
    unit: str = ""
    generated: bool = False
    """Whether a program made the data, as of a task that has no others."""
    measure: tuple[Any, ...] = ()
    """What `_measure` says of the cells that are held against each other."""
    low: float = math.nan
    high: float = math.nan
    spread: float = 0.0
    """Distance from the best figure to one of no colour: to the worst, but at least the width of an interval."""
    best: str = ""
    """The best figure, as shown; empty for a task with figures of one model only."""

    @property
    def key(self) -> str:
        """The text that a filter of tasks looks at."""
        return f"{self.group} {self.task}".lower()


@dataclass(slots=True)
class HeatTable:
    """All models and tasks of a store."""

    models: list[str]
    columns: list[HeatColumn]
    cells: dict[Pair, CellSummary]
    running: Collection[Pair] = ()
    level: float = 0.95
    """Level of most intervals; an interval of another level says its own."""
    _drawn: dict[Pair, Markup] = field(default_factory=dict)

    def drawn(self, model: str, column: HeatColumn) -> Markup:
        """Return the field of a model on a task as HTML; each is made once."""
        pair = (model, column.task)
        if pair not in self._drawn:
            self._drawn[pair] = _field(self.cells.get(pair), column, pair in self.running, self.level)
        return self._drawn[pair]

    def sorted_models(self, by: str) -> list[str]:
        """Return the models in the order that an address names.

        Args:
            by: Name of a task: the best figure first; with a minus sign before it, the worst first. Else: by name.
        """
        reverse, task = by.startswith("-"), by.removeprefix("-")
        column = next((column for column in self.columns if column.task == task), None)
        if column is None:
            return self.models[::-1] if by == "-model" else self.models
        sign = -1 if column.higher_is_better is not reverse else 1
        values = {model: _value(self.cells.get((model, task))) for model in self.models}
        # Models without a figure come last in both orders.
        return sorted(self.models, key=lambda m: (math.isnan(values[m]), sign * round(values[m], 4)))

    def found(self, models: str, tasks: str) -> tuple[list[str], list[HeatColumn]]:
        """Return the models and the columns whose names hold all the words that a reader typed."""
        wanted, about = models.lower().split(), tasks.lower().split()
        kept = [model for model in self.models if all(word in model.lower() for word in wanted)]
        return kept, [column for column in self.columns if all(word in column.key for word in about)]


def heat_table(
    summaries: Iterable[CellSummary], groups: Mapping[str, tuple[str, int]], running: Collection[Pair] = ()
) -> HeatTable:
    """Lay cells out as a table.

    Args:
        summaries: One cell of each model on each task.
        groups: By task the name of its benchmark, and the place of the task in it.
        running: The models and tasks that are evaluated now.
    """
    cells = {(cell.label, cell.task): cell for cell in summaries}
    pairs = [*cells, *running]
    tasks = sorted({task for _, task in pairs}, key=lambda task: _place(task, groups))
    columns = [HeatColumn(task, *_names(task, groups)) for task in tasks]
    by_task: dict[str, list[CellSummary]] = {}
    for cell in cells.values():
        by_task.setdefault(cell.task, []).append(cell)
    for column in columns:
        _measure_column(column, by_task.get(column.task, []))
    models = sorted({model for model, _ in pairs}, key=lambda name: (_natural(name), name))
    level = level_of(cell.estimate for cell in cells.values() if cell.estimate is not None)
    return HeatTable(models, columns, cells, running, level)


def _names(task: str, groups: Mapping[str, tuple[str, int]]) -> tuple[str, str]:
    """Return the name of a task's group, and of the task inside it."""
    group = groups[task][0] if task in groups else task.rpartition("/")[0]
    return group, task.removeprefix(group + "/") if group else task


def _place(task: str, groups: Mapping[str, tuple[str, int]]) -> tuple[Any, ...]:
    group, _ = _names(task, groups)
    return not group, _natural(group), groups.get(task, ("", 0))[1], _natural(task)


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts ``model-10`` after ``model-9``, and capital letters beside small ones."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text.lower())]


def _measure(cell: CellSummary) -> tuple[Any, ...]:
    """Return what two cells have to share for their figures to be held against each other."""
    return cell.task_digest, cell.metric, cell.split, cell.limit, cell.generated, cell.bound


def _value(cell: CellSummary | None) -> float:
    return math.nan if cell is None or cell.estimate is None else cell.estimate.value


def _measure_column(column: HeatColumn, cells: Sequence[CellSummary]) -> None:
    """Set what the cells of a column are held to: the newest whole cell says which task and metric are meant."""
    with_figure = [cell for cell in cells if math.isfinite(_value(cell))]
    if not with_figure:
        return
    first = max(with_figure, key=lambda c: (not c.bound, c.generated is None, c.limit is None, c.split == "test", c.id))
    column.metric, column.unit, column.higher_is_better = first.metric, first.unit, first.higher_is_better
    column.measure, column.generated = _measure(first), first.generated is not None
    held = [cell for cell in with_figure if _measure(cell) == column.measure]
    values = [_value(cell) for cell in held]
    column.low, column.high = min(values), max(values)
    widths = [cell.estimate.high - cell.estimate.low for cell in held if cell.estimate is not None]
    widest = sorted(width for width in widths if math.isfinite(width))
    column.spread = max(column.high - column.low, widest[len(widest) // 2] if widest else 0.0)
    if len(held) > 1:
        column.best = figure(column.high if column.higher_is_better else column.low, column.unit)


def _shade(value: float, column: HeatColumn) -> int:
    """Return the shade of a figure, `SHADES` for the best of its task, and less the worse it is.

    Figures that lie closer together than their intervals are wide get shades that lie close together too.
    """
    behind = column.high - value if column.higher_is_better else value - column.low
    return round(SHADES * (1 - behind / column.spread))


def states_of(cell: CellSummary, column: HeatColumn) -> list[tuple[str, str, str]]:
    """Return what a reader must know of a figure: the kind of each state, its words, and an explanation."""
    states = []
    if cell.failed_requests:
        states.append(("bad", f"{cell.failed_requests:,} failed", "items without an answer"))
    if cell.failed_since:
        states.append(("bad", "failed since", "a later evaluation failed whole"))
    if cell.limit is not None:
        states.append(("even", f"first {cell.limit:,}", f"the first {cell.limit:,} items only"))
    if cell.split != "test":
        states.append(("even", f"split {cell.split}", "another part of the data than the test split"))
    if column.measure and cell.task_digest != column.measure[0]:
        states.append(("even", "other definition", "the task was defined differently then"))
    if cell.metric and cell.metric != column.metric:
        states.append(("even", cell.metric, "another metric than the rest of the column"))
    if (made := cell.generated) is not None and made.in_place_of:
        states.append(("even", "generated", f"data {made.words}: comparable with nothing else"))
    if cell.bound:
        states.append(("even", "a bound", f"no model that can be used: {cell.bound}"))
    estimate = cell.estimate
    if estimate is not None and estimate.detail.get("constant"):
        states.append(("even", "constant", str(estimate.detail["constant"])))
    elif estimate is not None and estimate.at_chance:
        states.append(("even", "at chance", "not distinguishable from chance"))
    return states


def _chip(kind: str, words: str, why: str) -> Markup:
    return Markup('<span class="w {}" title="{}">{}</span>').format(kind, shown(why), shown(words))


def _field(cell: CellSummary | None, column: HeatColumn, runs: bool, level: float) -> Markup:
    """Make one field of the table. Colour is never alone: the figure and the words say the same."""
    running = _chip("even", "running", "evaluated at this moment") if runs else Markup()
    if cell is None:
        return Markup('<td class="none">{}</td>').format(running or "–")
    link = Markup('<a href="/cells/{}">{}</a>')
    if cell.status != "done":
        why = cell.problem or "every request failed"
        return Markup("<td>{}{}</td>").format(link.format(cell.id, _chip("bad", "failed", why[:300])), running)
    estimate = cell.estimate
    text, range_, classes = "no figure", "", []
    if estimate is not None and math.isfinite(estimate.value):
        text, range_ = figure(estimate.value, cell.unit), bounds(estimate, cell.unit, level)
        comparable = _measure(cell) == column.measure
        if comparable and len(column.best) and column.spread > 0:
            classes.append(f"h{_shade(estimate.value, column)}")
        if comparable and text == column.best:
            classes.append("top")
    if column.measure and cell.task_digest != column.measure[0]:
        classes.append("old")
    chips = Markup().join(_chip(*state) for state in states_of(cell, column)) + running
    small = Markup("<small>{}</small>").format(range_) if range_ else ""
    kind = Markup(' class="{}"').format(" ".join(classes)) if classes else ""
    return Markup("<td{}>{}</td>").format(
        kind, link.format(cell.id, Markup("{}<b>{}</b>{}").format(chips, text, small))
    )


def rendered(table: HeatTable, models: str = "", tasks: str = "", sort: str = "") -> Markup:
    """Return the table as HTML, with the models and tasks that a reader asked for.

    Thousands of fields are joined here, since a template would take many times as long.
    """
    _, columns = table.found("", tasks)
    kept = set(table.found(models, "")[0])
    order = [model for model in table.sorted_models(sort) if model in kept]
    # The fields are markup already: joining them as such would look at each of them again.
    rows = []
    for model in order:
        name = Markup('<th scope="row"><a href="{}"><bdi>{}</bdi></a></th>')
        fields = "".join([table.drawn(model, column) for column in columns])
        rows.append(f"<tr>{name.format(address('/cells', model=model), shown(model))}{fields}</tr>\n")
    head = _head(columns, models, tasks, sort)
    widths = f'<colgroup><col class="names"><col class="tasks" span="{max(1, len(columns))}"></colgroup>'
    return Markup(f"{widths}<thead>{head}</thead>\n<tbody>\n{''.join(rows)}</tbody>")


def _head(columns: Sequence[HeatColumn], models: str, tasks: str, sort: str) -> Markup:
    groups: list[list[Any]] = []
    for column in columns:
        if groups and groups[-1][0] == column.group:
            groups[-1][1] += 1
        else:
            groups.append([column.group, 1])
    spans = Markup().join(
        Markup('<th scope="colgroup" colspan="{}"><span>{}</span></th>').format(count, shown(name) or "other tasks")
        for name, count in groups
    )

    def heading(key: str, first: str, name: str, title: str, *, more: Markup | None = None, find: str = "") -> Markup:
        chosen = {key: first, f"-{key}": "ascending" if first == "descending" else "descending"}
        order = chosen.get(sort or "model")
        link = address("/", models=models, tasks=tasks, sort=f"-{key}" if (sort or "model") == key else key)
        return Markup(
            '<th scope="col" class="{}"{} data-key="{}" data-find="{}"><a href="{}" title="{}">{}</a>{}</th>'
        ).format(
            "corner" if key == "model" else "task",
            Markup(' aria-sort="{}"').format(order) if order else "",
            shown(key),
            shown(find),
            link,
            shown(title),
            breakable(name),
            more or "",
        )

    heads = Markup().join(
        heading(
            c.task,
            "descending" if c.higher_is_better else "ascending",
            c.short,
            f"{c.task}: sort by {c.metric or 'it'}, the best first",
            more=Markup("<small>{}{}</small>").format(
                breakable(c.metric) or "no figure",
                (", generated data" if c.generated else "") + ("" if c.higher_is_better else ", lower is better"),
            ),
            find=c.key,
        )
        for c in columns
    )
    corner = heading("model", "ascending", "model", "sort by name")
    return Markup('<tr class="groups"><td class="corner"></td>{}</tr>\n<tr class="tasks">{}{}</tr>').format(
        spans, corner, heads
    )
