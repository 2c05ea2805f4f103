"""From an error of one step of planning to problems with their places, so that planning goes on and finds the rest."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from harness.errors import HarnessError, Place, PlanError, Problem

T = TypeVar("T")


def located(error: HarnessError, place: Place) -> list[Problem]:
    """Return the problems that an error stands for; those without a place of their own get this one."""
    if isinstance(error, PlanError):
        return [Problem(problem.text, problem.place or place) for problem in error.located]
    return [Problem(str(error), place)]


def attempt(make: Callable[[], T], place: Place) -> Generator[Problem, None, T | None]:
    """Call ``make`` and return its value; where it raises an error meant for the user, yield that and return None.

    A step says ``value = yield from attempt(make, place)``.
    """
    try:
        return make()
    except HarnessError as error:
        yield from located(error, place)
    return None
