"""Aggregates: one figure out of several estimates, with its error."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from harness.stats import Estimate

_DRAWS = 20_000
Correlation = NDArray[np.float64]
"""Of the parts with each other, shape (k, k); those that share items go up and down together."""


def mean(
    parts: Sequence[Estimate], *, weights: Sequence[float] | None = None, correlation: Correlation | None = None
) -> Estimate:
    """Weighted mean of estimates; of independent ones the errors add in squares.

    So do the two halves of the intervals (Zou and Donner 2008), at the parts' confidence: the interval stays within the
    parts' bounds, keeps their skewness, and has a width where a part lies on its bound and its error is 0. A mean of
    means is therefore the mean of all parts at the products of the weights, with the same error and interval. Parts on
    shared items are correlated, and twice the product of each two, times their correlation, is added to the squares.
    Chance is the mean of the parts' chance levels, where all have one.

    Args:
        parts: What is averaged.
        weights: One positive number a part, of any sum; None: all the same.
        correlation: Of the parts; None: they are independent.
    """
    raw = np.ones(len(parts)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = raw / raw.sum()
    value = float(share @ [part.value for part in parts])
    pairs = list(zip(share.tolist(), parts, strict=True))
    stderr = _together([w * part.stderr for w, part in pairs], correlation)
    below = _together([w * (part.value - part.low) for w, part in pairs], correlation)
    above = _together([w * (part.high - part.value) for w, part in pairs], correlation)
    chances = [part.chance for part in parts if part.chance is not None]
    chance = float(share @ chances) if len(chances) == len(parts) else None
    low, high = value - below, value + above
    return Estimate(value, stderr, low, high, *_counts(parts), confidence=_level(parts), chance=chance)


def minimum(
    parts: Sequence[Estimate], *, confidence: float | None = None, correlation: Correlation | None = None
) -> Estimate:
    """The lowest of several estimates, for the lowest of the true figures.

    The lowest of noisy figures lies below the lowest true one, so the interval is not centred on it. Its lower end is
    the lowest of the parts' lower ends; its upper end the lowest of their upper ends, each widened so that all of them
    hold together (Bonferroni). It covers at least as often as the level says, whether parts share items or not. The
    standard error is that of the lowest of seeded normal draws around the estimates.

    Args:
        parts: Of what.
        confidence: Level of the parts' intervals; None: as they say.
        correlation: Of the parts; None: they are independent.
    """
    level = _level(parts) if confidence is None else confidence
    values = np.array([part.value for part in parts])
    spread = np.array([part.stderr for part in parts])
    noise = np.random.default_rng(0).standard_normal((_DRAWS, len(parts)))
    if correlation is not None and not _independent(correlation):
        noise = noise @ _root(correlation)
    draws = (values + spread * noise).min(axis=1)
    tail = (1 - level) / 2
    wider = _quantile(1 - tail / len(parts)) / _quantile(1 - tail)
    highs = [part.value + wider * (part.high - part.value) for part in parts]
    if all(part.low >= 0 and part.high <= 1 for part in parts):
        highs = [min(high, 1.0) for high in highs]
    low, high = float(np.min([part.low for part in parts])), float(np.min(highs))
    stderr = float(draws.std(ddof=1))
    return Estimate(float(values.min()), stderr, low, high, *_counts(parts), confidence=level)


def maximum(
    parts: Sequence[Estimate], *, confidence: float | None = None, correlation: Correlation | None = None
) -> Estimate:
    """The highest of several estimates, for the highest of the true figures: `minimum` from the other side.

    Args:
        parts: Of what.
        confidence: Level of the parts' intervals; None: as they say.
        correlation: Of the parts; None: they are independent.
    """
    made = _mirrored(minimum([_mirrored(part) for part in parts], confidence=confidence, correlation=correlation))
    shares = all(part.low >= 0 and part.high <= 1 for part in parts)
    return dataclasses.replace(made, low=max(made.low, 0.0)) if shares else made


def _mirrored(part: Estimate) -> Estimate:
    """Turn an estimate round, so that the highest becomes the lowest."""
    return dataclasses.replace(part, value=-part.value, low=-part.high, high=-part.low, detail={}, chance=None)


def _together(parts: list[float], correlation: Correlation | None) -> float:
    """The size of a sum of parts of these sizes."""
    if correlation is None or _independent(correlation) or not all(map(math.isfinite, parts)):
        return math.hypot(*parts)
    sizes = np.array(parts)
    return math.sqrt(max(0.0, float(sizes @ correlation @ sizes)))


def _independent(correlation: Correlation) -> bool:
    return not (correlation - np.diag(np.diag(correlation))).any()


def _root(correlation: Correlation) -> NDArray[np.float64]:
    """A symmetric square root."""
    values, vectors = np.linalg.eigh(correlation)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _quantile(probability: float) -> float:
    return NormalDist().inv_cdf(probability)


def _counts(parts: Sequence[Estimate]) -> tuple[int, int]:
    return sum(part.n for part in parts), sum(part.n_failed for part in parts)


def _level(parts: Sequence[Estimate]) -> float:
    """That of the parts, where they have one; the lowest of several."""
    return min((part.confidence for part in parts), default=0.95)
