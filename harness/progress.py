"""How far the work is: bars on standard error where that is a terminal, else nothing but warnings."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Protocol

from harness.terminal import one_entry, redraw, say, visible

Tick = Callable[[int], None]


class Progress(Protocol):
    """Told how far the work is."""

    def cell(self, model: str, task: str, total: int | None) -> contextlib.AbstractContextManager[Tick]:
        """One cell's bar; call what it gives with the number of items done."""
        ...

    def step(self, what: str, step: int, **values: float) -> None:
        """One point of a learning curve."""
        ...

    def say(self, text: str) -> None:
        """A sentence about what is being done."""
        ...

    def warn(self, text: str) -> None:
        """A sentence the user should read."""
        ...


class SilentProgress:
    """No bars, no text."""

    @contextlib.contextmanager
    def cell(self, model: str, task: str, total: int | None) -> Iterator[Tick]:
        """No bar."""
        yield lambda count: None

    def step(self, what: str, step: int, **values: float) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""


class TerminalProgress:
    """tqdm bars on standard error, drawn only on a terminal; warnings always."""

    @contextlib.contextmanager
    def cell(self, model: str, task: str, total: int | None) -> Iterator[Tick]:
        """A bar with rate and remaining time."""
        if not sys.stderr.isatty():
            yield lambda count: None
            return
        from tqdm import tqdm

        with tqdm(total=total, desc=visible(f"{model} on {task}"), unit="item", file=sys.stderr, leave=False) as bar:

            def tick(count: int) -> None:
                bar.update(count)

            yield tick

    def step(self, what: str, step: int, **values: float) -> None:
        """One line, overwritten by the next."""
        if sys.stderr.isatty():
            figures = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
            redraw(f"training {what}: step {step}  {figures}")

    def say(self, text: str) -> None:
        """One line on standard error."""
        say(one_entry(text), err=True)

    def warn(self, text: str) -> None:
        """One line on standard error."""
        say(f"warning: {one_entry(text)}", err=True)
