"""Requests to stop: Ctrl-C, and SIGTERM and SIGHUP, which schedulers, containers and closed terminals send.

All of them become one `KeyboardInterrupt`, so that a stopped run files its answers and that it was interrupted. Further
requests during that clean-up would tear it apart, so requests that follow at once are ignored.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

STOPPING: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that ask a program to stop."""
PATIENCE = 3.0
"""Seconds for which further requests are not heeded after one that was."""
_HEEDED = 2
"""Requests that are raised; whoever asks once more, each time after having waited, is obeyed on the spot."""


class Stopped(KeyboardInterrupt):
    """The user or the system has asked the process to stop."""


class Requests:
    """Counts the requests to stop that this process has received."""

    def __init__(self) -> None:
        self.first: int | None = None
        """Number of the first signal."""
        self._heeded = 0
        self._last = 0.0
        self._process = os.getpid()

    @property
    def exit_code(self) -> int:
        """128 plus the number of the first signal, as shells report it."""
        return 128 + (signal.SIGINT if self.first is None else self.first)

    def take(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: raise `Stopped`, or end the process at once when the user asks for the third time.

        Raises:
            Stopped: unless `Stopped` was raised less than `PATIENCE` seconds ago.
        """
        if os.getpid() != self._process:  # a forked child has nothing to file, and shall just end
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        now = time.monotonic()
        # Impatient users press Ctrl-C several times, and schedulers signal again: the first one's clean-up must go on.
        if self._heeded and now - self._last < PATIENCE:
            return
        self.first = self.first if self.first is not None else number
        self._heeded, self._last = self._heeded + 1, now
        if self._heeded > _HEEDED:
            self._leave()
        raise Stopped

    def _leave(self) -> NoReturn:
        os.write(2, b"\nstopped at once; what was filed is kept\n")
        os._exit(self.exit_code)


@contextlib.contextmanager
def stoppable(*, for_good: bool = False) -> Iterator[Requests]:
    """Turn every request to stop into a `Stopped` while the block runs; ignored signals stay ignored (``nohup``).

    Args:
        for_good: The process ends after the block; once stopped, it ignores further requests while it ends.
    """
    requests = Requests()
    if threading.current_thread() is not threading.main_thread():  # Python lets only the main thread set handlers
        yield requests
        return
    before: dict[signal.Signals, Any] = {}
    default = (signal.SIG_DFL, signal.default_int_handler)
    try:
        for number in STOPPING:
            handler = signal.getsignal(number)
            if handler in default:
                before[number] = handler
                signal.signal(number, requests.take)
        yield requests
    finally:
        after = dict.fromkeys(before, signal.SIG_IGN) if for_good and requests.first is not None else before
        for number, handler in after.items():
            signal.signal(number, handler)
