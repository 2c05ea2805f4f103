"""Length-controlled win rates of models over each other, from their fits against one baseline, with intervals.

The rates are those of AlpacaEval's ``predict_winrate``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import stats

from .length_control import Design, LengthControlled, sigmoid, slope_of

Fitted = tuple[LengthControlled, Design, NDArray[np.bool_]]
"""A fit, what was fitted, and which of all items its rows are."""
Table = list[list[float]]


def against_each_other(fits: Sequence[Fitted], clusters: Any = None) -> tuple[Table, Table, Table]:
    """Return win rates of each model over each other, and the ends of their 95 % intervals, all of shape (m, m).

    The rate is the mean over the items that both answered of sigmoid of the difference of their log-odds, lengths being
    equal: sigmoid((b_1 - b_2) + (w_1 - w_2) d). An item's influence is what it moves in both fits together.

    Args:
        fits: One a model, with masks of the same items.
        clusters: Codes of all items; items that share one are not independent. None: every item its own.
    """
    weights, influences, features = [], [], []
    for found, made, mask in fits:
        whole = np.full((len(mask), found.on_weights.shape[1]), np.nan)
        whole[mask] = found.on_weights
        every = np.full(whole.shape, np.nan)
        every[mask] = made.equal
        weights.append(found.weights)
        influences.append(whole)
        features.append(every)
    count = len(fits)
    rate, low, high = ([[0.5] * count for _ in range(count)] for _ in range(3))
    for i in range(count):
        for j in range(count):
            if i != j:
                both = fits[i][2] & fits[j][2]
                if both.sum() < 2:
                    rate[i][j], low[i][j], high[i][j] = (float("nan"),) * 3
                    continue
                rows = features[i][both]
                predictions = sigmoid(rows @ (weights[i] - weights[j]))
                moved = influences[i][both] - influences[j][both]
                influence = (
                    predictions - predictions.mean() + (moved - moved.mean(axis=0)) @ slope_of(rows, predictions)
                )
                codes = None if clusters is None else clusters[both]
                estimate = stats.estimate_from_influence(
                    float(predictions.mean()), influence, clusters=codes, bounds=(0.0, 1.0)
                )
                rate[i][j], low[i][j], high[i][j] = estimate.value, estimate.low, estimate.high
    return rate, low, high
