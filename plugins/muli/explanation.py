"""Explains a detector by its weightiest tokens, and the score of one prompt by what each token adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .saved import Detector


@dataclass(frozen=True, slots=True)
class ExplainedToken:
    """A token, with its weight and its contribution to a score."""

    token: str
    id: int
    weight: float
    """Weight of the token's standardised log-odds: nats a standard deviation."""
    feature: float | None = None
    """The token's log-odds after the prompt, in standard deviations from the mean of the train set."""
    contribution: float | None = None
    """Weight times feature, in nats."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The weightiest tokens, and what the other tokens and the bias add."""

    rows: Sequence[ExplainedToken]
    """The tokens shown, the weightiest first."""
    bias: float
    others: float
    """Sum of the contributions, or of the absolute weights, of the tokens not shown."""
    score: float | None = None


def of_detector(detector: Detector, top: int) -> Explanation:
    """Return the tokens of the largest absolute weights."""
    order = np.argsort(-np.abs(detector.weights), kind="stable")
    rows = [ExplainedToken(detector.texts[i], int(detector.tokens[i]), float(detector.weights[i])) for i in order[:top]]
    return Explanation(rows, detector.bias, float(np.abs(detector.weights[order[top:]]).sum()))


def of_prompt(detector: Detector, log_probabilities: NDArray[Any], top: int) -> Explanation:
    """Return the tokens that add most to, or take most from, the score of a prompt.

    Args:
        detector: The detector.
        log_probabilities: Log-probabilities of the first token of the reply, shape (V,).
        top: Number of tokens to show.
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
