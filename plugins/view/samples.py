"""The samples of a store's cells: figures from columns, texts from the task's data, answers from the store.

The store keeps answers under hashes of the requests, and not the requests themselves. So the task reads its data again
and makes the requests again, once, in the background; the hash of each request leads to its answers.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from harness import BadItem, Metric, Registry, Task, Unsuitable
from harness.errors import HarnessError
from harness.names import Adapters, describe
from harness.store import CellRecord, StageRecord, StoreReader, read_response_texts, runs_of_cells
from harness.tasks import HIDDEN, HIDDEN_REASON, build_task, is_sensitive, metric_of

from .answers import answers_of
from .documents import Document, ReplayedStage, decode, document, encode, excerpt, searchable
from .figures import CellFigures, load_figures
from .index import IndexedItem, SearchIndex, cache_folder
from .jobs import BackgroundJob, BackgroundJobs
from .words import words_of

VERSION = 4
"""Version of the indices; raise it when their content changes."""
_CHUNK = 1024


@dataclass(slots=True)
class CellTexts:
    """The texts of a cell, as far as they are indexed."""

    problem: str = ""
    """Why there are no texts; empty if there are some."""
    documents: SearchIndex | None = None
    written: SearchIndex | None = None
    """The texts that the model wrote; None for a model that writes no texts."""
    written_complete: bool = True
    stages: tuple[ReplayedStage, ...] = ()
    complete: bool = False
    count: int = 0
    """Number of items read so far."""

    def document(self, id_: str) -> Document | None:
        """Return the document of an item; None if the document is not there, or not yet."""
        encoded = self.documents.document(id_) if self.documents is not None else None
        return None if encoded is None else decode(encoded)


class Samples:
    """The samples of all cells of a store.

    Args:
        registry: The registry, for tasks, metrics, adapters and capabilities.
        store: The store.
        folder: The folder of the indices; default: the user's cache folder.
        show_sensitive: Whether texts of sensitive tasks are shown, and why their requests failed.
    """

    def __init__(
        self,
        registry: Registry,
        store: StoreReader,
        folder: Path | None = None,
        *,
        show_sensitive: bool = False,
    ) -> None:
        self._registry, self._store = registry, store
        self._show_sensitive = show_sensitive
        self._folder = folder or cache_folder()
        self._quick = BackgroundJobs(workers=2, kept=8)
        self._long = BackgroundJobs(workers=1, kept=64)
        self._stopping = threading.Event()

    def task(self, cell: CellRecord) -> tuple[Task | None, str]:
        """Build a cell's task as it is defined now; return the task, or the reason why it cannot be used."""
        try:
            task = build_task(self._registry, cell.task)
        except HarnessError as error:
            return None, f"The task is not there: {error}"
        except (Exception, SystemExit) as error:  # a plugin's code
            return None, f"The task cannot be made: {describe(error)}"
        if task.definition.digest != cell.task_digest:  # its texts would be shown beside answers to other questions
            return None, "The definition of the task has changed since; evaluate again to see texts."
        return task, ""

    def hides(self, cell: CellRecord) -> bool:
        """Return whether texts of a cell stay off every page: its task is sensitive, and nobody asked for them."""
        return not self._show_sensitive and is_sensitive(self._registry, cell.task)

    def metric(self, task: Task, cell: CellRecord) -> Metric | None:
        """Return a cell's headline metric; None if the metric cannot be made."""
        name = next((result.metric for result in cell.results if result.headline), "")
        try:
            return metric_of(self._registry, task, name) if name else None
        except HarnessError:
            return None

    def figures(self, cell: CellRecord) -> BackgroundJob:
        """Return the job that loads the `CellFigures` of a cell."""
        key = ("figures", cell.id)
        job = self._quick.get(key, partial(self._load, cell))
        if job.problem:
            self._quick.forget(key)  # load again next time: the damaged file may have been mended
        return job

    def quick(self, key: tuple[Any, ...], make: Any) -> BackgroundJob:
        """Return the job of some other quick work whose result is worth keeping."""
        return self._quick.get(key, make)

    def _load(self, cell: CellRecord) -> CellFigures:
        task, _ = self.task(cell)
        figures = load_figures(self._store, cell, task, self.metric(task, cell) if task is not None else None)
        if self.hides(cell):
            figures.reasons = dict.fromkeys(figures.reasons, HIDDEN_REASON)
        if figures.credit is not None:
            _ = figures.worst_first  # sort now, in the background, before a page asks for the order
        return figures

    # texts

    def texts(self, cell: CellRecord) -> CellTexts:
        """Return the texts of a cell as far as they are indexed; begin to index them at the first call."""
        if not cell.asked:
            return CellTexts("This cell was filed by an earlier version; evaluate again, which computes nothing anew.")
        if self.hides(cell):  # before anything is indexed: no text is written beside the store either
            return CellTexts(HIDDEN)
        task, problem = self.task(cell)
        if task is None:
            return CellTexts(problem)
        try:
            stages = tuple(self._asking(task, record) for record in cell.asked)
        except (HarnessError, Unsuitable) as error:
            return CellTexts(f"How the model was asked cannot be told: {error}")
        documents = self._index("documents", self._signature(task, cell))
        make = partial(documents.build, partial(self._entries, task, cell, stages))
        job = self._long.get(("documents", documents.path.name), make, wait=0.0 if documents.complete else 0.05)
        texts = CellTexts(documents=documents, stages=stages, complete=documents.complete)
        if job.done and not documents.complete:
            # Another viewer holds the lock and makes the index, or was killed half-way: try again at the next call.
            self._long.forget(("documents", documents.path.name))
        if job.problem:
            return CellTexts(f"The task's data cannot be read: {job.problem.rstrip('.')}.{self._read_from(cell)}")
        texts.count = documents.count() if not texts.complete else cell.items
        if texts.complete and (cell.failed_requests or any(stage.base.form == "record" for stage in stages)):
            texts.written = self._written(cell, documents, stages)
            texts.written_complete = texts.written.complete
        return texts

    def _read_from(self, cell: CellRecord) -> str:
        """Say from which folder of copies the cell's run read, where that is not the one that is read now."""
        run = runs_of_cells(self._store, [cell.id]).get(cell.id)
        folder = "" if run is None else str(run.description.get("data_folder", ""))
        if not folder or folder == os.path.abspath(os.environ.get("HARNESS_DATA", "")):
            return ""
        return f" The evaluation read it from {folder}; start the viewer with HARNESS_DATA={shlex.quote(folder)}."

    def _asking(self, task: Task, record: StageRecord) -> ReplayedStage:
        known = Adapters(self._registry)
        adapters = tuple(known.make(known.named(text), task.definition.brief) for text in record.adapters)
        base = adapters[-1].needs if adapters else record.capability
        return ReplayedStage(record, adapters, self._registry.find("capability", base).load())

    def _signature(self, task: Task, cell: CellRecord) -> list[Any]:
        split = str(cell.settings.get("split", "test"))
        asked = [[r.capability, r.adapters, r.listwise, r.by_origin] for r in cell.asked]
        # Requests of later stages hold earlier answers, and keys of recorded answers hold the labels of their models.
        later = [[r.fingerprint, r.role, r.model] for r in cell.asked] if len(cell.asked) > 1 else []
        limit = cell.settings.get("limit")
        return [cell.task, cell.task_digest, split, limit, task.describe_data(split), _stamp(task, split), asked, later]

    def _index(self, kind: str, signature: Any) -> SearchIndex:
        text = json.dumps([VERSION, signature], default=str)
        return SearchIndex(self._folder / f"{kind}-{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}.sqlite")

    def _entries(self, task: Task, cell: CellRecord, stages: Sequence[ReplayedStage]) -> Iterator[IndexedItem]:
        find = partial(answers_of, self._store)
        items = task.items(str(cell.settings.get("split", "test")), limit=cell.settings.get("limit"))
        number = 0
        for item in items:
            self._go_on()
            if isinstance(item, BadItem):
                continue
            made = document(task, item, stages, find)
            yield IndexedItem(number, made.id, excerpt(made), encode(made), words_of(searchable(made)))
            number += 1

    def _written(self, cell: CellRecord, documents: SearchIndex, stages: Sequence[ReplayedStage]) -> SearchIndex:
        index = self._index("written", [str(self._store.path.absolute()), cell.id, cell.columns, documents.path.name])
        make = partial(index.build, partial(self._words, documents, stages))
        job = self._long.get(("written", index.path.name), make, wait=0.0)
        if job.done and not index.complete:
            self._long.forget(("written", index.path.name))
        return index

    def _words(self, documents: SearchIndex, stages: Sequence[ReplayedStage]) -> Iterator[IndexedItem]:
        documents_left = documents.documents()
        while chunk := list(islice(documents_left, _CHUNK)):
            self._go_on()
            keys: dict[tuple[int, bytes], list[int]] = {}
            for number, doc in chunk:
                for exchange in decode(doc).exchanges:
                    for key in (key for question in exchange.questions for key in question.keys):
                        keys.setdefault((exchange.stage, key), []).append(number)
            words: dict[int, list[str]] = {}
            for stage, asking in enumerate(stages):
                stage_keys = [key for at, key in keys if at == stage]
                written = read_response_texts(self._store, asking.record.fingerprint, asking.base.name, stage_keys)
                for key, texts in written.items():
                    for number in keys[stage, key]:
                        words.setdefault(number, []).extend(texts)
            yield from (IndexedItem(number, "", "", b"", words_of(text)) for number, text in sorted(words.items()))

    def _go_on(self) -> None:
        """Give up a half-made index when the viewer ends, which would otherwise wait for the index."""
        if self._stopping.is_set():
            raise CancelledError

    def close(self) -> None:
        """Begin no further work, and give up the work under way."""
        self._stopping.set()
        self._quick.close()
        self._long.close()


def _stamp(task: Task, split: str) -> list[Any]:
    """Return size and time of the files that a split is read from, so that changed data are read anew."""
    stamps: list[Any] = []
    for part in task.definition.parts.get(split, ()):
        path = getattr(getattr(part.source, "source", part.source), "path", None)
        if isinstance(path, Path) and path.is_file():
            stamps.append([path.stat().st_size, path.stat().st_mtime_ns])
    return stamps
