"""The columns that texts with and without a mark become, whichever kind of task they are of."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from harness import Failure, Response

from .controls import repeated
from .evidence import MarkEvidence

COLUMNS = (
    *("log_odds", "label", "mark_z", "mark_p", "mark_window_p", "mark_scored", "mark_share"),
    *("words", "repeats"),
)


def figures(response: Response | None, label: float, text: str | None) -> Mapping[str, float]:
    """Return the figures of one text: of a detector of marks all, of another detector its score and the label.

    Args:
        response: The detector's, None where it was not asked.
        label: 1 where the text has a mark.
        text: None where there is none.
    """
    found: dict[str, float] = dict.fromkeys(COLUMNS, math.nan)
    found["label"] = label
    if text is not None:
        words = text.split()
        found.update(words=float(len(words)), repeats=repeated(words))
    if isinstance(response, MarkEvidence):
        found.update(
            log_odds=response.score,
            mark_z=response.z,
            mark_p=response.p,
            mark_window_p=response.window_p,
            mark_scored=float(response.scored),
            mark_share=response.share,
        )
    elif response is not None and not isinstance(response, Failure):
        found["log_odds"] = float(response)
    return found


def declared(value: Any) -> str:
    """Return the declared mark of a row as text: JSON as it stands, or what JSON was read as; empty for none."""
    return value if isinstance(value, str) else json.dumps(value) if value else ""
