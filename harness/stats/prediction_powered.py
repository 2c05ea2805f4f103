"""Prediction-powered inference: a mean from dear labels of some items and cheap predictions on all of them.

The mean of the labels where there are some, and what predictions say of all others less what they say of those: the
better they are, the less labels are needed, and predictions that are wrong make the interval wider and not the value
wrong (Angelopoulos, Duchi and Zrnic 2023, PPI++, arXiv 2311.01453).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.stats._arrays import FloatArray
from harness.stats.errors import UnusableData


class PredictionPowered(NamedTuple):
    """A mean that labels and predictions give together."""

    value: float
    weight: float
    """How much the predictions count, lambda in [0, 1]; 0: the labels alone."""
    influence: FloatArray
    """(n,), mean zero among the items with labels, and among those without."""


def prediction_powered_mean(labels: FloatArray, predictions: FloatArray) -> PredictionPowered:
    """Return the mean of labels over all items, of which only some have one, by PPI++ with its best weight.

    With n items that have both and N that have a prediction alone: mean_n(y) + w (mean_N(f) - mean_n(f)), with
    w = Cov_n(y, f) / (Var(f) (1 + n/N)) cut to [0, 1]; its variance is Var_n(y - w f)/n + w^2 Var_N(f)/N.

    Args:
        labels: (items,), NaN where there is none.
        predictions: (items,) on the scale of the labels.

    Raises:
        UnusableData: fewer than two items have a label, so that nothing is known of their spread.

    >>> import numpy as np
    >>> labels = np.array([1.0, 0.0, 1.0, 0.0, np.nan, np.nan, np.nan, np.nan])
    >>> predictions = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0])
    >>> made = prediction_powered_mean(labels, predictions)
    >>> round(made.value, 3), round(made.weight, 3)
    (0.656, 0.622)
    """
    labelled = np.isfinite(labels)
    n, rest = int(labelled.sum()), int((~labelled).sum())
    if n < 2:
        raise UnusableData(f"{n} of {len(labels)} items have a label; prediction-powered inference needs two or more")
    y, f = labels[labelled], predictions[labelled]
    weight, spread = 0.0, float(predictions.var(ddof=1))
    if rest and spread > 0:
        shared = float(((y - y.mean()) * (f - f.mean())).sum() / (n - 1))
        weight = min(1.0, max(0.0, shared / (spread * (1 + n / rest))))
    others = predictions[~labelled]
    value = float(y.mean() + (weight * (others.mean() - f.mean()) if rest else 0.0))
    influence = np.zeros(len(labels))
    own = y - weight * f
    influence[labelled] = (n + rest) / n * (own - own.mean())
    if rest:
        influence[~labelled] = (n + rest) / rest * weight * (others - others.mean())
    return PredictionPowered(value, weight, influence)
