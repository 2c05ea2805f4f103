"""The human-preference metrics in their right form: each domain against its own votes, ties as ties, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Estimate, FloatArray, Linearised, Matrix, Range, stats
from harness.kinds.preference import OfVerdicts

from . import agreement
from .battles import predicted_credit, predicted_winner_compat
from .elo import Ratings, Tables, battlers, tables, win_rates

DRAWS = 500
"""Number of joint draws of both tables of ratings: they give the standard error to 3 %."""
_NAN = math.nan
_WON = "share of battles that the row wins against the column, a tie counting half"
COLUMNS = ("as_given", "exchanged", "better", "answered", "outcome", "first_model", "second_model")


class BattleAccuracy(OfVerdicts):
    """Share of battles with a winner in which the model prefers the winner; the model's ties count half."""

    needs: ClassVar[tuple[str, ...]] = COLUMNS
    chance = 0.5

    def verdicts(self, columns: Columns) -> FloatArray:
        """Return the credit given to the first model, (n,)."""
        return predicted_credit(columns)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the battles with a verdict."""
        return ~np.isnan(self.verdicts(columns))

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio of two means, over battles with a winner, and its influences."""
        outcome = columns.values["outcome"]
        decisive = outcome != 0.5
        if not decisive.any():
            raise ValueError("people saw a tie in every battle")
        right = 1 - np.abs(self.verdicts(columns) - outcome)
        value = float(right[decisive].mean())
        return Linearised(value, np.where(decisive, right - value, 0.0) / decisive.mean())

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Compute the metric on the battles with a winner, the only ones that count."""
        decisive = columns.values["outcome"] != 0.5
        part = columns.take(decisive) if decisive.any() else columns
        return super().compute(part, confidence=confidence, seed=seed)

    def trials(self, columns: Columns) -> int | None:
        """Count the battles with a winner."""
        return int((columns.values["outcome"] != 0.5).sum())

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return how often the model itself saw a tie where people saw a winner."""
        return {"tie_rate": float((self.verdicts(columns) == 0.5).mean())}


class BattleAccuracyCompat(BattleAccuracy):
    """Battle accuracy by the authors' code: the order of the data only, a tie going to the second model."""

    def verdicts(self, columns: Columns) -> FloatArray:
        """Return 1 or 0 for each battle, (n,)."""
        return predicted_winner_compat(columns)


class RowWisePearson(OfVerdicts):
    """Correlation of a model's predicted and true win rates against the others, mean over models."""

    needs: ClassVar[tuple[str, ...]] = COLUMNS
    chance = 0.0
    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the battles with a verdict."""
        return ~np.isnan(predicted_credit(columns))

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and by the chain rule each battle's influence through the two win rates that it enters."""
        everything = np.ones(len(columns), dtype=bool)
        first, second, names = battlers(columns, everything)
        m = len(names)
        both = (columns.values["outcome"], predicted_credit(columns))
        rates = [win_rates(first, second, credit, m) for credit in both]
        value, *slopes = agreement.row_wise_pearson(rates[0], rates[1])
        games = np.bincount(first * m + second, minlength=m * m).reshape(m, m)
        share = (games + games.T)[first, second] / len(columns)
        influence = np.zeros(len(columns))
        for credit, rate, slope in zip(both, rates, slopes, strict=True):
            influence += (slope - slope.T)[first, second] * (credit - rate[first, second]) / share
        return Linearised(value, influence - influence.mean())

    def pictures(self, columns: Columns) -> Sequence[Matrix]:
        """Draw both tables of win rates, the models that people prefer first."""
        first, second, names = battlers(columns, np.ones(len(columns), dtype=bool))
        sides = [
            stats.battle_win_rates(first, second, credit, n_players=len(names), clusters=columns.clusters)
            for credit in (columns.values["outcome"], predicted_credit(columns))
        ]
        mean = np.array([np.nanmean(row) if np.isfinite(row).any() else 0.0 for row in sides[0].rate])
        order = np.argsort(-mean, kind="stable")
        ordered = [names[i] for i in order]

        def in_order(table: FloatArray) -> list[list[float]]:
            return [[float(value) for value in row] for row in table[np.ix_(order, order)]]

        people, model = ((in_order(side.rate), in_order(side.low), in_order(side.high)) for side in sides)
        battles, judged = (in_order(side.games.astype(np.float64)) for side in sides)
        return [
            Matrix("Win rates", _WON, ordered, ordered, *people, name="people", reference=True, counts=battles),
            Matrix("Win rates", _WON, ordered, ordered, *model, counts=judged),
        ]


