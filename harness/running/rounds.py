"""Stages that repeat, told in one breath: an attack of 60 rounds of three roles is one line, and not 180."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_LONGEST = 12
"""Stages of the longest round that is looked for."""
_FEWEST = 3
"""Rounds, or else each stage is told by itself."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Stages that come several times in the same order, or a single one."""

    first: int
    """Index of the first stage."""
    length: int
    """Stages of one round."""
    count: int
    """How many rounds; 1: it is a single stage."""


def in_rounds(stages: Sequence[T]) -> Iterator[Rounds]:
    """Part stages into those that repeat in rounds, and single ones.

    Args:
        stages: Whatever stands for the stages; equal ones are the same.

    >>> [(rounds.first, rounds.length, rounds.count) for rounds in in_rounds(["plan", *["attack", "answer"] * 60])]
    [(0, 1, 1), (1, 2, 60)]
    """
    start = 0
    while start < len(stages):
        found = max(
            (Rounds(start, length, _repeats(stages, start, length)) for length in range(1, _LONGEST + 1)),
            key=lambda rounds: (rounds.length * rounds.count if rounds.count >= _FEWEST else 0, -rounds.length),
        )
        if found.count < _FEWEST:
            found = Rounds(start, 1, 1)
        yield found
        start += found.length * found.count


def _repeats(stages: Sequence[T], start: int, length: int) -> int:
    """Count how often the stages from a place on are the same in rounds of some length."""
    count = 1
    while stages[start : start + length] == stages[start + count * length : start + (count + 1) * length]:
        count += 1
    return count


def told(stages: Sequence[str]) -> list[str]:
    """Return descriptions of stages, those of rounds as one.

    >>> told(["attacker: generate", "candidate: generate"] * 60)
    ['rounds 1-60: attacker: generate; candidate: generate']
    """
    return [
        f"rounds 1-{rounds.count}: {'; '.join(stages[rounds.first : rounds.first + rounds.length])}"
        if rounds.count > 1
        else stages[rounds.first]
        for rounds in in_rounds(stages)
    ]
