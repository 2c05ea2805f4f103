r"""Boxed mathematics: the last ``\boxed{...}`` of a response, compared with the reference as mathematics.

Follows PPE's checking of MATH (arXiv 2410.14872): last box, equality by sympy within a time limit. The reader of LaTeX
is our own and evaluates nothing; what it does not read is compared as text.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from .checker import BadReference, CheckResult
from .equality import EqualityUndecided, same_in_worker
from .exact import TooLarge, values
from .latex import Tree, read
from .latex_tokens import Unreadable, is_percent, plain_words

SECONDS = 1.0
"""Time for one comparison that needs algebra; PPE allows as much."""


def check(response: str, reference: Any, *, seconds: float = SECONDS) -> CheckResult:
    r"""Check whether the last ``\boxed{...}`` of the response equals the reference.

    Args:
        response: What the model wrote.
        reference: The answer in LaTeX, or a worked solution with its answer in a box; a number will do.
        seconds: Time for a comparison that needs algebra; a comparison that takes longer counts as wrong.

    Raises:
        BadReference: the reference is no answer that can be compared.
    """
    right = _reference(reference)
    given = last_boxed(response)
    if given is None:
        return CheckResult(False, "no closed \\boxed{...} in it")
    answer = given.strip()
    try:
        same = equal(answer, right, seconds=seconds)
    except EqualityUndecided as error:
        return CheckResult(False, f"cannot be compared: {error}", answer[:200])
    return CheckResult(same, "equal" if same else f"is not {right[:80]}", answer[:200])


def last_boxed(text: str) -> str | None:
    r"""Return the content of the last ``\boxed{...}`` or ``\fbox{...}``; None if there is no box or it never closes."""
    start, command = max((text.rfind(c), c) for c in ("\\boxed{", "\\fbox{"))
    if start < 0:
        return None
    depth, begin, at = 1, start + len(command), start + len(command)
    while at < len(text):
        if text[at] == "\\":
            at += 2  # an escaped brace closes nothing
            continue
        depth += (text[at] == "{") - (text[at] == "}")
        if not depth:
            return text[begin:at]
        at += 1
    return None


def equal(first: str, second: str, *, seconds: float = SECONDS) -> bool:
    """Tell whether two answers are the same: as text, as exact numbers, else by algebra in a separate process.

    Raises:
        EqualityUndecided: the algebra took too long or broke.
    """
    if first.strip() == second.strip():
        return bool(first.strip())
    words = plain_words(first), plain_words(second)
    if words[0] is not None and words[0] == words[1]:
        return True
    try:
        one, two = _tree(first), _tree(second)
    except Unreadable:
        return False
    if _same(one, two, seconds):
        return True
    if is_percent(first) != is_percent(second):  # 50 % is 50 as people write it, and 0.5 as mathematics
        hundredth = ["num", "1", "100"]
        one, two = (["mul", one, hundredth], two) if is_percent(first) else (one, ["mul", two, hundredth])
        return _same(one, two, seconds)
    return False


def _same(one: Tree, two: Tree, seconds: float) -> bool:
    if one == two:
        return True
    try:
        exact: tuple[list[Fraction] | None, list[Fraction] | None] = values(one), values(two)
    except TooLarge as error:
        raise EqualityUndecided(str(error)) from None
    if exact[0] is not None and exact[1] is not None:
        return exact[0] == exact[1]
    return same_in_worker(one, two, seconds=seconds)


@lru_cache(maxsize=1024)
def _tree(text: str) -> Tree:
    return read(text)


def _reference(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise BadReference(f"expected an answer in LaTeX, got {type(value).__name__}")
    return _answer_of(value)


@lru_cache(maxsize=1024)
def _answer_of(text: str) -> str:
    if "\\boxed{" in text or "\\fbox{" in text:
        inside = last_boxed(text)
        if inside is None:
            raise BadReference("its last box is never closed")
        text = inside
    text = text.strip()
    try:
        values(_tree(text))
    except TooLarge as error:
        raise BadReference(str(error)) from None
    except Unreadable as error:
        if plain_words(text) is None:
            raise BadReference(f"{text[:80]!r}: {error}") from None
    return text
