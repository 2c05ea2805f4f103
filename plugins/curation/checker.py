"""The interface of a checker: a pure function from a response and a reference to right or wrong, with the reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness import UsageError
from harness.errors import did_you_mean
from harness.names import describe, import_attribute

LONGEST = 1_000_000
"""Most characters of a response that is checked; every checker takes linear time, so none has to guard itself."""

ALLOW_CODE = "HARNESS_ALLOW_CODE"
"""Environment variable: 1 permits to run programs that models wrote."""


class BadReference(ValueError):
    """The reference itself cannot be read, so that no response can be checked against it."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A checker's verdict on one response."""

    correct: bool
    why: str
    """One clause for people."""
    parsed: str = ""
    """The answer that was read out of the response; empty if there was none."""


Checker = Callable[..., CheckResult]
"""``check(response, reference, **settings) -> CheckResult``; raises `BadReference`."""

CHECKERS: Mapping[str, str] = {
    "choice": "harness_plugins.curation.choice:check",
    "boxed": "harness_plugins.curation.boxed:check",
    "instructions": "harness_plugins.curation.instructions:check",
    "python": "harness_plugins.curation.program:check",
}
"""This plugin's checkers by name; any other checker is named ``"module:function"``."""

RUNS_CODE = frozenset({"python"})
NEEDS_NO_LEAVE = frozenset({"choice", "boxed", "instructions"})
"""This plugin's checkers that read a response and run nothing; any other checker may do anything with a response."""


def load_checker(name: str) -> Checker:
    """Return the checker of a name, or import the function that ``"module:function"`` names.

    Raises:
        UsageError: no such checker exists, or it cannot be imported.
    """
    reference = CHECKERS.get(name, name)
    if reference.count(":") != 1:
        raise UsageError(
            f"no checker is named {name!r}{did_you_mean(name, CHECKERS)}; "
            "name one of your own as 'module:function', a function of (response, reference)"
        )
    try:
        function = import_attribute(reference)
    except Exception as error:  # another package's code
        raise UsageError(f"the checker {name!r} cannot be imported: {describe(error)}") from error
    if not callable(function):
        raise UsageError(f"the checker {name!r} is no function, but {type(function).__name__}")
    checker: Checker = function
    return checker


def run_checker(checker: Checker, response: str, reference: Any, settings: Mapping[str, Any]) -> CheckResult:
    """Check one response; a third party's checker may also return (correct, why) or a truth value.

    Args:
        checker: The checker.
        response: The text to check; a text longer than LONGEST characters is wrong.
        reference: The reference to compare with.
        settings: Further arguments of the checker.

    Raises:
        BadReference: the reference cannot be read.
    """
    if len(response) > LONGEST:
        return CheckResult(False, f"longer than {LONGEST:,} characters")
    verdict: Any = checker(response, reference, **settings)
    if isinstance(verdict, CheckResult):
        return verdict
    if isinstance(verdict, tuple) and len(verdict) == 2:
        return CheckResult(bool(verdict[0]), str(verdict[1]))
    return CheckResult(bool(verdict), "as the checker says")


def permit_code(checker: str, *, allowed: bool = False) -> None:
    """Refuse, without leave, to run programs that a model wrote or to hand them to code that a task file names.

    Raises:
        UsageError: leave is needed and was not given.
    """
    if checker in NEEDS_NO_LEAVE or allowed or os.environ.get(ALLOW_CODE) == "1":
        return
    if checker in RUNS_CODE:
        does = (
            "runs programs that a model wrote. They run in a process of their own with limits, which is no security "
            "boundary: do this on a machine that holds nothing of value"
        )
    else:
        does = "is code that the task file names, which gets to see, and may run, what a model wrote"
    raise UsageError(
        f"the checker {checker!r} {does}. To permit it, give --allow-code to 'harness curate', or set {ALLOW_CODE}=1"
    )
