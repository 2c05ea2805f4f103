"""Programs: the last fenced block of a response, run with the reference's tests in the cage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .checker import BadReference, CheckResult
from .sandbox import run

# Nothing in it can be matched in two ways, or a hostile line would take the square of its length.
_FENCE = re.compile(r"^[ \t]{0,3}```+([^\n`]*)$", re.M)
_LANGUAGE = re.compile(r"[\w+-]*")
_LANGUAGES = ("", "python", "python3", "py")


def check(response: str, reference: Any, *, seconds: float = 5.0, memory: int = 1024) -> CheckResult:
    """Check whether the last fenced Python block passes the tests.

    Args:
        response: What the model wrote.
        reference: The tests: a program that raises where the block is wrong, or a list of its lines.
        seconds: Wall-clock and processor time of block and tests together (PPE allows 1 s).
        memory: Megabytes of address space.

    Raises:
        BadReference: there are no tests, or they are no Python.
    """
    tests = _tests(reference)
    program = last_block(response)
    if program is None:
        return CheckResult(False, "no fenced block in it")
    result = run(program, tests, seconds=seconds, memory=memory)
    return CheckResult(result.passed, result.why, program[:200])


def last_block(response: str) -> str | None:
    """Return the content of the last closed fenced block of Python, or of no named language; None if there is none."""
    block, opened, language = None, -1, ""
    for fence in _FENCE.finditer(response):
        named = _LANGUAGE.match(fence[1].lstrip(" \t"))
        word = named[0].lower() if named else ""
        if opened < 0:
            opened, language = fence.end() + 1, word
        elif not word:
            if language in _LANGUAGES:
                block = response[opened : fence.start()]
            opened = -1
        else:  # a block that was never closed
            opened, language = fence.end() + 1, word
    return block


def _tests(reference: Any) -> str:
    if isinstance(reference, Sequence) and not isinstance(reference, str):
        if not all(isinstance(line, str) for line in reference):
            raise BadReference("expected tests as a text or a list of texts")
        reference = "\n".join(reference)
    if not isinstance(reference, str) or not reference.strip():
        raise BadReference("expected tests as a text or a list of texts")
    try:
        compile(reference, "tests", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadReference(f"the tests are no Python: {error}") from None
    return reference