class _OfRatings(OfVerdicts):
    """A metric of the two tables of ratings.

    Such a metric is not smooth in the battles, so it has no influences: its error is the spread of the metric over
    joint draws of both tables from their sandwich covariance. The draws lie around another centre than the value, as
    noise added to noise lowers any agreement; the interval is their spread put around the value.

    All of these metrics depend on how many battles there are: with more, ratings are further apart and agree better.
    The interval is for the value that as many other battles would give, not infinitely many.

    Args:
        prior: Precision of a normal prior on strengths, nats^-2, for domains where some model never won or never
            lost; near zero, 0.25 pulls like one virtual tie.
    """

    needs: ClassVar[tuple[str, ...]] = COLUMNS

    def __init__(self, prior: Annotated[float, Range(least=0)] = 0.0) -> None:
        self.prior = prior

    def of(self, truth: Ratings, prediction: Ratings) -> FloatArray:
        """Compute the metric for every draw."""
        raise NotImplementedError

    def linearise(self, columns: Columns) -> Linearised:
        """Raise an error: two models cannot be compared by ratings item by item."""
        raise ValueError("it rests on ratings, to which single battles have no additive influence")

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Return the value on both tables, and its spread over draws."""
        failed = int(np.isnan(predicted_credit(columns)).sum())
        try:
            both: Tables = columns.once(f"ratings, prior {self.prior}", lambda c: tables(c, prior=self.prior))
            value = float(self.of(both.truth, both.prediction))
            if math.isnan(value):
                raise ValueError("all ratings are equal, or people's votes separate no two models")
        except ValueError as error:
            reason = self.nothing_valid(columns) if failed == len(columns) else str(error)
            return Estimate(_NAN, _NAN, _NAN, _NAN, len(columns) - failed, failed, {"reason": reason}, confidence)
        name = f"draws, prior {self.prior}, seed {seed}"
        draws = self.of(*columns.once(name, lambda c: both.draws(DRAWS, seed)))
        draws = draws[~np.isnan(draws)]
        low, high = _interval(value, draws, (1 - confidence) / 2)
        if self.bounds is not None:
            low, high = max(low, self.bounds[0]), min(high, self.bounds[1])
        made = Estimate(value, float(draws.std(ddof=1)), low, high, both.n, both.n_failed, confidence=confidence)
        return self.remarked(made, columns)


def _interval(value: float, draws: FloatArray, tail: float) -> tuple[float, float]:
    """Return the draws' quantiles, moved so that their mean is the value; the value stays inside."""
    low, high = (value + float(end) - float(draws.mean()) for end in np.quantile(draws, (tail, 1 - tail)))
    return min(value, low), max(value, high)


class EloSpearman(_OfRatings):
    """Spearman's rho between the models' ratings by people and by the evaluated model."""

    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def of(self, truth: Ratings, prediction: Ratings) -> FloatArray:
        """Return the rank correlation of the two tables."""
        return agreement.spearman(truth, prediction)


class EloKendall(_OfRatings):
    """Kendall's tau-b between the models' ratings by people and by the evaluated model."""

    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def of(self, truth: Ratings, prediction: Ratings) -> FloatArray:
        """Return the rank correlation of the two tables."""
        return agreement.kendall(truth, prediction)


class Separability(_OfRatings):
    """Share of pairs of models that the evaluated model's ratings separate: intervals that do not overlap."""

    def of(self, truth: Ratings, prediction: Ratings) -> FloatArray:
        """Return the share of separated pairs in the prediction."""
        return agreement.separability(prediction)


class SeparabilityByTest(_OfRatings):
    """Share of pairs of models whose predicted ratings differ by a z-test of the pair, at the 5 % level.

    Two intervals may overlap although the difference is significant, and the two ratings are correlated: the test is
    the better statistic, and gives the higher value.
    """

    def of(self, truth: Ratings, prediction: Ratings) -> FloatArray:
        """Return the share of separated pairs in the prediction."""
        return agreement.separable_by_test(prediction, NormalDist().inv_cdf(0.975))


class ConfidenceAgreement(_OfRatings):
    """Mean over the pairs that people's votes separate: +1 separated alike, -1 the other way, 0 not separated."""

    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance = 0.0

    def of(self, truth: Ratings, prediction: Ratings) -> FloatArray:
        """Return the mean over the pairs that the truth separates."""
        return agreement.confidence_agreement(truth, prediction)


class EloBrier(_OfRatings):
    """Squared error of the predicted probability that the first of two models is rated lower, mean over pairs."""

    higher_is_better = False

    def of(self, truth: Ratings, prediction: Ratings) -> FloatArray:
        """Return the mean over pairs; the error of a difference takes the covariance into account."""
        return agreement.brier(truth, prediction)
