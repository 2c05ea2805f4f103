"""Ctrl-C and other requests to stop, held back while a transaction is under way.

An interrupt inside the database library loses the connection with its transaction still open. The next process that
opens the database then waits for a lock that nobody releases.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from harness.files.stopping import STOPPING

try:  # `signal` makes an enumeration of every handler, which takes fifteen times as long; the store asks at every query
    from _signal import getsignal  # type: ignore[import-not-found]
    from _signal import signal as set_signal
except ImportError:  # an interpreter that has no such module
    from signal import getsignal
    from signal import signal as set_signal


@contextlib.contextmanager
def held_interrupts() -> Iterator[None]:
    """Delay a request to stop that arrives inside the block until its end; only the main thread gets such requests."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: getsignal(number) for number in STOPPING}
    before = {number: handler for number, handler in handlers.items() if callable(handler)}
    came: list[tuple[int, FrameType | None]] = []
    try:
        for number in before:
            set_signal(number, lambda sent, frame: came.append((sent, frame)))
        yield
    finally:
        _give_back(before)
        if came:
            sent, frame = came[0]
            before[signal.Signals(sent)](sent, frame)


def _give_back(handlers: Mapping[signal.Signals, Callable[[int, FrameType | None], Any]]) -> None:
    """Set all handlers again, even if one that is set already is called, and raises, before the others are set."""
    try:
        for number, handler in handlers.items():
            set_signal(number, handler)
    except BaseException:
        for number, handler in handlers.items():
            set_signal(number, handler)
        raise
