"""A new model from few answers: a Gaussian prior over its weights, estimated from the pool, and its posterior.

The log-odds of a new model are those of the pool's mean, shifted and scaled, plus deviations as the pool's models have
from each other, plus what none of them has:

    f(x) = f_pool(x) + shift u_0 + scale c(x) u_1 + spread sum_j d_j(x) u_j / sqrt(m) + rest (x - centre) . v

with u and v standard normal, c the pool's centred log-odds, and d_j the deviation of its model j. That is a Gaussian
prior over the weights, of low rank but for the last term. Its four numbers are estimated from the pool alone: each of
its models is played as the new one, with a few of its answers and the others as its pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

from .exact import log_loss, sigmoid

IntArray = NDArray[np.int64]
_STEPS = 50
_CHANGE = 1e-9


@dataclass(frozen=True, slots=True)
class Spread:
    """The four numbers of a prior, standard deviations."""

    shift: float = 1.0
    """Of all log-odds together."""
    scale: float = 0.5
    """Of the factor of the pool's centred log-odds, about 1."""
    deviations: float = 1.0
    """Of deviations like the pool's, which 1 takes as they are."""
    rest: float = 1.0
    """Of what no model of the pool has, for a vector of length 1 from the centre."""


GRID = {
    "shift": (1.0,),
    "scale": (0.25, 0.5, 1.0),
    "deviations": (0.0, 0.5, 1.0),
    "rest": (0.0, 0.5, 1.0, 2.0),
}
"""The candidates of each number."""
FEWEST = 3
"""Models that a pool must have for its deviations to say anything."""


@dataclass(frozen=True, slots=True)
class Prior:
    """A Gaussian prior over weights and intercept of a new model: ``mean + M z`` with z standard normal.

    M is (d + 1, k + e): `low` beside the rest, which is one number and so never written out.
    """

    mean: FloatArray
    """(d + 1,): weights and intercept."""
    low: FloatArray
    """(d + 1, k)."""
    rest: float
    centre: FloatArray
    """(e,), e at most d: the rest moves the weights of the first e entries only."""

    @property
    def width(self) -> int:
        """Length of z."""
        return int(self.low.shape[1]) + (len(self.centre) if self.rest else 0)

    def features(self, vectors: FloatArray) -> FloatArray:
        """Return questions, (n, d), in the coordinates of z, (n, width)."""
        low = vectors @ self.low[:-1] + self.low[-1]
        return np.hstack([low, self.rest * (vectors[:, : len(self.centre)] - self.centre)]) if self.rest else low

    def odds(self, vectors: FloatArray) -> FloatArray:
        """Return log-odds at the mean, (n,)."""
        return np.asarray(vectors @ self.mean[:-1] + self.mean[-1])

    def moved(self, z: FloatArray) -> FloatArray:
        """Return M z, (d + 1, ...), for z of shape (width, ...)."""
        k = self.low.shape[1]
        whole = self.low @ z[:k]
        if self.rest:
            whole[: len(self.centre)] += self.rest * z[k:]
            whole[-1] -= self.rest * self.centre @ z[k:]
        return np.asarray(whole)

    def along(self, directions: FloatArray) -> FloatArray:
        """Return the rows of M for weights along directions, (r, width), for directions of shape (d, r)."""
        low = directions.T @ self.low[:-1]
        return np.hstack([low, self.rest * directions[: len(self.centre)].T]) if self.rest else low


def prior(weights: FloatArray, intercepts: FloatArray, centre: FloatArray, spread: Spread) -> Prior:
    """Make the prior of a pool.

    Args:
        weights: (m, d) of the pool.
        intercepts: (m,).
        centre: (d,), the mean vector of the questions.
        spread: The four numbers.
    """
    whole = np.column_stack([weights, intercepts])
    mean = whole.mean(axis=0)
    constant = np.zeros_like(mean)
    constant[-1] = 1.0
    scaled = mean - (mean @ np.append(centre, 1.0)) * constant
    columns = [spread.shift * constant, spread.scale * scaled]
    if spread.deviations and len(whole) > 1:
        columns += list(spread.deviations * (whole - mean) / np.sqrt(len(whole)))
    return Prior(mean, np.column_stack(columns), spread.rest, centre)


