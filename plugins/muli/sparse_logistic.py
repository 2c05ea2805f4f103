"""Exact L1-penalised logistic regression on more features than fit a solver's memory, with a certified gap.

Working sets of features are solved one after the other by Newton's method within an orthant. A pass over all features
between two of them gives the duality gap and the next features to take in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_FIRST = 64
"""Most features that the first working set takes in."""
_INNER = 200
_OUTER = 100
_HALVINGS = 40
_ROUNDING = 1e-14


class FeatureMatrix(Protocol):
    """Features of n texts, in whatever form they are stored."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n, d)."""

    def columns(self, which: IntArray) -> FloatArray:
        """Return the chosen columns, shape (n, len(which))."""

    def transposed_times(self, vector: FloatArray) -> FloatArray:
        """Compute X^T v, shape (d,)."""


@dataclass(frozen=True, slots=True)
class SparseFit:
    """A solution, and a bound of its distance from the optimum."""

    weights: FloatArray
    """(d,), most of them exactly 0."""
    bias: float
    objective: float
    """Mean weighted loss in nats, plus the penalty."""
    gap: float
    """Bound of the objective's distance from its minimum (Fenchel duality)."""
    penalty: float
    passes: int
    """Number of passes over all features."""

    @property
    def support(self) -> IntArray:
        """Return the numbers of the features with a weight."""
        return np.flatnonzero(self.weights)


@dataclass(slots=True)
class _Problem:
    labels: FloatArray
    """(n,) of 0 and 1."""
    counts: FloatArray
    """(n,) weight of each text, divided by n."""
    penalty: float
    bias_penalty: float

    def loss(self, margins: FloatArray) -> float:
        signed = np.where(self.labels == 1, margins, -margins)
        return float(self.counts @ np.logaddexp(0.0, -signed))

    def residuals(self, margins: FloatArray) -> FloatArray:
        """Compute the derivative of the loss by each margin, shape (n,)."""
        return self.counts * (_sigmoid(margins) - self.labels)

    def curvatures(self, margins: FloatArray) -> FloatArray:
        """Compute the second derivatives of the loss, shape (n,)."""
        chance = _sigmoid(margins)
        return self.counts * chance * (1.0 - chance)

    def bound(self, inner: _Inner, slopes: FloatArray) -> float:
        """Compute a lower bound of the minimum: the dual objective at the residuals, scaled to be feasible."""
        residuals = self.residuals(inner.margins)
        total = abs(float(residuals.sum()))
        steepest = max(float(np.abs(slopes).max()), 1e-300)
        if self.bias_penalty > 0:
            steepest = max(steepest, total * self.penalty / self.bias_penalty)
        share = np.clip(min(1.0, self.penalty / steepest) * np.abs(residuals) / self.counts, 0.0, 1.0)
        value = float(-self.counts @ (_xlogx(share) + _xlogx(1.0 - share)))
        return value - (total * abs(inner.bias) if self.bias_penalty == 0 else 0.0)


