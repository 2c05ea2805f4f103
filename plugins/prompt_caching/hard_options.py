"""What stands after ``hard:TASK:``: for which embedder pairs shall be hard, and how they are chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from harness import UsageError
from harness.errors import did_you_mean

HISTOGRAM, ALTERNATING, ALL = "histogram", "alternating", "all"
HOW = (HISTOGRAM, ALTERNATING, ALL)


@dataclasses.dataclass(frozen=True, slots=True)
class HardOptions:
    """What stands after the task's name."""

    embedder: str
    """The model that the pairs are hard for."""
    how: str = HISTOGRAM
    """``histogram``, ``alternating``, or ``all`` pairs above ``least``."""
    least: float = 0.3
    """Cosine that a pair must exceed."""
    bins: int = 40
    """Of the histogram."""
    most: int = 0
    """Pairs a split; 0: all."""
    seed: int = 0
    """Of the drawing."""


class HardRequest(NamedTuple):
    """A task's name after ``hard:``, taken apart."""

    name: str
    options: HardOptions


def parse_hard_request(text: str) -> HardRequest:
    """Parse ``TASK:embedder=MODEL,how=...,least=...,bins=...,most=...,seed=...``.

    Raises:
        UsageError: there is no embedder, or an option is unknown or out of its range.
    """
    from harness.names import parse_arguments

    name, _, listed = text.partition(":")
    given = parse_arguments(listed, f"hard:{text}")
    for key, value in given.items():
        if key not in _CHECKS:
            raise UsageError(f"hard:{text}: there is no option {key!r}{did_you_mean(key, _CHECKS)}")
        fits, expected = _CHECKS[key]
        if not fits(value):
            raise UsageError(f"hard:{text}: {key} must be {expected}, not {value!r}")
    if "embedder" not in given:
        raise UsageError(f"hard:{text}: say for which embedder pairs shall be hard: hard:{name}:embedder=MODEL")
    return HardRequest(name, HardOptions(**given))


def _whole(least: int) -> Any:
    return lambda value: type(value) is int and value >= least


_CHECKS: Mapping[str, tuple[Any, str]] = {
    "embedder": (lambda value: isinstance(value, str) and value, "a model, in brackets if it has arguments"),
    "how": (lambda value: value in HOW, f"one of {', '.join(HOW)}"),
    "least": (lambda value: type(value) in (int, float) and -1 <= value < 1, "a cosine from -1 to below 1"),
    "bins": (_whole(1), "a whole number from 1"),
    "most": (_whole(0), "a whole number from 0, which means all"),
    "seed": (_whole(0), "a whole number from 0"),
}
