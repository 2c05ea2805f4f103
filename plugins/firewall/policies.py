"""Policies: from the scores of detectors to how far a firewall is from blocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import UsageError

POLICIES = ("any", "k-of-n", "weighted-sum", "cascade", "shadow")
NEVER = -1000.0
"""The margin where too few detectors were asked for the policy to block, in nats."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How scores become a decision; all of it by distances, a detector's log-odds less its threshold.

    ``any`` and ``shadow``: the greatest distance. ``k-of-n``: the k-th greatest. ``weighted-sum``: the sum of weight
    times distance. ``cascade``: detectors are asked in order; the first whose distance leaves the band decides, and the
    last one decides in any case.
    """

    name: str
    k: int = 1
    weights: tuple[float, ...] = ()
    """One a detector, those of the input first."""
    band: tuple[float, float] = (0.0, 0.0)
    """The distances that send a cascade on to its next detector, ends included."""

    @property
    def in_order(self) -> bool:
        """Whether a detector is asked only where those before it left the decision open."""
        return self.name == "cascade"

    @property
    def together(self) -> bool:
        """Whether what detectors of the input said counts at the output too."""
        return self.name in ("k-of-n", "weighted-sum")

    @property
    def blocks(self) -> bool:
        """Whether it is obeyed."""
        return self.name != "shadow"

    def settles(self, distance: float) -> bool:
        """Whether a detector of a cascade decides alone."""
        return not self.band[0] <= distance <= self.band[1]

    def margin(self, distances: Sequence[float], first: int = 0) -> float:
        """Return how far the policy is from blocking; above 0 it blocks.

        Args:
            distances: Of the detectors asked, (d,), in order.
            first: The place of the first of them among all detectors.

        >>> Policy("any").margin([-1.0, 0.5]), Policy("k-of-n", k=2).margin([-1.0, 0.5])
        (0.5, -1.0)
        >>> Policy("weighted-sum", weights=(0.5, 2.0)).margin([-1.0, 0.5])
        0.5
        """
        if not distances:
            return NEVER
        if self.name == "k-of-n":
            return sorted(distances, reverse=True)[self.k - 1] if len(distances) >= self.k else NEVER
        if self.name == "weighted-sum":
            return sum(w * d for w, d in zip(self.weights[first:], distances, strict=False))
        return distances[-1] if self.in_order else max(distances)


def checked_policy(
    name: str, k: int, weights: Sequence[float], band: Sequence[float], detectors: int, given: Sequence[str]
) -> Policy:
    """Make a policy over a number of detectors.

    Args:
        name: One of `POLICIES`.
        k: Of ``k-of-n``; 0: not given.
        weights: Of ``weighted-sum``; empty: 1 each.
        band: Of ``cascade``: its two ends; empty: 0 and 0.
        detectors: How many there are in all, n.
        given: What else the message may name.

    Raises:
        UsageError: a policy and its settings do not fit; says which and how to mend it.
    """
    if not detectors:
        raise UsageError(
            f"policy={name} names no detector: give input=[[DETECTOR],[DETECTOR:key=value]] or output=[[DETECTOR]]"
        )
    for setting, value, of in (("k", k, "k-of-n"), ("weights", weights, "weighted-sum"), ("band", band, "cascade")):
        if value and name != of:
            raise UsageError(f"{setting}= is of policy={of}; policy={name} would not read it")
    if name == "k-of-n" and not 1 <= k <= detectors:
        raise UsageError(
            f"policy=k-of-n with k={k} over {detectors} detectors ({', '.join(given)}): "
            f"expected k from 1 to {detectors}"
        )
    if weights and len(weights) != detectors:
        raise UsageError(
            f"weights={list(weights)}: expected {detectors} numbers, one a detector, those of the input first "
            f"({', '.join(given)})"
        )
    if band and (len(band) != 2 or not band[0] <= 0 <= band[1]):
        raise UsageError(f"band={list(band)}: expected two ends around 0, such as [-2,1]: nats from the threshold")
    if name == "weighted-sum" and not weights:
        weights = (1.0,) * detectors
    ends = (float(band[0]), float(band[1])) if band else (0.0, 0.0)
    return Policy(name, int(k) or 1, tuple(float(w) for w in weights), ends)
