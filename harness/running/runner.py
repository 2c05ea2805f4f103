"""Runs a plan: items to requests, through the client, to columns, estimates and the store."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.capabilities import Conversation
from harness.encodable import encodable
from harness.errors import CellError, DataError, HarnessError, StoreError
from harness.metric import Columns, Metric
from harness.names.handles import ModelHandle
from harness.names.plugins import describe
from harness.names.registry import Capabilities, Registry
from harness.progress import Progress, SilentProgress
from harness.running.client import ModelClient, RequestCounts
from harness.running.environment import describe_run
from harness.running.executors import LocalExecutor
from harness.running.plan import Cell, Plan, StageModel
from harness.running.stages import about, stage_requests
from harness.running.table import Collector, Table, duplicate_ids, save_table
from harness.stats import Estimate, not_available
from harness.store import Store
from harness.store.progress import FiledProgress
from harness.store.records import (
    BY_LABEL,
    MAX_FAILURES_KEPT,
    CellRecord,
    Result,
    StageRecord,
    check_estimate,
    finish_run,
    save_cell,
    start_run,
)
from harness.task import Answers, BadItem, Item, Task
from harness.training.fit import train_missing

CHUNK = 2048
"""Items that are in memory at once, where their texts are not too large."""
CHUNK_BYTES = 256 << 20
"""About how many bytes of texts are in memory at once; one item is taken whatever it weighs."""


@dataclass(slots=True)
class Outcome:
    """What a run came to."""

    run: dict[str, Any]
    cells: list[CellRecord] = field(default_factory=list)

    @property
    def results(self) -> list[Result]:
        """All estimates."""
        return [result for cell in self.cells for result in cell.results]

    @property
    def exit_code(self) -> int:
        """0 where all cells are done and no metric's code raised, else 1."""
        return 0 if all(cell.status == "done" and not cell.broken_metrics for cell in self.cells) else 1

    def remarks(self) -> list[dict[str, Any]]:
        """What models said about how their answers came about."""
        return [{"model": cell.label, "task": cell.task, "text": text} for cell in self.cells for text in cell.remarks]

    def failures(self) -> list[dict[str, Any]]:
        """Everything that failed: cells (item None), then single requests."""
        found: list[dict[str, Any]] = []
        for cell in self.cells:
            if cell.problem:
                found.append({"model": cell.label, "task": cell.task, "item": None, "reason": cell.problem})
            found += [
                {"model": cell.label, "task": cell.task, "item": item, "reason": reason}
                for item, reason in cell.failures
            ]
        return found


