"""Routers over any embedder: nearest neighbours, logistic regression, clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import (
    SEED,
    Ask,
    CellError,
    Failure,
    FloatArray,
    Item,
    Progress,
    Query,
    Range,
    Task,
    Text,
    Trainer,
)

from .choices import known_means
from .fitted import Outcomes, outcomes_of, write
from .over_base import OverBase, base_of

_BLOCK = 1000
"""Questions whose similarities to all train questions are in memory at once."""


class OverEmbedder(OverBase):
    """A router that was trained over an embedder, which it asks again unless ``base`` names another."""

    asks_for: ClassVar[str] = "embed"

    def remarks(self) -> Sequence[str]:
        """Remark, once, that the base is not the one that was trained over."""
        part = self.parts["base"] if hasattr(self, "parts") else None
        if getattr(self, "_said", False) or part is None or part.fingerprint == self.words().get("base_fingerprint"):
            return ()
        self._said = True
        return [f"the base ({part.specification}) is not the embedder that {self.path} was trained over"]

    def predict(self, requests: Sequence[Query]) -> list[Any]:
        """Embed the questions, and predict for those that have a vector.

        Raises:
            CellError: the embedder's vectors have another length than those trained on.
        """
        if not requests:
            return []
        vectors = self.parts["base"]("embed", [Text(request.prompt.text) for request in requests])
        there = [i for i, vector in enumerate(vectors) if not isinstance(vector, Failure)]
        answers: list[Any] = [
            Failure(f"the embedder: {vector.reason}") if isinstance(vector, Failure) else None for vector in vectors
        ]
        if there:
            stacked = np.array([vectors[i] for i in there], dtype=np.float64)
            width = int(self.words()["dimensions"])
            if stacked.shape[1] != width:
                raise CellError(
                    f"{self.path} was trained on vectors of length {width}, and its base "
                    f"{self.parts['base'].specification} gives {stacked.shape[1]}: use the embedder it was trained over"
                )
            for i, predicted in zip(there, self.of_vectors(stacked), strict=True):
                answers[i] = predicted
        return answers

    def of_vectors(self, vectors: FloatArray) -> FloatArray:
        """Return the predicted correctness, (n, m), at vectors of shape (n, d)."""
        raise NotImplementedError


class OverEmbedderTrainer(Trainer):
    """Base class of trainers over an embedder; a subclass gives `learn`."""

    trains_on: ClassVar[tuple[str, ...]] = ("routing",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("embed",)

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Embed the questions through the client, which keeps the vectors, and learn from them.

        Raises:
            ValueError: the outcomes cannot be learned from, or a question could not be embedded.
        """
        assert ask is not None
        outcomes = outcomes_of(items, task.name)
        vectors = vectors_of(ask, outcomes)
        words, numbers = self.learn(vectors, outcomes, progress)
        width = vectors.shape[1]
        write(workdir, self.model, outcomes.models, {**base_of(ask), "dimensions": width, **words}, **numbers)
        return {"questions": len(vectors), "models": len(outcomes.models), "dimensions": width, **words}

    def learn(
        self, vectors: FloatArray, outcomes: Outcomes, progress: Progress
    ) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """Return words and numbers of the router, learned from vectors (n, d) and outcomes (n, m)."""
        raise NotImplementedError


def vectors_of(ask: Ask, outcomes: Outcomes) -> FloatArray:
    """Ask the embedder for the questions' vectors, (n, d).

    Raises:
        ValueError: one could not be embedded: a router fitted to the others would be another one.
    """
    vectors = ask("embed", [Text(prompt.text) for prompt in outcomes.prompts])
    failed = [vector.reason for vector in vectors if isinstance(vector, Failure)]
    if failed:
        raise ValueError(f"{len(failed)} of {len(vectors)} questions could not be embedded, the first: {failed[0]}")
    return np.array(vectors, dtype=np.float64)


# nearest neighbours


class NeighbourRouter(OverEmbedder):
    """Predicts the mean outcome of the k train questions nearest to the question (EmbedLLM, section 4.1: k = 131).

    Vectors are taken at unit length, where the order by cosine is that by distance. A model without a known outcome
    among the neighbours gets its mean of all.
    """

    trainer: ClassVar[str] = "neighbour-router"

    def of_vectors(self, vectors: FloatArray) -> FloatArray:
        """Return the means over neighbours."""
        train, outcomes = self.numbers["vectors"].astype(np.float64), self.numbers["outcomes"]
        k = min(int(self.words()["neighbours"]), len(train))
        return nearest_means(unit(vectors), train, outcomes, k)


