"""Ratings of the models that battled, by people's outcomes and by the evaluated model's verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, stats

from .battles import predicted_credit

SCALE = 400.0 / math.log(10.0)
"""Elo points a nat."""
CENTRE = 1000.0


@dataclass(frozen=True)
class Ratings:
    """Elo ratings of m models with their intervals; PPE's rank and separation metrics compare two such tables.

    The first four arrays may have leading axes of draws: the metrics are then computed for every draw.
    """

    rating: FloatArray
    """(..., m) Elo points, mean 1000."""
    low: FloatArray
    """(..., m) lower ends of the 95 % intervals."""
    high: FloatArray
    mean: FloatArray
    """(..., m) mean of the rating's distribution: the rating itself, or the mean of bootstrap rounds."""
    covariance: FloatArray
    """(m, m) Elo points squared; diagonal where only variances are used."""

    @cached_property
    def gaps(self) -> FloatArray:
        """Return the differences of all pairs, the lower index minus the higher, (..., m (m - 1) / 2)."""
        return self.rating @ _pair_differences(self.rating.shape[-1])

    @cached_property
    def order(self) -> FloatArray:
        """Return the signs of the differences."""
        return np.asarray(np.sign(self.gaps))

    @cached_property
    def ranks(self) -> FloatArray:
        """Return ranks around their mean, (..., m), ties sharing theirs: half of (models below less models above)."""
        return np.asarray(self.order @ _pair_differences(self.rating.shape[-1]).T / 2)

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """Mark the pairs with intervals that do not overlap; ends that touch do not overlap."""
        first, second = np.triu_indices(self.rating.shape[-1], 1)
        m, pairs = self.rating.shape[-1], np.arange(len(first))
        gap = np.zeros((2, 2 * m, len(first)))  # lower end of one minus upper end of the other, both ways round
        gap[0, first, pairs] = gap[1, second, pairs] = 1.0
        gap[0, m + second, pairs] = gap[1, m + first, pairs] = -1.0
        ends = np.concatenate([self.low, self.high], axis=-1)
        return np.asarray((ends @ gap[0] >= 0) | (ends @ gap[1] >= 0))

    def moved(self, by: FloatArray) -> Ratings:
        """Return the same intervals around other ratings: ``by`` has shape (..., m)."""
        rating = self.rating + by
        mean = rating if self.mean is self.rating else self.mean + by
        return Ratings(rating, self.low + by, self.high + by, mean, self.covariance)


@lru_cache(maxsize=8)
def _pair_differences(m: int) -> FloatArray:
    """Return the matrix, (m, m (m - 1) / 2), from ratings to their differences: a product is faster than picking."""
    first, second = np.triu_indices(m, 1)
    pairs = np.arange(len(first))
    matrix = np.zeros((m, len(first)))
    matrix[first, pairs], matrix[second, pairs] = 1.0, -1.0
    return matrix


@dataclass(frozen=True, slots=True)
class Tables:
    """The true and the predicted ratings and win rates on the same battles."""

    truth: Ratings
    prediction: Ratings
    joint: FloatArray
    """(2m, 2m) covariance of the ratings of both tables, truth first."""
    truth_win_rates: FloatArray
    """(m, m) share of battles won, ties half; NaN where two never met."""
    predicted_win_rates: FloatArray
    models: tuple[str, ...]
    n: int
    """Number of battles behind both tables."""
    n_failed: int
    """Number of battles without a verdict."""
    degrees_of_freedom: float = math.inf
    """Degrees of freedom of the covariance for clustered battles; else infinite."""

    def draws(self, count: int, seed: int) -> tuple[Ratings, Ratings]:
        """Move truth and prediction by ``count`` joint draws of their error."""
        values, vectors = np.linalg.eigh(self.joint)
        factor = vectors * np.sqrt(np.maximum(values, 0.0))
        rng = np.random.default_rng(seed)
        moves = rng.standard_normal((count, len(values))) @ factor.T
        if math.isfinite(self.degrees_of_freedom):  # the size of the error is itself known from few clusters
            moves *= np.sqrt(self.degrees_of_freedom / rng.chisquare(self.degrees_of_freedom, count))[:, None]
        m = len(self.models)
        return self.truth.moved(moves[:, :m]), self.prediction.moved(moves[:, m:])


