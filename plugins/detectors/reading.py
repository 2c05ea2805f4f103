"""Reads a guard's reply: as log-probabilities of the reply's beginnings, or as text."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

VERSION = "1"
"""Part of a guard's fingerprint; raise it when the same text is read otherwise."""
LEAST = 1e-9
"""Least probability left for a class that was not shown: log-odds end at 20.7 nats."""


class WeighedOptions(NamedTuple):
    """The log-odds from log-probabilities of the options."""

    log_odds: float | None
    """None if no option has any probability."""
    mass: float
    """Probability of all options together."""
    bounded: bool = False
    """Whether a class was not shown at all, so that its probability is a bound."""


class GuardVerdict(NamedTuple):
    """The verdict of a guard's text."""

    positive: bool
    categories: tuple[str, ...] = ()
    """Category codes behind the label, in order."""


def weigh(log_probabilities: Sequence[float] | Any, sides: Iterable[str]) -> WeighedOptions:
    """Compute the log-odds ln P(positive) - ln P(negative), each the sum over the class's options.

    If a server lists only the likeliest tokens and a whole class is missing, that class gets the greatest probability
    possible: no more than the rest of the probability, and no more than the class that was shown.

    Args:
        log_probabilities: One an option, in nats.
        sides: ``positive`` or ``negative``, one an option.
    """
    by_side: dict[str, list[float]] = {"positive": [], "negative": []}
    for value, side in zip(log_probabilities, sides, strict=True):
        by_side[side].append(float(value))
    positive, negative = (_log_sum(by_side[side]) for side in ("positive", "negative"))
    mass = min(math.exp(_log_sum([positive, negative])), 1.0)
    if positive == negative == -math.inf:
        return WeighedOptions(None, 0.0)
    if -math.inf not in (positive, negative):
        return WeighedOptions(positive - negative, mass)
    shown = max(positive, negative)
    gap = max(shown - math.log(max(-math.expm1(min(shown, 0.0)), LEAST)), 0.0)
    return WeighedOptions(gap if negative == -math.inf else -gap, mass, bounded=True)


def _log_sum(values: Sequence[float]) -> float:
    largest = max(values, default=-math.inf)
    return largest if largest == -math.inf else largest + math.log(math.fsum(math.exp(v - largest) for v in values))


def log_odds_of_votes(positive: int, votes: int) -> float:
    """Compute ln((k + 1/2) / (n - k + 1/2)) for k positive of n texts (Anscombe 1956): 1.10 for 1 of 1."""
    return math.log((positive + 0.5) / (votes - positive + 0.5))


def read(text: str, labels: Mapping[str, str], codes: Collection[str]) -> GuardVerdict | None:
    """Read the label that begins the reply's first line, else the label in its last line, and the categories behind.

    Args:
        text: The guard's text; the thoughts of a reasoning model before ``</think>`` are left out.
        labels: Word to class.
        codes: Category codes that may be named.

    Returns:
        The verdict; None if there is no such label.
    """
    lines = [line.strip() for line in text.rpartition("</think>")[2].splitlines() if line.strip()]
    if not lines:
        return None
    for line, behind in ((lines[0], lines[1:3]), (lines[-1], [])):
        bare = line.lstrip("*_#`'\"([ ")
        for word in sorted(labels, key=len, reverse=True):
            if re.match(rf"{re.escape(word)}(?!\w)", bare, re.IGNORECASE):
                return GuardVerdict(labels[word] == "positive", _named([bare[len(word) :], *behind], codes))
    return None


def _named(lines: Sequence[str], codes: Collection[str]) -> tuple[str, ...]:
    if not codes:
        return ()
    pattern = "|".join(re.escape(code) for code in sorted(codes, key=len, reverse=True))
    by_folded = {code.casefold(): code for code in codes}
    matches = re.findall(rf"(?<!\w)(?:{pattern})(?!\w)", "\n".join(lines), re.IGNORECASE)
    return tuple(dict.fromkeys(by_folded[match.casefold()] for match in matches))