def offsets(
    odds: FloatArray, outcomes: FloatArray, categories: Sequence[str | None]
) -> tuple[tuple[str, ...], FloatArray]:
    """Return how far a fit's log-odds are off in each category, as their own intercept would mend it.

    A question's vector does not say all that its category does: answers are marked differently, or have a format that
    some models do not keep.

    Args:
        odds: (n, m) by the fit.
        outcomes: (n, m); NaN where unknown.
        categories: (n,); None: of no category.

    Returns:
        The categories, sorted, and (m, c): what is to be added, shrunk as by a standard normal prior.
    """
    names = tuple(sorted({name for name in categories if name is not None}))
    made = np.zeros((odds.shape[1], len(names)))
    for code, name in enumerate(names):
        own = np.array([category == name for category in categories])
        known = np.isfinite(outcomes[own])
        truth, added = np.where(known, outcomes[own], 0.0), np.zeros(odds.shape[1])
        for _ in range(_STEPS_OF_OFFSETS):
            chance = sigmoid(odds[own] + added)
            slope = np.where(known, truth - chance, 0.0).sum(axis=0) - added
            added = added + np.clip(slope / (np.where(known, chance * (1 - chance), 0.0).sum(axis=0) + 1), -2.0, 2.0)
        made[:, code] = added
    return names, made


_STEPS_OF_OFFSETS = 25


def with_categories(own: Prior, pool: FloatArray, unseen: int = 0) -> Prior:
    """Return the prior for vectors with a 1 more in the place of the question's category: `one_hot`.

    Args:
        own: The prior without categories.
        pool: `offsets` of the pool's models, (m, c), from which the new model's are taken to be drawn.
        unseen: Categories that the pool was not seen on: their offset may be as large as any.
    """
    d, c = len(own.mean) - 1, pool.shape[1] + unseen
    usual = float(np.sqrt((pool**2).mean())) if pool.size else 1.0
    mean = np.concatenate([pool.mean(axis=0), np.zeros(unseen)])
    spread = pool.std(axis=0, ddof=1) if len(pool) > 1 else np.full(pool.shape[1], usual)
    spread = np.hypot(spread, _LEAST_OFFSET) * _predictive(len(pool))
    deviation = np.concatenate([spread, np.full(unseen, usual)])
    low = np.zeros((d + c + 1, own.low.shape[1] + c))
    low[:d, : own.low.shape[1]], low[-1, : own.low.shape[1]] = own.low[:-1], own.low[-1]
    low[d : d + c, own.low.shape[1] :] = np.diag(deviation)
    return Prior(np.concatenate([own.mean[:-1], mean, own.mean[-1:]]), low, own.rest, own.centre)


def _predictive(count: int) -> float:
    """Return by what a standard deviation estimated from so many models is to be multiplied for one model more.

    It stands for the t distribution's longer tails at the ends of a 95 % interval.
    """
    from scipy.stats import norm, t

    if count < 2:
        return 1.0
    return float(t.ppf(0.975, count - 1) / norm.ppf(0.975) * np.sqrt(1 + 1 / count))


_LEAST_OFFSET = 0.1
"""Standard deviation of an offset where all models of the pool have the same."""


def one_hot(categories: Sequence[str | None], names: Sequence[str]) -> FloatArray:
    """Return a 1 in the place of each question's category, (n, c); only zeros for one that is not among the names."""
    places = {name: i for i, name in enumerate(names)}
    made = np.zeros((len(categories), len(names)))
    for row, category in enumerate(categories):
        if category in places:
            made[row, places[category]] = 1.0
    return made


@dataclass(frozen=True, slots=True)
class Posterior:
    """Weights of a new model after its answers, by Laplace's approximation."""

    mean: FloatArray
    """(d + 1,): weights and intercept."""
    prior: Prior
    answered: FloatArray
    """(n, k): the answered questions in the coordinates of z."""
    curvature: FloatArray
    """(n,): p (1 - p) at the mode."""
    z: FloatArray
    """(k,): the mode."""

    def odds(self, vectors: FloatArray) -> FloatArray:
        """Return log-odds at the mode, (n,)."""
        return np.asarray(vectors @ self.mean[:-1] + self.mean[-1])

    def _gram(self) -> FloatArray:
        root = np.sqrt(self.curvature)
        scaled = root[:, None] * self.answered
        return np.asarray(np.eye(len(root)) + scaled @ scaled.T)

    def variances(self, vectors: FloatArray) -> FloatArray:
        """Return the variance of each question's log-odds, (n,)."""
        features = self.prior.features(vectors)
        scaled = np.sqrt(self.curvature)[:, None] * self.answered
        lower = np.linalg.cholesky(self._gram())
        taken = np.linalg.solve(lower, scaled @ features.T)
        return np.asarray(np.maximum((features**2).sum(axis=1) - (taken**2).sum(axis=0), 0.0))

    def draws(self, count: int, seed: int) -> FloatArray:
        """Draw weights and intercepts of the posterior, (count, d + 1)."""
        draw = np.random.default_rng(seed)
        z = draw.standard_normal((len(self.z), count))
        scaled = np.sqrt(self.curvature)[:, None] * self.answered
        # a draw of the prior, moved by what it differs from observations at its own values: a draw of the posterior
        gap = scaled @ z + draw.standard_normal((len(scaled), count))
        z = z - scaled.T @ np.linalg.solve(self._gram(), gap)
        return np.asarray(self.mean + self.prior.moved(z).T)

    def covariance(self, directions: FloatArray) -> FloatArray:
        """Return the covariance of the weights along directions, (r, r), for directions of shape (d, r)."""
        along = self.prior.along(directions)
        scaled = np.sqrt(self.curvature)[:, None] * self.answered
        taken = scaled @ along.T
        return np.asarray(along @ along.T - taken.T @ np.linalg.solve(self._gram(), taken))