class Runner:
    """Runs plans on one store.

    Args:
        registry: The plugins, whose life-cycle hooks are called.
        store: Where everything is kept.
        progress: Told how far the work is.
    """

    def __init__(self, registry: Registry, store: Store, *, progress: Progress | None = None) -> None:
        self._registry, self._store = registry, store
        self._progress = progress or SilentProgress()
        self._executor = LocalExecutor(warn=self._progress.warn)
        self._answered = 0  # requests of the current cell that were answered
        self._bar: Callable[[float], None] = _no_bar
        self._filed = FiledProgress(store, 0, 0)
        self._capabilities = Capabilities(registry)

    def run(self, plan: Plan, *, on_cell: Callable[[CellRecord], None] = lambda cell: None) -> Outcome:
        """Run all cells; a cell that fails does not stop the others.

        Raises:
            StoreError: what was computed cannot be filed; what was filed before is safe.
            KeyboardInterrupt: the user stopped it; the run is filed as interrupted.
        """
        description = describe_run(plan)
        number = start_run(self._store, description)
        outcome = Outcome({"id": number, "store": str(self._store.path), **description})
        self._call("run_started", run=outcome.run)
        status = "interrupted"
        self._filed = FiledProgress(self._store, number, len(plan.cells))
        try:
            for i, cell in enumerate(plan.cells):
                record = self._run_cell(cell, plan)
                save_cell(self._store, number, record)
                outcome.cells.append(record)
                self._call(
                    "cell_finished",
                    cell={"label": record.label, "task": record.task, "results": record.results},
                )
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

    def _release(self, done: Cell, rest: Sequence[Cell]) -> None:
        needed = {id(model) for cell in rest for handle in cell.handles for model in handle.constructed_models()}
        for model in (model for handle in done.handles for model in handle.constructed_models()):
            if id(model) not in needed:
                self._executor.release(model)

    def _call(self, hook: str, **arguments: Any) -> None:
        """Call a life-cycle hook; a plugin that breaks in it is reported and does not stop the run."""
        for implementation in getattr(self._registry.plugins.manager.hook, hook).get_hookimpls():
            try:
                implementation.function(**{name: arguments[name] for name in implementation.argnames})
            except (Exception, SystemExit) as error:
                plugin = self._registry.plugins.of(implementation.plugin_name)
                whose = f"plugin {plugin.name!r} of {plugin.distribution}"
                self._progress.warn(f"{whose} failed in {hook}: {describe(error)}")

    def client(self) -> ModelClient:
        """Open a new client of models, with counts of its own."""
        return ModelClient(
            self._store,
            self._capabilities,
            self._executor,
            batch_stored=self._batch_stored,
            progress=lambda share: self._bar(share),
        )

    def _batch_stored(self, model: str, capability: str, count: int, seconds: float) -> None:
        if self._registry.plugins.manager.hook.batch_stored.get_hookimpls():
            self._call("batch_stored", model=model, capability=capability, count=count, seconds=seconds)

    def _run_cell(self, cell: Cell, plan: Plan) -> CellRecord:
        evaluation = plan.evaluation
        record = CellRecord(
            label=cell.label,
            fingerprint="",
            task=cell.task.name,
            task_digest=cell.task.definition.digest,
            settings={
                "limit": evaluation.limit,
                "seed": evaluation.seed,
                "split": evaluation.split,
                "confidence": evaluation.confidence,
                "task_version": cell.task.definition.version,
            },
            adapters=cell.adapters,
            status="failed",
        )
        start = time.perf_counter()
        client = self.client()
        try:
            if cell.blocked:
                raise DataError(cell.blocked)
            for handle in cell.handles:
                self._train_first(handle)
            record.fingerprint = cell.fingerprint
            record.asked = [
                _asked_record(stage.role, asked) for stage, asked in zip(cell.task.stages, cell.stages, strict=True)
            ]
            if _by_label(cell):
                record.settings[BY_LABEL] = True
            table = self._answer_all(cell, plan, client, record)
            record.items = len(table.columns)
            metrics = cell.task.settled_metrics(cell.metrics)
            record.results = estimates(
                cell.label, cell.task.name, metrics, table, cell.adapters, evaluation, say=record.broken_metrics.append
            )
            record.remarks += record.broken_metrics
            record.columns = f"columns/{_cell_digest(record)}.npz"
            save_table(table, self._store.folder / record.columns)
            record.status = "done" if not record.problem else "failed"
        except StoreError:
            raise
        except HarnessError as error:
            record.problem = str(error)
        except (Exception, SystemExit) as error:  # a plugin's task or metric: it ends this cell only
            record.problem = encodable(f"{cell.task.name}: {describe(error)}")
        self._bar = _no_bar
        record.remarks = list(dict.fromkeys([*record.remarks, *self._remarks(client)]))
        _count(record, client.counts, time.perf_counter() - start)
        return record

    def _remarks(self, client: ModelClient) -> list[str]:
        """What the models that computed something have to say."""
        said = list(client.remarks)
        for model in client.asked.values():
            try:
                said += [encodable(str(remark)) for remark in model.remarks()]
            except (Exception, SystemExit) as error:  # a plugin's code
                said.append(f"remarks() of {type(model).__name__} failed: {describe(error)}")
        return list(dict.fromkeys(said))

    def _train_first(self, handle: ModelHandle) -> None:
        train_missing(self._registry, self._store, self.client(), handle, progress=self._progress)

    def _answer_all(self, cell: Cell, plan: Plan, client: ModelClient, record: CellRecord) -> Table:
        """Ask for every item, chunk by chunk, and collect the figures."""
        task, evaluation = cell.task, plan.evaluation
        collector = Collector(task.columns)
        self._answered = 0
        bad_rows = 0
        total = count_items(task, evaluation.split, evaluation.limit)
        with self._progress.cell(cell.label, task.name, total) as bar_tick:
            tick = self._filed.cell(cell.label, task.name, total, bar_tick)
            for chunk in chunks(task.items(evaluation.split, limit=evaluation.limit), CHUNK):
                items = [item for item in chunk if not isinstance(item, BadItem)]
                for bad in chunk:
                    if isinstance(bad, BadItem):
                        bad_rows += 1
                        _note(record, bad.where, bad.problem)
                bar = _ChunkBar(tick, len(chunk), len(cell.stages))
                if items:
                    collector.add(items, self._answer(cell, client, items, record, bar))
                bar.finish()
        if not collector.count:
            reason = "no row could be read" if bad_rows else "the data is empty"
            raise DataError(f"{task.name}: {reason}: {task.describe_data(evaluation.split)}")
        if bad_rows:
            record.problem = (
                f"{bad_rows} row{'s' if bad_rows > 1 else ''} of the data could not be read, the first: "
                f"{record.failures[0][0]}: {record.failures[0][1]}; the estimates are those of the other rows"
            )
        table = collector.table(task.facts())
        duplicates = duplicate_ids(table)
        if duplicates:
            raise DataError(
                f"{task.name}: ids occur more than once: {', '.join(map(repr, duplicates))}; "
                f"{_where(task.items(evaluation.split, limit=evaluation.limit), duplicates[0])}. "
                "Map 'id' to a unique column"
            )
        if not self._answered:
            raise CellError(f"every request failed; the first reason: {record.failures[0][1]}")
        return table

    def _answer(
        self, cell: Cell, client: ModelClient, items: Sequence[Item], record: CellRecord, bar: _ChunkBar
    ) -> list[Any]:
        earlier: list[list[Answers]] = [[] for _ in items]
        for number, asked in enumerate(cell.stages):
            self._bar = partial(bar.move, number)
            capability = asked.route.capability
            requests = [
                stage_requests(cell.task, item, number, capability, before)
                for item, before in zip(items, earlier, strict=True)
            ]
            flat = [request for group in requests for request in group]
            responses = client.ask_lazily(asked.handle, capability, flat, route=asked.route)
            position = 0
            for before, group in zip(earlier, requests, strict=True):
                answers = responses[position : position + len(group)]
                before.append(Answers(capability, group, answers, asked.handle.label))
                position += len(group)
        for item, stages in zip(items, earlier, strict=True):
            failures = [failure for stage in stages for failure in stage.failures]
            self._answered += sum(len(stage.responses) for stage in stages) - len(failures)
            failed = next(iter(failures), None)
            if failed is not None:
                record.failed_requests += 1
                _note(record, item.id, failed.reason)
        return [cell.task.row(item, stages) for item, stages in zip(items, earlier, strict=True)]


