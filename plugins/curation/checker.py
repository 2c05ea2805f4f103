"""What a checker is: a pure function from a response and a reference to right or wrong, with the reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness import UsageError
from harness.errors import did_you_mean
from harness.names import describe, import_attribute

LONGEST = 1_000_000
"""Characters of a response that is read at all; every checker is linear in this, none has to guard itself."""

ALLOW_CODE = "HARNESS_ALLOW_CODE"
"""Environment variable: 1 permits to run programs that models wrote."""


class BadReference(ValueError):
    """The reference itself cannot be read, so that no response can be checked against it."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a checker found."""

    correct: bool
    why: str
    """One clause for people."""
    parsed: str = ""
    """The answer that was read out of the response; empty where none was found."""


Checker = Callable[..., CheckResult]
"""``check(response, reference, **settings) -> Checked``; raises `BadReference`."""

CHECKERS: Mapping[str, str] = {
    "choice": "harness_plugins.curation.choice:check",
    "boxed": "harness_plugins.curation.boxed:check",
    "instructions": "harness_plugins.curation.instructions:check",
    "python": "harness_plugins.curation.program:check",
}
"""Own checkers by name; any other is named ``"module:function"``."""

RUNS_CODE = frozenset({"python"})
NEEDS_NO_LEAVE = frozenset({"choice", "boxed", "instructions"})
"""Own checkers that read a response and run nothing. What a task file names besides may do anything with it."""


def load_checker(name: str) -> Checker:
    """The checker of that name, or the function that ``"module:function"`` names.

    Raises:
        UsageError: there is none.
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
    """Check one response; a third party's checker may also answer with (correct, why) or with a truth value.

    Raises:
        BadReference: the reference cannot be read.
    """
    if len(response) > LONGEST:
        return CheckResult(False, f"longer than {LONGEST:,} characters")
    found: Any = checker(response, reference, **settings)
    if isinstance(found, CheckResult):
        return found
    if isinstance(found, tuple) and len(found) == 2:
        return CheckResult(bool(found[0]), str(found[1]))
    return CheckResult(bool(found), "as the checker says")


def permit_code(checker: str, *, allowed: bool = False) -> None:
    """Stop before programs that a model wrote are run, or handed to code that a task file names, without leave.

    Raises:
        UsageError: leave is needed, and was not given.
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
