"""A stream of prompts as arrays, and what similarity and sameness mean everywhere here."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

IntArray = NDArray[np.int64]
Vectors = NDArray[np.float32]

DIGITS = 6
"""Decimals of a similarity: the order in which a machine adds up must not decide what is nearer, or equal."""
NONE = -2.0
"""The similarity to the nearest entry where there is none; no cosine is so low."""
ABSENT = -1
"""The index of an entry that is not there."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Prompts in the order in which they come; n of them.

    >>> stream = of_classes(np.eye(3)[[0, 1, 0]], [7, 8, 7])
    >>> len(stream), stream.same(2, 0), stream.same(2, 1)
    (3, True, False)
    """

    vectors: Vectors
    """(n, d) of length 1, or of zeros, which are similar to nothing."""
    answers: IntArray
    """(n, k): codes of the answers that each prompt takes, padded with -1; a row of -1 alone is answered by no other's
    response."""
    scopes: IntArray
    """(n,): prompts of different codes must never share a response."""
    times: FloatArray
    """(n,): seconds, never falling."""
    lifetimes: FloatArray
    """(n,): seconds for which a response holds; infinite where it always does."""
    costs: FloatArray
    """(n,): what an answer of the model costs, in USD; NaN where that is unknown."""
    latencies: FloatArray
    """(n,): seconds that an answer of the model takes; NaN where that is unknown."""
    there: NDArray[np.bool_]
    """(n,): whether the prompt has a vector; one without is answered by the model, and never cached."""

    def __len__(self) -> int:
        return len(self.scopes)

    def same(self, i: int, j: int) -> bool:
        """Tell whether the response to one prompt serves another as well."""
        return shared(self.answers[i], self.answers[j])

    def same_as(self, rows: IntArray, others: IntArray) -> NDArray[np.bool_]:
        """Tell of pairs of prompts, (p,), whether one's response serves the other; False where `others` is -1."""
        first, second = self.answers[rows], self.answers[others]
        equal = (first[:, :, None] == second[:, None, :]) & (first[:, :, None] >= 0)
        return np.asarray(equal.any(axis=(1, 2)) & (others >= 0))

    def take(self, rows: NDArray[np.int64] | slice) -> Stream:
        """Return some of the prompts, in the order of the rows; times stay with their place, not with their prompt."""
        parts = {field.name: getattr(self, field.name)[rows] for field in dataclasses.fields(self)}
        if not isinstance(rows, slice):
            parts["times"] = np.sort(parts["times"])
        return Stream(**parts)


def shared(first: IntArray, second: IntArray) -> bool:
    """Tell whether two prompts, by the codes of their answers, have one in common."""
    if len(first) == 1:
        return bool(first[0] >= 0 and (second == first[0]).any())
    return bool(np.isin(first[first >= 0], second).any())


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Return vectors, (n, d), of length 1; zeros stay zeros.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    exact = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return np.asarray(np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0), dtype=np.float32)


def similarities(vectors: Vectors, vector: Vectors) -> FloatArray:
    """Return the cosines of vectors, (n, d), with one, (d,), or each with its own, (n, d), to `DIGITS` decimals."""
    exact = np.einsum("nd,nd->n", vectors, np.broadcast_to(vector, vectors.shape), dtype=np.float64)
    # The rounding of vectors to 32 bits leaves identical ones just beside 1.
    return np.asarray(np.round(exact, DIGITS))


def of_classes(
    vectors: NDArray[np.floating],
    classes: NDArray[np.int64] | list[int],
    *,
    scopes: NDArray[np.int64] | list[int] | None = None,
    times: FloatArray | None = None,
    lifetimes: FloatArray | None = None,
    costs: FloatArray | None = None,
    latencies: FloatArray | None = None,
) -> Stream:
    """Make a stream of vectors of any length, and of a class a prompt; -1 is a class of one prompt alone.

    Args:
        vectors: (n, d).
        classes: (n,).
        scopes: (n,); None: all are of one.
        times: (n,) seconds; None: a second a prompt.
        lifetimes: (n,) seconds; None: responses hold for ever.
        costs: (n,) USD; None: unknown.
        latencies: (n,) seconds; None: unknown.
    """
    n = len(vectors)
    return Stream(
        unit(vectors),
        np.asarray(classes, dtype=np.int64)[:, None],
        np.zeros(n, dtype=np.int64) if scopes is None else np.asarray(scopes, dtype=np.int64),
        np.arange(n, dtype=np.float64) if times is None else times,
        np.full(n, np.inf) if lifetimes is None else lifetimes,
        np.full(n, np.nan) if costs is None else costs,
        np.full(n, np.nan) if latencies is None else latencies,
        np.ones(n, dtype=bool),
    )
