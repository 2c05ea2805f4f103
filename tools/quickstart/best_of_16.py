"""Best-of-16: prompts with sixteen responses each, marked right or wrong by a check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .answers import right_response, wrong_response
from .checks import check
from .draw import Draw
from .formats import compliant, instruction, violating
from .puzzles import calendar, logic, sorting, strings
from .questions import Question
from .sums import arithmetic, units

RESPONSES = 16
SIZES = {"train": 60, "test": 120}
_FAMILIES: dict[str, Callable[[Draw], Question]] = {
    "arithmetic": arithmetic,
    "units": units,
    "calendar": calendar,
    "strings": strings,
    "sorting": sorting,
    "logic": logic,
}
_ORDER = (
    "arithmetic",
    "format",
    "calendar",
    "strings",
    "arithmetic",
    "units",
    "sorting",
    "logic",
    "format",
    "calendar",
)


def rows(split: str, taken: set[str]) -> list[dict[str, Any]]:
    """The rows of a split; no prompt that is in ``taken`` is used again."""
    made = []
    for i in range(SIZES[split]):
        draw = Draw(f"best-of-16/{split}/{i:04d}")
        made.append({"id": f"best-of-16/{split}/{i:04d}", **_row(draw, _ORDER[i % len(_ORDER)], taken)})
    return made


def _row(draw: Draw, family: str, taken: set[str]) -> dict[str, Any]:
    while True:
        prompt, rule, right, wrong = _makers(draw, family)
        if prompt not in taken:
            taken.add(prompt)
            break
    right_ones = _how_many_right(draw)
    labels = draw.shuffled([i < right_ones for i in range(RESPONSES)])
    responses = _distinct(labels, right, wrong)
    assert [check(rule, text) for text in responses] == labels, prompt
    return {"family": family, "prompt": prompt, "check": rule, "responses": responses, "correct": labels}


def _makers(draw: Draw, family: str) -> tuple[str, dict[str, Any], Callable[[], str], Callable[[], str]]:
    """A prompt, its rule, and what makes right and wrong responses to it."""
    if family == "format":
        task = instruction(draw)
        return task.prompt, task.check, lambda: compliant(draw, task), lambda: violating(draw, task)
    question = _FAMILIES[family](draw)
    return (
        question.prompt,
        question.check,
        lambda: right_response(draw, question),
        lambda: wrong_response(draw, question),
    )


def _how_many_right(draw: Draw) -> int:
    """2 to 13, about 7 on average; a sum of draws, so that the middle is commonest."""
    return max(2, 2 + draw.below(6) + draw.below(7) - draw.below(2))


def _distinct(labels: list[bool], right: Callable[[], str], wrong: Callable[[], str]) -> list[str]:
    responses: list[str] = []
    for label in labels:
        text = right() if label else wrong()
        while text in responses:
            text = right() if label else wrong()
        responses.append(text)
    return responses
