"""Turns log-probabilities of replies into shares of labels or grades."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def expectation(
    log_probabilities: Sequence[float] | Any, values: Sequence[Any], worth: Mapping[Any, float], *, normalise: bool
) -> tuple[float | None, float]:
    """Compute the mean worth under the probabilities, and the probability of all options together.

    For grades this is G-Eval's score (Liu and others 2023, arXiv 2303.16634, section 2.3), for a label "Yes" worth 1
    without normalising the generative verifier's (Zhang and others 2024, arXiv 2408.15240, section 3).

    Args:
        log_probabilities: One an option, in nats.
        values: The label or grade that each option stands for.
        worth: The worth of each value.
        normalise: Divide by the probability of all options.

    Returns:
        The mean, None if no option has any probability; and the mass in [0, 1].
    """
    # Shifted by the largest, so that a ratio of two tiny probabilities is still one.
    largest = max(float(p) for p in log_probabilities)
    if largest == -math.inf:
        return None, 0.0
    shift = largest if normalise else 0.0
    weights = [math.exp(float(p) - shift) for p in log_probabilities]
    total = math.fsum(weights)
    mean = math.fsum(weight * worth[value] for weight, value in zip(weights, values, strict=True))
    return mean / (total if normalise else 1.0), min(total * math.exp(shift), 1.0)


def listed(log_probabilities: Sequence[float] | Any, options: Iterable[str]) -> str:
    """List the options and their log-probabilities in nats, as a text to keep."""
    return ", ".join(f"{option!r} {float(p):.3f}" for option, p in zip(options, log_probabilities, strict=True))
