"""Words of the sentences that a board says."""

from __future__ import annotations

from collections.abc import Sequence

from harness.leaderboard.board import BoardEntry

_NAMED = 4
"""Most models that a sentence names."""
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number(count: int) -> str:
    """Return a number in a sentence: a word up to twelve, then digits.

    >>> number(3), number(13)
    ('three', '13')
    """
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def some(entries: Sequence[BoardEntry]) -> str:
    """Name the first few entries, and how many more there are."""
    more = f" and {len(entries) - _NAMED} more" if len(entries) > _NAMED else ""
    return ", ".join(entry.model for entry in entries[:_NAMED]) + more
