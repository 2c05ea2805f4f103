"""Pictures of all models on one task, laid together: pictures of the same metric and title share a frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from harness import Matrix, Picture, Series
from harness.results import Drawing, no_picture, thinned

_POINTS = 15_000
"""Most points of one frame, shared by its models."""
_FEWEST, _MOST = 64, 400
"""Bounds of the number of points that one model gets."""


def frames(drawn: Sequence[Drawing], say: Callable[[str], None] = lambda text: None) -> list[dict[str, Any]]:
    """Return the frames of a task as plain data; ``say`` is called with a note about each unusable picture."""
    by_title: dict[tuple[str, str], dict[str, Any]] = {}
    count = len({drawing.model for drawing in drawn})
    limit = max(_FEWEST, min(_MOST, _POINTS // max(1, count)))
    for metric, model, picture in drawn:
        if not isinstance(picture, Matrix):
            try:
                _add(by_title, metric, model, picture, limit)
            except (Exception, SystemExit) as error:  # of any plugin
                say(no_picture(metric, error))
    return distinct(list(by_title.values()))


def distinct(frames: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep each picture once: a metric with several arguments may draw the same picture for each argument."""
    kept: list[dict[str, Any]] = []
    for frame in frames:
        name = frame["metric"].split(":")[0]
        same = (
            old
            for old in kept
            if old["metric"].split(":")[0] == name and {**old, "metric": ""} == {**frame, "metric": ""}
        )
        twin = next(same, None)
        if twin is None:
            kept.append(frame)
        else:
            twin["metric"] = name
    return kept


def _add(
    by_title: dict[tuple[str, str], dict[str, Any]], metric: str, model: str, picture: Picture, limit: int
) -> None:
    made = [(series, _series(series, limit)) for series in picture.series]  # all, before any is added: one may raise
    frame = by_title.setdefault((metric, picture.title), _frame(metric, picture))
    for series, plain in made:
        # Most models have the same values on the x axis, and a page grows by each copy: keep one of each.
        if plain["x"] not in frame["across"]:
            frame["across"].append(plain["x"])
        plain["x"] = frame["across"].index(plain["x"])
        if not series.reference:
            frame["models"].setdefault(model, []).append(plain)
        elif plain not in frame["references"]:
            frame["references"].append(plain)


def _frame(metric: str, picture: Picture) -> dict[str, Any]:
    return {
        "metric": metric,
        "title": picture.title,
        "x": picture.x,
        "y": picture.y,
        "x_scale": picture.x_scale,
        "y_scale": picture.y_scale,
        "x_range": picture.x_range,
        "y_range": picture.y_range,
        "note": picture.note,
        "across": [],
        "references": [],
        "models": {},
    }


def _series(series: Series, limit: int) -> dict[str, Any]:
    kept = thinned(len(series.y), limit)
    plain: dict[str, Any] = {"form": series.form}
    if series.name:
        plain["name"] = series.name
    for name in ("x", "y", "low", "high"):
        values = getattr(series, name)
        if values is not None:
            plain[name] = [_short(values[i]) for i in kept]
    return plain


def _short(value: Any) -> Any:
    """Round a number to the digits that a page shows; NaN becomes None, and texts stay as they are."""
    if isinstance(value, str) or value is None:
        return value
    number = float(value)
    return float(f"{number:.4g}") if math.isfinite(number) else None
