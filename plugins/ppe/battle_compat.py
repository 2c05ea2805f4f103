"""The human-preference metrics as the authors' code computes them, conventions and shortcuts included.

Every domain is compared with the ratings over *all* battles (a variable is overwritten before it is used); a tie of the
evaluated model goes to the second response; judges' verdicts are those of one order. Ratings are fitted by L-BFGS-B
from zero with a loose stopping rule; intervals are percentiles of 1000 multinomial bootstrap rounds with seed 0.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Estimate, FloatArray, Linearised, stats
from harness.kinds.preference import OfVerdicts
from harness.stats.bradley_terry import require_finite_maximum

from . import agreement
from .battle_metrics import COLUMNS
from .battles import predicted_winner_compat
from .elo import CENTRE, Ratings, battlers, unconnected, win_rates

ROUNDS = 1000
_LN10 = math.log(10.0)


class _Compat(OfVerdicts):
    """A metric of two tables of ratings, without an interval, as published.

    Args:
        truth: ``overall`` compares every domain with all battles, as the code does; ``domain`` with its own battles,
            as the figures of the paper do.
        solver: Solver of the bootstrap rounds: ``newton`` (exact maxima, seconds) or ``lbfgs`` (as published,
            minutes). The ratings themselves always come from L-BFGS-B.
    """

    needs: ClassVar[tuple[str, ...]] = COLUMNS

    def __init__(
        self, truth: Literal["overall", "domain"] = "overall", solver: Literal["newton", "lbfgs"] = "newton"
    ) -> None:
        self.truth, self.solver = truth, solver

    def of(self, truth: ResampledRatings, prediction: ResampledRatings) -> float:
        """Compute the metric of two tables of ratings."""
        raise NotImplementedError

    def linearise(self, columns: Columns) -> Linearised:
        """Raise an error: two models cannot be compared by ratings item by item."""
        raise ValueError("it rests on ratings, to which single battles have no additive influence")

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Return the value alone: the published figures have no error."""
        failed = int(np.isnan(predicted_winner_compat(columns)).sum())
        nothing = math.nan
        try:
            if failed == len(columns):
                raise ValueError(self.nothing_valid(columns))
            source = columns.whole if self.truth == "overall" else columns
            truth = source.once(
                f"published ratings {self.solver}", lambda c: ResampledRatings(c, "outcome", self.solver)
            )
            prediction = columns.once(
                f"predicted ratings {self.solver}", lambda c: ResampledRatings(c, "verdict", self.solver)
            )
            value, detail = self.of(truth.at(prediction.models), prediction), {}
            if math.isnan(value):
                raise ValueError("all ratings are equal, or people's votes separate no two models")
        except ValueError as error:
            value, detail = nothing, {"reason": str(error)}
        made = Estimate(value, nothing, nothing, nothing, len(columns) - failed, failed, detail, confidence)
        return self.remarked(made, columns)


class ResampledRatings:
    """Ratings and win rates from one source of outcomes, bootstrapped when intervals are needed."""

    def __init__(self, columns: Columns, source: str, solver: str) -> None:
        outcome = columns.values["outcome"] if source == "outcome" else predicted_winner_compat(columns)
        kept = ~np.isnan(outcome)
        first, second, self.models = battlers(columns, kept)
        self._rows = distinct_battles(first, second, outcome[kept], len(self.models))
        self._solver = solver
        self.elo = published_elo(*self._rows, len(self.models))
        self.win_rates = win_rates(first, second, outcome[kept], len(self.models))
        self._ratings: Ratings | None = None

    @property
    def ratings(self) -> Ratings:
        """Return the ratings with bootstrap percentiles, mean and variance.

        Raises:
            ValueError: not all models can be rated against each other, so the published optimiser's answer would only
                tell its last step.
        """
        if self._ratings is None:
            self._require_connected()
            rounds = bootstrap_rounds(*self._rows, len(self.models), solver=self._solver)
            low, high = np.quantile(rounds, (0.025, 0.975), axis=0)
            variance = np.diag(rounds.var(axis=0, ddof=1))
            self._ratings = Ratings(self.elo, low, high, rounds.mean(axis=0), variance)
        return self._ratings

    def _require_connected(self) -> None:
        if self._solver == "lbfgs":
            return
        first, second, outcome, weights = self._rows
        m = len(self.models)
        wins = np.bincount(first * m + second, weights=weights * outcome, minlength=m * m)
        wins += np.bincount(second * m + first, weights=weights * (1 - outcome), minlength=m * m)
        try:
            require_finite_maximum(np.asarray(wins, dtype=np.float64).reshape(m, m))
        except stats.NoFiniteMaximum as error:
            reason = unconnected(error, self.models, mend="solver=lbfgs gives what the published optimiser ends at")
            raise ValueError(reason) from None

    @property
    def point(self) -> Ratings:
        """Return the ratings alone, for metrics that need no intervals."""
        return Ratings(self.elo, self.elo, self.elo, self.elo, np.zeros((len(self.elo),) * 2))

    def at(self, models: tuple[str, ...]) -> ResampledRatings:
        """Return itself if it rates the same models.

        Raises:
            ValueError: it rates models that are not among the given ones.
        """
        missing = [name for name in self.models if name not in models]
        if missing:
            raise ValueError(f"no battle here of {', '.join(missing)}, which the ratings over all battles have")
        return self


