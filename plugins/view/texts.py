"""How pages show text: everything that a model or data set wrote stays text, and moves nothing around it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from harness.results import figure, level_of, other_level, p_value, percent, visible
from harness.stats import Estimate
from harness.store import CellRecord

from .answers import number
from .documents import plain
from .markup import ShownText, marked, shown_text


def shown(value: Any) -> Any:
    """Finish the value of every template expression: remove from texts what a browser obeys, but keep their lines."""
    if type(value) is not str:  # markup that a template made is a type of its own
        return value
    if value.isascii() and value.isprintable():
        return value
    return _TO_LOOK_AT.sub(lambda match: visible(match[0]), plain(value).replace("\r\n", "\n"))


_TO_LOOK_AT = re.compile(r"[^\x20-\x7e\n\t]")
"""Characters that may be obeyed; the others, which are nearly all of most texts, are not looked at one by one."""


def breakable(name: str) -> Markup:
    """Write a name that a narrow column may break after its underscores and strokes."""
    return Markup("<wbr>").join(re.split(r"(?<=[_/:@])(?=[^_/:@])", shown(name)))


def address(path: str, **query: Any) -> str:
    """Return a path with a query; parameters that are empty are left out."""
    kept = {key: value for key, value in query.items() if value not in ("", None)}
    return path + ("?" + urlencode(kept) if kept else "")


def cell_number(value: Any) -> str:
    """Write one figure of an item, or the first four of several."""
    if isinstance(value, list):
        listed = ", ".join(number(v) for v in value[:4])
        return f"[{listed}{', …' if len(value) > 4 else ''}]"
    return number(value)


def span(estimate: Estimate, unit: str, level: float | None = None) -> str:
    """Write an interval; empty for an estimate without an interval.

    Args:
        estimate: The estimate with the interval.
        unit: The unit of the estimate.
        level: The level that the heading names; an interval of another level is written with its own.
    """
    if not math.isfinite(estimate.low) or not math.isfinite(estimate.high):
        return ""
    return f"{figure(estimate.low, unit)} to {figure(estimate.high, unit)}{other_level(estimate, level)}"


def level_of_cells(cells: Iterable[CellRecord]) -> float:
    """Return the level of the intervals that a heading above the headline figures of some cells names."""
    return level_of(r.estimate for cell in cells for r in cell.results if r.headline)


def place(value: float, low: float, high: float) -> str:
    """Write where a value lies between two ends, in per cent from 0 to 100, for the attributes of a picture."""
    if not all(map(math.isfinite, (value, low, high))) or high <= low:
        return "0"
    return f"{min(100.0, max(0.0, 100 * (value - low) / (high - low))):.2f}"


def moment(text: str) -> str:
    """Write a time on file to the second."""
    return text[:19].replace("T", " ") + (" UTC" if text else "")


def seconds(value: float) -> str:
    """Write a time span in seconds, minutes or hours."""
    if value < 120:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def both_forms(value: str, hits: re.Pattern[str] | None = None) -> ShownText:
    """Make both forms of a text, rendered and as it was written, with what was searched for marked."""
    return shown_text(shown(value), hits)


def source_of(value: str, hits: re.Pattern[str] | None = None) -> Markup:
    """Return a text as it was written, with what was searched for marked."""
    return Markup(marked(shown(value), hits))


ROLES = ("system", "developer", "user", "assistant", "tool", "text")


def role_class(role: str) -> str:
    """Return the name of the style of a turn; a role that nobody knows has that of none."""
    word = role.lower()
    return word if word in ROLES else "tool" if word in ("function", "ipython", "environment") else "other"


FILTERS = {
    "breakable": breakable,
    "both_forms": both_forms,
    "source_of": source_of,
    "role_class": role_class,
    "cell_number": cell_number,
    "figure": figure,
    "level_of_cells": level_of_cells,
    "moment": moment,
    "number": number,
    "p_value": p_value,
    "percent": percent,
    "place": place,
    "seconds": seconds,
    "span": span,
}