def solve(
    features: FeatureMatrix,
    labels: NDArray[Any],
    penalty: float,
    *,
    positive_weight: float = 1.0,
    bias_penalty: float | None = None,
    gap: float = 1e-7,
    start: SparseFit | None = None,
    told: Callable[[int, float, float], None] = lambda passes, objective, gap: None,
) -> SparseFit:
    """Minimise mean_i c_i log(1 + exp(-y_i (x_i w + b))) + penalty |w|_1 + bias_penalty |b|.

    y_i is 1 or -1; c_i is the positive weight if y_i is 1, else 1.

    Args:
        features: Shape (n, d).
        labels: (n,) of 0 and 1, of both classes.
        penalty: Above 0.
        positive_weight: Weight of a text of the positive class; a text of the other class has weight 1.
        bias_penalty: None: the penalty of the weights, as MULI's authors do; 0: the bias is free.
        gap: Duality gap at which to stop.
        start: A solution for another penalty, to begin from.
        told: Called after every pass with the number of passes, the objective and the gap.

    Raises:
        ValueError: labels of one class, a penalty that is not positive, or features that are not finite.
    """
    problem = _problem(features, labels, penalty, positive_weight, bias_penalty)
    weights = np.zeros(features.shape[1]) if start is None else start.weights.copy()
    chosen = np.flatnonzero(weights)
    inner = _Inner(problem, features.columns(chosen), weights[chosen], 0.0 if start is None else start.bias)
    bound, aim, last = -np.inf, 1e-2, np.inf
    for number in range(1, _OUTER + 1):
        # The gap falls with the slopes, the decrease that a Newton step promises with their squares.
        tolerance = float(np.clip((0.1 * aim) ** 2, (0.1 * gap) ** 2, 1e-6))
        inner.solve(tolerance)
        slopes = features.transposed_times(problem.residuals(inner.margins))
        if not np.isfinite(slopes).all():
            raise ValueError(f"feature {int(np.flatnonzero(~np.isfinite(slopes))[0])} is not finite")
        bound = max(bound, problem.bound(inner, slopes))
        distance = inner.objective - bound
        told(number, inner.objective, distance)
        if distance <= gap:
            break
        more = _violating(slopes, chosen, penalty, room=max(_FIRST, 2 * int(np.count_nonzero(inner.weights))))
        if not len(more):  # what is left is the inner solver's accuracy
            if aim == gap:
                break
            aim = gap
            continue
        stalled = last - inner.objective <= tolerance
        aim, last = max(min(aim, distance) * (0.1 if stalled else 1.0), gap), inner.objective
        keep = inner.weights != 0
        chosen, inner = np.concatenate([chosen[keep], more]), inner.exchanged(keep, features.columns(more))
    weights[:] = 0.0
    weights[chosen] = inner.weights
    return SparseFit(weights, inner.bias, inner.objective, max(inner.objective - bound, 0.0), penalty, number)


def _problem(
    features: FeatureMatrix, labels: NDArray[Any], penalty: float, positive_weight: float, bias_penalty: float | None
) -> _Problem:
    truth = np.asarray(labels, dtype=np.float64)
    n = features.shape[0]
    if not 0 < truth.sum() < n:
        raise ValueError(f"texts of both classes are needed; {int(truth.sum())} of {n} are positive")
    if not penalty > 0:
        raise ValueError(f"the penalty must be above 0, not {penalty}")
    counts = np.where(truth == 1, positive_weight, 1.0) / n
    return _Problem(truth, counts, penalty, penalty if bias_penalty is None else bias_penalty)


def _violating(slopes: FloatArray, chosen: IntArray, penalty: float, *, room: int) -> IntArray:
    """Return the features outside the working set that would take a weight, the steepest first, at most ``room``."""
    outside = np.abs(slopes)
    outside[chosen] = 0.0
    violating = np.flatnonzero(outside > penalty)
    return violating[np.argsort(outside[violating])[::-1][:room]]