def unit(vectors: FloatArray) -> FloatArray:
    """Return vectors at unit length; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def nearest_means(vectors: FloatArray, train: FloatArray, outcomes: FloatArray, k: int) -> FloatArray:
    """Return the mean outcomes, (n, m), of the k train vectors of greatest inner product; of equal ones the first.

    One product a block of questions and one a block of neighbours serve all models.

    Args:
        vectors: (n, d).
        train: (t, d).
        outcomes: (t, m); NaN where unknown, which counts for nothing.
        k: At least 1, at most t.
    """
    from scipy.sparse import csr_matrix

    known = np.isfinite(outcomes)
    filled, means = np.where(known, outcomes, 0.0), known_means(outcomes)
    found = []
    for first in range(0, len(vectors), _BLOCK):
        similarity = vectors[first : first + _BLOCK] @ train.T
        rows = len(similarity)
        near = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        border = np.take_along_axis(similarity, near, axis=1).min(axis=1)
        for i in np.flatnonzero((similarity >= border[:, None]).sum(axis=1) > k):  # ties at the border
            near[i] = np.argsort(-similarity[i], kind="stable")[:k]
        chosen = csr_matrix((np.ones(rows * k), near.ravel(), np.arange(0, rows * k + 1, k)), (rows, len(train)))
        counts = chosen @ known.astype(np.float64)
        found.append(np.where(counts > 0, (chosen @ filled) / np.maximum(counts, 1), means))
    return np.concatenate(found)


class NeighbourRouterTrainer(OverEmbedderTrainer):
    """Keeps the train questions' vectors and outcomes.

    Args:
        neighbours: k, how many are asked; at most as many as there are questions.
    """

    model: ClassVar[str] = "neighbour-router"

    def __init__(self, neighbours: Annotated[int, Range(least=1)] = 31) -> None:
        self.neighbours = neighbours

    def learn(
        self, vectors: FloatArray, outcomes: Outcomes, progress: Progress
    ) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """Keep them, the vectors at unit length."""
        return {"neighbours": self.neighbours}, {"vectors": unit(vectors), "outcomes": outcomes.values}


# logistic regression


class LogisticRouter(OverEmbedder):
    """Predicts by logistic regression on the vector, one for each model."""

    trainer: ClassVar[str] = "logistic-router"

    def of_vectors(self, vectors: FloatArray) -> FloatArray:
        """Return the probabilities."""
        odds = vectors @ self.numbers["weights"].T + self.numbers["intercepts"]
        return np.asarray(1 / (1 + np.exp(-odds)))


class LogisticRouterTrainer(OverEmbedderTrainer):
    """Fits scikit-learn's logistic regression for each model, outcomes of 0.5 or more counting as right.

    Args:
        strength: C, the inverse of the L2 penalty.
    """

    model: ClassVar[str] = "logistic-router"

    def __init__(self, strength: Annotated[float, Range(above=0)] = 1.0) -> None:
        self.strength = strength

    def learn(
        self, vectors: FloatArray, outcomes: Outcomes, progress: Progress
    ) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """Fit the models one after the other; one that is always right or always wrong gets its smoothed mean."""
        from sklearn.linear_model import LogisticRegression

        weights, intercepts = np.zeros((len(outcomes.models), vectors.shape[1])), np.zeros(len(outcomes.models))
        for i, column in enumerate(outcomes.values.T):
            known = np.isfinite(column)
            right = column[known] >= 0.5
            if right.all() or not right.any():
                share = (right.sum() + 0.5) / (len(right) + 1)
                intercepts[i] = np.log(share / (1 - share))
            else:
                fitted = LogisticRegression(C=self.strength, max_iter=2000).fit(vectors[known], right)
                weights[i], intercepts[i] = fitted.coef_[0], fitted.intercept_[0]
            progress(i + 1, models=float(i + 1))
        return {"strength": self.strength}, {"weights": weights, "intercepts": intercepts}


# clusters


class ClusterRouter(OverEmbedder):
    """Predicts each model's mean outcome in the question's cluster of train questions (the form of Avengers)."""

    trainer: ClassVar[str] = "cluster-router"

    def of_vectors(self, vectors: FloatArray) -> FloatArray:
        """Look the nearest centre's means up."""
        centres = self.numbers["centres"]
        distance = (centres**2).sum(axis=1) - 2 * unit(vectors) @ centres.T
        return np.asarray(self.numbers["means"][distance.argmin(axis=1)])


class ClusterRouterTrainer(OverEmbedderTrainer):
    """Parts the train questions by k-means, and takes the mean outcome of each model in each cluster.

    Args:
        clusters: How many, at most as many as there are questions.
        seed: Of the starts, of which the best of ten is kept.
    """

    model: ClassVar[str] = "cluster-router"

    def __init__(self, clusters: Annotated[int, Range(least=1)] = 64, seed: Annotated[int, SEED] = 0) -> None:
        self.clusters, self.seed = clusters, seed

    def learn(
        self, vectors: FloatArray, outcomes: Outcomes, progress: Progress
    ) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """Fit the clusters, and take the means; a model unknown in a cluster gets its mean of all."""
        from sklearn.cluster import KMeans

        count = min(self.clusters, len(vectors))
        fitted = KMeans(n_clusters=count, n_init=10, random_state=self.seed).fit(unit(vectors))
        means = np.array([known_means(outcomes.values[fitted.labels_ == code]) for code in range(count)])
        means = np.where(np.isfinite(means), means, outcomes.means)
        return {"clusters": count}, {"centres": fitted.cluster_centers_, "means": means}
