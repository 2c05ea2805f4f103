"""Work that takes longer than a page may take: begun once, done in the background, with its result kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from harness.errors import HarnessError
from harness.names import describe

WAIT_SECONDS = 0.04
"""Seconds for which the page that begins a piece of work waits for the result: perhaps the work is done at once."""


class BackgroundJob:
    """One piece of work in the background.

    Args:
        future: The future of the work's result.
    """

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def wait(self, seconds: float) -> None:
        """Wait until the work is done, but at most so many seconds."""
        try:
            self._future.exception(seconds)
        except TimeoutError:
            return

    @property
    def done(self) -> bool:
        """Whether the work has ended, with a result or with an error."""
        return self._future.done()

    @property
    def result(self) -> Any:
        """The result of the work; None while the work is under way, or if it failed."""
        return self._future.result() if self.done and self._future.exception() is None else None

    @property
    def problem(self) -> str:
        """Why the work failed; empty if the work did not fail."""
        error = self._future.exception() if self.done else None
        if error is None:
            return ""
        return str(error) if isinstance(error, HarnessError) else describe(error)


class BackgroundJobs:
    """All work that is under way, and the newest results.

    Args:
        workers: Number of jobs that run at the same time.
        kept: Number of results that are kept; the results that were asked for longest ago are dropped.
    """

    def __init__(self, *, workers: int, kept: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="harness-view")
        self._kept = kept
        self._jobs: OrderedDict[Hashable, BackgroundJob] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any], *, wait: float = WAIT_SECONDS) -> BackgroundJob:
        """Return the job under a key; a new job is begun, and waited for.

        Args:
            key: Identifies the work.
            make: Does the work, in another thread.
            wait: Seconds to wait for a new job.
        """
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
        """Drop the job under a key, so that the work begins anew when it is asked for next."""
        with self._lock:
            self._jobs.pop(key, None)

    def close(self) -> None:
        """Begin no further work, and do not wait for the work under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)
