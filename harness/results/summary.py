"""What ``harness eval`` shows on a terminal: one row a model, its headline and few more metrics, the best first."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.results.numbers import interval, level_of, percent, results_rows, results_table
from harness.results.result_notes import notes_on_bounds, results_notes
from harness.results.terminal_tables import FittedTable, for_a_terminal, say_fitted, say_prose, say_table
from harness.store.records import CellRecord, Result
from harness.terminal import say

MORE = 3
"""Metrics beside the headline."""
COMPAT = "@compat"
"""Ends the name of a metric that repeats a published convention, flaws included."""


def say_results(cells: Sequence[CellRecord], *, domains: bool = False, every: bool = False, notes: bool = True) -> None:
    """Print the estimates of a run: a summary of each task on a terminal, elsewhere one metric a row.

    Args:
        cells: The cells of the run; those that failed are rows, too.
        domains: Every metric on every domain.
        every: Every metric.
        notes: Also print what a reader must know of the figures.
    """
    results = [result for cell in cells for result in cell.results]
    if not for_a_terminal():
        say(results_table(results, domains=domains))
        if notes:
            _say_notes(cells, results, domains)
        return
    if domains or every:
        head, rows = results_rows(results, domains=domains)
        say_table(head, rows, left=(0, 1, 2), keep=(0, 2, *((3,) if domains else ()), len(head) - 3, len(head) - 1))
        _say_notes(cells, results, domains)
        return
    shown: list[Result] = []
    for task in dict.fromkeys(cell.task for cell in cells):
        shown += _say_task(task, [cell for cell in cells if cell.task == task])
    say_prose(f"{percent(level_of(r.estimate for r in shown))} intervals")
    _say_notes(cells, shown, False)


def _say_notes(cells: Sequence[CellRecord], results: Sequence[Result], domains: bool) -> None:
    say()
    notes = [*notes_on_bounds(cells), *results_notes(results, domains=domains, short=for_a_terminal())]
    if notes:
        for note in notes:
            say_prose(note)
        say()


def _say_task(task: str, cells: Sequence[CellRecord]) -> list[Result]:
    """Print the rows of one task; return the results that they show."""
    figures = {
        cell.label: {r.metric: r for r in cell.results if r.domain == "overall"}
        for cell in cells
        if cell.status == "done" or cell.results
    }
    headline, more, same, hidden = chosen_metrics(list(figures.values()))
    metrics = [headline, *more] if headline else []
    # A bound stands below the models that can be used, as on boards.
    order = sorted(cells, key=lambda cell: (bool(cell.bound), _place(figures.get(cell.label, {}).get(headline))))
    level = level_of(r.estimate for of in figures.values() for r in of.values())
    rows, failed = [], set()
    for number, cell in enumerate(order):
        of = figures.get(cell.label)
        texts = [interval(of[m].estimate, of[m].unit, level) if of and m in of else "-" for m in metrics]
        if of is None:
            texts[:1] = ["failed"]
            failed.add((number, 1))
        lost = cell.failed_requests + cell.valueless
        if of is None or lost:
            failed.add((number, len(metrics or [""]) + 2))
        n = str(of[headline].estimate.n) if of and headline in of else "-"
        rows.append([cell.label, *(texts or ["-"]), n, str(lost) if of else "all"])
    head = ["model", *(_heading(m, figures) for m in metrics or ["value"]), "n", "failed"]
    say_prose(task, style="bold")
    say_fitted(
        FittedTable(
            head=head,
            rows=rows,
            keep=(0, 1, len(head) - 1),
            best={(row, i + 1) for i, metric in enumerate(metrics) for row in _best(order, figures, metric)},
            failed=failed,
        )
    )
    if same:
        say_prose(
            f"as published ({COMPAT}): the same as {', '.join(m.removesuffix(COMPAT) for m in same)}", style="dim"
        )
    if hidden:
        say_prose(f"{hidden} more metric{'s' if hidden > 1 else ''}: --all-metrics", style="dim")
    say()
    return [of[metric] for of in figures.values() for metric in metrics if metric in of]


def chosen_metrics(models: Sequence[dict[str, Result]]) -> tuple[str, list[str], list[str], int]:
    """Choose what is shown of a task.

    A metric whose figures are those of one that is shown already says nothing more, so that others go before it.

    Args:
        models: The results of each model, by metric.

    Returns:
        The headline (empty where there is none); the metrics beside it; those of published conventions that equal
        the exact ones; and how many metrics are neither.
    """
    metrics = list(dict.fromkeys(metric for of in models for metric in of))
    headline = next(
        (m for m in metrics if any(m in of and of[m].headline for of in models)), metrics[0] if metrics else ""
    )
    same = [
        metric
        for metric in metrics
        if metric.endswith(COMPAT)
        and metric != headline
        and metric.removesuffix(COMPAT) in metrics
        and _values(models, metric) == _values(models, metric.removesuffix(COMPAT))
    ]
    chosen = [headline] if headline else []
    for metric in metrics:
        taken = [_figures(models, other) for other in chosen]
        if len(chosen) <= MORE and metric not in (*chosen, *same) and _figures(models, metric) not in taken:
            chosen.append(metric)
    return headline, chosen[1:], same, len(metrics) - len(chosen) - len(same)


def _figures(models: Sequence[dict[str, Result]], metric: str) -> list[tuple[float, ...] | None]:
    """Return value and interval of each model as they are compared, without what rounding makes; None: no figure."""
    found = [of[metric].estimate if metric in of else None for of in models]
    return [
        None
        if e is None or math.isnan(e.value)
        else tuple(round(x, 10) if math.isfinite(x) else 0.0 for x in (e.value, e.low, e.high))
        for e in found
    ]


def _values(models: Sequence[dict[str, Result]], metric: str) -> list[float | None]:
    return [figures[0] if figures else None for figures in _figures(models, metric)]


def _place(result: Result | None) -> float:
    """Return what sorts a model: the best figure first, those without one last."""
    if result is None or math.isnan(result.estimate.value):
        return math.inf
    return -result.estimate.value if result.higher_is_better else result.estimate.value


def _heading(metric: str, figures: dict[str, dict[str, Result]]) -> str:
    lower = any(metric in of and not of[metric].higher_is_better for of in figures.values())
    return f"{metric}\n(lower better)" if lower else metric


def _best(order: Sequence[CellRecord], figures: dict[str, dict[str, Result]], metric: str) -> list[int]:
    """Return the rows with the best figure of a metric, bounds left out; none where there is one model."""
    contenders = ((row, cell) for row, cell in enumerate(order) if not cell.bound)
    places = {row: _place(figures.get(cell.label, {}).get(metric)) for row, cell in contenders}
    best = min(places.values(), default=math.inf)
    return [row for row, place in places.items() if place == best < math.inf] if len(places) > 1 else []
