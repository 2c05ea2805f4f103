"""Learning curves: what is drawn of one, and the steps that are listed beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.store import StoreReader, read_curve

DRAWN, LISTED = 400, 20
"""Points of a line, and rows of the table below it, at most."""
WIDTH, HEIGHT = 100, 30


@dataclass(frozen=True, slots=True)
class Line:
    """One value over the steps."""

    name: str
    points: str
    """As a polyline has them; empty where nothing can be drawn."""
    first: float
    last: float
    low: float
    high: float
    """Of the finite values; NaN where there are none."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One learning curve as a page shows it."""

    lines: Sequence[Line]
    steps: Sequence[dict[str, Any]]
    """The first and last step and some between them, each with its values by name."""
    count: int
    """How many steps there are."""


def curve_of(store: StoreReader, model: str) -> Curve:
    """Read the learning curve of the model in a directory; one without lines where there is none."""
    steps: dict[int, dict[str, Any]] = {}
    for step, name, value in read_curve(store, model):
        steps.setdefault(step, {"step": step})[name] = value
    rows = [steps[step] for step in sorted(steps)]
    names = list(dict.fromkeys(name for row in rows for name in row if name != "step"))
    listed = [rows[i] for i in _spread(len(rows), LISTED)]
    return Curve([_line(name, [(r["step"], r[name]) for r in rows if name in r]) for name in names], listed, len(rows))


def _line(name: str, values: Sequence[tuple[int, float | None]]) -> Line:
    known = [(step, value) for step, value in values if value is not None and math.isfinite(value)]
    if not known:
        return Line(name, "", *[math.nan] * 4)
    figures = [value for _, value in known]
    low, high, first, last = min(figures), max(figures), known[0][0], known[-1][0]
    drawn = [known[i] for i in _spread(len(known), DRAWN)]
    points = " ".join(
        f"{WIDTH * (step - first) / (last - first or 1):.2f},{HEIGHT - HEIGHT * (value - low) / (high - low or 1):.2f}"
        for step, value in drawn
    )
    return Line(name, points, figures[0], figures[-1], low, high)


def _spread(count: int, most: int) -> Sequence[int]:
    """At most ``most`` indices, evenly over all, the first and the last among them."""
    return range(count) if count <= most else sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})
