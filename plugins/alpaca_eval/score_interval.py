"""An interval of the length-controlled win rate that also holds for few instructions and for rates near 0 and 1.

It is to this figure what Wilson's (1927) is to a share: a value belongs to it if the figure found lies within
Student's t times the standard error that the figure would have if that value were the truth. The values are those on
the path of weights along which the figure changes at the least cost in likelihood (the least favourable submodel). The
standard error under a value is that of verdicts that are all 0 or 1, times a factor: the robust variance at the figure
found, clusters included, over the same formula. Of few uncertain verdicts that ratio is itself uncertain, and is drawn
towards 1, which no verdicts in [0, 1] exceed but for clusters. The figure found is that of weights that are not
shrunk: what the chosen C takes from it is no error of sampling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.stats.cluster_robust import spread_of

from .fitting import FloatArray
from .length_control import UNSHRUNK_C, Design, length_controlled, sigmoid

_PRIOR_VERDICTS = 4.0
"""How many uncertain verdicts the factor 1 is worth."""
_STEP = 0.25
"""Of the path, in log-odds of the figure."""
_FARTHEST, _REFINED = 200, 8


def score_interval(made: Design, confidence: float, clusters: Any = None) -> tuple[float, float]:
    """Return the ends of the interval, within [0, 1].

    Args:
        made: What is fitted, as `harness_plugins.alpaca_eval.length_control.design` returned it.
        confidence: Coverage, in (0, 1).
        clusters: Codes, (n,); rows that share one are not independent. None: every row its own.
    """
    from scipy.special import stdtrit

    found = length_controlled(made, UNSHRUNK_C)
    spread = spread_of(found.influence, clusters=clusters)
    if not np.isfinite(spread.stderr):
        return 0.0, 1.0
    path = _Path(made)
    here = path.at(found.weights)
    ratio = spread.stderr**2 / here.variance if here.variance > 0 else 1.0
    factor = (_PRIOR_VERDICTS + here.uncertain * ratio) / (_PRIOR_VERDICTS + here.uncertain)
    reach = float(stdtrit(spread.degrees_of_freedom, 0.5 + confidence / 2)) * float(np.sqrt(factor))
    low, high = (path.end(here, reach, side) for side in (-1, 1))
    return min(low, found.value), max(high, found.value)


@dataclass(frozen=True, slots=True)
class _Place:
    weights: FloatArray
    value: float
    variance: float
    uncertain: float
    """Expected squared distance of the verdicts from their shares, of all rows together."""
    direction: FloatArray
    """By how much the weights change with the log-odds of the value."""


class _Path:
    def __init__(self, made: Design) -> None:
        self._equal, self._features, self._rows = made.equal, made.features, made.rows
        self._transposed = np.ascontiguousarray(made.rows.features.T)

    def at(self, w: FloatArray) -> _Place:
        n = len(self._features)
        predictions = sigmoid(self._equal @ w)
        every = sigmoid(self._rows.features @ w)
        spread = every * (1 - every)
        slope = self._equal.T @ (predictions * (1 - predictions)) / n
        curvature = (self._transposed * (self._rows.weights * spread)) @ self._rows.features
        pull = np.asarray(np.linalg.lstsq(curvature, slope, rcond=None)[0], dtype=np.float64)
        own = spread[-n:]
        variance = float(predictions.var(ddof=1)) / n + float(own @ np.square(self._features @ pull))
        value = float(predictions.mean())
        gain = float(slope @ pull)
        direction: FloatArray = np.zeros(len(w))
        if gain > 0:
            direction = pull * (value * (1 - value) / gain)
        return _Place(w, value, variance, float(own.sum()), direction)

    def end(self, here: _Place, reach: float, side: int) -> float:
        """Find the value, on one side, that lies as far from the figure as its own standard error reaches."""

        def beyond(place: _Place) -> float:
            return abs(place.value - here.value) - reach * float(np.sqrt(place.variance))

        inside = here
        for _ in range(_FARTHEST):
            outside = self._step(inside, side * _STEP)
            if beyond(outside) > 0:
                break
            inside = outside
        else:
            return 0.0 if side < 0 else 1.0
        start, low, high = inside, (0.0, beyond(inside)), (1.0, beyond(outside))
        for _ in range(_REFINED):
            share = low[0] + (high[0] - low[0]) * min(max(low[1] / (low[1] - high[1]), 0.05), 0.95)
            outside = self._step(start, side * _STEP * share)
            gap = beyond(outside)
            low, high = ((share, gap), high) if gap <= 0 else (low, (share, gap))
            if abs(gap) < 1e-7:
                break
        return outside.value

    def _step(self, place: _Place, length: float) -> _Place:
        """Follow the path, with the direction of the middle of the way."""
        middle = self.at(place.weights + 0.5 * length * place.direction)
        return self.at(place.weights + length * middle.direction)
