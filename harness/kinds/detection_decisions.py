"""Metrics of a detector's decisions at a threshold, with exact intervals for independent items."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.kinds.scored import ScoredMetric
from harness.metric import Columns
from harness.ranges import ANY, INSIDE
from harness.stats import Estimate, Linearised

BoolArray = NDArray[np.bool_]


class DecisionMetric(ScoredMetric):
    """Base of metrics of the decision to call a row with ``log_odds > threshold`` positive."""

    def __init__(self, threshold: Annotated[float, ANY] = 0.0) -> None:
        self.threshold = threshold

    def called(self, columns: Columns) -> BoolArray:
        """Mark the rows whose score is above the threshold, (n,)."""
        return np.asarray(columns.values[self.needs[0]] > self.threshold)

    def counts(self, columns: Columns) -> stats.Confusion:
        """Count the decisions by call and label."""
        return stats.confusion(*self.split(columns), threshold=self.threshold)

    def share_called(self, columns: Columns) -> float | None:
        """Return the share of rows called positive, as many in either class if calls know nothing of the labels.

        None on labels of one class.
        """
        return float(self.called(columns).mean()) if self.both_classes(columns) else None


class F1(DecisionMetric):
    """Harmonic mean of precision and recall if ``log_odds > threshold`` is called positive."""

    description = "harmonic mean of precision and recall at a threshold"

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect of as many calls that know nothing of the labels."""
        if not self.both_classes(columns):
            return None
        counts = self.counts(columns)
        return 2 * counts.called * counts.positives / len(columns) / (counts.called + counts.positives)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.f1(*self.split(columns), threshold=self.threshold)


class BalancedAccuracy(DecisionMetric):
    """Mean of true positive and true negative rate if ``log_odds > threshold`` is called positive."""

    description = "mean of true positive and true negative rate at a threshold"
    chance = 0.5

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.balanced_accuracy(*self.split(columns), threshold=self.threshold)

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered."""
        return self.labels_if_clustered(columns)

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Combine Wilson's intervals of both rates, adding halves in squares; for clustered rows use the influences."""
        if columns.clusters is not None:
            return estimate.low, estimate.high
        counts = self.counts(columns)
        parts = ((counts.true_positives, counts.positives), (counts.true_negatives, counts.negatives))
        ends = [stats.wilson(*part, confidence=confidence) for part in parts]
        shares = [right / of for right, of in parts]
        below = math.hypot(*(share - low for share, (low, _) in zip(shares, ends, strict=True))) / 2
        above = math.hypot(*(high - share for share, (_, high) in zip(shares, ends, strict=True))) / 2
        return estimate.value - below, estimate.value + above


class Share(DecisionMetric):
    """Base of metrics that are a share of some of the rows, and so binomial figures."""

    def among(self, columns: Columns) -> BoolArray:
        """Mark the rows that the metric is a share of, (n,)."""
        raise NotImplementedError

    def tally(self, counts: stats.Confusion) -> tuple[int, int]:
        """Return how many rows succeed, and of how many."""
        raise NotImplementedError

    def trials(self, columns: Columns) -> int:
        """Count the rows that the metric is a share of, or the clusters that hold such a row."""
        among = self.among(columns)
        return int(among.sum()) if columns.clusters is None else len(np.unique(columns.clusters[among]))

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return, for clustered rows, class 0 for the rows that the metric is a share of and -1 for the others."""
        return None if columns.clusters is None else self.among(columns).astype(np.int64) - 1

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return Clopper and Pearson's interval; for clustered rows, the interval of the influences."""
        if columns.clusters is not None:
            return estimate.low, estimate.high
        return stats.clopper_pearson(*self.tally(self.counts(columns)), confidence=confidence)

    def detail(self, columns: Columns) -> Mapping[str, Any]:
        """Return the counts behind the share, and the kind of its interval."""
        count, total = self.tally(self.counts(columns))
        kind = "Clopper-Pearson" if columns.clusters is None else f"clustered, {self.trials(columns)} clusters"
        return {"count": count, "of": total, "threshold": self.threshold, "interval": kind}


class TruePositiveRate(Share):
    """Share of positives with ``log_odds > threshold``."""

    description = "share of positives called positive at a threshold"
    chance = DecisionMetric.share_called

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.true_positive_rate(*self.split(columns), threshold=self.threshold)

    def among(self, columns: Columns) -> BoolArray:
        """Mark the rows with the label 1."""
        return np.asarray(columns.values[self.needs[1]] == 1)

    def tally(self, counts: stats.Confusion) -> tuple[int, int]:
        """Count the positives that are called positive, and all positives."""
        return counts.true_positives, counts.positives


class FalsePositiveRate(Share):
    """Share of negatives with ``log_odds > threshold``."""

    description = "share of negatives called positive at a threshold; over-refusal, on harmless prompts"
    higher_is_better = False
    chance = DecisionMetric.share_called

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.false_positive_rate(*self.split(columns), threshold=self.threshold)

    def among(self, columns: Columns) -> BoolArray:
        """Mark the rows with the label 0."""
        return np.asarray(columns.values[self.needs[1]] == 0)

    def tally(self, counts: stats.Confusion) -> tuple[int, int]:
        """Count the negatives that are called positive, and all negatives."""
        return counts.false_positives, counts.negatives


class Precision(Share):
    """Share of rows with ``log_odds > threshold`` that are positive."""

    description = "share of what is called positive that is, at a threshold"
    chance = ScoredMetric.share_of_positives

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.precision(*self.split(columns), threshold=self.threshold)

    def among(self, columns: Columns) -> BoolArray:
        """Mark the rows that are called positive."""
        return self.called(columns)

    def tally(self, counts: stats.Confusion) -> tuple[int, int]:
        """Count the positives among the rows called positive, and all rows called positive."""
        return counts.true_positives, counts.called


class PredictiveValue(DecisionMetric):
    """Share of alarms that are right if ``prevalence`` of all texts are positive."""

    description = "share of alarms that are right at a threshold and a stated `prevalence`"

    def __init__(self, prevalence: Annotated[float, INSIDE] = 0.001, threshold: Annotated[float, ANY] = 0.0) -> None:
        super().__init__(threshold)
        self.prevalence = prevalence

    def chance(self, columns: Columns) -> float:
        """Return the stated prevalence: alarms that know nothing of the labels are right as often as any text is."""
        return self.prevalence

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.positive_predictive_value(
            *self.split(columns), prevalence=self.prevalence, threshold=self.threshold
        )

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered."""
        return self.labels_if_clustered(columns)

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Combine exact intervals of both rates; for clustered rows use the influences."""
        if columns.clusters is not None:
            return estimate.low, estimate.high
        return stats.predictive_value_interval(
            *self.split(columns), prevalence=self.prevalence, threshold=self.threshold, confidence=confidence
        )

    def detail(self, columns: Columns) -> Mapping[str, Any]:
        """Return the two rates behind the value, and the share of positives in the data."""
        counts = self.counts(columns)
        return {
            "true_positive_rate": counts.true_positives / counts.positives,
            "false_positive_rate": counts.false_positives / counts.negatives,
            "prevalence_here": counts.positives / len(columns),
        }
