"""Embeddings of models that can be identified: coordinates by the singular value decomposition of A.

The vectors P of the factorisation are not identified: any invertible map of them, undone in w and W, leaves every
prediction as it is. A is, and so are U S of A = U S V^T, but for signs: each direction of V is turned so that its
largest entry is positive. With the directions held fixed, coordinates are linear in A, and how far they would lie
elsewhere with other questions follows from the influence of each question on A.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness import FloatArray

MOST = 16
"""The most coordinates that are kept."""
REPLICATES = 400
RADIUS = 5.991464547107979
"""Squared radius of a 95 % ellipse: the quantile of chi-squared with two degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """Coordinates of models."""

    directions: FloatArray
    """V, (d, k), orthonormal columns."""
    coordinates: FloatArray
    """U S = A V, (m, k)."""
    values: FloatArray
    """All singular values of A, descending."""
    replicates: FloatArray
    """(b, m, k): the coordinates with other questions, by the bootstrap; b is 0 where the fit is no minimum."""

    def covariances(self) -> FloatArray | None:
        """Return the covariance of each model's coordinates, (m, k, k); None where there are no replicates."""
        if not len(self.replicates):
            return None
        centred = self.replicates - self.replicates.mean(axis=0)
        return np.asarray(np.einsum("bmi,bmj->mij", centred, centred) / (len(centred) - 1))

    def distances(self) -> FloatArray:
        """Return the distances between models, (m, m), over the coordinates kept."""
        return _distances(self.coordinates)

    def neighbours(self) -> list[tuple[int, float | None]]:
        """Return for each model its nearest one, and the share of replicates in which it is the nearest, too."""
        nearest = _nearest(self.distances())
        if not len(self.replicates):
            return [(int(i), None) for i in nearest]
        found = np.array([_nearest(_distances(one)) for one in self.replicates])
        return [(int(i), float((found[:, model] == i).mean())) for model, i in enumerate(nearest)]

    def with_model(self, weights: FloatArray, replicates: FloatArray) -> Canonical:
        """Return the coordinates with a model more, in the directions of the others.

        Args:
            weights: (d,).
            replicates: (b, k) of it.
        """
        count = min(len(self.replicates), len(replicates))
        joined = np.concatenate([self.replicates[:count], replicates[:count, None]], axis=1)
        return Canonical(self.directions, np.vstack([self.coordinates, weights @ self.directions]), self.values, joined)


def canonical(weights: FloatArray) -> Canonical:
    """Return the coordinates of models, without replicates.

    Args:
        weights: A, (m, d).
    """
    left, values, right = np.linalg.svd(weights, full_matrices=False)
    kept = min(MOST, len(values))
    directions = right[:kept].T
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(kept)])
    signs[signs == 0] = 1.0
    return Canonical(
        directions * signs, left[:, :kept] * values[:kept] * signs, values, np.zeros((0, len(weights), kept))
    )


def replicates(
    coordinates: FloatArray,
    influences: Iterable[FloatArray],
    groups: Sequence[Hashable | None],
    *,
    count: int = REPLICATES,
    seed: int = 0,
) -> FloatArray:
    """Draw coordinates with other questions, (b, m, k): one step of the bootstrap, from the influence of each question.

    Args:
        coordinates: (m, k).
        influences: For each coordinate what every question adds to it, (n, m).
        groups: (n,); questions of one group are drawn together. None: a question of its own.
        count: b.
        seed: Of the draws.
    """
    own = {group: number for number, group in enumerate(dict.fromkeys(g for g in groups if g is not None))}
    alone = iter(range(len(own), len(own) + len(groups)))
    codes = np.array([next(alone) if group is None else own[group] for group in groups])
    parts = int(codes.max()) + 1
    draw = np.random.default_rng(seed)
    excess = draw.multinomial(parts, np.full(parts, 1 / parts), size=count).astype(np.float64) - 1
    moved = []
    for influence in influences:
        summed = np.zeros((parts, influence.shape[1]))
        np.add.at(summed, codes, influence)
        moved.append(excess @ summed)
    return np.asarray(coordinates + np.stack(moved, axis=-1))


def ellipse(centre: FloatArray, covariance: FloatArray, points: int = 60) -> FloatArray:
    """Return the outline of a 95 % ellipse, (points, 2).

    Args:
        centre: (2,).
        covariance: (2, 2).
        points: How many.
    """
    turn = np.linspace(0, 2 * np.pi, points)
    values, vectors = np.linalg.eigh(covariance)
    circle = np.sqrt(RADIUS * np.maximum(values, 0.0)) * np.column_stack([np.cos(turn), np.sin(turn)])
    return np.asarray(centre + circle @ vectors.T)


def _distances(coordinates: FloatArray) -> FloatArray:
    squares = (coordinates**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares[:, None] + squares - 2 * coordinates @ coordinates.T, 0.0)))


def _nearest(distances: FloatArray) -> FloatArray:
    return np.asarray((distances + np.diag(np.full(len(distances), np.inf))).argmin(axis=1))
