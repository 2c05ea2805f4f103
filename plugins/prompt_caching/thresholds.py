"""Thresholds of similarity in the units of caches, turned into each other.

Every unit stands for a cosine of unit vectors: a threshold of one system says nothing in another until it is converted.

>>> round(convert(0.8, "gptcache", "cosine"), 6), round(convert(0.1, "redisvl", "cosine"), 6)
(0.6, 0.9)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from harness import UsageError
from harness.errors import did_you_mean

from .verifiers import probability_of


class Unit(NamedTuple):
    """A unit of thresholds."""

    what: str
    low: float
    high: float
    to_cosine: Callable[[float], float]
    from_cosine: Callable[[float], float]


UNITS: Mapping[str, Unit] = {
    "cosine": Unit("cosine similarity; a hit at or above", -1, 1, lambda t: t, lambda s: s),
    "distance": Unit("cosine distance, 1 - cosine; a hit at or below", 0, 2, lambda t: 1 - t, lambda s: 1 - s),
    "squared_distance": Unit(
        "squared distance of unit vectors, 2 - 2 cosine; a hit at or below",
        *(0, 4),
        lambda t: 1 - t / 2,
        lambda s: 2 - 2 * s,
    ),
    "euclidean": Unit(
        "distance of unit vectors; a hit at or below",
        *(0, 2),
        lambda t: 1 - t * t / 2,
        lambda s: math.sqrt(max(2 - 2 * s, 0)),
    ),
    "gptcache": Unit(
        "GPTCache's similarity_threshold: 4 less the squared distance, as a share of 4; a hit at or above",
        *(0, 1),
        lambda t: 2 * t - 1,
        lambda s: (1 + s) / 2,
    ),
    "redisvl": Unit("RedisVL's distance_threshold: cosine distance", 0, 2, lambda t: 1 - t, lambda s: 1 - s),
    "litellm": Unit("LiteLLM's similarity_threshold: cosine similarity", 0, 1, lambda t: t, lambda s: s),
}
"""By name. GPTCache 0.1.44 compares 4 - d^2 with 4 t: its 0.8 is a squared distance of 0.8, a cosine of 0.6."""
PROBABILITY = "probability"
"""A unit, too, where temperature and offset of the embedder are known."""


def convert(
    value: float, given: str, wanted: str, *, temperature: float | None = None, offset: float | None = None
) -> float:
    """Turn a threshold of one unit into that of another.

    Args:
        value: The threshold.
        given: Its unit, one of `UNITS` or ``probability``.
        wanted: The unit to turn it into.
        temperature: Of the embedder, for probabilities.
        offset: Of the embedder, for probabilities.

    Raises:
        UsageError: a unit is unknown, the threshold cannot be one of its unit, or a probability has no embedder.
    """
    for unit in (given, wanted):
        if unit not in UNITS and unit != PROBABILITY:
            known = (*UNITS, PROBABILITY)
            raise UsageError(
                f"there is no unit {unit!r} of thresholds{did_you_mean(unit, known)}; there are {', '.join(known)}"
            )
    if PROBABILITY in (given, wanted) and (temperature is None or offset is None):
        raise UsageError("a probability is one of an embedder: give its temperature and offset")
    low, high = (0.0, 1.0) if given == PROBABILITY else (UNITS[given].low, UNITS[given].high)
    if not low <= value <= high:
        others = [name for name, unit in UNITS.items() if unit.low <= value <= unit.high]
        hint = f"; it may be one of {', '.join(others)}" if others else ""
        raise UsageError(f"{value:g} is no threshold in {given}, which runs from {low:g} to {high:g}{hint}")
    if given == wanted:
        return value
    if given == PROBABILITY:
        assert temperature is not None
        assert offset is not None
        odds = math.inf if value == 1 else -math.inf if value == 0 else math.log(value / (1 - value))
        cosine = temperature * (offset + odds)
    else:
        cosine = UNITS[given].to_cosine(value)
    if wanted == PROBABILITY:
        assert temperature is not None
        assert offset is not None
        return probability_of(cosine, temperature, offset)
    return UNITS[wanted].from_cosine(cosine)


def reachable(value: float, unit: str) -> bool:
    """Tell whether any pair can be at a threshold: a probability near 1 may ask for a cosine above 1."""
    return UNITS[unit].low <= value <= UNITS[unit].high