def _asked_record(role: str, asked: StageModel) -> StageRecord:
    handle = asked.handle.ready
    return StageRecord(
        role,
        handle.label,
        handle.fingerprint,
        asked.route.capability,
        asked.route.names,
        handle.model.listwise,
        not handle.reads_text,
    )


def _by_label(cell: Cell) -> bool:
    """Whether anybody answers from records on another model's answers."""
    labels = [asked.handle.label for asked in cell.stages]
    by_item = [i for i, asked in enumerate(cell.stages) if not asked.handle.ready.reads_text]
    return any(about(cell.task, i, labels[:i]) for i in by_item)


class _ChunkBar:
    """Moves a cell's bar within a chunk of items, as the requests of its stages are answered."""

    def __init__(self, tick: Callable[[int], None], items: int, stages: int) -> None:
        self._tick, self._items, self._stages = tick, items, stages
        self._shown = 0

    def move(self, stage: int, share: float) -> None:
        """Of stage number ``stage``, this share of the requests is answered; the bar never goes back."""
        done = int(self._items * (stage + share) / self._stages)
        if done > self._shown:
            self._tick(done - self._shown)
            self._shown = done

    def finish(self) -> None:
        """The chunk is done."""
        self.move(self._stages, 0.0)


def _no_bar(share: float) -> None:
    """Outside a cell, as while a model is trained."""


