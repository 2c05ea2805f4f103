"""Published figures held against the intervals of the models that were evaluated here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.leaderboard.board import Board
from harness.stats import Estimate

BELOW, INSIDE, ABOVE, UNKNOWN = "<", "=", ">", " "
"""Where a published figure lies: below an interval, in it, above it; and where that cannot be said."""


def place_of(rounded_from: tuple[float, float] | None, estimate: Estimate | None) -> str:
    """Return where a published figure lies to the interval of a model evaluated here, as one of the four signs.

    The published figure counts as a number without an error of its own, known as exactly as it is written: it lies
    outside only if every value that is rounded to it does.

    Args:
        rounded_from: The lowest and highest value that the published figure may have been rounded from; None: there is
            no published figure.
        estimate: The figure of the model evaluated here; None: there is none.
    """
    if rounded_from is None or estimate is None or not math.isfinite(estimate.low) or not math.isfinite(estimate.high):
        return UNKNOWN
    least, most = rounded_from
    if math.isnan(least) or math.isnan(most):
        return UNKNOWN
    return BELOW if most < estimate.low else ABOVE if least > estimate.high else INSIDE


def against_published(board: Board) -> Mapping[str, Any]:
    """Return where each published figure of a board lies to the interval of each model evaluated here that can be used.

    Returns:
        ``models``: the published models, in the order of the board. ``places``: by column key and by the model
        evaluated here, one sign for each published model: ``<`` below the interval, ``=`` in it, ``>`` above it, and a
        space where one of both has no figure. Empty for a board on which nothing can be compared.
    """
    published = [entry for entry in board.entries if entry.published]
    places: dict[str, dict[str, str]] = {}
    for column in board.columns:
        ranges = [entry.rounded_from.get(column.key) for entry in published]
        for entry in board.contenders:
            signs = "".join(place_of(range_, entry.figures.get(column.key)) for range_ in ranges)
            if signs.strip():
                places.setdefault(column.key, {})[entry.model] = signs
    return {"models": [entry.model for entry in published], "places": places} if places else {}
