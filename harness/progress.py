"""Progress of the work: bars on standard error if that is a terminal, otherwise a line every half minute."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from harness.terminal import one_entry, redraw, say, visible

Tick = Callable[[int], None]
"""Called with the number of further items that are done."""


class ProgressReporter(Protocol):
    """The interface of classes that show a user how far the work is, with notes and warnings on the way."""

    def cell(self, model: str, task: str, total: int | None) -> contextlib.AbstractContextManager[Tick]:
        """Open the bar of one cell; the context gives a tick, to be called with the number of further items done.

        Args:
            model: The model's label.
            task: The task's name.
            total: The number of items; None if it is not known.
        """
        ...

    def step(self, what: str, step: int, **values: float) -> None:
        """Show one point of a learning curve."""
        ...

    def say(self, text: str) -> None:
        """Show a sentence about the work under way."""
        ...

    def warn(self, text: str) -> None:
        """Show a sentence that the user should read."""
        ...


class SilentProgress:
    """Shows nothing, for programs that evaluate by themselves."""

    @contextlib.contextmanager
    def cell(self, model: str, task: str, total: int | None) -> Iterator[Tick]:
        """Open no bar; the tick does nothing."""
        yield lambda count: None

    def step(self, what: str, step: int, **values: float) -> None:
        """Show nothing of a learning curve."""

    def say(self, text: str) -> None:
        """Show nothing of a sentence about the work."""

    def warn(self, text: str) -> None:
        """Show nothing of a warning."""


@contextlib.contextmanager
def progress_lines(what: str, total: int | None, every: float) -> Iterator[Tick]:
    """Write on standard error how far some work is, from time to time until the context ends.

    By a thread of its own, so that a log shows also that nothing moves: a server that hangs is seen.

    Args:
        what: The work.
        total: How many items there are; None where that is not known.
        every: Seconds between two lines; work that is done sooner is not mentioned.
    """
    done, ended = 0, threading.Event()

    def tick(count: int) -> None:
        nonlocal done
        done += count

    def tell() -> None:
        before = 0
        while not ended.wait(every):
            now = done
            with contextlib.suppress(OSError, ValueError):  # standard error is closed: there is nobody to tell
                say(f"{visible(what)}: {progress_line(now, now - before, total, every)}", err=True)
            before = now

    teller = threading.Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield tick
    finally:
        ended.set()
        teller.join()


def progress_line(done: int, lately: int, total: int | None, seconds: float) -> str:
    """Return ``240 of 600 items, 32 a second, about 11 s left``.

    Args:
        done: Items that are done.
        lately: How many of them were done in the last seconds.
        total: How many items there are; None where that is not known.
        seconds: How many seconds "lately" was.
    """
    of = f"{done:,} items" if total is None else f"{done:,} of {total:,} items"
    if not lately:
        return f"{of}, none in the last {_duration(seconds)}"
    rate = lately / seconds
    pace = f"{rate:.3g} a second" if rate >= 1 else f"{60 * rate:.3g} a minute"
    left = "" if total is None else f", about {_duration(max(total - done, 0) / rate)} left"
    return f"{of}, {pace}{left}"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60} min"


class TerminalProgress:
    """Draws tqdm bars on standard error where that is a terminal, else writes a line now and then; says warnings.

    Args:
        every: Seconds between the lines that stand in for a bar.
    """

    def __init__(self, every: float = 30.0) -> None:
        self._every = every

    @contextlib.contextmanager
    def cell(self, model: str, task: str, total: int | None) -> Iterator[Tick]:
        """Open a bar with rate and remaining time, or say them every half minute where there is no terminal."""
        if not sys.stderr.isatty():
            with progress_lines(f"{model} on {task}", total, self._every) as tick:
                yield tick
            return
        from tqdm import tqdm

        with tqdm(total=total, desc=visible(f"{model} on {task}"), unit="item", file=sys.stderr, leave=False) as bar:

            def tick(count: int) -> None:
                bar.update(count)

            yield tick

    def step(self, what: str, step: int, **values: float) -> None:
        """Write one line, which the next step overwrites."""
        if sys.stderr.isatty():
            figures = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
            redraw(f"training {what}: step {step}  {figures}")

    def say(self, text: str) -> None:
        """Write one line on standard error."""
        say(one_entry(text), err=True)

    def warn(self, text: str) -> None:
        """Write one line on standard error, marked as a warning."""
        say(f"warning: {one_entry(text)}", err=True)
