"""Which earlier prompts a verifier is asked about: the nearest ones in the grey zone, as the stream comes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from harness import Answers, Failure, Item

from .lookup import Search
from .stream import Vectors, unit


class Earlier(NamedTuple):
    """A prompt that came before."""

    prompt: str
    response: str


class Zone:
    """Remembers the prompts that came, and finds those whose responses a new one might take.

    What a verifier is to be asked follows from the vectors of all prompts before. The harness asks for the requests of
    items in the order of the data, so that whoever came before is known.

    Args:
        zone: Lowest similarity at which a verifier is asked, and highest.
        neighbours: How many earlier prompts at most.
    """

    def __init__(self, zone: tuple[float, ...], neighbours: int) -> None:
        self._low, self._high = zone
        self._neighbours = neighbours
        self._begin("")

    def _begin(self, model: str) -> None:
        self._model = model
        self._search = Search()
        self._known: list[Earlier] = []
        self._rows: dict[str, list[int]] = {}

    def asked(self, item: Item, vector: Vectors | None, model: str) -> list[Earlier]:
        """Return the earlier prompts to ask about; the item becomes one for those to come.

        Args:
            item: The prompt.
            vector: Its vector; None where there is none.
            model: Whose vector it is.
        """
        if model != self._model or item.id in self._rows:  # another model's evaluation, or the same data once more
            self._begin(model)
        number, scope = len(self._known), int(item.fields["in_scope"])
        self._known.append(Earlier(item.fields["prompt"], item.fields.get("response") or ""))
        self._rows[item.id] = []
        if vector is None:
            return []
        (own,) = unit(np.asarray(vector)[None, :])
        found, cosines = self._search.nearest(number, own, scope, self._neighbours)
        self._search.add(number, own, scope)
        self._rows[item.id] = [
            row for row, cosine in zip(found, cosines, strict=True) if self._low <= cosine <= self._high
        ]
        return [self._known[row] for row in self._rows[item.id]]

    def answers(self, item: str, answers: Answers) -> tuple[list[float], list[float]]:
        """Return what the verifier said of an item's earlier prompts, NaN where it failed, and their numbers."""
        rows = self._rows.get(item, [])
        said: Sequence[object] = answers.responses[: len(rows)]
        numbers = [float("nan") if isinstance(each, Failure) else float(np.ravel(each)[0]) for each in said]  # type: ignore[call-overload]
        return numbers, [float(row) for row in rows]
