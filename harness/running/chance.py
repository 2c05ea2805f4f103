"""The chance level of a metric: what answers that have nothing to do with what is asked would be expected to give."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from harness.metric import Columns, Metric
from harness.stats import Estimate


def chance_level(metric: Metric, columns: Columns) -> float | None:
    """Return a metric's chance level on columns, failed rows included; None where it has none.

    Args:
        metric: The metric; its ``chance`` is a number, a method of the valid rows, or None.
        columns: All rows.

    Raises:
        TypeError: ``chance`` is, or gives, no number.
        ValueError: it is not finite, or lies outside the metric's bounds.
    """
    declared = metric.chance
    if declared is None:
        return None
    if callable(declared):
        mask = metric.valid(columns)
        if not mask.any():
            return None
        declared = declared(columns.only(mask))
        if declared is None:
            return None
    return _checked(declared, metric.bounds)


def wrong_chance(kind: type[Metric]) -> str:
    """Return what is wrong with the chance level that a class of metrics declares; empty if nothing is.

    A method is not called: there are no columns to call it with.
    """
    declared = kind.chance
    if declared is None or callable(declared):
        return ""
    try:
        _checked(declared, kind.bounds)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _checked(declared: Any, bounds: tuple[float, float] | None) -> float:
    if isinstance(declared, (bool, str)) or not hasattr(declared, "__float__"):
        raise TypeError(f"chance must be a number, a method of columns, or None; it is {declared!r}")
    level = float(declared)
    if not math.isfinite(level):
        raise ValueError(f"chance must be a finite number, or None where there is none; it is {level}")
    low, high = bounds or (-math.inf, math.inf)
    if not low - _ROUNDING <= level <= high + _ROUNDING:
        raise ValueError(f"chance is {level:g}, outside the bounds of the metric, {low:g} to {high:g}")
    return min(max(level, low), high)


def with_chance(metric: Metric, estimate: Estimate, columns: Columns) -> Estimate:
    """Return an estimate with the chance level of its metric; one that has a level of its own keeps it.

    Raises:
        TypeError, ValueError: as of `chance_level`.
    """
    if estimate.chance is not None or math.isnan(estimate.value):
        return estimate
    return dataclasses.replace(estimate, chance=chance_level(metric, columns))


_ROUNDING = 1e-9
