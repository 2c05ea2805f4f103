"""The result of every metric: a number that never travels without its uncertainty."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error and interval, in the unit of the metric.

    NaN means "cannot be computed" (the standard error of a single cluster, the mean of no items); it never
    means zero and never means failed. Failures are counted.
    """

    value: float
    """The statistic on the items that were kept; NaN if none was."""
    stderr: float
    """Standard error, same unit as `value`; NaN with fewer than two clusters."""
    low: float
    """Lower end of the confidence interval."""
    high: float
    """Upper end of the confidence interval."""
    n: int
    """Number of items the value rests on."""
    n_failed: int = 0
    """Number of items that produced no usable response and were left out."""
    detail: Mapping[str, object] = field(default_factory=dict)
    """Further results of the metric by name (per-domain values, curves, the threshold chosen)."""
    confidence: float = 0.95
    """Nominal coverage of the interval from `low` to `high`; every heading above an interval is made from it."""


def not_available(*, n: int = 0, n_failed: int = 0, confidence: float = 0.95) -> Estimate:
    """Return the estimate of something that cannot be computed from `n` usable items: NaN throughout."""
    return Estimate(math.nan, math.nan, math.nan, math.nan, n, n_failed, confidence=confidence)
