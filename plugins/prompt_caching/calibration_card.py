"""The calibration card of an embedder: temperature, offset, errors of its probabilities, thresholds in all units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness import FloatArray, stats

from .thresholds import PROBABILITY, UNITS, convert, reachable

PROBABILITIES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)


def reliability_of(log_odds: FloatArray, targets: FloatArray, bins: int = 10) -> dict[str, Any]:
    """Return figures of calibration on pairs that were not learned from: bins, and errors.

    Args:
        log_odds: (n,) that the pairs are the same.
        targets: (n,) in [0, 1].
        bins: Of equal width.
    """
    probability = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
    place = np.minimum((probability * bins).astype(int), bins - 1)
    rows = [
        {
            "from": b / bins,
            "pairs": int((place == b).sum()),
            "probability": float(probability[place == b].mean()),
            "same": float(targets[place == b].mean()),
        }
        for b in range(bins)
        if (place == b).any()
    ]
    same = (targets >= 0.5).astype(np.float64)
    found: dict[str, Any] = {
        "pairs": len(targets),
        "share_same": float(same.mean()),
        "brier": float(np.mean((probability - targets) ** 2)),
        "log_loss": float(stats.log_loss(log_odds, same).value),
        "calibration_error": float(
            sum(row["pairs"] * abs(row["probability"] - row["same"]) for row in rows) / len(targets)
        ),
        "bins": rows,
    }
    if 0 < same.sum() < len(same):
        found["auroc"] = float(stats.auroc(log_odds, same).value)
    return found


def thresholds_at(
    temperature: float, offset: float, probabilities: Sequence[float] = PROBABILITIES
) -> list[dict[str, Any]]:
    """Return for each probability its threshold in every unit; None where no pair can be that alike."""
    rows = []
    for probability in probabilities:
        row: dict[str, Any] = {PROBABILITY: probability}
        for unit in UNITS:
            value = convert(probability, PROBABILITY, unit, temperature=temperature, offset=offset)
            row[unit] = value if reachable(value, "cosine" if unit == "litellm" else unit) else None
        rows.append(row)
    return rows


def card(temperature: float, offset: float, reliability: dict[str, Any] | None) -> dict[str, Any]:
    """Return the card as plain data."""
    return {
        "temperature": temperature,
        "offset": offset,
        "thresholds": thresholds_at(temperature, offset),
        **({"reliability": reliability} if reliability else {}),
    }