def estimates(
    label: str,
    task: str,
    metrics: Sequence[Metric],
    table: Table,
    adapters: tuple[str, ...],
    evaluation: Any,
    *,
    say: Callable[[str], None],
) -> list[Result]:
    """Every metric on every domain; one that raises has no value, with the reason, and leaves the others theirs.

    Raises:
        CellError: every metric raised, so that there is nothing to show for the cell.
    """
    results = []
    broken: dict[str, str] = {}
    for domain, mask in table.domains():
        columns = table.columns if mask is None else table.columns.take(mask)
        for i, metric in enumerate(metrics):
            estimate = _estimate(metric, columns, evaluation, broken)
            results.append(
                Result(
                    label,
                    task,
                    metric.name,
                    domain,
                    estimate,
                    metric.unit,
                    metric.higher_is_better,
                    adapters,
                    i == 0,
                )
            )
    if metrics and broken.keys() >= {metric.name for metric in metrics}:
        raise CellError(f"{task}: {next(iter(broken.values()))}")
    for name, reason in broken.items():
        say(f"the metric {name} has no value: {reason}")
    return results


def _estimate(metric: Metric, columns: Columns, evaluation: Any, broken: dict[str, str]) -> Estimate:
    """A metric's estimate; without a value where its code raises or gives what no store can hold."""
    try:
        estimate = metric.compute(columns, confidence=evaluation.confidence, seed=evaluation.seed)
        if not isinstance(estimate, Estimate):
            raise TypeError(f"compute() must give an Estimate, not {type(estimate).__name__}")
        check_estimate(estimate)
    except (Exception, SystemExit) as error:  # a plugin's code
        reason = broken[metric.name] = describe(error)
        return dataclasses.replace(
            not_available(n=len(columns)), detail={"reason": reason}, confidence=evaluation.confidence
        )
    # A metric of a plugin may make its estimate without the level that it was asked for.
    return dataclasses.replace(estimate, confidence=evaluation.confidence)


def chunks(items: Iterable[Item | BadItem], size: int) -> Iterator[list[Item | BadItem]]:
    """Lists of up to ``size`` items, and of about `CHUNK_BYTES` of their fields at most."""
    chunk: list[Item | BadItem] = []
    held = 0
    for item in items:
        chunk.append(item)
        held += 0 if isinstance(item, BadItem) else _weight(item.fields)
        if len(chunk) == size or held >= CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _weight(value: Any) -> int:
    """About how many bytes the texts and arrays inside a value take."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_weight(each) for each in value.values())
    if isinstance(value, list | tuple):
        return sum(_weight(each) for each in value)
    if isinstance(value, Conversation):
        return sum(len(message.content) for message in value.messages)
    return int(getattr(value, "nbytes", 0))


def count_items(task: Task, split: str, limit: int | None) -> int | None:
    """How many items there are, where that is cheap to know."""
    total = task.count(split)
    if total is None or limit is None:
        return limit if total is None else total
    return min(limit, total)


def _note(record: CellRecord, item: str, reason: str) -> None:
    if len(record.failures) < MAX_FAILURES_KEPT:
        record.failures.append((encodable(item), encodable(reason)))


def _count(record: CellRecord, counts: RequestCounts, seconds: float) -> None:
    record.requests, record.computed, record.reused = counts.requests, counts.computed, counts.reused
    record.seconds = seconds


def _cell_digest(record: CellRecord) -> str:
    """A name for everything the columns depend on: another judge or limit writes another file."""
    import hashlib
    import json

    whole = [record.fingerprint, record.task, record.task_digest, record.adapters, record.settings]
    return hashlib.blake2b(json.dumps(whole, sort_keys=True).encode(), digest_size=12).hexdigest()


def _where(items: Iterable[Item | BadItem], id_: str) -> str:
    places = [item.where for item in items if not isinstance(item, BadItem) and item.id == id_]
    return f"{id_!r} is at {' and '.join(places[:3])}"
