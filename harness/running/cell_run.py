"""One run of one cell: items to requests, through the client, to columns, estimates and a record."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from harness.array_values import arrays_inside
from harness.encoding import encodable
from harness.errors import CellError, DataError, HarnessError, StoreError
from harness.files.redaction import texts_in, without_texts
from harness.names.handles import ModelHandle
from harness.names.plugins import describe
from harness.progress import Tick
from harness.requests import Failure, Response
from harness.running.cell_bar import CellBar
from harness.running.chunking import RequestWeight, at_once, chunks, count_items
from harness.running.client import ModelClient
from harness.running.estimates import estimates
from harness.running.plan import Cell, EvaluationRequest, StageModel
from harness.running.sequences import in_blocks
from harness.running.stages import about, stage_requests
from harness.running.table import Collector, Table, duplicate_ids, save_table
from harness.store.records import BOUND, BY_LABEL, GENERATED, MAX_FAILURES_KEPT, CellRecord, StageRecord
from harness.task import Answers, BadItem, Item
from harness.tasks.settling import interim_types, settled

_ROWS_BYTES = 64 << 20
"""About how many bytes of rows are held beside the columns that they become part of."""


class CellRun:
    """Runs one cell, and holds what it has come to so far.

    Args:
        cell: What to run.
        request: The evaluation that the cell is of.
        client: A client of models that was not used before: its counts become the cell's.
        bar: Where the client reports how far the requests of a stage are.
        train: Trains a model that has not been trained.
        show: Opens the cell's bar, given the number of its items, where that is known.
        folder: The folder beside the store, where columns are kept.
    """

    def __init__(
        self,
        cell: Cell,
        request: EvaluationRequest,
        *,
        client: ModelClient,
        bar: CellBar,
        train: Callable[[ModelHandle], None],
        show: Callable[[int | None], AbstractContextManager[Tick]],
        folder: Path,
    ) -> None:
        self._cell, self._task, self._request = cell, cell.task, request
        self._client, self._bar, self._train, self._show, self._folder = client, bar, train, show, folder
        self._answered = 0  # requests that were answered, and not only asked
        self._bad_rows = 0
        self._weight = RequestWeight(
            lambda item: stage_requests(self._task, item, 0, cell.stages[0].route.capability, ())
        )
        self._record = _empty_record(cell, request)

    def run(self) -> CellRecord:
        """Run the cell. What goes wrong in it is the record's problem.

        Raises:
            StoreError: what was computed cannot be filed.
            KeyboardInterrupt: the user stopped the run.
        """
        start = time.perf_counter()
        record = self._record
        try:
            self._evaluate()
        except StoreError:  # no other cell could be filed either
            raise
        except HarnessError as error:
            record.problem = str(error)
        except (Exception, SystemExit) as error:  # a plugin's task or metric: it ends this cell only
            record.problem = encodable(f"{self._task.name}: {describe(error)}")
        self._bar.stop()
        record.remarks = list(dict.fromkeys([*record.remarks, *self._remarks()]))
        counts = self._client.counts
        record.requests, record.computed, record.reused = counts.requests, counts.computed, counts.reused
        record.seconds = time.perf_counter() - start
        return record

    def _evaluate(self) -> None:
        """Go from the models to the estimates; the record is filled on the way."""
        self._prepare()
        table = self._table(self._ask_all())
        self._record.items = len(table.columns)
        self._record.remarks += [encodable(str(remark)) for remark in self._task.remarks(self._request.split)]
        self._estimate(table)
        self._save(table)
        self._record.status = "failed" if self._record.problem else "done"

    def _prepare(self) -> None:
        """Have every model trained, and note who is asked.

        Raises:
            DataError: planning found that the data cannot be reached.
            HarnessError: a model cannot be trained.
        """
        cell, record = self._cell, self._record
        if cell.blocked:
            raise DataError(cell.blocked)
        for handle in cell.handles:
            self._train(handle)
        record.fingerprint = cell.fingerprint
        record.asked = [
            _stage_record(stage.role, asked) for stage, asked in zip(cell.task.stages, cell.stages, strict=True)
        ]
        # Beside the settings, so that figures of generated data and of real ones have columns of their own on file.
        if (mark := cell.task.generated_data(self._request.split)) is not None:
            record.settings[GENERATED] = mark.as_json()
        if _by_label(cell):
            record.settings[BY_LABEL] = True
        for stage, asked in zip(cell.task.stages, cell.stages, strict=True):
            if stage.role == cell.task.evaluates and (bound := asked.handle.ready.bound):
                record.settings[BOUND] = bound

    def _ask_all(self) -> Collector:
        """Ask for every item, chunk by chunk, and collect the figures."""
        collector = Collector(self._task.columns, interim_types(self._task), task=self._task.name)
        size = at_once(self._task)
        with self._show(count_items(self._task, self._request.split, self._request.limit)) as tick:
            for chunk in chunks(self._items(), size, self._weight):
                self._bar.begin_chunk(tick, len(chunk))
                items = self._readable(chunk)
                for some, rows in self._ask(items) if items else ():
                    collector.add(some, rows)
                self._bar.finish_chunk()
        return collector

    def _items(self) -> Iterable[Item | BadItem]:
        return self._task.items(self._request.split, limit=self._request.limit)

    def _readable(self, chunk: Sequence[Item | BadItem]) -> list[Item]:
        """Return the items of a chunk, and note the rows that could not be read."""
        items = []
        for item in chunk:
            if isinstance(item, BadItem):
                self._bad_rows += 1
                self._note_failure(item.where, item.problem)
            else:
                items.append(item)
        return items

    def _ask(self, items: Sequence[Item]) -> Iterator[tuple[Sequence[Item], list[Any]]]:
        """Ask for items in all stages, and yield items with their rows of figures, in portions that memory can hold."""
        answers: list[list[Answers]] = [[] for _ in items]  # of each item, by stage
        for number in range(len(self._cell.stages)):
            self._bar.begin_stage(number)
            for earlier, given in zip(answers, self._ask_stage(number, items, answers), strict=True):
                earlier.append(given)
        for item, stages in zip(items, answers, strict=True):
            self._count_answers(item, stages)
        first, rows, held = 0, [], 0
        for i, (item, stages) in enumerate(zip(items, answers, strict=True)):
            rows.append(self._task.row(item, stages))
            held += sum(array.nbytes for array in arrays_inside(rows[-1]))
            if held > _ROWS_BYTES:  # a wide array column would be in memory twice
                yield items[first : i + 1], rows
                first, rows, held = i + 1, [], 0
        if rows:
            yield items[first:], rows

    def _ask_stage(self, number: int, items: Sequence[Item], earlier: Sequence[Sequence[Answers]]) -> list[Answers]:
        """Ask for items in one stage, all at once, so that the model sees whole batches.

        Args:
            number: Index into the cell's stages.
            items: The items.
            earlier: Of each item, its answers in the stages before.
        """
        asked = self._cell.stages[number]
        capability = asked.route.capability
        of = about(self._task, number, [stage.handle.label for stage in self._cell.stages[:number]])
        requests = [
            stage_requests(self._task, item, number, capability, before, of=of)
            for item, before in zip(items, earlier, strict=True)
        ]
        flat = [request for group in requests for request in group]
        self._weight.learn(flat, len(items))
        responses: Sequence[Response] = []
        if flat:  # in late rounds all items may be done
            responses = self._client.ask_lazily(asked.handle, capability, flat, route=asked.route)
        answers, position = [], 0
        for group in requests:
            given = responses[position : position + len(group)]
            answers.append(Answers(capability, group, given, asked.handle.label))
            position += len(group)
        return answers

    def _count_answers(self, item: Item, stages: Sequence[Answers]) -> None:
        """Count what was answered, and note the first failure of an item."""
        failures = [failure for stage in stages for failure in stage.failures]
        self._answered += sum(len(stage.responses) for stage in stages) - len(failures)
        if failures:
            self._record.failed_requests += 1
            reason = failures[0].reason
            if self._task.definition.sensitive and len(self._record.failures) < MAX_FAILURES_KEPT:
                reason = without_texts(reason, self._texts(stages))
            self._note_failure(item.id, reason)

    @staticmethod
    def _texts(stages: Sequence[Answers]) -> Iterator[str]:
        """Yield all that an item's requests and answers say, in which no reason of a failure is."""
        for stage in stages:
            yield from texts_in([request.content() for request in stage.requests])
            yield from texts_in([each for each in stage.responses if not isinstance(each, Failure)])

    def _note_failure(self, item: str, reason: str) -> None:
        if len(self._record.failures) < MAX_FAILURES_KEPT:
            self._record.failures.append((encodable(item), encodable(reason)))

    def _table(self, collector: Collector) -> Table:
        """Return the columns of all items, once it is sure that estimates may be made of them.

        Raises:
            DataError: there are no items, or several have one id.
            CellError: no request was answered, or the task cannot settle its figures.
        """
        task, record = self._task, self._record
        if not collector.count:
            reason = "no row could be read" if self._bad_rows else "the data is empty"
            raise DataError(f"{task.name}: {reason}: {task.describe_data(self._request.split)}")
        if self._bad_rows:  # the estimates are made all the same, and the cell is failed: nobody takes them for whole
            record.problem = (
                f"{self._bad_rows} row{'s' if self._bad_rows > 1 else ''} of the data could not be read, the first: "
                f"{record.failures[0][0]}: {record.failures[0][1]}; the estimates are those of the other rows"
            )
        table = collector.table(task.facts())
        duplicates = duplicate_ids(table)
        if duplicates:  # answers on file and figures of items could not be told apart
            raise DataError(
                f"{task.name}: ids occur more than once: {', '.join(map(repr, duplicates))}; "
                f"{_places_of(self._items(), duplicates[0])}. Map 'id' to a unique column"
            )
        if not self._answered:
            raise CellError(f"every request failed; the first reason: {record.failures[0][1]}")
        columns = settled(task, table.columns)
        return table._replace(columns=in_blocks(columns, task.definition.block) if task.is_sequence else columns)

    def _estimate(self, table: Table) -> None:
        """Compute the metrics.

        Raises:
            CellError: every metric's code raised.
        """
        cell, record = self._cell, self._record
        record.results, record.broken_metrics = estimates(
            cell.label,
            self._task.name,
            self._task.settled_metrics(cell.metrics),
            table,
            adapters=cell.adapters,
            confidence=self._request.confidence,
            seed=self._request.seed,
        )
        record.remarks += record.broken_metrics

    def _save(self, table: Table) -> None:
        """Write the columns beside the store."""
        self._record.columns = f"columns/{_digest(self._record)}.npz"
        save_table(table, self._folder / self._record.columns)

    def _remarks(self) -> list[str]:
        """Return what the models that computed something have to say of how."""
        return [remark for _, remark in self._client.take_remarks()]


