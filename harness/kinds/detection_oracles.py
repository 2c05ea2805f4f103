"""Oracle metrics of detection: the value at the threshold that suits the measured texts best, which is optimistic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.kinds.scored import ScoredMetric
from harness.metric import Columns, Metric
from harness.stats import Linearised


class OptimalAccuracy(ScoredMetric):
    """Share called right at the threshold that makes this share greatest on the measured texts."""

    description = "accuracy at an oracle threshold: the best one here"
    as_published = False

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value at the chosen threshold, and the influence of each row on it."""
        return stats.best_accuracy(self.levels(columns), as_published=self.as_published)

    def trials(self, columns: Columns) -> int | None:
        """Count all rows: the metric is a share of all."""
        return Metric.trials(self, columns)


class OptimalAccuracyCompat(OptimalAccuracy):
    """Optimal accuracy by MULI's rule: over the thresholds of scikit-learn's ROC curve, positive strictly above."""

    description = "as MULI publishes it: accuracy at an oracle threshold, out of those of scikit-learn's ROC curve"
    as_published = True


class OptimalBalancedAccuracy(ScoredMetric):
    """Mean of true positive and true negative rate at the threshold that makes it greatest on the measured texts."""

    description = "balanced accuracy at an oracle threshold: the best one here"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value at the chosen threshold, and the influence of each row on it."""
        return stats.best_balanced_accuracy(self.levels(columns))

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered."""
        return self.labels_if_clustered(columns)


class OptimalF1(ScoredMetric):
    """F1 at the threshold that makes F1 greatest on the measured texts."""

    description = "F1 at an oracle threshold: the best one here"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value at the chosen threshold, and the influence of each row on it."""
        return stats.best_f1(self.levels(columns))
