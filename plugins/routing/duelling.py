"""RouteLLM's matrix factorisation: which of two models answers a question better, in Bradley-Terry form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import SEED, Failure, FloatArray, Progress, Query, Range

from .fitted import Outcomes
from .over_embedder import OverEmbedder, OverEmbedderTrainer

IntArray = NDArray[np.int64]


class DuelRouter(OverEmbedder):
    """Predicts how often a model gives the better answer of two (RouteLLM, arXiv 2406.18665, section 4.2).

    Model m has the strength s_m(x) = p_m . W x on a question with vector x, p_m at unit length, and beats model o with
    probability 1 / (1 + exp(s_o - s_m)). What it predicts of a model is the mean of that over the other models that
    the question names: for two models RouteLLM's win rate and 1 less it; for more, the share of duels won, whose order
    is that of the strengths. It is no probability of being right, and calibration shows it.
    """

    trainer: ClassVar[str] = "duel-router"

    def of_vectors(self, vectors: FloatArray) -> FloatArray:
        """Return the strengths, (n, m), nats."""
        return np.asarray(vectors @ self.numbers["projection"] @ self.numbers["of_models"].T)

    def route(self, requests: Sequence[Query]) -> list[Any]:
        """Return the share of duels that each named model wins; a question that names one model only fails."""
        return [answer if isinstance(answer, Failure) else won_duels(answer) for answer in super().route(requests)]


def won_duels(strength: FloatArray) -> FloatArray | Failure:
    """Return the share of duels with the others that each model wins, (m,), from strengths in nats.

    >>> won_duels(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    from scipy.special import expit

    m = len(strength)
    if m < 2:
        return Failure("there is no duel of one model; name two or more")
    wins = expit(strength[:, None] - strength[None, :])
    return np.asarray((wins.sum(axis=1) - 0.5) / (m - 1))


class DuelRouterTrainer(OverEmbedderTrainer):
    """Fits strengths to pairs of models of which one has the better outcome on a question, by seeded L-BFGS.

    Equal outcomes say nothing, as in RouteLLM. Its classifier's weights are part of the projection here, which
    changes no prediction. The loss, log(1 + exp(-difference)) averaged over questions, is not convex: the fit is a
    local optimum.

    Args:
        dimensions: Length of a model's vector (RouteLLM: 128).
        ridge: Of the squared projection, per question.
        pairs: Most pairs of a question, drawn at random where there are more.
        steps: Most steps of the fit.
        seed: Of the start, and of the pairs.
    """

    model: ClassVar[str] = "duel-router"

    def __init__(
        self,
        dimensions: Annotated[int, Range(least=1)] = 128,
        ridge: Annotated[float, Range(above=0)] = 3e-3,
        pairs: Annotated[int, Range(least=1)] = 64,
        steps: Annotated[int, Range(least=1)] = 200,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.dimensions, self.ridge, self.pairs, self.steps, self.seed = dimensions, ridge, pairs, steps, seed

    def learn(
        self, vectors: FloatArray, outcomes: Outcomes, progress: Progress
    ) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """Fit models' vectors and the projection.

        Raises:
            ValueError: no question tells two models apart.
        """
        rng = np.random.default_rng(self.seed)
        question, better, worse = pairs_of(outcomes.values, self.pairs, rng)
        if not len(question):
            raise ValueError("no question of the train split has a better and a worse model: there is no pair to learn")
        duels = Duels(vectors, question, better, worse, len(outcomes.models), self.dimensions, self.ridge)
        models, projection, loss, steps = duels.fit(rng, self.steps)
        progress(steps, loss=loss)
        words = {"pairs": len(question), "loss": loss, "steps": steps, "seed": self.seed}
        return words, {"of_models": models, "projection": projection}


def pairs_of(values: FloatArray, most: int, rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """Return the pairs of models with different known outcomes, as questions, better models and worse models.

    Args:
        values: (n, m) outcomes, NaN where unknown.
        most: Pairs of a question at most.
        rng: Draws where there are more.
    """
    found: list[NDArray[np.int64]] = []
    for row, outcome in enumerate(values):
        better, worse = np.nonzero(outcome[:, None] > outcome[None, :])  # false where either is unknown
        if len(better) > most:
            kept = np.sort(rng.choice(len(better), most, replace=False))
            better, worse = better[kept], worse[kept]
        found.append(np.stack([np.full(len(better), row), better, worse]))
    question, better, worse = np.concatenate(found, axis=1) if found else np.zeros((3, 0), dtype=np.int64)
    return question, better, worse


class Duels:
    """The loss of strengths on pairs, and its gradient.

    Args:
        vectors: (n, e) of the questions.
        question: (p,) row of each pair's question.
        better: (p,) index of its better model.
        worse: (p,) index of its worse one.
        models: How many there are.
        dimensions: Length of a model's vector.
        ridge: Of the squared projection, per question.
    """

    def __init__(
        self,
        vectors: FloatArray,
        question: IntArray,
        better: IntArray,
        worse: IntArray,
        models: int,
        dimensions: int,
        ridge: float,
    ) -> None:
        self._x, self._m, self._d, self._ridge = vectors, models, dimensions, ridge
        self._won, self._lost = question * models + better, question * models + worse
        self._n = len(np.unique(question))

    def fit(self, rng: np.random.Generator, steps: int) -> tuple[FloatArray, FloatArray, float, int]:
        """Return models at unit length (m, d), the projection (e, d), the loss and the steps taken."""
        from scipy.optimize import minimize

        start = np.concatenate(
            [
                rng.normal(size=self._m * self._d),
                rng.normal(scale=1 / np.sqrt(self._d), size=self._x.shape[1] * self._d),
            ]
        )
        found = minimize(self.loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps})
        raw, projection = self._parts(found.x)
        return _at_unit_length(raw), projection, float(found.fun), int(found.nit)

    def _parts(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        cut = self._m * self._d
        return weights[:cut].reshape(self._m, self._d), weights[cut:].reshape(-1, self._d)

    def loss(self, weights: FloatArray) -> tuple[float, FloatArray]:
        """Return the loss a question and its gradient, at models (m, d) and a projection (e, d), both flat."""
        from scipy.special import expit

        raw, projection = self._parts(weights)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        models, projected = raw / lengths, self._x @ projection
        strength = (projected @ models.T).ravel()
        margin = strength[self._won] - strength[self._lost]
        pull = -expit(-margin) / self._n
        size = len(strength)
        by_strength = np.bincount(self._won, pull, size) - np.bincount(self._lost, pull, size)
        by_strength = by_strength.reshape(-1, self._m)
        by_models = by_strength.T @ projected
        # A model's vector is used at unit length, so that only what is across it moves the loss.
        by_raw = (by_models - (by_models * models).sum(axis=1, keepdims=True) * models) / lengths
        by_projection = self._x.T @ (by_strength @ models) + self._ridge * projection
        value = float(np.logaddexp(0, -margin).sum()) / self._n + 0.5 * self._ridge * float((projection**2).sum())
        return value, np.concatenate([by_raw.ravel(), by_projection.ravel()])


def _at_unit_length(rows: FloatArray) -> FloatArray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