def tables(columns: Columns, *, prior: float = 0.0) -> Tables:
    """Fit both ratings by maximum likelihood, with the sandwich covariance.

    Args:
        columns: The columns of arena battles.
        prior: Precision of a normal prior on strengths, nats^-2, for a likelihood without a finite maximum.

    Raises:
        ValueError: a model never won or never lost against a group of the others, so that its rating would be
            infinite; the message names the models.
    """
    verdict = predicted_credit(columns)
    kept = ~np.isnan(verdict)
    if not kept.any():
        raise ValueError("no battle has a verdict")
    first, second, names = battlers(columns, kept)
    credit = np.array([columns.values["outcome"][kept], verdict[kept]])
    clusters = None if columns.clusters is None else columns.clusters[kept]
    joint = fit(first, second, credit, names, prior, clusters)
    z = _quantile(0.975, joint.degrees_of_freedom)
    covariance = joint.covariance * SCALE**2
    sides = []
    for side in range(2):
        rating = stats.elo(joint.strengths[side])
        reach = z * np.sqrt(np.diag(covariance[side, side]))
        sides.append(Ratings(rating, rating - reach, rating + reach, rating, covariance[side, side]))
    m = len(names)
    return Tables(
        sides[0],
        sides[1],
        covariance.transpose(0, 2, 1, 3).reshape(2 * m, 2 * m),
        win_rates(first, second, credit[0], m),
        win_rates(first, second, credit[1], m),
        names,
        int(kept.sum()),
        int((~kept).sum()),
        joint.degrees_of_freedom,
    )


def _quantile(probability: float, freedom: float) -> float:
    """Return the quantile of Student's t, or of the normal distribution if battles are independent."""
    if not math.isfinite(freedom):
        return NormalDist().inv_cdf(probability)
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def battlers(columns: Columns, kept: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Return indices of both models of each kept battle, among the models with a kept battle, and their names."""
    codes = [columns.values[name][kept].astype(np.int64) for name in ("first_model", "second_model")]
    present, index = np.unique(np.concatenate(codes), return_inverse=True)
    names = columns.facts["models"]
    return index[: codes[0].size], index[codes[0].size :], tuple(names[code] for code in present)


def fit(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    credit: FloatArray,
    names: tuple[str, ...],
    prior: float,
    clusters: NDArray[np.int64] | None = None,
) -> stats.JointFit:
    """Fit both sets of outcomes jointly, and name the models if no fit exists.

    Args:
        first: (n,) index of the first model of each battle.
        second: (n,) index of the second model.
        credit: (2, n) credit of the first model by both sets of outcomes.
        names: the models' names.
        prior: precision of a normal prior on strengths, nats^-2; 0 = none.
        clusters: labels of shape (n,) of battles that depend on each other.

    Raises:
        ValueError: the battles do not connect all models.
    """
    try:
        return stats.fit_jointly(first, second, credit, n_players=len(names), clusters=clusters, prior=prior)
    except stats.NoFiniteMaximum as error:
        raise ValueError(unconnected(error, names)) from None


def unconnected(
    error: stats.NoFiniteMaximum, names: tuple[str, ...], *, mend: str = "give the metric a prior, such as prior=0.25"
) -> str:
    """Say which models cannot be rated against which."""
    groups = sorted(error.groups, key=len)
    shown = "; ".join("{" + ", ".join(names[i] for i in group) + "}" for group in groups[:-1][:4])
    more = f" and {len(groups) - 5} more groups" if len(groups) > 5 else ""
    return (
        f"the battles do not connect all models, so some ratings would be infinite: {shown}{more} never lost, never "
        f"won or never met the other {len(groups[-1])} models; {mend}"
    )


def win_rates(first: NDArray[np.int64], second: NDArray[np.int64], credit: FloatArray, m: int) -> FloatArray:
    """Compute the share of battles that each model wins against each other, (m, m); NaN for pairs that never met.

    Args:
        first: (n,) index of the first model of each battle.
        second: (n,) index of the second model.
        credit: (n,) credit of the first model.
        m: number of models.
    """
    code = first * m + second
    games = np.bincount(code, minlength=m * m).reshape(m, m).astype(np.float64)
    wins = np.bincount(code, weights=credit, minlength=m * m).reshape(m, m)
    won, played = wins + (games - wins).T, games + games.T
    return np.asarray(np.divide(won, played, out=np.full((m, m), np.nan), where=played > 0))
