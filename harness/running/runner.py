"""Runs a plan: walks its cells, files what they come to, calls the plugins' hooks and releases models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.errors import StoreError
from harness.names.handles import ModelHandle
from harness.names.plugins import describe
from harness.names.registry import Capabilities, Registry
from harness.progress import ProgressReporter, SilentProgress, Tick
from harness.running.cell_bar import CellBar
from harness.running.cell_run import CellRun
from harness.running.client import ModelClient, no_report
from harness.running.environment import describe_run
from harness.running.executors import LocalExecutor
from harness.running.plan import Cell, Plan
from harness.store.cells import save_cell
from harness.store.progress import FiledProgress
from harness.store.records import CellRecord, Result
from harness.store.runs import finish_run, start_run
from harness.store.store import Store
from harness.training.fit import train_missing


@dataclass(slots=True)
class Outcome:
    """The cells of a run, as they were filed."""

    run: dict[str, Any]
    cells: list[CellRecord] = field(default_factory=list)

    @property
    def results(self) -> list[Result]:
        """The estimates of all cells."""
        return [result for cell in self.cells for result in cell.results]

    @property
    def exit_code(self) -> int:
        """The exit status: 0 where all cells are done and no metric's code raised, else 1."""
        return 0 if all(cell.status == "done" and not cell.broken_metrics for cell in self.cells) else 1

    def remarks(self) -> list[dict[str, Any]]:
        """Return what models said about how their answers came about."""
        return [{"model": cell.label, "task": cell.task, "text": text} for cell in self.cells for text in cell.remarks]

    def failures(self) -> list[dict[str, Any]]:
        """Return everything that failed: of each cell first the cell itself (item None), then single requests."""
        failures: list[dict[str, Any]] = []
        for cell in self.cells:
            if cell.problem:
                failures.append({"model": cell.label, "task": cell.task, "item": None, "reason": cell.problem})
            failures += [
                {"model": cell.label, "task": cell.task, "item": item, "reason": reason}
                for item, reason in cell.failures
            ]
        return failures


class Runner:
    """Runs plans on one store.

    Args:
        registry: The plugins, whose life-cycle hooks are called.
        store: Where everything is kept.
        progress: Told how far the work is.
    """

    def __init__(self, registry: Registry, store: Store, *, progress: ProgressReporter | None = None) -> None:
        self._registry, self._store = registry, store
        self._progress = progress or SilentProgress()
        self._executor = LocalExecutor(warn=self._progress.warn)
        self._capabilities = Capabilities(registry)

    def run(self, plan: Plan, *, on_cell: Callable[[CellRecord], None] = lambda cell: None) -> Outcome:
        """Run all cells; a cell that fails does not stop the others.

        Args:
            plan: What to run.
            on_cell: Told of each cell, as soon as it is filed.

        Raises:
            StoreError: what was computed cannot be filed; what was filed before is safe.
            KeyboardInterrupt: the user stopped it; the run is filed as interrupted.
        """
        description = describe_run(plan)
        number = start_run(self._store, description)
        outcome = Outcome({"id": number, "store": str(self._store.path), **description})
        self._call("run_started", run=outcome.run)
        status = "interrupted"
        filed = FiledProgress(self._store, number, len(plan.cells))
        try:
            for i, cell in enumerate(plan.cells):
                record = self._cell_run(cell, plan, filed).run()
                save_cell(self._store, number, record)
                outcome.cells.append(record)
                self._announce(record)
                on_cell(record)
                for remark in record.remarks:
                    self._progress.warn(f"{record.label} on {record.task}: {remark}")
                self._release(cell, plan.cells[i + 1 :])
            status = "done" if outcome.exit_code == 0 else "failed"
        except StoreError:
            status = "failed"
            raise
        finally:
            outcome.run["status"] = status
            try:
                self._executor.close()
            finally:  # how the run ended is filed, however its models take their leave
                finish_run(self._store, number, status)
                self._call("run_finished", run=outcome.run, status=status)
        return outcome

    def client(self, report: Callable[[float], None] = no_report) -> ModelClient:
        """Open a new client of models, with counts of its own.

        Args:
            report: Told which share of the requests asked together is answered.
        """
        return ModelClient(
            self._store, self._capabilities, self._executor, batch_stored=self._batch_stored, progress=report
        )

    def _cell_run(self, cell: Cell, plan: Plan, filed: FiledProgress) -> CellRun:
        """Give a cell's run everything that it needs of this runner."""
        bar = CellBar(len(cell.stages))
        return CellRun(
            cell,
            plan.evaluation,
            client=self.client(bar.move),
            bar=bar,
            train=self._train,
            show=partial(self._show, cell, filed),
            folder=self._store.folder,
        )

    @contextmanager
    def _show(self, cell: Cell, filed: FiledProgress, total: int | None) -> Iterator[Tick]:
        """Open a cell's bar, on the terminal and in the store."""
        with self._progress.cell(cell.label, cell.task.name, total) as tick:
            yield filed.cell(cell.label, cell.task.name, total, tick)

    def _train(self, handle: ModelHandle) -> None:
        # By a client of its own: what a training asks is not counted as the cell's.
        train_missing(self._registry, self._store, self.client(), handle, progress=self._progress)

    def _release(self, done: Cell, rest: Sequence[Cell]) -> None:
        """Let go of the models of a cell that no cell of the rest asks, directly or inside another."""
        needed = {id(model) for cell in rest for handle in cell.handles for model in handle.constructed_models()}
        for model in (model for handle in done.handles for model in handle.constructed_models()):
            if id(model) not in needed:
                self._executor.release(model)

    def _announce(self, record: CellRecord) -> None:
        cell = {"label": record.label, "task": record.task, "results": record.results}
        self._call("cell_finished", cell=cell)

    def _batch_stored(self, model: str, capability: str, count: int, seconds: float) -> None:
        # Called for every batch: without a plugin that listens it costs one look.
        if self._registry.plugins.manager.hook.batch_stored.get_hookimpls():
            self._call("batch_stored", model=model, capability=capability, count=count, seconds=seconds)

    def _call(self, hook: str, **arguments: Any) -> None:
        """Call a life-cycle hook; a plugin that breaks in it is reported and does not stop the run."""
        for implementation in getattr(self._registry.plugins.manager.hook, hook).get_hookimpls():
            try:
                implementation.function(**{name: arguments[name] for name in implementation.argnames})
            except (Exception, SystemExit) as error:
                plugin = self._registry.plugins.of(implementation.plugin_name)
                whose = f"plugin {plugin.name!r} of {plugin.distribution}"
                self._progress.warn(f"{whose} failed in {hook}: {describe(error)}")
