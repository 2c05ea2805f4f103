"""Requests to stop: Ctrl-C, and SIGTERM and SIGHUP, which schedulers, containers and closed terminals send.

All are one `KeyboardInterrupt`, so that a run that is stopped files what it has and that it was interrupted. While it
does so, more of them would tear the clean-up apart; those that come at once are therefore not heeded.
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
    """A request to stop."""


class Requests:
    """The requests to stop that this process has had."""

    def __init__(self) -> None:
        self.first: int | None = None
        """Number of the first signal."""
        self._heeded = 0
        self._last = 0.0
        self._process = os.getpid()

    @property
    def exit_code(self) -> int:
        """128 and the number of the signal, as shells have it."""
        return 128 + (signal.SIGINT if self.first is None else self.first)

    def take(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal.

        Raises:
            Stopped: unless one was raised moments ago.
        """
        if os.getpid() != self._process:  # a child that was forked: it has nothing to file
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        now = time.monotonic()
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
    """Make every request to stop a `Stopped` while the block runs; a signal that is ignored stays so (``nohup``).

    Args:
        for_good: The process ends after the block: once stopped, it heeds nothing more while it does.
    """
    requests = Requests()
    if threading.current_thread() is not threading.main_thread():
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
