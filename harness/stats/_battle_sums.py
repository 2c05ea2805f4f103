"""Sums over battles of the Bradley-Terry log-likelihood, its derivatives, and the products of its pulls.

The battles of one pair lie side by side, so that the sums over players are taken over pairs, of which there are fewer,
and each Newton step reads every battle once.
"""

import numpy as np

from harness.stats import _newton
from harness.stats._arrays import FloatArray, IntArray, sigmoid, sums_by_code
from harness.stats._battles import Battles
from harness.stats._pulls import Rows

# Battles worked on at a time: few enough for the processor's cache.
_ROWS = 2**15


def sums_of_wins(wins: FloatArray, strengths: FloatArray) -> _newton.Sums:
    """Return the log-likelihood of a table of credits, shape (m, m), with its derivatives by the strengths."""
    games = wins + wins.T
    expected = games * sigmoid(strengths[:, None] - strengths[None, :])
    return _newton.Sums(
        float(_newton.log_likelihood(wins[None], strengths[None])[0]),
        np.asarray((wins - expected).sum(axis=1)),
        _newton.curvature(games[None], strengths[None])[0],
    )


class Pairs:
    """Battles with covariates, sorted by pair and told from the side of the player of the lower index."""

    def __init__(self, battles: Battles, extra: FloatArray) -> None:
        m = self._m = battles.n_players
        swapped = battles.first > battles.second
        code = np.minimum(battles.first, battles.second) * m + np.maximum(battles.first, battles.second)
        # Numbers of 16 bits are sorted by their digits, ten times as fast.
        order = np.argsort(code.astype(np.uint16) if m * m <= 2**16 else code, kind="stable")
        sign = np.where(swapped, -1.0, 1.0)[order]
        self._credit = np.where(swapped, 1.0 - battles.outcome, battles.outcome)[order]
        self._extra = np.ascontiguousarray(extra[order].T) * sign  # a covariate lies in one piece, (e, n)
        self._order, self._weights = order, battles.weights[order]
        sorted_code = code[order]
        self._starts = np.flatnonzero(np.diff(sorted_code, prepend=-1))
        self._low, self._high = np.divmod(sorted_code[self._starts], m)
        ends = np.append(self._starts[1:], len(order))
        self._counts = ends - self._starts
        # Whole pairs at a time, at least one.
        self._parts: list[tuple[int, int]] = []
        pair = 0
        while pair < len(ends):
            after = max(pair + 1, int(np.searchsorted(ends, self._starts[pair] + _ROWS, side="right")))
            self._parts.append((pair, after))
            pair = after

    def weigh(self, weights: FloatArray) -> None:
        """Give the battles other weights, shape (n,) in the order in which they came."""
        self._weights = weights[self._order]

    def sums(self, values: FloatArray) -> _newton.Sums:
        """Return the log-likelihood with its first and negative second derivative, without a prior."""
        m, e = self._m, len(self._extra)
        pairs = len(self._starts)
        of_strengths, coefficients = values[self._low] - values[self._high], values[m:]
        likelihood = 0.0
        pull, weight, mixed = np.empty(pairs), np.empty(pairs), np.empty((e, pairs))
        slope, within = np.zeros(e), np.zeros((e, e))
        for begin, end in self._parts:
            offset = int(self._starts[begin])
            rows = slice(offset, offset + int(self._counts[begin:end].sum()))
            credit, extra, games = self._credit[rows], self._extra[:, rows], self._weights[rows]
            gap = np.repeat(of_strengths[begin:end], self._counts[begin:end]) + coefficients @ extra
            decay = np.exp(-np.abs(gap))
            whole = 1.0 + decay
            likelihood += float(games @ (credit * gap - np.maximum(gap, 0.0) - np.log(whole)))
            residual = games * (credit - np.where(gap >= 0, 1.0, decay) / whole)
            variance = games * decay / whole**2
            weighted = extra * variance
            starts = self._starts[begin:end] - offset
            pull[begin:end] = np.add.reduceat(residual, starts)
            weight[begin:end] = np.add.reduceat(variance, starts)
            mixed[:, begin:end] = np.add.reduceat(weighted, starts, axis=1)
            slope += extra @ residual
            within += extra @ weighted.T
        gradient, curvature = np.zeros(m + e), np.zeros((m + e, m + e))
        gradient[:m], gradient[m:] = self._by_player(pull), slope
        table = np.zeros((m, m))
        table[self._low, self._high] = weight
        curvature[:m, :m] = _newton.laplacian(table + table.T)
        curvature[:m, m:] = np.column_stack([self._by_player(column) for column in mixed])
        curvature[m:, :m], curvature[m:, m:] = curvature[:m, m:].T, within
        return _newton.Sums(likelihood, gradient, curvature)

    def _by_player(self, of_pairs: FloatArray) -> FloatArray:
        gained = np.bincount(self._low, weights=of_pairs, minlength=self._m)
        return np.asarray(gained - np.bincount(self._high, weights=of_pairs, minlength=self._m))


def independent_products(rows: Rows, m: int) -> FloatArray:
    """Sum the outer products of the pulls of independent battles, shape (q, q); a row stands for equal battles."""
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.where(rows.battles > 0, rows.residual**2 / rows.battles, 0.0)
    e = rows.extra.shape[1]
    pairs: IntArray = rows.first * m + rows.second
    table = sums_by_code(pairs, squares, m * m).reshape(m, m)
    products = np.zeros((m + e, m + e))
    products[:m, :m] = _newton.laplacian(table + table.T)
    weighted = rows.extra * squares[:, None]
    for column in range(e):
        gained = np.bincount(rows.first, weights=weighted[:, column], minlength=m)
        products[:m, m + column] = gained - np.bincount(rows.second, weights=weighted[:, column], minlength=m)
    products[m:, :m], products[m:, m:] = products[:m, m:].T, rows.extra.T @ weighted
    return products
