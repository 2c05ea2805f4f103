"""One figure of an audit: a value with its interval, what a fair judge has, and how sure it is that this one has not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Estimate, FloatArray, stats

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


def of_estimate(key: str, title: str, estimate: Estimate, **more: Any) -> Figure:
    """Make a figure of an estimate."""
    return Figure(key, title, estimate.value, estimate.low, estimate.high, estimate.n, **more)


def of_differences(
    key: str,
    title: str,
    values: FloatArray,
    clusters: NDArray[np.int64],
    bounds: tuple[float, float],
    confidence: float,
    **more: Any,
) -> Figure:
    """Make a figure of the mean of differences of shares.

    Differences that are all the same are not known without error: of n clusters, some more than the upper end of the exact
    interval of 0 of n may differ.
    """
    estimate = stats.mean_estimate(values, clusters=clusters, bounds=bounds, confidence=confidence)
    figure = of_estimate(key, title, estimate, unit=SIGNED, **more)
    if not estimate.stderr > 1e-12:
        _, share = stats.clopper_pearson(0, len(np.unique(clusters)), confidence=confidence)
        figure.low = figure.value - share * (figure.value - bounds[0])
        figure.high = figure.value + share * (bounds[1] - figure.value)
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
    return float(
        stats.sign_flip_test(values, clusters=clusters, replicates=4999, rng=np.random.default_rng(SEED))
    )
