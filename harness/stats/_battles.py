"""Rows of pairwise battles, checked, and the win matrices they add up to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import BoolArray, FloatArray, IntArray, require_same_shape, sums_by_code
from harness.stats.errors import OutOfRange, ShapeMismatch


class Battles(NamedTuple):
    """The valid rows, each array of shape (n,); only `kept` has an entry for every given row, and marks these."""

    first: IntArray
    second: IntArray
    outcome: FloatArray
    weights: FloatArray
    kept: BoolArray
    n_failed: int
    n_players: int


def read_battles(
    first: ArrayLike, second: ArrayLike, outcome: ArrayLike, weights: ArrayLike | None, n_players: int | None
) -> Battles:
    """Check the rows of battles, and leave out those without an outcome or a weight.

    Args:
        first: index of the first player of each battle, shape (n,).
        second: index of the second player, shape (n,).
        outcome: credit of the first player, shape (n,), in [0, 1]; NaN = failed (left out, counted).
        weights: how many battles each row stands for, shape (n,); None: 1.
        n_players: number of players; None: one more than the largest index.

    Raises:
        ShapeMismatch: the arrays are not aligned, or there is no row.
        OutOfRange: an index, outcome or weight is out of range, or a player meets himself.
    """
    a, b, credit = np.asarray(first), np.asarray(second), np.asarray(outcome, dtype=np.float64)
    count = np.ones(credit.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    for other, name in ((a, "first"), (b, "second"), (count, "weights")):
        require_same_shape(credit, other, f"outcome and {name}")
    if credit.ndim != 1 or credit.size == 0:
        raise ShapeMismatch(f"battles must be rows, at least one of them, not of shape {credit.shape}.")
    if a.dtype.kind not in "iu" or b.dtype.kind not in "iu":
        raise OutOfRange("first and second must be integer indices of players.")
    m = int(max(a.max(), b.max())) + 1 if n_players is None else n_players
    if min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= m or (a == b).any():
        raise OutOfRange(f"players must be two different indices between 0 and {m - 1} in every battle.")
    if ((credit < 0) | (credit > 1)).any() or not (np.isfinite(count) & (count >= 0)).all():
        raise OutOfRange("outcomes must lie in [0, 1] and weights must be finite and not negative.")
    kept = ~np.isnan(credit) & (count > 0)
    n_failed = int(np.isnan(credit).sum())
    a, b = a[kept].astype(np.int64), b[kept].astype(np.int64)
    return Battles(a, b, credit[kept], count[kept], kept, n_failed, m)


def distinct(battles: Battles) -> Battles:
    """Merge equal (first, second, outcome) rows, and add up their weights."""
    outcomes, outcome_code = np.unique(battles.outcome, return_inverse=True)
    m = battles.n_players
    keys = (battles.first * m + battles.second) * max(1, outcomes.size) + outcome_code
    unique, row = np.unique(keys, return_inverse=True)
    pair, code = np.divmod(unique, max(1, outcomes.size))
    totals = sums_by_code(np.asarray(row, dtype=np.int64), battles.weights, unique.size)
    return Battles(pair // m, pair % m, outcomes[code], totals, np.ones(unique.size, dtype=np.bool_), 0, m)


def win_matrix(battles: Battles) -> FloatArray:
    """Return the credit of each player against each other, shape (m, m)."""
    m = battles.n_players
    won = sums_by_code(battles.first * m + battles.second, battles.weights * battles.outcome, m * m)
    lost = sums_by_code(battles.second * m + battles.first, battles.weights * (1.0 - battles.outcome), m * m)
    return (won + lost).reshape(m, m)


def win_matrices(battles: Battles, counts: FloatArray | IntArray) -> FloatArray:
    """Return the win matrix under several sets of weights, shape (R, n) -> (R, m, m)."""
    from scipy.sparse import csr_array

    m, rows = battles.n_players, np.arange(battles.first.size)
    cells = np.concatenate([battles.first * m + battles.second, battles.second * m + battles.first])
    credit = np.concatenate([battles.outcome, 1.0 - battles.outcome])
    spread = csr_array((credit, (cells, np.concatenate([rows, rows]))), shape=(m * m, rows.size))
    return np.asarray((spread @ counts.T).T).reshape(-1, m, m)
