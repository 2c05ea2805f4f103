"""The first page: all models on all tasks, then the newest runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from harness import Registry
from harness.errors import HarnessError
from harness.store import CellsState, RunOverview, StoreReader, list_runs, state_of_cells, summarise_cells

from .filters import QueryParameters
from .heat import HeatTable, Pair, heat_table, rendered
from .pages import Page

RUNS = 10
"""Runs on the first page."""


class HomePage:
    """Makes the first page, and the part of it that is fetched again while runs are under way.

    Args:
        registry: The registry, in which benchmarks are looked up.
        store: The store.
    """

    def __init__(self, registry: Registry, store: StoreReader) -> None:
        self._registry, self._store = registry, store
        self._lock = threading.Lock()
        self._table: tuple[tuple[CellsState, frozenset[Pair]], HeatTable] | None = None
        self._groups: dict[str, tuple[str, int]] | None = None

    def home(self, query: QueryParameters) -> Page:
        """Make the first page."""
        live = self._under_way()
        models, tasks, sort = (query.get(key, "")[:200] for key in ("models", "tasks", "sort"))
        table = self._heat(live["runs"])
        found_models, found_columns = table.found(models, tasks)
        return Page(
            "home.html",
            {
                **live,
                "empty": not table.models,
                "level": table.level,
                "heat": rendered(table, models, tasks, sort),
                "wanted": {"models": models, "tasks": tasks, "sort": sort},
                "counts": (len(table.models), len(table.columns)),
                "found": (len(found_models), len(found_columns)),
                "last": {"models": table.models[-1:], "tasks": [c.task for c in table.columns[-1:]]},
            },
        )

    def under_way(self, query: QueryParameters) -> Page:
        """Make the part of the first page that is fetched again and again: it reads a few rows only."""
        return Page("under_way.html", self._under_way())

    def _under_way(self) -> dict[str, object]:
        runs = list_runs(self._store, size=RUNS + 1)
        state = state_of_cells(self._store)
        stamp = "-".join(str(part) for part in (*state, *sorted(_running(runs))))
        return {"runs": runs[:RUNS], "more": len(runs) > RUNS, "stamp": stamp}

    def _heat(self, runs: object) -> HeatTable:
        """Return the table, laid out anew only if cells came or went since."""
        assert isinstance(runs, list)
        running = frozenset(_running(runs))
        key = (state_of_cells(self._store), running)
        with self._lock:
            if self._table is None or self._table[0] != key:
                summaries = summarise_cells(self._store)
                self._table = (key, heat_table(summaries, self._group_of_tasks(), running))
            return self._table[1]

    def _group_of_tasks(self) -> Mapping[str, tuple[str, int]]:
        """Return by task its benchmark and its place in it: of several the one whose name it begins with."""
        if self._groups is None:
            self._groups = {}
            try:
                benchmarks = self._registry.benchmarks().files()
            except HarnessError:  # the names of tasks group them too
                return self._groups
            for name, benchmark in sorted(benchmarks.items()):
                for place, task in enumerate(benchmark.tasks):
                    if task not in self._groups or task.startswith(name + "/"):
                        self._groups[task] = (name, place)
        return self._groups


def _running(runs: list[RunOverview]) -> list[Pair]:
    """Return the models and tasks that are evaluated now."""
    return [
        (run.progress.model, run.progress.task)
        for run in runs
        if run.status == "running" and run.progress is not None and run.description.get("kind") != "training"
    ]
