"""Metrics of pairs of prompts: whether the probability of sharing a response is right, and what a threshold costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from harness import ANY, COUNT, SHARE, Columns, OneOf, stats
from harness.kinds.detection_calibration import BINNINGS, Brier, ExpectedCalibrationError, LogLoss
from harness.kinds.detection_decisions import BoolArray, FalsePositiveRate, Precision, Share, TruePositiveRate
from harness.kinds.scored import ScoredMetric

NO_PROBABILITY = (
    "the model gave no probability that a response is shared: ask one that offers reuse, such as one that cache-head "
    "trained, or calibrated-embedder:base=[MODEL],temperature=...,offset=..."
)
_JUST_BELOW = float(np.nextafter(0.0, -1.0))
"""The core's metrics call what is above a threshold; a cache hits at the threshold, too."""


class _OfProbability(ScoredMetric):
    needs = ("log_odds", "same")

    def nothing_valid(self, columns: Columns) -> str:
        """Say that there is no probability, where the model was asked for vectors or scores."""
        similar = columns.values.get("similarity")
        return NO_PROBABILITY if similar is not None and np.isfinite(similar).any() else "every request failed"


class ReuseBrier(_OfProbability, Brier):
    """Mean squared error of the probability that a response is shared."""

    description = "mean squared error of the probability that two prompts share a response"


class ReuseLogLoss(_OfProbability, LogLoss):
    """Mean negative log-probability of whether a pair shares a response, in nats."""

    description = "mean negative log-probability of whether two prompts share a response"


class ReuseCalibrationError(_OfProbability, ExpectedCalibrationError):
    """Mean distance between probability and share of pairs that are the same, over bins of equal width or mass."""

    description = "distance of probability and share of pairs that share a response, over `bins`; biased upward"

    def __init__(self, bins: Annotated[int, COUNT] = 15, binning: Annotated[str, OneOf(*BINNINGS)] = "width") -> None:
        super().__init__(bins, binning)


class _AtThreshold(Share):
    """Base of metrics of pairs that a cache would take for the same: at or above a threshold.

    Args:
        similarity: The threshold where the model gave a similarity.
        probability: The threshold where it gave a probability.
    """

    needs = ("similarity", "same")

    def __init__(self, similarity: Annotated[float, ANY] = 0.8, probability: Annotated[float, SHARE] = 0.5) -> None:
        super().__init__(_JUST_BELOW)
        self.similarity, self.probability = similarity, probability

    def threshold_of(self, columns: Columns) -> float:
        """Return the threshold that counts for these rows: a model gives probabilities or similarities, never both."""
        given = columns.values.get("probability")
        return self.similarity if given is None or np.isnan(given).all() else self.probability

    def split(self, columns: Columns) -> tuple[Any, Any]:
        """Return how far each row is above the threshold, and the labels."""
        return columns.values["similarity"] - self.threshold_of(columns), columns.values["same"]

    def called(self, columns: Columns) -> BoolArray:
        """Mark the rows at or above the threshold, (n,)."""
        return np.asarray(self.split(columns)[0] >= 0)

    def levels(self, columns: Columns) -> stats.Levels:
        """Return the distances from the threshold and the labels, sorted."""
        name = f"levels of similarity less {self.threshold_of(columns)} by same"
        return columns.once(name, lambda these: stats.levels(*self.split(these)))

    def detail(self, columns: Columns) -> Mapping[str, Any]:
        """Return the counts behind the share, and the threshold."""
        return {**super().detail(columns), "threshold": self.threshold_of(columns)}


class HitPrecision(_AtThreshold, Precision):
    """Share of the pairs at or above a threshold that share a response."""

    description = "share of pairs at or above a threshold of `similarity` or `probability` that share a response"


class FalseHitRate(_AtThreshold, FalsePositiveRate):
    """Share of the pairs that do not share a response that are at or above a threshold."""

    description = "share of pairs without a common response that a threshold takes for hits"
    higher_is_better = False


class TrueHitRate(_AtThreshold, TruePositiveRate):
    """Share of the pairs that share a response that are at or above a threshold."""

    description = "share of pairs with a common response that a threshold takes for hits"


class PairEfficiency(_AtThreshold):
    """True hits less false hits at a threshold, over the pairs that share a response.

    This is the efficiency of arXiv 2402.01173 where every pair is asked one after the other, as in its simulation of
    500 pairs, of which 250 share a response.
    """

    description = "true hits less false hits at a threshold, over the pairs that share a response"
    bounds = None

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect of as many hits that know nothing of the labels."""
        share, called = self.share_of_positives(columns), self.share_called(columns)
        return None if share is None or called is None else called * (1 - (1 - share) / share)

    def linearise(self, columns: Columns) -> stats.Linearised:
        """Return the value, and the influence of each row on it.

        Raises:
            ValueError: no pair shares a response.
        """
        called, same = self.called(columns), columns.values["same"] == 1
        if not same.any():
            raise ValueError("no pair shares a response")
        gained = np.where(same, 1.0, -1.0) * called
        value = float(gained.sum() / same.sum())
        return stats.Linearised(value, (gained - value * same) / same.mean())

    def among(self, columns: Columns) -> BoolArray:
        """Mark the pairs that share a response."""
        return np.asarray(columns.values["same"] == 1)

    def classes(self, columns: Columns) -> None:
        """Return None: either label has its part in the value."""
        return

    def interval(self, columns: Columns, estimate: stats.Estimate, confidence: float) -> tuple[float, float]:
        """Return the interval of the influences."""
        return estimate.low, estimate.high

    def detail(self, columns: Columns) -> Mapping[str, Any]:
        """Return the counts of hits, and the threshold."""
        counts = self.counts(columns)
        return {
            "true_hits": counts.true_positives,
            "false_hits": counts.false_positives,
            "of": counts.positives,
            "threshold": self.threshold_of(columns),
        }
