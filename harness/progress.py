"""Progress of the work: bars on standard error if that is a terminal, otherwise nothing but warnings."""

from __future__ import annotations

import contextlib
import sys
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


class TerminalProgress:
    """Draws tqdm bars on standard error if that is a terminal; shows warnings everywhere."""

    @contextlib.contextmanager
    def cell(self, model: str, task: str, total: int | None) -> Iterator[Tick]:
        """Open a bar with rate and remaining time."""
        if not sys.stderr.isatty():
            yield lambda count: None
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
