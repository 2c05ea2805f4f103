"""Thresholds that are certified at a rate of false alarms, or best by a figure."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import DataError, stats


class Threshold(NamedTuple):
    """A threshold: log-odds strictly above it are called positive."""

    threshold: float
    allowed: int | None = None
    """False alarms that the split may hold, for a certified rate."""


def allowed_false_positives(negatives: int, rate: float, confidence: float) -> int:
    """Compute how many of n negatives may lie above a certified threshold; -1 if even none is too many.

    This is the largest a with P(Bin(n, rate) <= a) <= 1 - confidence: if the (n - a)-th smallest negative score is the
    threshold, the false positive rate exceeds ``rate`` with at most probability 1 - confidence (Tong, Feng and Li 2018,
    Science Advances 4:eaao1659, proposition 1; exact for continuous scores, and safe with ties).

    Args:
        negatives: Number of negatives, n.
        rate: In (0, 1).
        confidence: In (0, 1).
    """
    from scipy.stats import binom

    risk = 1.0 - confidence
    lowest, highest = -1, negatives  # of binom.cdf(lowest) <= risk < binom.cdf(highest), which is 1
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        lowest, highest = (middle, highest) if binom.cdf(middle, negatives, rate) <= risk else (lowest, middle)
    return lowest


def negatives_needed(rate: float, confidence: float) -> int:
    """Compute the fewest negatives that certify a rate: with fewer, even none above the threshold proves too little."""
    return math.ceil(math.log(1.0 - confidence) / math.log1p(-rate))


def certified(scores: NDArray[np.float64], labels: NDArray[np.bool_], rate: float, confidence: float) -> Threshold:
    """Find the lowest threshold whose false positive rate is at most ``rate`` with the given confidence.

    Args:
        scores: Shape (n,), finite.
        labels: Shape (n,).
        rate: In (0, 1).
        confidence: In (0, 1), over the draw of the split.

    Raises:
        DataError: too few negatives certify the rate; the message says how many are needed.
    """
    negatives = np.sort(scores[~labels])
    allowed = allowed_false_positives(len(negatives), rate, confidence)
    if allowed < 0:
        reachable = -math.expm1(math.log(1.0 - confidence) / len(negatives)) if len(negatives) else 1.0
        raise DataError(
            f"{len(negatives):,} negatives cannot certify a false positive rate of {rate:g} with confidence "
            f"{confidence:g}: at least {negatives_needed(rate, confidence):,} are needed; these certify "
            f"{reachable:.3g} at best"
        )
    return Threshold(float(negatives[len(negatives) - allowed - 1]), allowed)


def best_f1(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> Threshold:
    """Find the threshold of the greatest F1; of several, the one that calls the fewest positive."""
    levels, hits, alarms = _counts(scores, labels)
    return Threshold(_between(levels, 2 * hits / (hits + alarms + labels.sum())))


def best_balanced_accuracy(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> Threshold:
    """Find the threshold of the greatest balanced accuracy; of several, the one that calls the fewest positive."""
    levels, hits, alarms = _counts(scores, labels)
    return Threshold(_between(levels, hits / labels.sum() - alarms / (~labels).sum()))


def _counts(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    """Return the distinct scores, highest first, with the positives and the negatives at or above each."""
    sorted_ = stats.levels(scores, labels)
    alarms, hits = sorted_.let_in
    return sorted_.scores[::-1], hits[1:], alarms[1:]


def _between(levels: NDArray[np.float64], worth: NDArray[np.float64]) -> float:
    """Return the value half-way below the level of the greatest worth; a tied level is never parted."""
    last = int(np.flatnonzero(worth >= worth.max() - 1e-12)[0])
    if last + 1 == len(levels):
        return float(np.nextafter(levels[last], -np.inf))
    above, below = float(levels[last]), float(levels[last + 1])
    middle = below + (above - below) / 2
    return middle if below <= middle < above else below
