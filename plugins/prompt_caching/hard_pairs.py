"""Pairs on which an embedder's cosine says nothing: by histogram matching, and by labels that alternate.

The first keeps in each bin of cosine as many pairs of either label, the second the longest sequence, sorted by cosine,
in which the labels alternate, as in arXiv 2402.01173 (as reported by others). Either is relative to its embedder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

from .hard_options import ALL, ALTERNATING, HISTOGRAM

_BLOCK = 500
"""Prompts whose cosines with all others are in memory at once."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of prompts by index, with their cosine and whether they are the same."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    cosine: FloatArray
    same: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Pairs:
        """Return some of them."""
        return Pairs(self.first[rows], self.second[rows], self.cosine[rows], self.same[rows])

    def digest(self, of: str = "") -> str:
        """Hash the pairs, their labels, and a text that says what they are pairs of."""
        content = np.column_stack([self.first, self.second, self.same]).astype("<i8").tobytes()
        return hashlib.sha256(of.encode() + content).hexdigest()[:16]


def unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return vectors (n, d) at unit length; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def above(
    vectors: NDArray[np.floating], least: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]]:
    """Yield, a block at a time, the pairs i < j with a cosine above ``least``: (i, j, cosine), (k,) each.

    Args:
        vectors: (n, d), of any lengths.
        least: The cosine that they must exceed.
    """
    units = unit(np.asarray(vectors, dtype=np.float32))
    for start in range(0, len(units), _BLOCK):
        cosines = units[start : start + _BLOCK] @ units.T
        rows, columns = np.nonzero(cosines > least)
        later = columns > rows + start
        rows, columns = rows[later], columns[later]
        yield (rows + start).astype(np.int64), columns.astype(np.int64), cosines[rows, columns].astype(np.float64)


def histogram_matched(pairs: Pairs, bins: int, seed: int) -> Pairs:
    """Keep in each of ``bins`` equal bins of cosine as many pairs of either label, drawn at random."""
    if not len(pairs):
        return pairs
    edges = np.linspace(pairs.cosine.min(), pairs.cosine.max(), bins + 1)
    place = np.clip(np.searchsorted(edges, pairs.cosine, side="right") - 1, 0, bins - 1)
    draw, kept = np.random.default_rng(seed), []
    for bin_ in range(bins):
        of_label = [np.flatnonzero((place == bin_) & (pairs.same == label)) for label in (True, False)]
        fewest = min(map(len, of_label))
        kept += [draw.choice(rows, fewest, replace=False) for rows in of_label]
    return pairs.take(np.sort(np.concatenate(kept)))


def alternating(pairs: Pairs) -> Pairs:
    """Keep, going down by cosine, pairs whose labels alternate, beginning with one that is the same.

    Of n pairs of either label the ROC area is (n + 1) / 2n exactly: the k-th pair that is the same stands above
    n - k + 1 of the others. Cosines fall strictly, since of two labels at one cosine neither would stand above.
    """
    order = np.argsort(-pairs.cosine, kind="stable")
    wanted, last, kept = True, np.inf, []
    for row, same, cosine in zip(order.tolist(), pairs.same[order].tolist(), pairs.cosine[order].tolist(), strict=True):
        if same == wanted and cosine < last:
            kept.append(row)
            wanted, last = not wanted, cosine
    if len(kept) % 2:
        kept.pop()
    return pairs.take(np.array(kept, dtype=np.int64))


def chosen(pairs: Pairs, how: str, *, bins: int, most: int, seed: int) -> Pairs:
    """Choose pairs in one of the ways of `hard_options`, and at most ``most`` of them; 0: all.

    Of alternating pairs those of the middle of the sequence are kept, so that they alternate still; of others a sample.
    """
    if how == ALTERNATING:
        found = alternating(pairs)
        if most and len(found) > most:
            start = (len(found) - most) // 2 // 2 * 2
            found = found.take(np.arange(start, start + most // 2 * 2))
        return found
    found = histogram_matched(pairs, bins, seed) if how == HISTOGRAM else pairs
    if not most or len(found) <= most:
        return found
    draw = np.random.default_rng([seed, 1])
    if how == ALL:
        return found.take(np.sort(draw.choice(len(found), most, replace=False)))
    halves = [draw.choice(np.flatnonzero(found.same == label), most // 2, replace=False) for label in (True, False)]
    return found.take(np.sort(np.concatenate(halves)))


def area(pairs: Pairs) -> float:
    """Return the ROC area of the cosine for the labels; NaN of one class."""
    from harness import stats

    if not 0 < pairs.same.sum() < len(pairs):
        return float("nan")
    return float(stats.auroc(pairs.cosine, pairs.same.astype(np.float64)).value)
