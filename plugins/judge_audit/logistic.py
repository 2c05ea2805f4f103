"""A logistic regression of preferences on differences, with standard errors and tests that heed clusters.

The rows are verdicts, the outcome p in [0, 1] the preference for the first response of the data, and every covariate
is a difference of the first and the second response (the position is +1 where the first is shown first, else -1), so
that there is no intercept. A small ridge keeps coefficients finite where verdicts are separated by a covariate, as
those of a judge that is always right are by the label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

from .figure import flips

RIDGE = 0.01
"""Weight of the squares of the coefficients, halved, beside the log-loss summed over rows."""
_STEPS, _ENOUGH = 60, 1e-10
FAR = 8.0
"""Log-odds beyond which a coefficient is little but the ridge: the verdicts are separated."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Coefficients, in nats a unit of their covariates, with cluster-robust standard errors."""

    coefficients: FloatArray
    """(k,)."""
    errors: FloatArray
    """(k,)."""
    pulls: FloatArray
    """(k,) how far the ridge pulls each coefficient, to the first order; intervals are wider by it."""
    degrees_of_freedom: FloatArray
    """(k,) of Student's t: clusters in which the covariate is not 0, less one."""

    def interval(self, index: int, confidence: float = 0.95) -> tuple[float, float]:
        """Return the ends of the interval of a coefficient."""
        from scipy.special import stdtrit

        reach = (
            float(stdtrit(self.degrees_of_freedom[index], 0.5 + confidence / 2)) * self.errors[index]
            + self.pulls[index]
        )
        return self.coefficients[index] - reach, self.coefficients[index] + reach


def fit(x: FloatArray, p: FloatArray, clusters: NDArray[np.int64], *, ridge: float = RIDGE) -> Effects:
    """Fit by Newton's method; the covariance is the sandwich of the sums of scores within clusters.

    Args:
        x: (n, k) covariates.
        p: (n,) preferences in [0, 1].
        clusters: (n,) codes.
        ridge: As `RIDGE`.
    """
    beta = _solve(x, p, ridge)
    fitted = _expit(x @ beta)
    bread = np.linalg.inv(_hessian(x, fitted, ridge))
    # A cluster pulls the fit towards itself, so that its residuals are too small: the factor.
    sums, count = _cluster_sums(x * (p - fitted)[:, None], clusters)
    factor = count / max(1, count - x.shape[1])
    covariance = factor * bread @ (sums.T @ sums) @ bread
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    present = [len(np.unique(clusters[x[:, k] != 0])) for k in range(x.shape[1])]
    freedom = np.maximum(np.array(present, dtype=np.float64) - 1, 1)
    return Effects(beta, errors, np.abs(ridge * bread @ beta), freedom)


def without_effect(
    x: FloatArray, p: FloatArray, clusters: NDArray[np.int64], index: int, *, ridge: float = RIDGE
) -> float:
    """Return the two-sided p-value that a covariate has no effect, the others having theirs.

    The others are fitted alone; the covariate's efficient scores, summed within clusters, are then as often of either
    sign, which flips of their signs test (Kline and Santos 2012, a score bootstrap).

    Args:
        x: (n, k) covariates.
        p: (n,) preferences.
        clusters: (n,) codes.
        index: Which covariate.
        ridge: As `RIDGE`.
    """
    others = np.delete(x, index, axis=1)
    beta = _solve(others, p, ridge)
    fitted = _expit(others @ beta)
    weight = fitted * (1 - fitted)
    own = x[:, index]
    shared = np.linalg.solve(_hessian(others, fitted, ridge), others.T @ (weight * own))
    return flips((own - others @ shared) * (p - fitted), clusters)


def _solve(x: FloatArray, p: FloatArray, ridge: float) -> FloatArray:
    beta = np.zeros(x.shape[1])
    loss = _loss(x, p, beta, ridge)
    for _ in range(_STEPS):
        fitted = _expit(x @ beta)
        slope = x.T @ (p - fitted) - ridge * beta
        step = np.linalg.solve(_hessian(x, fitted, ridge), slope)
        size = 1.0
        while (new := _loss(x, p, beta + size * step, ridge)) > loss and size > 1e-8:
            size /= 2
        beta = beta + size * step
        if loss - new <= _ENOUGH * (1 + abs(loss)):
            break
        loss = new
    return beta


def _hessian(x: FloatArray, fitted: FloatArray, ridge: float) -> FloatArray:
    return np.asarray((x * (fitted * (1 - fitted))[:, None]).T @ x + ridge * np.eye(x.shape[1]))


def _loss(x: FloatArray, p: FloatArray, beta: FloatArray, ridge: float) -> float:
    z = x @ beta
    return float((np.logaddexp(0.0, z) - p * z).sum() + 0.5 * ridge * beta @ beta)


def _expit(z: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1 + np.tanh(z / 2)))


def _cluster_sums(rows: FloatArray, clusters: NDArray[np.int64]) -> tuple[FloatArray, int]:
    _, codes = np.unique(clusters, return_inverse=True)
    count = int(codes.max()) + 1 if codes.size else 0
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums, count
