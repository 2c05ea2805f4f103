"""Bradley-Terry strengths of models from their figures on the same items, with covariates and their joint covariance.

On each item every two models that have a figure there play: the better figure wins, equal ones tie, half a win each.
P(a beats b on item i) = sigmoid(strength_a - strength_b + sum_k coefficient_k * z_kab), where z_kab is the difference
of the k-th covariate of a and b on that item, such as how much longer one answer is (the style control of arenas). The
battles of one item are not independent, so the covariance is the sandwich over units of items, with the bias of few or
unequal units reduced (CR2), as in `harness.stats.fit`, with which the strengths and their covariance without covariates
agree. Items are taken some at a time, so that memory does not grow with the number of battles.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import _newton
from harness.stats._arrays import FloatArray, IntArray, require_at_least, sums_by_code
from harness.stats._clusters import cluster_codes
from harness.stats._problem import require_finite_maximum
from harness.stats.cluster_robust import degrees_of_freedom
from harness.stats.errors import OutOfRange, SeparatedByCovariates, ShapeMismatch, UnusableData

# Entries of (items, m, m) that are worked on at a time.
_ENTRIES = 2**20
# Of the largest figure: a gap this small is rounding, as in win rates.
_ROUNDING = 1e-12
_ITERATIONS = 60


@dataclass(frozen=True, slots=True)
class FigureBattles:
    """Fitted strengths of m models and coefficients of k covariates."""

    strengths: FloatArray
    """Shape (m,), nats, mean zero."""
    coefficients: FloatArray
    """Shape (k,), nats for a difference as large as the root mean square of that covariate's differences."""
    covariance: FloatArray
    """Sandwich covariance of strengths and coefficients, shape (m + k, m + k); NaN with fewer than two units."""
    influence: FloatArray
    """What each of G units moves them by, to first order, shape (G, m + k)."""
    items: IntArray
    """Number of items on which each model met another, shape (m,)."""
    degrees_of_freedom: float
    """Of Student's t: those of a mean over units of these sizes."""


class _Block(NamedTuple):
    """The battles of some items, each array of shape (c, m, m): a row's model against a column's."""

    units: IntArray
    """(c,)"""
    games: FloatArray
    """1 where both have a figure, else 0."""
    credit: FloatArray
    differences: FloatArray
    """(k, c, m, m)"""


