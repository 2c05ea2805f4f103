"""The length-controlled win rate of AlpacaEval 2 (arXiv 2404.04475), exactly, with the influence of every row on it.

Of a model's row i with lengths in characters, z_i = w_l tanh((len_baseline - len_model) / sd) + w_d d_i + w_b: sd the
standard deviation of the model's differences, d_i the difficulty of the instruction. The weights are shrunk towards 0
(`harness_plugins.alpaca_eval.fitting`) and held by a regulariser: the rows of two models that were told to be verbose
or concise, of which w_b is none, and which together weigh 0.2 of a model's. The figure is the mean of sigmoid(w_d d_i
+ w_b): what the win rate would be if there were no differences of length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fitting import GRID, FloatArray, Rows, choose, fit

FIXED_C = GRID[6]
"""21.544: near the figures of every C that is chosen on the published board."""
UNSHRUNK_C = 1e6
"""So large that the weights are those of no shrinkage, yet finite where the verdicts are separated."""
GAMED_WEIGHT = 0.1
"""The weight of each row of the two models of the regulariser: lambda / 2 with lambda = 0.2."""


@dataclass(frozen=True, slots=True)
class Gamed:
    """The regulariser: rows of models that differ from the baseline in length alone."""

    lengths: FloatArray
    """(g,) tanh of the difference of lengths over its standard deviation."""
    difficulty: FloatArray
    """(g,)."""
    targets: FloatArray
    """(g,) in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Design:
    """One model's rows, ready to be fitted."""

    features: FloatArray
    """(n, k) lengths and further mediators, difficulty (where it is in the model), ones."""
    taken_out: FloatArray
    """(n, m) the differences that are set to 0 for the figure, unscaled."""
    better: FloatArray
    """(n,) targets in [0, 1]."""
    rows: Rows
    """All rows that are fitted: those of the regulariser, then the model's."""
    held: FloatArray
    """(g, k) features of the regulariser; no rows where there is none."""
    held_targets: FloatArray
    """(g,)."""

    @property
    def equal(self) -> FloatArray:
        """Return the features as they were if nothing that is taken out differed, (n, k)."""
        features = self.features.copy()
        features[:, : self.taken_out.shape[1]] = 0.0
        return features

    def chosen_c(self) -> float:
        """Choose C by cross-validation, as the board does."""
        weights = np.concatenate([np.full(len(self.held), GAMED_WEIGHT), np.ones(len(self.better))])
        features = np.concatenate([self.held, self.features])
        return choose(features, np.concatenate([self.held_targets, self.better]), weights)


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """A fitted length-controlled win rate."""

    value: float
    """In [0, 1]."""
    influence: FloatArray
    """(n,) of each row, mean zero."""
    on_weights: FloatArray
    """(n, k) influence of each row on the weights, mean zero."""
    weights: FloatArray
    """(k,): length, further mediators, difficulty (where it is in the model), the model."""
    c: float
    predictions: FloatArray
    """(n,) of each row, lengths being equal."""


def scaled(differences: FloatArray) -> FloatArray:
    """Return tanh of differences over their standard deviation (ddof 1), not centred; zeros where all are equal.

    >>> scaled(np.array([100.0, -100.0])).round(3)
    array([ 0.609, -0.609])
    """
    spread = _spread(differences)
    return np.asarray(np.tanh(differences / spread)) if spread > 0 else np.zeros(len(differences))


def design(
    better: FloatArray,
    differences: FloatArray,
    difficulty: FloatArray | None,
    gamed: Gamed | None,
    mediators: FloatArray | None = None,
) -> Design:
    """Put together what is fitted.

    Args:
        better: (n,) probability in [0, 1] that the model's answer is better than the baseline's.
        differences: (n,) characters of the baseline's answer less those of the model's.
        difficulty: (n,) of the instructions; None: not in the model.
        gamed: The regulariser; None: there is none.
        mediators: (n, m) further differences to be taken out, baseline less model, such as of items of lists; zero in
            the regulariser, which says nothing of them.
    """
    taken_out = np.column_stack([differences] if mediators is None else [differences, mediators])
    columns = [scaled(taken_out[:, j]) for j in range(taken_out.shape[1])]
    features = np.column_stack([*columns, *([] if difficulty is None else [difficulty]), np.ones(len(better))])
    rows = Rows.of(features, better)
    held, targets = np.zeros((0, features.shape[1])), np.zeros(0)
    if gamed is not None:
        held, targets = np.zeros((len(gamed.lengths), features.shape[1])), gamed.targets
        held[:, 0] = gamed.lengths
        if difficulty is not None:
            held[:, -2] = gamed.difficulty
        rows = Rows.of(held, targets, np.full(len(held), GAMED_WEIGHT)) + rows
    return Design(features, taken_out, better, rows, held, targets)


def length_controlled(made: Design, c: float | None = None) -> LengthControlled:
    """Fit the win rate that there would be without differences of length.

    The influence of a row is that on the weights if they are not shrunk, on the standard deviations by which
    differences are scaled, and on the mean over instructions. A weight that is shrunk to nothing is taken for as
    uncertain as the others: else the figure of a model that equals the baseline would look certain.

    Args:
        made: What `design` returned.
        c: How little the weights are shrunk; None: chosen by cross-validation.

    Raises:
        ValueError: nothing holds the weights, as where all verdicts are wins and ``c`` is infinite.
    """
    c = made.chosen_c() if c is None else c
    w = fit(made.rows, c)
    n, equal = len(made.better), made.equal
    predictions = sigmoid(equal @ w)
    value = float(predictions.mean())
    share = sigmoid(made.features @ w)
    scores = made.features * (made.better - share)[:, None]
    scores = scores - scores.mean(axis=0)
    for j in range(made.taken_out.shape[1]):
        scores += _by_deviation(j, w, share, made)
    every = sigmoid(made.rows.features @ w)
    curvature = (made.rows.features.T * (made.rows.weights * every * (1 - every))) @ made.rows.features
    # A feature that is zero throughout, as lengths that are all equal, moves nothing.
    on_weights = n * (scores @ np.linalg.pinv(curvature, hermitian=True))
    on_weights -= on_weights.mean(axis=0)
    influence = predictions - value + on_weights @ slope_of(equal, predictions)
    return LengthControlled(value, influence, on_weights, w, c, predictions)


def slope_of(features: FloatArray, predictions: FloatArray) -> FloatArray:
    """Return by how much the mean of predictions moves with each weight, (k,)."""
    return np.asarray((features * (predictions * (1 - predictions))[:, None]).mean(axis=0))


def sigmoid(z: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-z)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


def _by_deviation(j: int, w: FloatArray, share: FloatArray, made: Design) -> FloatArray:
    """Return what each row adds to the scores, (n, k), through the standard deviation by which column j is scaled."""
    features, differences = made.features, made.taken_out[:, j]
    spread = _spread(differences)
    if spread == 0:
        return np.zeros(features.shape)
    turned = -(1 - features[:, j] ** 2) * differences / spread**2
    by_spread = -(features * (share * (1 - share) * w[j] * turned)[:, None]).mean(axis=0)
    by_spread[j] += float((turned * (made.better - share)).mean())
    own = ((differences - differences.mean()) ** 2 - spread**2) / (2 * spread)
    return np.outer(own - own.mean(), by_spread)


def _spread(differences: FloatArray) -> float:
    return float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
