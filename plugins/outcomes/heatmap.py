"""Correlations arranged as heat-maps: metrics across tasks, metrics across the domains of each task, aggregates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .correlations import Correlation


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A table of correlations, with metrics down and tasks or domains across."""

    title: str
    rows: list[str]
    columns: list[str]
    cells: list[list[Correlation | None]]
    """(rows, columns); None for a figure that does not exist."""


def heat_maps(correlations: Sequence[Correlation]) -> list[HeatMap]:
    """Make a map across tasks for metrics of several tasks, a map for each task with domains, and one of aggregates."""
    single = [c for c in correlations if not c.feature.aggregate]
    tasks = list(dict.fromkeys(c.feature.task for c in single))
    maps = []
    by_metric: dict[str, set[str]] = {}
    for c in single:
        by_metric.setdefault(c.feature.metric, set()).add(c.feature.task)
    across = [c for c in single if c.feature.domain == "overall" and len(by_metric[c.feature.metric]) > 1]
    if across:
        maps.append(_map("tasks, overall", across, lambda c: c.feature.task))
    for task in tasks:
        of_task = [c for c in single if c.feature.task == task]
        if any(c.feature.domain != "overall" for c in of_task) or not any(c in across for c in of_task):
            maps.append(_map(f"{task}, domains", of_task, lambda c: c.feature.domain))
    aggregates = [c for c in correlations if c.feature.aggregate]
    if aggregates:
        maps.append(_map("aggregates", aggregates, lambda c: "all"))
    return maps


def _map(title: str, correlations: Sequence[Correlation], column_of: Callable[[Correlation], str]) -> HeatMap:
    rows = list(dict.fromkeys(c.feature.metric for c in correlations))
    columns = list(dict.fromkeys(column_of(c) for c in correlations))
    columns.sort(key=lambda name: name != "overall")
    cells = {(c.feature.metric, column_of(c)): c for c in correlations}
    return HeatMap(title, rows, columns, [[cells.get((row, column)) for column in columns] for row in rows])
