"""Metrics at a low rate of false alarms: the share of positives caught, and the worth of the alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.kinds import detection_pictures
from harness.kinds.scored import ScoredMetric
from harness.metric import Columns
from harness.pictures import Picture
from harness.ranges import INSIDE
from harness.stats import Estimate, Linearised

_LEAST_HELD = 6
"""Least negatives within the false positive rate: with fewer the interval of a partial area is much too short."""


class TruePositiveRateAtRate(ScoredMetric):
    """True positive rate at the lowest threshold whose false positive rate is at most ``rate``."""

    description = "true positive rate at a false positive rate of at most `rate`"
    interpolated = False

    def __init__(self, rate: Annotated[float, INSIDE] = 0.01) -> None:
        self.rate = rate

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect of these scores with the labels dealt anew: about the rate."""
        return caught_by_chance(self, columns, self.rate, interpolated=self.interpolated)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it, the noise of the threshold included."""
        return stats.true_positive_rate_at_false_positive_rate(
            self.levels(columns), rate=self.rate, interpolated=self.interpolated
        )

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered."""
        return self.labels_if_clustered(columns)

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Compute the interval from counts around the threshold; for clustered rows, from the influences."""
        if columns.clusters is not None:
            return clustered_interval(columns, self.rate, self.needs[1], estimate, confidence)
        return stats.true_positive_rate_interval(
            self.levels(columns), rate=self.rate, interpolated=self.interpolated, confidence=confidence
        )

    def detail(self, columns: Columns) -> Mapping[str, Any]:
        """Return the threshold, the counts at it, and the interval of the rate if the threshold were fixed."""
        point = stats.operating_point(self.levels(columns), rate=self.rate)
        detail: dict[str, Any] = {
            "threshold": point.threshold,
            "true_positives": point.true_positives,
            "positives": point.positives,
            "false_positives": point.false_positives,
            "negatives": point.negatives,
            "tied_at_threshold": point.tied,
            "tied_below_threshold": point.tied_below,
            "interval_95_at_this_threshold": self._share_above(columns, point),
        }
        if math.isinf(point.threshold):  # JSON has no infinity
            del detail["threshold"]
        return detail

    def unresolvable(self, columns: Columns) -> str:
        """Say so if the negatives are too few for the rate."""
        return unresolvable(columns, self.rate, self.needs[1])

    def note(self, columns: Columns, confidence: float) -> str:
        """Say so if the interval begins at 0 for lack of negatives."""
        return unbounded(columns, self.rate, self.needs[1], confidence=confidence)

    def _share_above(self, columns: Columns, point: stats.OperatingPoint) -> list[float]:
        if columns.clusters is None:
            return list(stats.clopper_pearson(point.true_positives, point.positives))
        scores, labels = self.split(columns)
        caught, clusters = scores[labels == 1] >= point.threshold, columns.clusters[labels == 1]
        share = stats.mean_estimate(caught, clusters=clusters, bounds=(0, 1))
        return [share.low, share.high]

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the ROC curve on a logarithmic axis."""
        return detection_pictures.low_rate_roc(self.levels(columns), clustered=columns.clusters is not None)


class RandomisedTruePositiveRateAtRate(TruePositiveRateAtRate):
    """True positive rate at a false positive rate of exactly ``rate``: ties are let in at random as needed."""

    description = "true positive rate at a false positive rate of exactly `rate`, ties let in at random"
    interpolated = True

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw nothing: the picture of `tpr_at_fpr` shows this value too."""
        return ()


class PartialAreaUnderCurve(ScoredMetric):
    """Area under the ROC curve up to a false positive rate of ``rate``, scaled to 0.5 for chance."""

    description = "area under the ROC curve up to a false positive rate of `rate`, 0.5 for chance"
    chance = 0.5

    def __init__(self, rate: Annotated[float, INSIDE] = 0.1) -> None:
        self.rate = rate

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.partial_auroc(self.levels(columns), rate=self.rate)

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered."""
        return self.labels_if_clustered(columns)

    def unresolvable(self, columns: Columns) -> str:
        """Say so if the negatives are too few for the rate."""
        return unresolvable(columns, self.rate, self.needs[1])

    def note(self, columns: Columns, confidence: float) -> str:
        """Say so if the rate holds so few negatives that the interval covers far too seldom."""
        held = self.rate * independent_negatives(columns, self.needs[1])
        if held >= _LEAST_HELD:
            return ""
        return f"the rate holds {held:.2g} negatives only, so that the interval is too short"


