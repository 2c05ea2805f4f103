"""What became of an item: the sentence that its page begins with, and what stands beside its responses."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from harness import Answers, ItemFigures, Judged, Told, encodable

from .figures import CellFigures

_SENTENCE = 600
log = logging.getLogger("harness.view")


def told_of(
    figures: CellFigures,
    row: int,
    *,
    expected: str = "",
    answers: Sequence[Answers] = (),
    positions: Sequence[Sequence[int]] = (),
) -> Told:
    """Tell of an item: in the task's words, else in those of the headline metric.

    Args:
        figures: The figures of the cell.
        row: The row number of the item.
        expected: What the task says that a right answer is.
        answers: The answers on file, by stage.
        positions: For each request of the first stage, which of the item's responses it holds.
    """
    told: Any = None  # whatever a plugin's code returns
    if figures.task is not None:
        item = ItemFigures(figures.table.columns, row, expected, answers, positions)
        try:
            told = figures.task.tell(item)
        except Exception:  # a plugin's code, or columns of an earlier version of it
            log.warning("%s cannot tell of item %s", figures.task.name, figures.id(row), exc_info=True)
    if told is not None and not isinstance(told, Told):
        log.warning("%s told %s of item %s, not a Told", type(figures.task).__name__, type(told).__name__, row)
        told = None
    reason = figures.reasons.get(figures.id(row), "")
    if figures.failed[row] and (reason or told is None or told.judged):
        why = _sentence(f"Failed: {reason or 'this item has no figure'}".rstrip("."), "")
        return Told(why, "", {} if told is None else told.marks)
    told = told or _by_the_headline(figures, row)
    return Told(_sentence(told.sentence, judged := _judged(told, figures, row)), judged, told.marks)


def _judged(told: Told, figures: CellFigures, row: int) -> Judged:
    """Return how the model did: by the headline metric where that has a figure of each item, as filters have it."""
    state = figures.state(row)
    if not told.judged or figures.credit is None or not figures.credit.own:
        return told.judged
    return state if state in ("right", "wrong", "tie") else told.judged  # type: ignore[return-value]


def _sentence(text: str, judged: Judged) -> str:
    """Begin a sentence with how the model did."""
    text = encodable(str(text)).strip()
    text = text if len(text) <= _SENTENCE else text[:_SENTENCE] + " …"
    return f"{judged.capitalize()}: {text}" if judged and text else text[:1].upper() + text[1:]


def _by_the_headline(figures: CellFigures, row: int) -> Told:
    mark, credit = figures.mark(row), figures.credit
    if credit is None or not mark.state:
        return Told("")
    if not credit.own:
        return Told(mark.why.rstrip("."))
    value = f"{credit.metric} of this item is {credit.values[row]:.4g}"
    judged = {"wrong": "wrong", "right": "right", "tie": "tie"}[mark.state]
    return Told(value, judged)  # type: ignore[arg-type]
