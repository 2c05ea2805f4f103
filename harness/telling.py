"""What became of one item, told in a sentence: by its task, for people who look at single items.

A page that shows an item begins with the sentence, and puts what is said of each response beside that response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.metric import Columns, FloatArray
from harness.requests import Failure, Response

if TYPE_CHECKING:
    from harness.task import Answers

Judged = Literal["right", "wrong", "tie", ""]
"""How the model did on an item; empty where nothing is right or wrong by itself."""


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """What is on file about one item: its row among the rows of the cell, and the model's answers.

    >>> columns = Columns({"scores": np.array([[1.5, 0.5, np.nan]]), "label": np.array([1.0])})
    >>> item = ItemFigures(columns, 0)
    >>> item.number("label"), item.numbers("scores").tolist(), item.response()
    (1.0, [1.5, 0.5], None)
    """

    columns: Columns
    """The columns of all items, so that one can be held against the others."""
    row: int
    """Index of the item among them."""
    expected: str = ""
    """What `harness.task.Task.expected` said of the item; empty where its texts cannot be read."""
    answers: Sequence[Answers] = ()
    """The answers on file by stage, without their requests; a stage has no responses where the model was asked through
    adapters. Empty where texts cannot be read."""
    positions: Sequence[Sequence[int]] = ()
    """For each request of the first stage, which of the item's responses it holds: `harness.requests.Origin`."""

    def number(self, name: str) -> float:
        """Return the item's figure in a column of one number a row."""
        return float(self.columns.values[name][self.row])

    def numbers(self, name: str) -> FloatArray:
        """Return the item's figures in a column of several numbers a row, without the NaN that pad it."""
        values: FloatArray = self.columns.values[name][self.row]
        there = np.flatnonzero(~np.isnan(values))
        return values[: there[-1] + 1] if len(there) else values[:0]

    def response(self, request: int = 0, stage: int = 0) -> Response | None:
        """Return the answer to a request; None where it failed or is not known here."""
        if stage >= len(self.answers) or request >= len(self.answers[stage].responses):
            return None
        found = self.answers[stage].responses[request]
        return None if isinstance(found, Failure) else found


@dataclass(frozen=True, slots=True)
class ResponseMark:
    """What is said of one response, beside its text."""

    label: str = ""
    """What the data say of it, in a word: ``better``, ``correct``, ``grade 2``; empty where they say nothing."""
    good: bool | None = None
    """Whether the data say that it is the one, or one of those, to pick; None: they do not say."""
    picked: bool = False
    """Whether the model prefers it to the others."""
    how: str = ""
    """In which way it was picked, where there are several: ``as given``."""
    score: float | None = None
    """The model's figure for it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An item in a sentence, with what is said of each response.

    >>> told = Told("picked response 2; response 1 is better", "wrong", {0: ResponseMark("better", True)})
    >>> told.marks[0].label
    'better'
    """

    sentence: str
    """What the model did and what was right, as plain text without a full stop; it names responses by number, from 1.
    ``Right:``, ``Wrong:`` or ``Tie:`` is put before it."""
    judged: Judged = ""
    """How the model did. Where the headline metric has a figure of each item, its word counts, so that a page says the
    same as its filters: a tie may be wrong by it."""
    marks: Mapping[int, ResponseMark] = field(default_factory=dict)
    """By index of the response among the item's, as `harness.requests.Origin` counts them; where the requests hold no
    responses, by index of what the model wrote."""