class _Inner:
    """The problem on few features, solved by Newton steps that stay within an orthant."""

    def __init__(self, problem: _Problem, columns: FloatArray, weights: FloatArray, bias: float) -> None:
        n = len(problem.labels)
        self.problem, self.columns = problem, columns
        self._design = np.concatenate([columns, np.ones((n, 1))], axis=1)  # the bias is the last
        self._values = np.append(weights, bias)
        self._penalties = np.append(np.full(len(weights), problem.penalty), problem.bias_penalty)
        self.margins = self._design @ self._values
        self.objective = self._objective(self._values, self.margins)
        self.stuck = False

    @property
    def weights(self) -> FloatArray:
        """Return the weights, shape (k,)."""
        return self._values[:-1]

    @property
    def bias(self) -> float:
        """Return the bias."""
        return float(self._values[-1])

    def exchanged(self, keep: NDArray[np.bool_], columns: FloatArray) -> _Inner:
        """Return the problem with some of its features and with others that begin at 0."""
        weights = np.concatenate([self.weights[keep], np.zeros(columns.shape[1])])
        return _Inner(self.problem, np.concatenate([self.columns[:, keep], columns], axis=1), weights, self.bias)

    def _objective(self, values: FloatArray, margins: FloatArray) -> float:
        return self.problem.loss(margins) + float(self._penalties @ np.abs(values))

    def solve(self, tolerance: float) -> None:
        """Step until a Newton step promises less than ``tolerance`` of the objective."""
        self.stuck = False
        for _ in range(_INNER):
            slopes = self._design.T @ self.problem.residuals(self.margins)
            signs = np.where(self._values != 0, np.sign(self._values), -np.sign(slopes))
            moving = (self._values != 0) | (np.abs(slopes) > self._penalties) | (self._penalties == 0)
            if not moving.any():
                return
            moving_to, promised = self._direction(slopes, signs, np.flatnonzero(moving))
            if promised < tolerance:
                return
            if not self._step(moving_to, signs, promised):
                self.stuck = True
                return

    def _direction(self, slopes: FloatArray, signs: FloatArray, moving: IntArray) -> tuple[FloatArray, float]:
        """Return Newton's step on the coordinates that can move, and the decrease that the step promises."""
        weight = self.problem.curvatures(self.margins)
        scaled = self._design[:, moving] * np.sqrt(weight)[:, None]
        curvature = scaled.T @ scaled
        # Identical columns would make it singular; the ridge is far below what the gap can tell.
        curvature[np.diag_indices_from(curvature)] += 1e-10 * max(float(np.trace(curvature)) / len(moving), 1e-12)
        steep = slopes[moving] + self._penalties[moving] * signs[moving]
        inside = np.ones(len(moving), dtype=bool)
        zero = (self._values[moving] == 0) & (self._penalties[moving] > 0)
        while True:
            step = np.zeros(len(moving))
            step[inside] = np.linalg.solve(curvature[np.ix_(inside, inside)], -steep[inside])
            wrong = inside & zero & (step * signs[moving] < 0)  # it would leave zero to the other side
            if not wrong.any():
                break
            inside &= ~wrong
        direction = np.zeros(len(self._values))
        direction[moving] = step
        return direction, float(-steep @ step) / 2

    def _step(self, direction: FloatArray, signs: FloatArray, promised: float) -> bool:
        """Go along the direction as far as it helps; a coordinate that would change its sign stops at zero."""
        size = 1.0
        free = self._penalties == 0
        for _ in range(_HALVINGS):
            values = self._values + size * direction
            values[(values * signs < 0) & ~free] = 0.0
            margins = self._design @ values
            objective = self._objective(values, margins)
            # Below rounding no decrease can be seen; there Newton's full step is right.
            if objective <= self.objective - 1e-4 * size * promised + _ROUNDING * self.objective:
                self._values, self.margins, self.objective = values, margins, objective
                return True
            size /= 2
        return False


def path(
    features: FeatureMatrix, labels: NDArray[Any], penalties: NDArray[np.float64], **settings: Any
) -> Iterator[SparseFit]:
    """Yield solutions for falling penalties, each begun from the one before."""
    start: SparseFit | None = None
    for penalty in sorted(np.asarray(penalties, dtype=np.float64).tolist(), reverse=True):
        start = solve(features, labels, penalty, start=start, **settings)
        yield start


def largest_penalty(features: FeatureMatrix, labels: NDArray[Any], *, positive_weight: float = 1.0) -> float:
    """Return the penalty from which on every weight is 0, with a free bias."""
    truth = np.asarray(labels, dtype=np.float64)
    counts = np.where(truth == 1, positive_weight, 1.0)
    share = float(counts @ truth / counts.sum())
    return float(np.abs(features.transposed_times(counts / len(truth) * (share - truth))).max())


def _sigmoid(x: FloatArray) -> FloatArray:
    return np.exp(-np.logaddexp(0.0, -x))


def _xlogx(x: FloatArray) -> FloatArray:
    return x * np.log(np.maximum(x, 1e-300))
