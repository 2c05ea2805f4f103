"""Made-up battles with covariates, and their maximum by a general-purpose optimiser."""

import numpy as np
from scipy.optimize import minimize


def drawn(seed, n=400, m=5, k=2, *, ties=0.2, clusters=60):
    """Battles of m players with k covariates, who was shown first, weights and clusters, by name."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(size=m) * 0.7
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    covariates = rng.normal(size=(n, k)) * (1 + np.arange(k))
    position = rng.choice([-1.0, 1.0, 0.0], n, p=[0.45, 0.45, 0.1])
    labels = rng.integers(0, clusters, n)
    taste = 0.5 * rng.normal(size=(clusters, m))[labels]
    rows = np.arange(n)
    gap = strengths[first] - strengths[second] + taste[rows, first] - taste[rows, second]
    gap += covariates @ (0.3 / (1 + np.arange(k))) + 0.4 * position
    won = (rng.random(n) < 1 / (1 + np.exp(-gap))).astype(float)
    outcome = np.where(rng.random(n) < ties, 0.5, won)
    return {
        "first": first,
        "second": second,
        "outcome": outcome,
        "covariates": covariates,
        "position": position,
        "weights": rng.integers(1, 4, n).astype(float),
        "clusters": labels,
    }


def design(battles, m):
    """One row a battle: strengths, covariates, position."""
    n = len(battles["first"])
    matrix = np.zeros((n, m))
    matrix[np.arange(n), battles["first"]] = 1
    matrix[np.arange(n), battles["second"]] = -1
    return np.column_stack([matrix, battles["covariates"], battles["position"]])


def slow_maximum(battles, m, *, prior=0.0, covariate_prior=0.0, anchor=0):
    """Parameters with the anchor at 0, the prior being on all others."""
    matrix = np.delete(design(battles, m), anchor, axis=1)
    penalty = np.repeat([prior, covariate_prior], [m - 1, matrix.shape[1] - m + 1])
    credit, weights = battles["outcome"], battles["weights"]

    def loss(free):
        gap = matrix @ free
        return float(weights @ (np.logaddexp(0, gap) - credit * gap) + penalty @ free**2 / 2)

    def gradient(free):
        return matrix.T @ (weights * (1 / (1 + np.exp(-(matrix @ free))) - credit)) + penalty * free

    found = minimize(loss, np.zeros(matrix.shape[1]), jac=gradient, method="BFGS", options={"gtol": 1e-9})
    return np.insert(found.x, anchor, 0.0)


def parameters(fitted):
    """Strengths, coefficients and position in one."""
    return np.concatenate([fitted.strengths, fitted.coefficients, [fitted.position]])
