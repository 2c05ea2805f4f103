"""The pictures of detection: ROC curves, precision and recall, reliability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.pictures import Picture, Series
from harness.stats import Levels, ReliabilityBins, clopper_pearson, thinned

FALSE = "false positive rate"
TRUE = "true positive rate"
UNIT = (0.0, 1.0)


def roc(levels: Levels) -> Sequence[Picture]:
    """Draw true against false positive rates of all thresholds; nothing if a class is missing."""
    if not all(levels.counts):
        return ()
    false, true = levels.rates
    kept = thinned(false, true)
    curve = Series(false[kept].tolist(), true[kept].tolist())
    chance = Series(UNIT, UNIT, name="chance", reference=True)
    return [Picture("ROC", FALSE, TRUE, [curve, chance], x_range=UNIT, y_range=UNIT)]


def low_rate_roc(levels: Levels, *, clustered: bool = False) -> Sequence[Picture]:
    """Draw the ROC curve on a logarithmic axis, with a band and the lowest rate that the negatives can resolve."""
    if not all(levels.counts):
        return ()
    positives, negatives = levels.counts
    false, true = levels.let_in
    best = np.flatnonzero(np.concatenate([np.diff(false) > 0, [True]]))  # the most caught at each rate
    limit = 1 / negatives
    rates = np.maximum(false[best] / negatives, limit / 2)  # no false positive has no logarithm
    kept = thinned(np.log10(rates), true[best])
    caught = true[best][kept]
    ends = [clopper_pearson(count, positives) for count in caught.tolist()]
    low, high = zip(*ends, strict=True)
    curve = Series(rates[kept].tolist(), (caught / positives).tolist(), low, high, form="steps")
    bound = Series((limit, limit), UNIT, name=f"1 of {negatives} negatives", reference=True)
    note = (
        f"Left of 1/{negatives} no false positive was seen, and lower rates cannot be told apart. "
        f"The band is the exact 95 % interval of the share of {positives} positives at each threshold"
        + (", as if they were independent." if clustered else ".")
    )
    title = "ROC at low false positive rates"
    return [
        Picture(title, FALSE, TRUE, [curve, bound], x_scale="log", x_range=(limit / 2, 1.0), y_range=UNIT, note=note)
    ]


def precision_recall(levels: Levels) -> Sequence[Picture]:
    """Draw precision against recall of all thresholds; nothing if a class is missing."""
    if not all(levels.counts):
        return ()
    false, true = levels.let_in
    recall, precision = true[1:] / true[-1], true[1:] / (true[1:] + false[1:])
    kept = thinned(recall, precision)
    prevalence = float(precision[-1])
    curve = Series(recall[kept].tolist(), precision[kept].tolist())
    chance = Series(UNIT, (prevalence, prevalence), name="chance: the prevalence", reference=True)
    return [Picture("Precision and recall", "recall", "precision", [curve, chance], x_range=UNIT, y_range=UNIT)]


def reliability(bins: ReliabilityBins) -> Sequence[Picture]:
    """Draw the share of positives against the mean probability, bin by bin, with exact 95 % intervals."""
    counted = zip(bins.positives.tolist(), bins.items.tolist(), strict=True)
    low, high = zip(*(clopper_pearson(count, int(total)) for count, total in counted), strict=True)
    observed = (bins.positives / bins.items).tolist()
    points = Series(bins.predicted.tolist(), observed, low, high, form="points")
    right = Series(UNIT, UNIT, name="calibrated", reference=True)
    note = f"{len(observed)} bins that hold items; bars are 95 % intervals of the share of positives in a bin."
    return [
        Picture(
            "Reliability",
            "predicted probability",
            "share of positives",
            [points, right],
            x_range=UNIT,
            y_range=UNIT,
            note=note,
        )
    ]
