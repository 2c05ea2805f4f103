"""What a metric draws: curves, bars, points or matrices, as plain data; a page lays those of several models together.

A picture knows nothing of how it is drawn. Two pictures of the same task, metric and title belong in one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Numbers = Sequence[float]


@dataclass(frozen=True, slots=True)
class Series:
    """One curve, row of bars or cloud of points."""

    x: Numbers | Sequence[str]
    """Shape (n,); names where they are categories."""
    y: Numbers
    """Shape (n,)."""
    low: Numbers | None = None
    """Lower ends of a 95 % band, shape (n,)."""
    high: Numbers | None = None
    """Upper ends."""
    name: str = ""
    """What it is, besides the model's; empty for a picture's only series."""
    form: Literal["line", "steps", "points", "bars"] = "line"
    reference: bool = False
    """True for what models are held against, such as a diagonal; drawn once, whatever the number of models."""

    def __post_init__(self) -> None:
        lengths = {name: len(v) for name in ("x", "y", "low", "high") if (v := getattr(self, name)) is not None}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise ValueError(f"a series whose parts have different lengths: {said}")


@dataclass(frozen=True, slots=True)
class Picture:
    """Axes and what is drawn on them."""

    title: str
    x: str
    """What the horizontal axis shows, with its unit."""
    y: str
    series: Sequence[Series]
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
    x_range: tuple[float, float] | None = None
    """Ends of the axis, in its own unit; None: what the data need."""
    y_range: tuple[float, float] | None = None
    note: str = ""
    """A sentence for the reader, shown below."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A figure of each of some things, down, for each of some others, across: who wins how often against whom, say."""

    title: str
    shows: str
    """What a field shows, from its row's view."""
    rows: Sequence[str]
    """Names of length r."""
    columns: Sequence[str]
    """Names of length c."""
    values: Sequence[Numbers]
    """Shape (r, c); NaN where there is nothing."""
    low: Sequence[Numbers] | None = None
    """Lower ends of 95 % intervals, shape (r, c)."""
    high: Sequence[Numbers] | None = None
    """Upper ends."""
    unit: str = "fraction"
    """As metrics have it; fractions are shown as percentages."""
    middle: float = 0.5
    """The value that says nothing; fields are coloured where their interval leaves it out."""
    reach: float = 0.5
    """How far from the middle colours grow."""
    name: str = ""
    """What it is of, where it is no model's."""
    reference: bool = False
    """True for what models are held against."""
    note: str = ""
    """A sentence for the reader, shown below."""

    def __post_init__(self) -> None:
        for name in ("values", "low", "high"):
            lines = getattr(self, name)
            if lines is not None and [len(line) for line in lines] != [len(self.columns)] * len(self.rows):
                shape = f"{len(self.rows)} rows of {len(self.columns)}"
                raise ValueError(f"{name} of a matrix must be {shape}, not {[len(line) for line in lines]}")
