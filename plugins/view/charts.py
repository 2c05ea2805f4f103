"""Pictures as SVG, made here: pages stay readable without scripts, and load nothing but their own style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from harness import Picture, Series
from harness.results import thinned

from .texts import shown

WIDTH, HEIGHT = 440, 320
"""Size of a drawing, in the units of its coordinates."""
LEFT, RIGHT, TOP, BOTTOM = 66, 14, 12, 46
"""Room for the numbers and titles of the axes."""
_POINTS = 300
"""Most points of one series: more would not be told apart at this size."""
_BAR, _GAP = 16, 12
"""Height of a bar, and the room above the bars of one name, which holds the name."""
_NAME = 20
_SERIES = 6
"""Number of the styles of series, after which they come again; see ``charts.css``."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: which numbers stand where."""

    low: float
    high: float
    log: bool
    start: float
    """Place of the low end on the drawing."""
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value on the drawing, inside it."""
        low, high, value = (self._flat(v) for v in (self.low, self.high, value))
        share = 0.5 if high == low else (value - low) / (high - low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def _flat(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.log else value

    def ticks(self) -> list[float]:
        """Return the values to write at the axis: round ones, and of a logarithmic axis powers of ten or of two."""
        if not self.log:
            return _round_values(self.low, self.high)
        if self.high / self.low < 100:
            powers = [2.0**k for k in range(math.floor(math.log2(self.low)), math.ceil(math.log2(self.high)) + 1)]
        else:
            powers = [10.0**k for k in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)]
        inside = [value for value in powers if self.low * 0.999 <= value <= self.high * 1.001]
        return inside[:: max(1, math.ceil(len(inside) / 9))]


def chart(picture: Picture) -> Markup:
    """Draw a picture of one model, with the names of its series below if it has several.

    Raises:
        ValueError: the picture has nothing that can be drawn.
    """
    if any(series.form == "bars" for series in picture.series):
        return _bar_chart(picture)
    xs = [_numbers(series.x) for series in picture.series]
    across = _axis(xs, picture.x_range, picture.x_scale == "log", LEFT, WIDTH - RIGHT)
    heights = [_numbers(v) for s in picture.series for v in (s.y, s.low, s.high) if v is not None]
    up = _axis(heights, picture.y_range, picture.y_scale == "log", HEIGHT - BOTTOM, TOP)
    parts = [*_grid(across, up, picture)]
    own = 0
    for series, x in zip(picture.series, xs, strict=True):
        style = "reference" if series.reference else f"s{own % _SERIES}"
        own += not series.reference
        parts += _series(series, x, across, up, style)
    return _svg(parts, HEIGHT, picture) + _legend(picture)


def _numbers(values: Sequence[float] | Sequence[str]) -> list[float]:
    return [float(value) for value in values]


def _axis(
    values: Sequence[Sequence[float]], range_: tuple[float, float] | None, log: bool, start: float, end: float
) -> Axis:
    known = np.concatenate([np.asarray(v, dtype=float) for v in values] or [np.zeros(0)])
    known = known[np.isfinite(known) & ((known > 0) | (not log))]
    if range_ is None and not len(known):
        raise ValueError("there is nothing to draw")
    low, high = range_ or (float(known.min()), float(known.max()))
    if range_ is None and not log:
        room = 0.04 * (high - low) or 0.5
        low, high = low - room, high + room
    if log and low <= 0:
        low = float(known.min()) if len(known) else high / 1000
    return Axis(low, high, log, start, end)


def _round_values(low: float, high: float, most: int = 6) -> list[float]:
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _written(value: float) -> str:
    return f"{0.0 if abs(value) < 1e-12 else value:.4g}"


def _grid(across: Axis, up: Axis, picture: Picture) -> list[Markup]:
    line = Markup('<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    number = Markup('<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
    parts = []
    for value in across.ticks():
        x = across.at(value)
        parts += [line.format(x, x, up.start, up.end), number.format(x, up.start + 17, "middle", _written(value))]
    for value in up.ticks():
        y = up.at(value)
        parts += [
            line.format(across.start, across.end, y, y),
            number.format(across.start - 7, y + 4, "end", _written(value)),
        ]
    middle = (across.start + across.end) / 2
    parts.append(
        Markup('<text class="axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            middle, up.start + 38, shown(picture.x)
        )
    )
    half = (up.start + up.end) / 2
    parts.append(
        Markup(
            '<text class="axis" x="14" y="{0:.1f}" text-anchor="middle" transform="rotate(-90 14 {0:.1f})">{1}</text>'
        ).format(half, shown(picture.y))
    )
    return parts


def _series(series: Series, x: Sequence[float], across: Axis, up: Axis, style: str) -> list[Markup]:
    kept = [i for i in thinned(len(x), _POINTS) if math.isfinite(x[i]) and math.isfinite(series.y[i])]
    steps = series.form == "steps"

    def corners(values: Sequence[float]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for i in kept:
            place = (across.at(x[i]), up.at(values[i]))
            if steps and points:
                points.append((place[0], points[-1][1]))
            points.append(place)
        return points

    parts: list[Markup] = []
    if series.form == "points":
        for i in kept:
            place = across.at(x[i])
            if series.low is not None and series.high is not None:
                low, high = up.at(series.low[i]), up.at(series.high[i])
                parts.append(
                    Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
                        style, place, place, low, high
                    )
                )
            title = f"{_written(x[i])}: {_written(series.y[i])}"
            dot = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="3.5"><title>{}</title></circle>')
            parts.append(dot.format(style, place, up.at(series.y[i]), title))
        return parts
    if series.low is not None and series.high is not None:
        around = [*corners(series.high), *reversed(corners(series.low))]
        parts.append(Markup('<polygon class="band {}" points="{}"/>').format(style, _path(around)))
    parts.append(Markup('<polyline class="{}" points="{}"/>').format(style, _path(corners(series.y))))
    return parts


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _bar_chart(picture: Picture) -> Markup:
    """Draw bars that lie, below the names of their categories, which may be long."""
    drawn = [series for series in picture.series if series.form == "bars"]
    names = list(dict.fromkeys(str(name) for series in drawn for name in series.x))
    if not names:
        raise ValueError("there is nothing to draw")
    values = [_numbers(v) for s in drawn for v in (s.y, s.low, s.high) if v is not None]
    across = _axis([*values, [0.0]], picture.y_range, picture.y_scale == "log", 12, WIDTH - RIGHT - 40)
    if picture.y_range is None and across.low > -0.05 * across.high:
        across = Axis(
            min(0.0, *(v for column in values for v in column)), across.high, across.log, across.start, across.end
        )
    step = _NAME + len(drawn) * _BAR + _GAP
    bottom = TOP + step * len(names)
    parts = []
    for value in across.ticks():
        x = across.at(value)
        parts.append(Markup('<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(x, TOP, bottom))
        parts.append(
            Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                x, bottom + 16, _written(value)
            )
        )
    parts.append(
        Markup('<text class="axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            (across.start + across.end) / 2, bottom + 36, shown(picture.y)
        )
    )
    zero = across.at(max(across.low, 0.0))
    for place, name in enumerate(names):
        top = TOP + place * step
        parts.append(
            Markup('<text class="name" x="{}" y="{}">{}</text>').format(across.start, top + 14, shown(_short(name)))
        )
        for number, series in enumerate(drawn):
            at = {str(name): i for i, name in enumerate(series.x)}.get(name)
            if at is not None and math.isfinite(series.y[at]):
                parts += _bar(series, at, across, zero, top + _NAME + number * _BAR, f"s{number % _SERIES}")
    return _svg(parts, bottom + 44, picture) + _legend(picture)


def _bar(series: Series, at: int, across: Axis, zero: float, top: float, style: str) -> list[Markup]:
    value = float(series.y[at])
    end = across.at(value)
    parts = [
        Markup('<rect class="bar {}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            style, min(zero, end), top, max(1.0, abs(end - zero)), _BAR - 2
        )
    ]
    edge = end
    if series.low is not None and series.high is not None and math.isfinite(series.low[at]):
        low, edge = across.at(series.low[at]), across.at(series.high[at])
        middle = top + _BAR / 2 - 1
        parts.append(
            Markup('<line class="error" x1="{0:.1f}" x2="{1:.1f}" y1="{2}" y2="{2}"/>').format(low, edge, middle)
        )
    parts.append(
        Markup('<text class="tick" x="{:.1f}" y="{:.1f}">{}</text>').format(
            max(edge, end, zero) + 5, top + _BAR - 4, _written(value)
        )
    )
    return parts


def _short(name: str, most: int = 70) -> str:
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-most // 2 :]}"


def _svg(parts: Sequence[Markup], height: float, picture: Picture) -> Markup:
    label = f"{picture.title}: {picture.y} against {picture.x}"
    body = Markup().join(parts)
    return Markup('<svg class="chart" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, shown(label), body
    )


def _legend(picture: Picture) -> Markup:
    names: list[tuple[str, str]] = []
    own = 0
    for series in picture.series:
        style = "reference" if series.reference else f"s{own % _SERIES}"
        own += not series.reference
        if series.name and (series.name, style) not in names:
            names.append((series.name, style))
    if not names:
        return Markup()
    key = '<svg viewBox="0 0 24 8" aria-hidden="true"><line class="{}" x1="0" x2="24" y1="4" y2="4"/></svg>'
    items = Markup().join(Markup("<li>" + key + "{}</li>").format(style, shown(name)) for name, style in names)
    return Markup('<ul class="chart-key">{}</ul>').format(items)