def fit_figures(
    figures: ArrayLike,
    *,
    higher_is_better: bool = True,
    covariates: ArrayLike | None = None,
    difference: Literal["ratio", "plain"] = "ratio",
    units: ArrayLike | None = None,
    prior: float = 0.0,
) -> FigureBattles:
    """Fit strengths to who has the better figure on which item.

    Args:
        figures: shape (m, n), any unit; NaN = the model has none on that item, which is then no battle of its.
        higher_is_better: False where the lower figure wins.
        covariates: shape (k, m, n), aligned with `figures`; an item on which one is NaN is no battle of that model.
        difference: of a covariate a and b: (a - b) / (a + b), for which it must not be negative, or a - b.
        units: labels of shape (n,); items that share one are not independent. None: each item is a unit.
        prior: precision of a normal prior on the strengths, nats^-2; 0 = none.

    Raises:
        NoFiniteMaximum: without a prior and covariates, some models never took credit from the others, or never met
            them.
        SeparatedByCovariates: with covariates, there is no finite maximum. UnusableData: a covariate never differs.
        ShapeMismatch: the arrays are not aligned. OutOfRange: a negative covariate under "ratio", a negative prior.

    >>> from harness.stats.figure_battles import fit_figures
    >>> fit_figures([[1, 1, 0, 1], [0, 1, 1, 0]]).strengths.round(3).tolist()
    [0.255, -0.255]
    """
    require_at_least(prior, 0.0, "prior")
    rows = np.asarray(figures, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise ShapeMismatch(f"figures must have the shape (models, items) with two models at least, not {rows.shape}.")
    styles = np.empty((0, *rows.shape)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if styles.ndim != 3 or styles.shape[1:] != rows.shape:
        raise ShapeMismatch(
            f"covariates must have the shape (k, {rows.shape[0]}, {rows.shape[1]}), not {styles.shape}."
        )
    if difference == "ratio" and (styles < 0).any():
        raise OutOfRange("a covariate whose relative difference is taken must not be negative.")
    known = ~np.isnan(rows) & np.isfinite(styles).all(axis=0)
    met = known.sum(axis=0) > 1
    codes, count = cluster_codes(np.arange(rows.shape[1]) if units is None else np.asarray(units), rows.shape[1])
    _, used = np.unique(codes[met], return_inverse=True)
    field = (_Battles if len(styles) else _PlainBattles)(
        np.where(known, rows if higher_is_better else -rows, np.nan)[:, met],
        styles[:, :, met],
        np.asarray(used, dtype=np.int64),
        plain=difference == "plain",
    )
    items = (known & met).sum(axis=1)
    wins = field.wins()
    if prior == 0.0:
        require_finite_maximum(wins)
    strengths = _newton.maximise(wins[None], prior=prior, tolerance=1e-12).strengths[0]
    values = np.concatenate([strengths, np.zeros(len(styles))])
    penalty = np.diag(np.repeat([prior, 0.0], [field.m, field.k]))
    if len(styles):
        values = _maximum(field, values, penalty)
    curvature = field.sums(values).curvature + penalty
    bread: FloatArray = np.asarray(np.linalg.inv(_newton.without_shift(curvature, field.m)), dtype=np.float64)
    pulls, sizes = field.pulls(values)
    count = len(sizes)
    if count < 2:
        covariance = np.full((values.size, values.size), np.nan)
        freedom = math.nan
    else:
        pulls = field.adjusted(pulls, sizes, values, bread)
        moved = _centred(pulls @ bread, field.m)
        covariance, freedom = moved.T @ moved, degrees_of_freedom(sizes / sizes.sum())
    return FigureBattles(
        strengths=values[: field.m],
        coefficients=values[field.m :],
        covariance=np.asarray(covariance),
        influence=_centred(pulls @ bread, field.m),
        items=np.asarray(items, dtype=np.int64),
        degrees_of_freedom=freedom,
    )


class _Battles:
    """The battles of m models, made anew for some items at a time."""

    def __init__(self, rows: FloatArray, styles: FloatArray, units: IntArray, *, plain: bool) -> None:
        self._rows, self._styles, self._units, self._plain = rows, styles, units, plain
        self.m, self.n = rows.shape
        self.k = len(styles)
        finite = rows[np.isfinite(rows)]
        self._rounding = _ROUNDING * float(np.abs(finite).max(initial=0.0))
        self._scale = np.ones(self.k)
        if self.k:
            squares, games = np.zeros(self.k), 0.0
            for block in self.blocks():
                squares += (block.differences**2).sum(axis=(1, 2, 3))
                games += float(block.games.sum())
            if (squares == 0).any():
                which = ", ".join(str(i) for i in np.flatnonzero(squares == 0))
                raise UnusableData(f"covariates that never differ between two models have no coefficient: {which}.")
            self._scale = np.sqrt(squares / games)

    def blocks(self) -> Iterator[_Block]:
        """Yield the battles of all items."""
        at_once = max(1, _ENTRIES // (self.m * self.m))
        off_diagonal = 1.0 - np.eye(self.m)
        for start in range(0, self.n, at_once):
            part = slice(start, start + at_once)
            rows = self._rows[:, part].T
            known = ~np.isnan(rows)
            games = (known[:, :, None] & known[:, None, :]) * off_diagonal
            with np.errstate(invalid="ignore"):  # both infinite, which is a tie
                gap = rows[:, :, None] - rows[:, None, :]
                credit = 0.5 + 0.5 * ((gap > self._rounding) * 1.0 - (gap < -self._rounding))
            differences = np.empty((self.k, *games.shape))
            for number in range(self.k):
                values = self._styles[number][:, part].T
                apart = values[:, :, None] - values[:, None, :]
                if not self._plain:
                    total = values[:, :, None] + values[:, None, :]
                    apart = np.divide(apart, total, out=np.zeros(apart.shape), where=total > 0)
                differences[number] = np.where(games > 0, apart, 0.0) / self._scale[number]
            yield _Block(self._units[part], games, credit * games, differences)

    def wins(self) -> FloatArray:
        """Return the credit of each model against each other, shape (m, m)."""
        total = np.zeros((self.m, self.m))
        for block in self.blocks():
            total += block.credit.sum(axis=0)
        return total

    def _gap(self, block: _Block, values: FloatArray) -> FloatArray:
        """Return the log-odds of each battle; `values` has shape (q,), or (c, q) of one set an item."""
        own = values[..., : self.m]
        gap = own[..., :, None] - own[..., None, :]
        for number in range(self.k):
            coefficient = values[..., self.m + number]
            gap = gap + block.differences[number] * (coefficient[..., None, None] if values.ndim > 1 else coefficient)
        return np.asarray(gap)

    def _gathered(self, block: _Block, pull: FloatArray) -> FloatArray:
        """Return what antisymmetric pulls (c, m, m) sum to for each parameter, shape (c, q)."""
        # Each battle stands in the array twice, once from either side.
        of_styles = [0.5 * (pull * block.differences[number]).sum(axis=(1, 2)) for number in range(self.k)]
        return np.column_stack([pull.sum(axis=2), *of_styles])

    def _expected(self, block: _Block, values: FloatArray) -> FloatArray:
        gap = np.broadcast_to(self._gap(block, values), block.games.shape)
        return np.asarray((0.5 + 0.5 * np.tanh(0.5 * gap)) * block.games)

    def sums(self, values: FloatArray) -> _newton.Sums:
        """Return the log-likelihood with its first and negative second derivative, without a prior."""
        size = self.m + self.k
        likelihood, gradient, curvature = 0.0, np.zeros(size), np.zeros((size, size))
        for block in self.blocks():
            gap = np.broadcast_to(self._gap(block, values), block.games.shape)
            log_sigmoid = np.minimum(gap, 0.0) - np.log1p(np.exp(-np.abs(gap)))
            likelihood += float((block.credit * log_sigmoid).sum())
            expected = (0.5 + 0.5 * np.tanh(0.5 * gap)) * block.games
            gradient += self._gathered(block, block.credit - expected).sum(axis=0)
            weight = expected * (block.games - expected)
            curvature[: self.m, : self.m] += _newton.laplacian(weight.sum(axis=0))
            for number in range(self.k):
                column = self._gathered(block, weight * block.differences[number]).sum(axis=0)
                curvature[:, self.m + number] += column
        curvature[self.m :, : self.m] = curvature[: self.m, self.m :].T
        return _newton.Sums(likelihood, gradient, curvature)

    def pulls(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the pull of each unit on the parameters, (G, q), and its number of battles, (G,)."""
        count = int(self._units.max(initial=-1)) + 1
        pulls, sizes = np.zeros((count, self.m + self.k)), np.zeros(count)
        for block in self.blocks():
            residual = block.credit - self._expected(block, values)
            np.add.at(pulls, block.units, self._gathered(block, residual))
            sizes += sums_by_code(block.units, block.games.sum(axis=(1, 2)) / 2, count)
        return pulls, sizes

    def curved(self, directions: FloatArray, values: FloatArray) -> FloatArray:
        """Return the curvature of each unit's own likelihood times a direction of its own, (G, q)."""
        turned = np.zeros(directions.shape)
        for block in self.blocks():
            expected = self._expected(block, values)
            pull = expected * (block.games - expected) * self._gap(block, directions[block.units])
            np.add.at(turned, block.units, self._gathered(block, pull))
        return turned

    def adjusted(self, pulls: FloatArray, sizes: FloatArray, values: FloatArray, bread: FloatArray) -> FloatArray:
        """Return the pulls with their bias reduced: (I - H_g H^-1)^(-1/2) p_g, by its power series."""
        if sizes.min() == sizes.max():  # copies of items must add no certainty
            return np.asarray(pulls * math.sqrt(len(pulls) / (len(pulls) - 1)))
        total, term = pulls.copy(), pulls
        for j in range(1, _ITERATIONS):
            term = self.curved(term @ bread, values) * ((2 * j - 1) / (2 * j))
            total += term
            if np.abs(term).max() <= 1e-11 * max(np.abs(pulls).max(), 1e-300):
                break
        return total


class _PlainBattles(_Battles):
    """Battles without covariates: of all items the same, so that most of it is products of matrices."""

    def __init__(self, rows: FloatArray, styles: FloatArray, units: IntArray, *, plain: bool) -> None:
        super().__init__(rows, styles, units, plain=plain)
        self._known = (~np.isnan(rows)).T.astype(np.float64)
        self._games = (self._known.T @ self._known) * (1.0 - np.eye(self.m))
        self._wins = np.zeros((self.m, self.m))
        self._credit = np.zeros((self.n, self.m))
        at_once = max(1, _ENTRIES // (self.m * self.m))
        for start in range(0, self.n, at_once):
            part = slice(start, start + at_once)
            own, known = rows[:, part].T, self._known[part]
            with np.errstate(invalid="ignore"):
                better = (own[:, :, None] - own[:, None, :] > self._rounding).astype(np.int8)
            won = better.sum(axis=2, dtype=np.float64) - better.sum(axis=1, dtype=np.float64)
            others = known.sum(axis=1, keepdims=True) - 1.0
            self._credit[part] = known * (0.5 * others + 0.5 * won)
            self._wins += better.sum(axis=0, dtype=np.float64)
        self._wins = 0.5 * (self._games + self._wins - self._wins.T)

    def wins(self) -> FloatArray:
        return self._wins

    def _chances(self, values: FloatArray) -> FloatArray:
        """Return how likely each model beats each other, (m, m), 0 on the diagonal."""
        return np.asarray((0.5 + 0.5 * np.tanh(0.5 * (values[:, None] - values[None, :]))) * (1.0 - np.eye(self.m)))

    def sums(self, values: FloatArray) -> _newton.Sums:
        likelihood = float(_newton.log_likelihood(self._wins[None], values[None])[0])
        gradient = (self._wins - self._games * self._chances(values)).sum(axis=1)
        return _newton.Sums(likelihood, gradient, _newton.curvature(self._games[None], values[None])[0])

    def pulls(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        residual = self._credit - self._known * (self._known @ self._chances(values).T)
        met = self._known.sum(axis=1)
        return self._by_unit(residual), self._by_unit((met * (met - 1) / 2)[:, None])[:, 0]

    def curved(self, directions: FloatArray, values: FloatArray) -> FloatArray:
        chances = self._chances(values)
        weight = chances * chances.T
        own = directions[self._units]
        return self._by_unit(self._known * (own * (self._known @ weight) - (self._known * own) @ weight))

    def _by_unit(self, of_items: FloatArray) -> FloatArray:
        sums = np.zeros((int(self._units.max(initial=-1)) + 1, of_items.shape[1]))
        np.add.at(sums, self._units, of_items)
        return sums


def _maximum(field: _Battles, start: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return the maximum of the penalised likelihood; raise `SeparatedByCovariates` if there is no finite one."""
    summit = _newton.climb(field.sums, start, field.m, penalty)
    if not summit.converged:
        raise SeparatedByCovariates
    return summit.values


def _centred(moved: FloatArray, m: int) -> FloatArray:
    """Return moves of the parameters, (G, q), of which those of the strengths add up to nothing."""
    centred = moved.copy()
    centred[:, :m] -= moved[:, :m].mean(axis=1, keepdims=True)
    return centred
