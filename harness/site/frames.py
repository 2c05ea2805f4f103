"""Pictures of all models on one task, laid together: those of the same metric and title share a frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from harness.collect import Table
from harness.metric import Metric
from harness.pictures import Picture, Series

MOST_MODELS = 24
"""In one frame; the first ones, which are the best ranked. More curves than that nobody tells apart."""
_POINTS = 15_000
"""Of one frame, shared by its models."""
_FEWEST, _MOST = 64, 400


def frames(metrics: Sequence[Metric], tables: Mapping[str, Table]) -> list[dict[str, Any]]:
    """The frames of a task as plain data.

    Args:
        metrics: Those of the task.
        tables: The columns of each model, by the name of its page, the best ranked first.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    drawn = dict(islice(tables.items(), MOST_MODELS))
    limit = max(_FEWEST, min(_MOST, _POINTS // max(1, len(drawn))))
    for model, table in drawn.items():
        for metric in metrics:
            mask = metric.valid(table.columns)
            if not mask.any():
                continue
            columns = table.columns if mask.all() else table.columns.take(mask)
            for picture in metric.pictures(columns):
                _add(found, metric.name, model, picture, limit)
    return _distinct(list(found.values()))


def _distinct(frames: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each picture once: a metric with several arguments may draw the same for all of them."""
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


def _add(found: dict[tuple[str, str], dict[str, Any]], metric: str, model: str, picture: Picture, limit: int) -> None:
    frame = found.setdefault((metric, picture.title), _frame(metric, picture))
    for series in picture.series:
        plain = _series(series, limit)
        # Most models share the values across; each is kept once.
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
    kept = _thinned(len(series.y), limit)
    plain: dict[str, Any] = {"form": series.form}
    if series.name:
        plain["name"] = series.name
    for name in ("x", "y", "low", "high"):
        values = getattr(series, name)
        if values is not None:
            plain[name] = [_short(values[i]) for i in kept]
    return plain


def _thinned(count: int, limit: int) -> list[int]:
    """Evenly spaced indices, both ends among them."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(count, limit)).round())] if count else []


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value
    number = float(value)
    return float(f"{number:.4g}") if math.isfinite(number) else None
