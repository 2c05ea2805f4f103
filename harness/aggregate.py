"""Aggregates: one figure out of several independent estimates, with its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from harness.stats import Estimate

_DRAWS = 20_000


def mean(parts: Sequence[Estimate], *, weights: Sequence[float] | None = None) -> Estimate:
    """Weighted mean of estimates on different items; the errors add in squares.

    So do the two halves of the intervals (Zou and Donner 2008), at the parts' confidence: the interval stays within the
    parts' bounds, keeps their skewness, and has a width where a part lies on its bound and its error is 0. A mean of
    means is therefore the mean of all parts at the products of the weights, with the same error and interval.

    Args:
        parts: What is averaged.
        weights: One positive number a part, of any sum; None: all the same.
    """
    raw = np.ones(len(parts)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = raw / raw.sum()
    value = float(share @ [part.value for part in parts])
    pairs = list(zip(share.tolist(), parts, strict=True))
    stderr = math.hypot(*(w * part.stderr for w, part in pairs))
    below = math.hypot(*(w * (part.value - part.low) for w, part in pairs))
    above = math.hypot(*(w * (part.high - part.value) for w, part in pairs))
    return Estimate(value, stderr, value - below, value + above, *_counts(parts), confidence=parts[0].confidence)


def minimum(parts: Sequence[Estimate], *, confidence: float = 0.95) -> Estimate:
    """The lowest of several estimates, for the lowest of the true figures.

    The lowest of noisy figures lies below the lowest true one, so the interval is not centred on it. Its lower end is
    the lowest of the parts' lower ends; its upper end the lowest of their upper ends, each widened so that all of them
    hold together (Bonferroni). It covers at least as often as `confidence` says. The standard error is that of the
    lowest of seeded normal draws around the estimates.
    """
    values = np.array([part.value for part in parts])
    spread = np.array([part.stderr for part in parts])
    draws = (values + spread * np.random.default_rng(0).standard_normal((_DRAWS, len(parts)))).min(axis=1)
    tail = (1 - confidence) / 2
    wider = _quantile(1 - tail / len(parts)) / _quantile(1 - tail)
    highs = [part.value + wider * (part.high - part.value) for part in parts]
    if all(part.low >= 0 and part.high <= 1 for part in parts):
        highs = [min(high, 1.0) for high in highs]
    low, high = float(np.min([part.low for part in parts])), float(np.min(highs))
    return Estimate(float(values.min()), float(draws.std(ddof=1)), low, high, *_counts(parts), confidence=confidence)


def _quantile(probability: float) -> float:
    return NormalDist().inv_cdf(probability)


def _counts(parts: Sequence[Estimate]) -> tuple[int, int]:
    return sum(part.n for part in parts), sum(part.n_failed for part in parts)
