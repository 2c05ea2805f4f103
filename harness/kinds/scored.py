"""The base of metrics of scores and labels: the names of their columns, and scores sorted once for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.metric import Columns, Metric


def same_scores(scores: NDArray[np.float64]) -> str:
    """Say so if the scores of several items, (n,) or (n, k) padded with NaN, are all equal; else return nothing.

    >>> same_scores(np.zeros(1680))
    'gives all 1,680 items the same score'
    """
    known = scores[~np.isnan(scores)]
    if len(scores) < 2 or not known.size or known.min() != known.max():
        return ""
    return f"gives all {len(scores):,} items the same score"


class ScoredMetric(Metric):
    """Base of metrics of scores and labels."""

    needs = ("log_odds", "label")

    def split(self, columns: Columns) -> tuple[Any, Any]:
        """Return the scores and the labels, each of shape (n,)."""
        return columns.values[self.needs[0]], columns.values[self.needs[1]]

    def scores_of_classes(self, columns: Columns) -> tuple[Any, Any]:
        """Return the scores and the labels: every metric of this base holds one against the other."""
        return self.split(columns)

    def levels(self, columns: Columns) -> stats.Levels:
        """Return the scores and labels sorted by score, made once for all metrics of the same columns."""
        name = f"levels of {self.needs[0]} by {self.needs[1]}"
        return columns.once(name, lambda these: stats.levels(*self.split(these)))

    def constant(self, columns: Columns) -> str:
        """Say so if all scores are equal."""
        return same_scores(self.split(columns)[0])

    def both_classes(self, columns: Columns) -> bool:
        """Return whether there are positives and negatives; of one class alone nothing is to be told apart."""
        positives, negatives = self.levels(columns).counts
        return positives > 0 and negatives > 0

    def share_of_positives(self, columns: Columns) -> float | None:
        """Return the share of the rows that are positive; None where all are of one class."""
        return self.levels(columns).counts[0] / len(columns) if self.both_classes(columns) else None

    def trials(self, columns: Columns) -> int | None:
        """Count the smaller class: a perfect value on three positives says little."""
        positives = int((columns.values[self.needs[1]] == 1).sum())
        return min(positives, len(columns) - positives)

    def labels_if_clustered(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered; for metrics with influences of mean zero in a class."""
        return None if columns.clusters is None else np.asarray(columns.values[self.needs[1]] == 1, dtype=np.int64)