def posterior(own: Prior, vectors: FloatArray, outcomes: FloatArray) -> Posterior:
    """Find the posterior of a new model from its answers; without any it is the prior.

    Args:
        own: The prior.
        vectors: (n, d) of the questions answered.
        outcomes: (n,) in [0, 1], all known.

    Raises:
        ValueError: the mode is not found, which vectors that are not finite bring about.
    """
    features, start = own.features(vectors), own.odds(vectors)
    gram = features @ features.T
    odds, dual = start.copy(), np.zeros(len(start))

    def objective(odds: FloatArray, dual: FloatArray) -> float:
        return float((np.logaddexp(0.0, odds) - outcomes * odds).sum() + dual @ (odds - start) / 2)

    value = objective(odds, dual)
    for _ in range(_STEPS):
        chance = sigmoid(odds)
        curvature = np.maximum(chance * (1 - chance), 1e-10)
        root = np.sqrt(curvature)
        target = curvature * (odds - start) + outcomes - chance
        inner = np.eye(len(root)) + root[:, None] * gram * root
        step = target - root * np.linalg.solve(inner, root * (gram @ target)) - dual
        size, change = 1.0, 0.0
        while True:
            trial = dual + size * step
            trial_odds = start + gram @ trial
            trial_value = objective(trial_odds, trial)
            if trial_value <= value + 1e-12 * abs(value) or size < 1e-6:
                break
            size /= 2
        change = value - trial_value
        odds, dual, value = trial_odds, trial, trial_value
        if abs(change) <= _CHANGE:
            break
    else:
        raise ValueError("no posterior was found: are all vectors finite?")
    chance = sigmoid(odds)
    z = features.T @ dual
    return Posterior(own.mean + own.moved(z), own, features, chance * (1 - chance), z)


def estimate(
    vectors: FloatArray,
    outcomes: FloatArray,
    weights: FloatArray,
    intercepts: FloatArray,
    *,
    answers: Sequence[int] = (32, 128),
    draws: int = 1,
    played: int = 24,
    seed: int = 0,
    told: Callable[[int, float], None] | None = None,
) -> tuple[Spread, float]:
    """Estimate the four numbers from the pool: those under which its own models are best foretold from few answers.

    Args:
        vectors: (n, d) of the train questions.
        outcomes: (n, m); NaN where unknown.
        weights: (m, d), fitted to them.
        intercepts: (m,).
        answers: How many answers of the model that is played as new are shown.
        draws: How often they are drawn, of each number and model.
        played: The most models that are played as new.
        seed: Of the draws.
        told: Called after each candidate with its number and its log loss.

    Returns:
        The numbers, and their log loss in nats; the usual ones and NaN where the pool has fewer than `FEWEST` models.
    """
    if len(weights) < FEWEST:
        return Spread(), float("nan")
    draw = np.random.default_rng(seed)
    centre = vectors.mean(axis=0)
    models = draw.permutation(outcomes.shape[1])[:played]
    trials = [trial for model in models for trial in _trials(outcomes[:, model], int(model), answers, draws, draw)]
    if not trials:  # fewer answers than could be shown and judged
        return Spread(), float("nan")
    best, least = Spread(), np.inf
    for number, values in enumerate(product(*GRID.values())):
        candidate = Spread(*values)
        losses = []
        for model, shown, rest in trials:
            others = np.arange(len(weights)) != model
            own = prior(weights[others], intercepts[others], centre, candidate)
            found = posterior(own, vectors[shown], outcomes[shown, model])
            losses.append(log_loss(sigmoid(found.odds(vectors[rest])), outcomes[rest, model]))
        loss = float(np.mean(losses))
        if told is not None:
            told(number + 1, loss)
        if loss < least:
            best, least = candidate, loss
    return best, least


_JUDGED = 500
"""Questions on which a model that is played as new is judged."""


def _trials(
    outcomes: FloatArray, model: int, answers: Sequence[int], draws: int, draw: np.random.Generator
) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Yield a model, the questions of it that are shown, and those that it is judged on."""
    known = np.flatnonzero(np.isfinite(outcomes))
    for count in answers:
        if len(known) < 2 * count:
            continue
        for _ in range(draws):
            order = draw.permutation(known)
            yield model, order[:count], order[count : count + _JUDGED]
