"""Drawings of metrics: curves, bars, points or matrices, as plain data; a page lays the models' drawings together.

A picture knows nothing about how it is drawn. Two pictures of the same task, metric and title belong in one frame.
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
    """Values on the horizontal axis, shape (n,); names if the axis has categories."""
    y: Numbers
    """Values on the vertical axis, shape (n,)."""
    low: Numbers | None = None
    """Lower ends of a 95 % band, shape (n,)."""
    high: Numbers | None = None
    """Upper ends of the band, shape (n,)."""
    name: str = ""
    """Name of the series, beside the model's; empty for a picture's only series."""
    form: Literal["line", "steps", "points", "bars"] = "line"
    reference: bool = False
    """True for a series that models are compared with, such as a diagonal; a page draws it once for all models."""

    def __post_init__(self) -> None:
        lengths = {name: len(v) for name in ("x", "y", "low", "high") if (v := getattr(self, name)) is not None}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise ValueError(f"a series whose parts have different lengths: {listed}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A pair of axes, with the series that are drawn on them."""

    title: str
    x: str
    """Title of the horizontal axis, with its unit."""
    y: str
    """Title of the vertical axis, with its unit."""
    series: Sequence[Series]
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
    x_range: tuple[float, float] | None = None
    """Ends of the axis, in the axis's unit; None: as the data need."""
    y_range: tuple[float, float] | None = None
    note: str = ""
    """A sentence for the reader, shown below."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table of figures, with a row for each of some things and a column for each of others: who wins against whom."""

    title: str
    shows: str
    """The meaning of a field, seen from the field's row."""
    rows: Sequence[str]
    """Names of length r."""
    columns: Sequence[str]
    """Names of length c."""
    values: Sequence[Numbers]
    """Shape (r, c); NaN for an empty field."""
    low: Sequence[Numbers] | None = None
    """Lower ends of 95 % intervals, shape (r, c)."""
    high: Sequence[Numbers] | None = None
    """Upper ends of the intervals, shape (r, c)."""
    unit: str = "fraction"
    """Unit of the values, as metrics name it; fractions are shown as percentages."""
    middle: float = 0.5
    """The neutral value; a field is coloured if its interval excludes this value."""
    reach: float = 0.5
    """Distance from the middle at which colours are strongest."""
    name: str = ""
    """Name of the matrix, if it does not belong to a model."""
    reference: bool = False
    """True for a matrix that models are compared with."""
    note: str = ""
    """A sentence for the reader, shown below."""
    counts: Sequence[Numbers] | None = None
    """Number of items behind each field, shape (r, c): a page hides the fields that rest on a handful."""

    def __post_init__(self) -> None:
        for name in ("values", "low", "high", "counts"):
            lines = getattr(self, name)
            if lines is not None and [len(line) for line in lines] != [len(self.columns)] * len(self.rows):
                shape = f"{len(self.rows)} rows of {len(self.columns)}"
                raise ValueError(f"{name} of a matrix must be {shape}, not {[len(line) for line in lines]}")
