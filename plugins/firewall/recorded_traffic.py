"""Recorded traffic for the compiler: its slices, and detectors' scores on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness import DataError, FloatArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What detectors said of recorded exchanges."""

    scores: FloatArray
    """(n, d): log-odds."""
    stages: tuple[str, ...]
    """(d,): ``input`` or ``output``."""
    milliseconds: FloatArray
    """(d,): what a detector takes an exchange."""
    label: BoolArray
    """(n,): jailbroken."""
    attack: BoolArray
    """(n,)"""
    clusters: NDArray[np.int64]
    """(n,): exchanges of one code are not independent."""
    characters: FloatArray
    """(n,): length of the prompt."""

    def only(self, rows: BoolArray) -> Traffic:
        """Return some of the rows."""
        return replace(
            self,
            scores=self.scores[rows],
            label=self.label[rows],
            attack=self.attack[rows],
            clusters=self.clusters[rows],
            characters=self.characters[rows],
        )


def slices(traffic: Traffic, shares: Sequence[float]) -> list[Traffic]:
    """Part traffic in its order, attacks and the rest each by themselves, clusters whole.

    Args:
        traffic: In the order in which it came.
        shares: Of the slices, which sum to 1.

    Raises:
        DataError: a slice has no attack, or nothing harmless.
    """
    place = np.zeros(len(traffic.label), dtype=np.int64)
    for kind in (traffic.attack, ~traffic.attack):
        rows = np.flatnonzero(kind)
        if not rows.size:
            continue
        codes, first, counts = np.unique(traffic.clusters[rows], return_index=True, return_counts=True)
        order = np.argsort(first)
        before = np.concatenate([[0], np.cumsum(counts[order])[:-1]]) / len(rows)
        cuts = np.cumsum(shares)[:-1]
        of_code = dict(zip(codes[order].tolist(), np.searchsorted(cuts, before, side="right").tolist(), strict=True))
        place[rows] = [of_code[code] for code in traffic.clusters[rows].tolist()]
    parts = [traffic.only(place == i) for i in range(len(shares))]
    for name, part in zip(("chooses", "certifies", "checks"), parts, strict=True):
        if not part.attack.any() or part.attack.all():
            lacking = "harmless exchange" if part.attack.any() else "attack"
            raise DataError(f"the slice that {name} has no {lacking}: {len(traffic.label):,} exchanges are too few")
    return parts


@dataclass(frozen=True, slots=True)
class Scale:
    """A detector's log-odds as minus the logarithm of its rate of false alarms on harmless traffic; both ways."""

    knots: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, harmless: FloatArray) -> Scale:
        """Make the scale of a detector's scores of harmless exchanges, which goes on as a line beyond them."""
        knots, counts = np.unique(harmless, return_counts=True)
        values = -np.log1p(-np.cumsum(counts) / (len(harmless) + 1))
        spread = max(float(knots[-1] - knots[0]), 1.0)
        slope = max(float(values[-1] - values[0]), 1.0) / spread
        reach = 1000 * spread
        knots = np.concatenate([[knots[0] - reach], knots, [knots[-1] + reach]])
        values = np.concatenate([[values[0] - slope * reach], values, [values[-1] + slope * reach]])
        return cls(knots, values)

    def to(self, scores: FloatArray) -> FloatArray:
        """Return scores on the scale."""
        return np.asarray(np.interp(scores, self.knots, self.values))

    def back(self, value: float) -> float:
        """Return the score of a place on the scale."""
        return float(np.interp(value, self.values, self.knots))


def by_cluster(values: FloatArray, clusters: NDArray[np.int64]) -> FloatArray:
    """Return the greatest value of each cluster: whoever asks one question five times is one piece of evidence."""
    codes, places = np.unique(clusters, return_inverse=True)
    greatest = np.full(len(codes), -np.inf)
    np.maximum.at(greatest, places, values)
    return greatest
