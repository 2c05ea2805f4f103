"""Questions whose answers can be computed, each with the mistakes people make on it.

A *family* is a function that draws one question. It carries its right solution and several wrong
ones that come from a nameable slip: a quantity misread, an operation forgotten, steps in the wrong order.

    arithmetic, units                    ``sums.py``: sums told as stories
    calendar, strings, sorting, logic    ``puzzles.py``: the answer is a word, a time or a list
    format                               ``formats.py``: the text itself must obey a constraint
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .checks import check

__all__ = ["NAMES", "Question", "Solution", "check", "number_question"]

NAMES = (
    "Ana",
    "Bodil",
    "Chidi",
    "Dario",
    "Edda",
    "Farid",
    "Greta",
    "Hamza",
    "Ines",
    "Jomo",
    "Katya",
    "Luca",
    "Mira",
    "Nils",
    "Oona",
    "Pavel",
    "Quim",
    "Rosa",
    "Sven",
    "Tomas",
    "Ursa",
    "Vera",
    "Wim",
    "Yara",
)


@dataclass(frozen=True, slots=True)
class Solution:
    """A way to an answer: the steps as short sentences without a full stop, then the answer."""

    answer: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, the rule that decides its answers, one right solution and several wrong ones."""

    family: str
    prompt: str
    check: dict[str, Any]
    recap: str
    """The quantities of the question in a few words, as a careful answer repeats them."""
    right: Solution
    wrong: tuple[Solution, ...]
    unit: str = ""
    """What follows the answer in a sentence, such as "euros"; empty for none."""


def number_question(
    family: str, prompt: str, recap: str, unit: str, right: Solution, slips: list[Solution]
) -> Question:
    """A question answered by a whole number; wrong figures after right steps are added to the slips."""
    value = int(right.answer)
    near = [Solution(str(value + gap), right.steps[:-1]) for gap in (-10, -2, -1, 1, 2, 10) if value + gap > 0]
    wrong = tuple(slip for slip in [*slips, *near] if slip.answer != right.answer and int(slip.answer) > 0)
    return Question(family, prompt, {"kind": "number", "value": value}, recap, right, wrong, unit)
