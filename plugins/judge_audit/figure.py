"""One figure of an audit: a value with its interval, what a fair judge has, and whether this one is known not to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, Linearised, stats

NAN = math.nan
SHARE, LOG_ODDS, SIGNED = "fraction", "log-odds", "difference"
SEED = 0
"""Of the sign flips: the same answers have the same p-values."""


@dataclass(slots=True)
class Figure:
    """A figure of an audit; without a p-value it is told, and never flagged."""

    key: str
    title: str
    value: float = NAN
    low: float = NAN
    high: float = NAN
    n: int = 0
    unit: str = SHARE
    fair: float | None = None
    """What a fair judge has; with a tolerance, what it has at most."""
    p_value: float = NAN
    """Of the hypothesis that the judge is fair in this respect, before many such are taken together."""
    adjusted: float = NAN
    """The same after Holm's method, over all figures of an audit."""
    flagged: bool = False
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain data; what is not known is None."""
        plain = {
            name: getattr(self, name)
            for name in ("key", "title", "value", "low", "high", "n", "unit", "fair", "p_value", "adjusted", "flagged")
        }
        plain |= {"note": self.note, "more": dict(self.more)}
        known: dict[str, Any] = finite(plain)
        return known


def finite(value: Any) -> Any:
    """Return plain data with None for every number that is not finite, which JSON cannot hold."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def mean_figure(
    key: str,
    title: str,
    values: FloatArray,
    clusters: NDArray[np.int64],
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    confidence: float = 0.95,
    **more: Any,
) -> Figure:
    """Make a figure of the mean of values.

    Args:
        key: As of `Figure`.
        title: As of `Figure`.
        values: (n,), NaN where there is none.
        clusters: (n,) codes.
        bounds: The least and the greatest value possible.
        confidence: Of the interval.
        more: Further fields of the figure.
    """
    kept = ~np.isnan(values)
    values, clusters = values[kept], clusters[kept]
    centre = float(values.mean()) if values.size else NAN
    return linear_figure(
        key, title, Linearised(centre, values - centre), clusters, bounds=bounds, confidence=confidence, **more
    )


def linear_figure(
    key: str,
    title: str,
    value: Linearised,
    clusters: NDArray[np.int64],
    *,
    bounds: tuple[float, float],
    confidence: float,
    **more: Any,
) -> Figure:
    """Make a figure of a value with influences.

    Values that are all the same are not known without error: of n clusters, some more than the upper end of the exact
    interval of 0 of n may differ.
    """
    if not value.influence.size:
        return Figure(key, title, **more)
    estimate = stats.estimate_from_influence(
        value.value, value.influence, clusters=clusters, bounds=bounds, confidence=confidence
    )
    figure = Figure(key, title, estimate.value, estimate.low, estimate.high, estimate.n, **more)
    low, high = bounds
    if not estimate.stderr > 1e-12 and low < figure.value < high:
        _, share = stats.clopper_pearson(0, len(np.unique(clusters)), confidence=confidence)
        figure.low = figure.value - share * (figure.value - low)
        figure.high = figure.value + share * (high - figure.value)
    return figure


def not_measured(key: str, title: str, why: str, **more: Any) -> Figure:
    """Make a figure without a value, which says why."""
    return Figure(key, title, note=why, **more)


def beyond(values: FloatArray, clusters: NDArray[np.int64], tolerance: float) -> float:
    """Return the one-sided p-value that the mean of values is no more than a tolerance.

    Student's t over clusters; where the values do not vary, the chance of a run of them by independent clusters.

    Args:
        values: (n,), NaN = not measured.
        clusters: (n,) codes.
        tolerance: The most that is fair, below 1.
    """
    kept = ~np.isnan(values)
    if not kept.any():
        return NAN
    values, clusters = values[kept], clusters[kept]
    mean = float(values.mean())
    if mean <= tolerance:
        return 1.0
    count = len(np.unique(clusters))
    spread = stats.spread_of(values - mean, clusters=clusters)
    if not spread.stderr > 1e-12:
        return max(tolerance, 1e-6) ** count if count > 1 else 1.0
    from scipy.special import stdtr

    return float(stdtr(spread.degrees_of_freedom, -(mean - tolerance) / spread.stderr))


def flips(values: FloatArray, clusters: NDArray[np.int64]) -> float:
    """Return the two-sided p-value that values, (n,), are as often of either sign, by flips of the clusters' signs."""
    return float(stats.sign_flip_test(values, clusters=clusters, replicates=4999, rng=np.random.default_rng(SEED)))
