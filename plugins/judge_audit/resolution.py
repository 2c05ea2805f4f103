"""The smallest difference of win rates that a judge can resolve with so many prompts, given its noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness import stats

from .figure import NAN
from .judged import Judged

POWER, ALPHA = 0.8, 0.05
FORMULA = (
    "A model's win rate against a baseline is the mean over n prompts of s, the mean preference for it in the "
    "orders asked. If both are equally good, its standard error is sigma / sqrt(n), sigma^2 = mean of (s - 1/2)^2 "
    "over these pairs. A two-sided test at 5 % shows a difference of (z_.975 + z_.8) sigma / sqrt(n) with "
    "probability 80 %. A judge whose mean preference for the better response is a shows (2 a - 1) times the "
    "difference that the labels would, so the difference between models has to be that much greater. Two models "
    "held against the same baseline need sqrt(2) of it."
)


def resolution(judged: Judged, prompts: Sequence[int], confidence: float) -> Mapping[str, Any]:
    """Return the differences that can be shown with so many prompts, as shares, with the interval that sigma has.

    Args:
        judged: The verdicts; pairs of identical responses are left out.
        prompts: Numbers of prompts.
        confidence: Of the intervals.
    """
    kept = ~np.isnan(judged.credit()) & ~judged.identical
    if not kept.any():
        return {"formula": FORMULA, "why": "no verdict could be read"}
    if not (judged.credit()[kept] != 0.5).any():
        return {"formula": FORMULA, "why": "every pair is a tie"}
    squares = (judged.credit()[kept] - 0.5) ** 2
    variance = stats.mean_estimate(squares, clusters=judged.prompts[kept], bounds=(0, 0.25), confidence=confidence)
    winner = kept & judged.has_winner
    agreement = NAN
    if winner.any():
        agreement = float(np.where(judged.label == 1, judged.credit(), 1 - judged.credit())[winner].mean())
    slope = 2 * agreement - 1

    def shown(square: float, n: int) -> float:
        return stats.minimum_detectable_difference(math.sqrt(max(square, 0.0) / n), alpha=ALPHA, power=POWER)

    rows = [
        {
            "prompts": n,
            "of_win_rates": shown(variance.value, n),
            "low": shown(variance.low, n),
            "high": shown(variance.high, n),
            "as_people_see_it": _seen(shown(variance.value, n), slope),
        }
        for n in prompts
    ]
    return {
        "formula": FORMULA,
        "sigma": math.sqrt(variance.value),
        "pairs": variance.n,
        "orders": 2 if judged.both.any() else 1,
        "mean_preference_for_the_better": agreement,
        "power": POWER,
        "alpha": ALPHA,
        "rows": rows,
    }


def _seen(difference: float, slope: float) -> float | None:
    """Return the difference that people would see; None where no difference could be so great as to be shown."""
    if not slope > 0:
        return None
    seen = difference / slope
    return seen if seen <= 0.5 else None