def _empty_record(cell: Cell, request: EvaluationRequest) -> CellRecord:
    """Make the record of a cell of which nothing is done."""
    return CellRecord(
        label=cell.label,
        fingerprint="",
        task=cell.task.name,
        task_digest=cell.task.definition.digest,
        settings={
            "limit": request.limit,
            "seed": request.seed,
            "split": request.split,
            "confidence": request.confidence,
            "task_version": cell.task.definition.version,
        },
        adapters=cell.adapters,
        status="failed",
    )


def _stage_record(role: str, asked: StageModel) -> StageRecord:
    handle = asked.handle.ready
    return StageRecord(
        role,
        handle.label,
        handle.own_fingerprint,
        asked.route.capability,
        asked.route.names,
        handle.model.listwise,
        not handle.reads_text,
    )


def _by_label(cell: Cell) -> bool:
    """Return whether any model answers from records on another model's answers."""
    labels = [asked.handle.label for asked in cell.stages]
    recorded = [i for i, asked in enumerate(cell.stages) if not asked.handle.ready.reads_text]
    return any(about(cell.task, i, labels[:i]) for i in recorded)


def _digest(record: CellRecord) -> str:
    """Return a name for everything that the columns depend on: another judge or limit writes another file."""
    whole = [record.fingerprint, record.task, record.task_digest, record.adapters, record.settings]
    return hashlib.blake2b(json.dumps(whole, sort_keys=True).encode(), digest_size=12).hexdigest()


def _places_of(items: Iterable[Item | BadItem], id_: str) -> str:
    """Return a clause with the first places of the items of one id."""
    places = [item.where for item in items if not isinstance(item, BadItem) and item.id == id_]
    return f"{id_!r} is at {' and '.join(places[:3])}"
