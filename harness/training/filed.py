"""A training as a run on file: when it began and ended, what it was, what it asked, and what that cost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from harness.encoding import encodable
from harness.errors import StoreError
from harness.names.plugins import describe
from harness.store.machine import git_state, hardware, versions
from harness.store.progress import FiledProgress
from harness.store.runs import finish_run, start_run
from harness.store.store import Store

TRAINING = "training"
"""What the description of such a run has as its ``kind``."""


class FiledTraining:
    """The run of one training.

    Args:
        store: Where it is filed.
        description: What it is.
    """

    def __init__(self, store: Store, description: Mapping[str, Any]) -> None:
        self._store = store
        machine = {"versions": versions(), "git": git_state(), "hardware": hardware()}
        self.description: dict[str, Any] = {"kind": TRAINING, **description, **machine}
        self._number = start_run(store, self.description)
        self.progress = FiledProgress(store, self._number, 1)

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """File how the block ended: done, failed with the problem, or interrupted."""
        status = "interrupted"
        try:
            yield
            status = "done"
        except Exception as error:
            status, self.description["problem"] = "failed", encodable(describe(error))
            with contextlib.suppress(StoreError):  # the error itself says more
                finish_run(self._store, self._number, status, self.description)
            raise
        finally:
            if status != "failed":
                finish_run(self._store, self._number, status, self.description)
