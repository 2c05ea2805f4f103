"""The result of every metric: a number that never travels without its uncertainty."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

_ROUNDING = 1e-9
"""Share of a value that rounding may move it by."""


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
    chance: float | None = None
    """The value to expect of answers that have nothing to do with what is asked; None: unknown, or there is none."""

    @property
    def at_chance(self) -> bool:
        """Whether the interval includes chance; False where chance or the interval is unknown.

        >>> Estimate(0.52, 0.03, 0.46, 0.58, 300, chance=0.5).at_chance
        True
        """
        if self.chance is None or not (self.low <= self.high and math.isfinite(self.chance)):
            return False
        # Rounding must not part a value on chance, such as that of equal scores, from an interval without width.
        slack = _ROUNDING * max(1.0, abs(self.chance))
        return self.low - slack <= self.chance <= self.high + slack

    def worse_than_chance(self, higher_is_better: bool) -> bool:
        """Return whether the whole interval lies on the worse side of chance; False where either is unknown."""
        if self.chance is None or not self.low <= self.high or self.at_chance:
            return False
        return self.high < self.chance if higher_is_better else self.low > self.chance


def not_available(*, n: int = 0, n_failed: int = 0, confidence: float = 0.95) -> Estimate:
    """Return the estimate of something that cannot be computed from `n` usable items: NaN throughout."""
    return Estimate(math.nan, math.nan, math.nan, math.nan, n, n_failed, confidence=confidence)
