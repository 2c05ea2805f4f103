"""Multiple choice: the letter that a response settles on (PPE's rules for MMLU-Pro and GPQA, arXiv 2410.14872)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Any

from .checker import BadReference, CheckResult

MOST = 10
"""Number of options if the reference does not say it: A to J."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check(response: str, reference: Any) -> CheckResult:
    """Check whether the response settles on the right option.

    Args:
        response: What the model wrote.
        reference: The right option's letter, or its index from 0; or a pair of either and the options (or their
            number).

    Raises:
        BadReference: the reference is none of these.
    """
    right, count = _read(reference)
    letter = extract(response, count)
    if letter is None:
        return CheckResult(False, "no option is named")
    return CheckResult(letter == right, f"names {letter}, right is {right}", letter)


def extract(response: str, options: int = MOST) -> str | None:
    """Return the option a response names: "answer is (X)", else "answer: X", else the last letter that stands alone.

    Unlike the published expression, a letter that begins a word ("the answer is Because ...") names no option.
    """
    for pattern in _patterns(options)[:2]:
        match = pattern.search(response)
        if match:
            return match[1]
    alone = deque(_patterns(options)[2].finditer(response), maxlen=1)
    return alone[0][0] if alone else None


@cache
def _patterns(options: int) -> tuple[re.Pattern[str], ...]:
    letters = f"[A-{_LETTERS[options - 1]}]"
    return (
        re.compile(rf"answer is \(?({letters})\b\)?"),
        re.compile(rf"[aA]nswer:\s{{0,20}}\(?({letters})\b"),
        re.compile(rf"\b{letters}\b"),
    )


def _read(reference: Any) -> tuple[str, int]:
    answer, count = reference, MOST
    if isinstance(reference, Sequence) and not isinstance(reference, str):
        if len(reference) != 2:
            raise BadReference(f"expected the right letter and the options, got a list of {len(reference)}")
        answer, options = reference
        count = options if isinstance(options, int) else len(options) if isinstance(options, list) else 0
    if not 2 <= count <= len(_LETTERS):
        raise BadReference(f"expected 2 to {len(_LETTERS)} options, got {count}")
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < count:
        return _LETTERS[answer], count
    letter = str(answer).strip().strip("()").upper()
    if len(letter) != 1 or letter not in _LETTERS[:count]:
        raise BadReference(f"expected a letter from A to {_LETTERS[count - 1]}, got {answer!r}")
    return letter, count
