"""Metrics of calibration: how far a detector's probabilities are from the shares of positives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from harness import stats
from harness.kinds import detection_pictures
from harness.kinds.scored import ScoredMetric
from harness.metric import Columns, FloatArray
from harness.pictures import Picture
from harness.ranges import COUNT, OneOf
from harness.stats import Estimate, Linearised

BINNINGS = ("width", "mass")


class Brier(ScoredMetric):
    """Mean squared error of the probability."""

    description = "mean squared error of the probability"
    higher_is_better = False

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect of these probabilities with the labels dealt anew."""
        return _with_labels_dealt(self, stats.brier, columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.brier(*self.split(columns))

    def item_figures(self, columns: Columns) -> FloatArray | None:
        """Return the squared error of each row."""
        return _of_rows(self, columns)

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the reliability diagram, in bins of equal width."""
        return detection_pictures.reliability(stats.reliability_bins(self.levels(columns)))


class LogLoss(ScoredMetric):
    """Mean negative log-probability of the label, in nats."""

    description = "mean negative log-probability of the label"
    higher_is_better = False
    unit = "nats"
    bounds = None

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect of these probabilities with the labels dealt anew."""
        return _with_labels_dealt(self, stats.log_loss, columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.log_loss(*self.split(columns))

    def item_figures(self, columns: Columns) -> FloatArray | None:
        """Return the negative log-probability of each row's label."""
        return _of_rows(self, columns)


def _with_labels_dealt(
    metric: ScoredMetric, mean_error: Callable[[FloatArray, FloatArray], Linearised], columns: Columns
) -> float | None:
    """Return a mean error where each row has either label as often as the labels do; None on labels of one class."""
    share = metric.share_of_positives(columns)
    if share is None:
        return None
    scores, _ = metric.split(columns)
    if_positive, if_negative = (mean_error(scores, np.full(len(scores), label)).value for label in (1.0, 0.0))
    return share * if_positive + (1 - share) * if_negative


def _of_rows(metric: ScoredMetric, columns: Columns) -> FloatArray | None:
    """Return the figures, (n,), of which a metric's value is the mean: their distances from it are its influences."""
    part, reason = metric.on(columns)
    return None if reason else part.value + part.influence


class ExpectedCalibrationError(ScoredMetric):
    """Mean distance between probability and share of positives over bins of equal ``width`` or ``mass``."""

    description = "distance of probability and share of positives over `bins` of equal width or mass; biased upward"
    higher_is_better = False

    def __init__(self, bins: Annotated[int, COUNT] = 15, binning: Annotated[str, OneOf(*BINNINGS)] = "width") -> None:
        self.bins, self.equal_mass = int(bins), binning == "mass"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.expected_calibration_error(self.levels(columns), bins=self.bins, equal_mass=self.equal_mass)

    def trials(self, columns: Columns) -> int:
        """Count all rows: one class is enough."""
        return len(columns)

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return the interval of the influences, with the expected value under calibration taken off its lower end.

        The value is too high by at most what chance alone gives to a calibrated detector.
        """
        return max(0.0, estimate.low - stats.expected_if_calibrated(self._bins(columns))), estimate.high

    def detail(self, columns: Columns) -> Mapping[str, Any]:
        """Return the value that chance alone gives if every probability is right."""
        return {"expected_if_calibrated": stats.expected_if_calibrated(self._bins(columns))}

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the reliability diagram, in the metric's own bins."""
        return detection_pictures.reliability(self._bins(columns))

    def _bins(self, columns: Columns) -> stats.ReliabilityBins:
        return stats.reliability_bins(self.levels(columns), bins=self.bins, equal_mass=self.equal_mass)
