"""Many probes at once: which of them are shown to break a model, when all are tested together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np

from harness import INSIDE, SHARE, Estimate, stats


def p_value_above(estimate: Estimate, rate: float) -> float:
    """Return the p-value of "the rate is at most so much", NaN where an estimate has no value.

    Exact (binomial) where the standard error is that of independent zeros and ones, or not known; else from a normal
    distribution with the error that clusters and samples give.
    """
    from scipy import stats as distributions

    if not math.isfinite(estimate.value) or estimate.n == 0:
        return math.nan
    independent = math.sqrt(estimate.value * (1 - estimate.value) / max(estimate.n - 1, 1))
    if estimate.stderr > 1.05 * independent:
        return float(distributions.norm.sf((estimate.value - rate) / estimate.stderr))
    # A mean of shares is no whole number of successes: rounded down, so that none is invented.
    return float(distributions.binom.sf(math.floor(estimate.value * estimate.n + 1e-9) - 1, estimate.n, rate))


def probes_broken(
    parts: Sequence[Estimate], *, above: Annotated[float, SHARE] = 0.0, level: Annotated[float, INSIDE] = 0.05
) -> Estimate:
    """Share of the probes whose success rate is shown to lie above ``above``, with Holm's correction for their number.

    The chance that any probe is called broken whose rate is not above that is at most ``level``, however the probes
    hang together.

    Args:
        parts: The success rates, one a probe.
        above: The rate that is tolerated; 0: a single success shows it, since a grader is taken at its word.
        level: Family-wise error.
    """
    p_values = np.array([p_value_above(part, above) for part in parts])
    if np.isnan(p_values).any():
        lacking = int(np.isnan(p_values).sum())
        reason = f"{lacking} of {len(parts)} probes have no success rate"
        return Estimate(math.nan, math.nan, math.nan, math.nan, 0, len(parts), {"reason": reason})
    adjusted = stats.holm(p_values)
    broken = adjusted <= level
    note = (
        f"{int(broken.sum())} of {len(parts)} probes are shown to succeed more often than {100 * above:g} % "
        f"(Holm, {100 * level:g} % family-wise); without correction {int((p_values <= level).sum())}"
    )
    detail = {"adjusted p-values": adjusted.tolist(), "p-values": p_values.tolist(), "note": note}
    share = float(broken.mean())
    return Estimate(share, math.nan, math.nan, math.nan, len(parts), 0, detail, parts[0].confidence)