class PredictiveValueAtRate(ScoredMetric):
    """Share of alarms that are right at a false positive rate, if ``prevalence`` of all texts are positive."""

    description = "share of alarms that are right at a false positive rate of `rate` and a stated `prevalence`"

    def __init__(self, prevalence: Annotated[float, INSIDE] = 0.001, rate: Annotated[float, INSIDE] = 0.001) -> None:
        self.prevalence, self.rate = prevalence, rate

    def chance(self, columns: Columns) -> float | None:
        """Return the value at the true positive rate that chance gives: about the prevalence."""
        caught = caught_by_chance(self, columns, self.rate)
        return None if caught is None else self._worth(caught)

    def linearise(self, columns: Columns) -> Linearised:
        """Apply Bayes' rule at the stated rate to the true positive rate and its influences."""
        caught, influence = stats.true_positive_rate_at_false_positive_rate(self.levels(columns), rate=self.rate)
        slope, _ = stats.predictive_value_slope(caught, self.rate, prevalence=self.prevalence)
        return Linearised(self._worth(caught), slope * influence)

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered."""
        return self.labels_if_clustered(columns)

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Carry the ends of the true positive rate's interval over: the value rises with that rate."""
        if columns.clusters is not None:
            return clustered_interval(columns, self.rate, self.needs[1], estimate, confidence)
        low, high = stats.true_positive_rate_interval(self.levels(columns), rate=self.rate, confidence=confidence)
        return self._worth(low), self._worth(high)

    def detail(self, columns: Columns) -> Mapping[str, Any]:
        """Return both rates."""
        point = stats.operating_point(self.levels(columns), rate=self.rate)
        return {"true_positive_rate": point.true_positives / point.positives, "false_positive_rate": self.rate}

    def unresolvable(self, columns: Columns) -> str:
        """Say so if the negatives are too few for the rate."""
        return unresolvable(columns, self.rate, self.needs[1])

    def note(self, columns: Columns, confidence: float) -> str:
        """Say so if the interval begins at 0 for lack of negatives."""
        return unbounded(columns, self.rate, self.needs[1], confidence=confidence)

    def _worth(self, caught: float) -> float:
        return stats.predictive_value(caught, self.rate, prevalence=self.prevalence)


def caught_by_chance(
    metric: ScoredMetric, columns: Columns, rate: float, *, interpolated: bool = False
) -> float | None:
    """Return the true positive rate to expect with the labels dealt anew; None on labels of one class."""
    if not metric.both_classes(columns):
        return None
    return stats.true_positive_rate_by_chance(metric.levels(columns), rate, interpolated=interpolated)


def clustered_interval(
    columns: Columns, rate: float, label: str, estimate: Estimate, confidence: float
) -> tuple[float, float]:
    """Return the interval of the influences, down to 0 if the threshold may lie above all negatives.

    Args:
        columns: The columns, whose rows are clustered.
        rate: The false positive rate of the threshold.
        label: Name of the column of labels.
        estimate: The estimate with the interval of the influences.
        confidence: Confidence level of the interval.
    """
    return 0.0 if unbounded(columns, rate, label, confidence=confidence) else estimate.low, estimate.high


def independent_negatives(columns: Columns, label: str) -> int:
    """Count the negatives, or the clusters that hold one."""
    negative = columns.values[label] == 0
    return int(negative.sum()) if columns.clusters is None else len(np.unique(columns.clusters[negative]))


def unresolvable(columns: Columns, rate: float, label: str) -> str:
    """Return a sentence if the negatives are too few for a false positive rate; else an empty text."""
    negatives = int((columns.values[label] == 0).sum())
    if rate * negatives >= 1:
        return ""
    independent = independent_negatives(columns, label)
    clustered = "" if columns.clusters is None else f" in {_counted(independent, 'cluster')}"
    # One-sided at 95 %: the upper end of the two-sided one at 90 %.
    bound = stats.clopper_pearson(0, independent, confidence=0.9)[1]
    return (
        f"not resolvable with {_counted(negatives, 'negative')}{clustered}: "
        f"at zero false positives the rate is only known to be below {100 * bound:.2g} %"
    )


def unbounded(columns: Columns, rate: float, label: str, *, confidence: float = 0.95) -> str:
    """Return a sentence if all negatives may lie below the threshold of a false positive rate; else an empty text.

    Args:
        columns: The columns.
        rate: The false positive rate of the threshold.
        label: Name of the column of labels.
        confidence: Confidence level of the interval.
    """
    negatives = independent_negatives(columns, label)
    if negatives * math.log1p(-rate) < math.log((1 - confidence) / 2):
        return ""
    kind = _counted(negatives, "negative") if columns.clusters is None else f"{negatives} clusters of negatives"
    return f"with {kind} the true threshold may lie above all of them, and nothing bounds the value from below"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