def distinct_battles(
    first: NDArray[np.int64], second: NDArray[np.int64], outcome: FloatArray, m: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray, FloatArray]:
    """Return distinct (first, second, outcome) rows, by the models' first appearance, and how often each occurs.

    The order matters to the seeded bootstrap: models are numbered as they first appear in the first place, then in the
    second.

    Args:
        first: (n,) index of the first model of each battle.
        second: (n,) index of the second model.
        outcome: (n,) credit of the first model: 1, 0 or 0.5.
        m: number of models.
    """
    _, appearance = np.unique(np.concatenate([first, second]), return_index=True)
    number = np.empty(m, dtype=np.int64)
    number[np.argsort(appearance, kind="stable")] = np.arange(m)
    code = (number[first] * m + number[second]) * 3 + (2 * outcome).astype(np.int64)
    unique, counts = np.unique(code, return_counts=True)
    pair, result = np.divmod(unique, 3)
    back = np.argsort(number)
    return back[pair // m], back[pair % m], result / 2, counts.astype(np.float64)


def published_elo(
    first: NDArray[np.int64], second: NDArray[np.int64], outcome: FloatArray, weights: FloatArray, m: int
) -> FloatArray:
    """Fit Elo ratings, (m,), by L-BFGS-B from zero, at most 100 iterations, gradient tolerance 1e-6.

    Args:
        first: (n,) index of the first model of each row.
        second: (n,) index of the second model.
        outcome: (n,) credit of the first model.
        weights: (n,) number of battles of each row.
        m: number of models.
    """
    from scipy.optimize import minimize

    a, b = np.eye(m)[first], np.eye(m)[second]
    design = a - b

    def loss(rating: FloatArray) -> tuple[float, FloatArray]:
        gap = _LN10 * (design @ rating)
        # log sigmoid of either sign, without overflow
        won, lost = -np.logaddexp(0.0, -gap), -np.logaddexp(0.0, gap)
        residual = weights * (np.exp(won) - outcome)
        return -float(weights @ (outcome * won + (1 - outcome) * lost)), _LN10 * (design.T @ residual)

    fitted = minimize(loss, np.zeros(m), jac=True, method="L-BFGS-B", options={"maxiter": 100, "gtol": 1e-6})
    return np.asarray(CENTRE + 400.0 * fitted.x)


def bootstrap_rounds(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    outcome: FloatArray,
    weights: FloatArray,
    m: int,
    *,
    solver: str,
    rounds: int = ROUNDS,
) -> FloatArray:
    """Fit Elo ratings, (rounds, m), to multinomial resamples with seed 0; without a finite maximum, L-BFGS-B's.

    Args:
        first: (n,) index of the first model of each row.
        second: (n,) index of the second model.
        outcome: (n,) credit of the first model.
        weights: (n,) number of battles of each row.
        m: number of models.
        solver: ``newton`` or ``lbfgs``.
        rounds: number of resamples.
    """
    total = int(weights.sum())
    drawn = np.random.default_rng(0).multinomial(total, weights / weights.sum(), rounds) / total
    ratings = np.full((rounds, m), np.nan)
    if solver == "newton":
        cells = np.concatenate([first * m + second, second * m + first])
        spread = np.zeros((2 * len(first), m * m))
        spread[np.arange(len(cells)), cells] = np.concatenate([outcome, 1 - outcome])
        wins = (np.hstack([drawn, drawn]) @ spread).reshape(rounds, m, m)
        ratings = stats.elo(stats.fit_matrix(wins))
    for i in np.flatnonzero(np.isnan(ratings).any(axis=1)):
        ratings[i] = published_elo(first, second, outcome, drawn[i], m)
    return ratings


class EloSpearmanCompat(_Compat):
    """Spearman's rho between the published ratings of the two tables."""

    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def of(self, truth: ResampledRatings, prediction: ResampledRatings) -> float:
        """Return the rank correlation of the two tables."""
        return float(agreement.spearman(truth.point, prediction.point))


class EloKendallCompat(_Compat):
    """Kendall's tau-b between the published ratings of the two tables."""

    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def of(self, truth: ResampledRatings, prediction: ResampledRatings) -> float:
        """Return the rank correlation of the two tables."""
        return float(agreement.kendall(truth.point, prediction.point))


class SeparabilityCompat(_Compat):
    """Share of pairs with bootstrap intervals that do not overlap, rounded to three decimals of a percent."""

    def of(self, truth: ResampledRatings, prediction: ResampledRatings) -> float:
        """Return the share of separated pairs in the prediction."""
        return round(100 * float(agreement.separability(prediction.ratings)), 3) / 100


class ConfidenceAgreementCompat(_Compat):
    """Confidence agreement with bootstrap intervals."""

    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def of(self, truth: ResampledRatings, prediction: ResampledRatings) -> float:
        """Return the mean over the pairs that the truth separates."""
        return float(agreement.confidence_agreement(truth.ratings, prediction.ratings))


class EloBrierCompat(_Compat):
    """Brier score with bootstrap means and variances, as if two ratings were independent."""

    higher_is_better = False

    def of(self, truth: ResampledRatings, prediction: ResampledRatings) -> float:
        """Return the mean squared error over pairs."""
        return float(agreement.brier(truth.point, prediction.ratings))


class RowWisePearsonCompat(_Compat):
    """Row-wise correlation of win rates."""

    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def of(self, truth: ResampledRatings, prediction: ResampledRatings) -> float:
        """Return the mean correlation over models."""
        return agreement.row_wise_pearson(truth.win_rates, prediction.win_rates)[0]
