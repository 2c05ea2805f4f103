"""Why a detector says what it says: its weightiest tokens, and what each adds to the score of one prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .saved import Detector


@dataclass(frozen=True, slots=True)
class ExplainedToken:
    """One token."""

    token: str
    id: int
    weight: float
    """Of its standardised log-odds: nats a standard deviation."""
    feature: float | None = None
    """Its log-odds after the prompt, in standard deviations from the mean of the train set."""
    contribution: float | None = None
    """weight times feature, in nats."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is shown."""

    rows: Sequence[ExplainedToken]
    """The weightiest first."""
    bias: float
    others: float
    """Sum of the contributions, or of the absolute weights, of the tokens not shown."""
    score: float | None = None


def of_detector(detector: Detector, top: int) -> Explanation:
    """The tokens of the largest absolute weights."""
    order = np.argsort(-np.abs(detector.weights), kind="stable")
    rows = [ExplainedToken(detector.texts[i], int(detector.tokens[i]), float(detector.weights[i])) for i in order[:top]]
    return Explanation(rows, detector.bias, float(np.abs(detector.weights[order[top:]]).sum()))


def of_prompt(detector: Detector, log_probabilities: NDArray[Any], top: int) -> Explanation:
    """The tokens that add most to, or take most from, the score of a prompt.

    Args:
        detector: The detector.
        log_probabilities: Of the first token of the reply, shape (V,).
        top: Tokens to show.
    """
    parts = detector.contributions(detector.feature.of(log_probabilities))
    order = np.argsort(-np.abs(parts), kind="stable")
    weights = np.where(detector.weights == 0, 1.0, detector.weights)
    rows = [
        ExplainedToken(
            detector.texts[i],
            int(detector.tokens[i]),
            float(detector.weights[i]),
            float(parts[i] / weights[i]),
            float(parts[i]),
        )
        for i in order[:top]
    ]
    return Explanation(rows, detector.bias, float(parts[order[top:]].sum()), float(parts.sum() + detector.bias))
