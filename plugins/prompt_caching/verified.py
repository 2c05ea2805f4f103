"""The policy ``vcache``: a boundary of its own for each entry (vCache, arXiv 2502.03771), written anew."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from scipy.special import ndtri

from harness import INSIDE

from .policy import Insertion, Look, Policy

_LEAST = 6
"""Observations of an entry, the two that it begins with among them, before it is used."""
_LEVELS = np.linspace(1e-6, 1 - 1e-6, 50)
_QUANTILES = ndtri(1 - _LEVELS)
_SEPARATED = ((6, 0.0354), (30, 0.0080), (48, 0.0153))
"""Variances of the boundary by number of observations, where right and wrong are separated; published are those of
every number, known here these three; what lies between is interpolated on logarithmic scales, as variances fall."""
_STOP = math.log(1e4)
"""How far a solver that stops at a gradient of 1e-4 drives separated observations apart, in log-odds."""


class _Boundary(NamedTuple):
    place: float
    slope: float
    variance: float


class Verified(Policy):
    """Each entry learns its own boundary from its observations, and the model is asked as often as it is unsure.

    The guarantee is that the expected false hits a prompt are at most ``delta``, if each entry's observations follow a
    logistic curve. Only prompts on which the nearest entry was wrong are inserted.

    Args:
        delta: Budget: false hits a prompt.
    """

    insertion: ClassVar[Insertion] = "on-wrong"
    learns: ClassVar[bool] = True

    def __init__(self, delta: Annotated[float, INSIDE] = 0.02) -> None:
        self.delta = delta
        self.start(0)

    def start(self, seed: int) -> None:
        """Begin the random numbers anew; observations are in the entries."""
        self._random = np.random.default_rng(seed)

    def decide(self, look: Look) -> bool:
        """Ask the model with the probability that keeps the error within the budget."""
        seen = look.entry.notes.get("seen")
        if seen is None or len(seen) < _LEAST:
            return False
        if "boundary" not in look.entry.notes:
            look.entry.notes["boundary"] = _boundary(seen)
        place, slope, variance = look.entry.notes["boundary"]
        similarity = round(look.similarity, 3)
        highest = np.clip(place + _QUANTILES * math.sqrt(variance), 0.0, 1.0)
        right = (1 - _LEVELS) * (0.5 * (1 + np.tanh(slope * (similarity - highest) / 2)))
        explored = float(np.min(1 - self.delta / (1 - right)))
        return bool(self._random.random() > explored)

    def learn(self, look: Look, right: bool) -> None:
        """Add an observation to the entry's."""
        seen = look.entry.notes.setdefault("seen", [(0.0, 0.0), (1.0, 1.0)])
        seen.append((round(look.similarity, 3), float(right)))
        look.entry.notes.pop("boundary", None)


def _boundary(seen: list[tuple[float, float]]) -> _Boundary:
    """Fit where an entry's response begins to be right, and how sure that is."""
    similarity, right = np.array(seen).T
    highest_wrong, lowest_right = similarity[right == 0].max(), similarity[right == 1].min()
    if highest_wrong <= lowest_right:
        counts, variances = np.log(_SEPARATED).T
        half = max((lowest_right - highest_wrong) / 2, 1e-3)
        place = (lowest_right + highest_wrong) / 2
        return _Boundary(float(place), _STOP / float(half), math.exp(np.interp(math.log(len(seen)), counts, variances)))
    told = np.column_stack([np.ones_like(similarity), similarity])
    found = np.zeros(2)
    for _ in range(50):
        p = 0.5 * (1 + np.tanh(told @ found / 2))
        curve = (told.T * (p * (1 - p))) @ told + 1e-12 * np.eye(2)
        step = np.linalg.solve(curve, told.T @ (right - p))
        found += step * min(1.0, 10.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-6:
            break
    p = 0.5 * (1 + np.tanh(told @ found / 2))
    spread = np.linalg.inv((told.T * (p * (1 - p))) @ told + 1e-12 * np.eye(2))
    slope = max(float(found[1]), 1e-6)
    gradient = np.array([-1 / slope, float(found[0]) / slope**2])
    place = float(np.clip(-found[0] / slope, 0.0, 1.0))
    return _Boundary(place, slope, max(0.0, float(gradient @ spread @ gradient)))
