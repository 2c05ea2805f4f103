"""The progress of a run, filed for people who watch the store: at most once a second, so that it costs nothing."""

from __future__ import annotations

import time

from sqlalchemy.dialects.sqlite import insert

from harness.progress import Tick
from harness.store import schema as s
from harness.store.records import now
from harness.store.store import Store

EVERY_SECONDS = 1.0


class FiledProgress:
    """Files the progress of one run.

    Args:
        store: The store.
        run: Number of the run.
        cells: Number of the run's cells.
    """

    def __init__(self, store: Store, run: int, cells: int) -> None:
        self._store, self._run, self._cells = store, run, cells
        self._number = 0
        self._filed_at = 0.0

    def cell(self, model: str, task: str, total: int | None, tick: Tick) -> Tick:
        """Begin the next cell; return a tick that calls ``tick`` and also files how many items are done.

        Args:
            model: Label of the cell's model.
            task: Name of the cell's task.
            total: Number of items; None if it is not known.
            tick: Called with the number of items that were just done.
        """
        self._number += 1
        number, done = self._number, 0
        self._file(number, model, task, 0, total)

        def move(count: int) -> None:
            nonlocal done
            tick(count)
            done += count
            if time.monotonic() - self._filed_at >= EVERY_SECONDS:
                self._file(number, model, task, done, total)

        return move

    def ask(self, model: str, what: str, total: int | None, tick: Tick, *, quiet: bool = False) -> Tick:
        """Count requests of a training, which is a run of one cell, as `cell` counts items.

        Args:
            model: Label of the model that is asked, or name of the trainer.
            what: What it is asked, and for what.
            total: How many requests there are; None where that is not known.
            tick: Called with how many more are answered.
            quiet: Whether the beginning is not filed, as the one before was filed a moment ago.
        """
        self._number = 0
        if not quiet:
            return self.cell(model, what, total, tick)
        self._number, done = 1, 0

        def move(count: int) -> None:
            nonlocal done
            tick(count)
            done += count
            if time.monotonic() - self._filed_at >= EVERY_SECONDS:
                self._file(1, model, what, done, total)

        return move

    def _file(self, number: int, model: str, task: str, done: int, total: int | None) -> None:
        values = {
            "run": self._run,
            "cell": number,
            "cells": self._cells,
            "model": model,
            "task": task,
            "done": done,
            "total": total,
            "updated": now(),
        }
        statement = insert(s.progress).values(values)
        with self._store.transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["run"], set_=values))
        self._filed_at = time.monotonic()
