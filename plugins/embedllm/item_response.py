"""Item response: each question has a slope and a difficulty, each model an ability (2PL; Lord and Novick 1968).

A model of ability t answers question i rightly with probability s(a_i t + b_i). Fitted to a pool of models, it tells
from a new model's answers to some questions what it would answer to the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness import FloatArray

_SLOPE, _SLOPE_SPREAD = 1.0, 0.5
"""Prior of the slopes: that of a question that tells abilities apart as most do."""
_LEAST_SPREAD = 0.5
_GRID = np.linspace(-8.0, 8.0, 641)
"""Abilities, in standard deviations of the pool's, at which posteriors are known."""
_WIDER = 1.5
"""How much farther a new model may lie from the pool's mean than the pool's own models do."""


@dataclass(frozen=True, slots=True)
class Items:
    """The questions, as a pool of models shows them."""

    slopes: FloatArray
    """(n,)."""
    intercepts: FloatArray
    """(n,): log-odds of a right answer at ability 0, the pool's mean."""
    abilities: FloatArray
    """(m,) of the pool's models."""

    def at(self, ability: FloatArray | float) -> FloatArray:
        """Return the probability of a right answer: (n,) at one ability, (n, k) at k of them."""
        from scipy.special import expit

        odds = np.multiply.outer(self.slopes, ability) + (
            self.intercepts if np.ndim(ability) == 0 else self.intercepts[:, None]
        )
        return np.asarray(expit(odds))


@dataclass(frozen=True, slots=True)
class Ability:
    """What some answers say of a model's ability: weights on a grid."""

    grid: FloatArray
    weights: FloatArray

    @property
    def mean(self) -> float:
        """The posterior mean."""
        return float(self.grid @ self.weights)


def fit(outcomes: FloatArray) -> Items:
    """Find the most probable slopes, difficulties and abilities.

    Args:
        outcomes: (n, m) of n questions and m models, in [0, 1]; NaN where unknown. Every question has a known one.

    Raises:
        ValueError: the fit does not converge.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    known = np.isfinite(outcomes)
    filled = np.where(known, outcomes, 0.0)
    n, m = outcomes.shape
    counts = known.sum(axis=1)
    share = (filled.sum(axis=1) + 0.5) / (counts + 1.0)
    start = np.log(share) - np.log1p(-share)
    centre, spread = float(start.mean()), max(float(start.std()), _LEAST_SPREAD)
    of_model = (filled.sum(axis=0) + 0.5) / (known.sum(axis=0) + 1.0)
    ability = np.log(of_model) - np.log1p(-of_model)
    ability = (ability - ability.mean()) / max(float(ability.std()), 1e-3)

    def objective(x: FloatArray) -> tuple[float, FloatArray]:
        t, a, b = x[:m], x[m : m + n], x[m + n :]
        odds = np.outer(a, t) + b[:, None]
        excess = np.where(known, expit(odds) - filled, 0.0)
        losses = np.where(known, np.logaddexp(0.0, odds) - filled * odds, 0.0)
        far, off = (a - _SLOPE) / _SLOPE_SPREAD, (b - centre) / spread
        value = losses.sum() + (t @ t + far @ far + off @ off) / 2
        slopes = [a @ excess + t, excess @ t + far / _SLOPE_SPREAD, excess.sum(axis=1) + off / spread]
        return float(value), np.concatenate(slopes)

    first = np.concatenate([ability, np.full(n, _SLOPE), start])
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-10})
    if not found.success:
        raise ValueError(f"the fit of questions and abilities did not converge: {found.message}")
    return Items(found.x[m : m + n], found.x[m + n :], found.x[:m])


def ability_of(items: Items, outcomes: FloatArray) -> Ability:
    """Return what a model's answers say of its ability.

    The prior is a normal one around the pool's mean, wider than the pool's spread.

    Args:
        items: The questions.
        outcomes: (n,), NaN where it was not asked.
    """
    known = np.isfinite(outcomes)
    odds = np.multiply.outer(items.slopes[known], _GRID) + items.intercepts[known, None]
    likelihood = outcomes[known] @ odds - np.logaddexp(0.0, odds).sum(axis=0)
    spread = _WIDER * max(float(items.abilities.std()), _LEAST_SPREAD)
    log = likelihood - ((_GRID - items.abilities.mean()) / spread) ** 2 / 2
    weights = np.exp(log - log.max())
    return Ability(_GRID, weights / weights.sum())
