"""Work that takes longer than a page may: begun once, done beside the pages, its result kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from harness.errors import HarnessError
from harness.names import describe

WAIT_SECONDS = 0.04
"""How long the page that begins a piece of work waits for it: perhaps it is done at once."""


class BackgroundJob:
    """One piece of work.

    Args:
        future: Its result, or to come.
    """

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def wait(self, seconds: float) -> None:
        """Wait until it is done, for so long at most."""
        try:
            self._future.exception(seconds)
        except TimeoutError:
            return

    @property
    def done(self) -> bool:
        """Whether it came to an end, good or bad."""
        return self._future.done()

    @property
    def result(self) -> Any:
        """What it gave; None where it is under way or failed."""
        return self._future.result() if self.done and self._future.exception() is None else None

    @property
    def problem(self) -> str:
        """Why it failed; empty where it did not."""
        error = self._future.exception() if self.done else None
        if error is None:
            return ""
        return str(error) if isinstance(error, HarnessError) else describe(error)


class BackgroundJobs:
    """All work under way, and the newest results.

    Args:
        workers: How many run at once.
        kept: How many results are kept; those not asked for longest are dropped.
    """

    def __init__(self, *, workers: int, kept: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="harness-view")
        self._kept = kept
        self._jobs: OrderedDict[Hashable, BackgroundJob] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any], *, wait: float = WAIT_SECONDS) -> BackgroundJob:
        """The work of that name; if it is new it is begun, and waited for as long as ``wait`` says."""
        with self._lock:
            job = self._jobs.get(key)
            new = job is None
            if job is None:
                job = self._jobs[key] = BackgroundJob(self._pool.submit(make))
            self._jobs.move_to_end(key)
            for old in [k for k, j in self._jobs.items() if j.done][: max(0, len(self._jobs) - self._kept)]:
                if old != key:
                    del self._jobs[old]
        if new:
            job.wait(wait)
        return job

    def forget(self, key: Hashable) -> None:
        """Begin the work of that name again when it is asked for next."""
        with self._lock:
            self._jobs.pop(key, None)

    def close(self) -> None:
        """Begin nothing more, and do not wait."""
        self._pool.shutdown(wait=False, cancel_futures=True)
