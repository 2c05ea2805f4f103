"""Best-of-K in closed form: the worth of the response that a scorer picks among K.

Sort the M responses of a prompt by score, best first. A uniformly random K-subset avoids the j best with
probability tail(j, K) = C(M - j, K) / C(M, K), so its best response is at position j with probability
tail(j - 1, K) - tail(j, K). Equal scores share the probability of their positions equally. Nothing is
sampled, so there is no Monte Carlo noise (the pass@k of Chen et al. 2021 is 0/1 gold scored by itself).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats._arrays import BoolArray, FloatArray, IntArray, require_same_shape
from harness.stats.errors import OutOfRange, ShapeMismatch


def best_of_k_curve(scores: ArrayLike, gold: ArrayLike) -> FloatArray:
    """Compute the expected gold of the response that the scores pick among K random ones, for each prompt and K.

    Args:
        scores: shape (n, M), higher is better; may be infinite (-inf = never picked before a finite one).
            NaN = there is no such response: a prompt may have fewer than M.
        gold: worth of each response, shape (n, M), any unit, finite; NaN = there is no such response.

    Returns:
        Shape (n, M), unit of `gold`; column K - 1 is K. NaN where K exceeds the number of responses of the
        prompt. Each row is exact, so the mean over prompts has standard error sd / sqrt(n) (`mean_estimate`).

    Raises:
        ShapeMismatch: the arrays differ in shape or do not have two axes. OutOfRange: gold is infinite.

    >>> from harness.stats import best_of_k_curve
    >>> best_of_k_curve([[3.0, 2.0, 1.0]], [[1, 0, 1]]).round(3).tolist()
    [[0.667, 0.667, 1.0]]
    """
    score, worth, present = _responses(scores, gold)
    shared = _gold_by_position(score, worth, present)
    responses = present.sum(axis=1)
    curve = np.full(score.shape, np.nan)
    for m in np.unique(responses[responses > 0]).tolist():
        rows = responses == m
        curve[rows, :m] = shared[rows, :m] @ _position_probabilities(m)
    return curve


def oracle_curve(gold: ArrayLike) -> FloatArray:
    """Compute the expected greatest gold among K random responses: the `best_of_k_curve` of a perfect scorer."""
    return best_of_k_curve(gold, gold)


def selected_credit(scores: ArrayLike, gold: ArrayLike) -> FloatArray:
    """Mean gold of the top-scored responses of each prompt, shape (n,): best-of-K if K is the number of all.

    A prompt without responses has NaN. Arguments and errors as `best_of_k_curve`.
    """
    score, worth, present = _responses(scores, gold)
    best = np.where(present, score, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    top = present & (score == best)
    count = top.sum(axis=1)
    total = np.where(top, worth, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))


def expected_kl(k: ArrayLike) -> FloatArray:
    """Kullback-Leibler divergence of best-of-K from the base distribution, nats: log K - (K - 1) / K.

    This is exact for a scorer without ties over a continuous space of responses, an upper bound otherwise
    (Stiennon et al. 2020, appendix G.3; Beirami et al. 2024). The result has the shape of `k`.

    Raises:
        OutOfRange: a K below 1.

    >>> from harness.stats import expected_kl
    >>> expected_kl([1, 4]).round(3).tolist()
    [0.0, 0.636]
    """
    count = np.asarray(k, dtype=np.float64)
    if not (count >= 1).all():
        raise OutOfRange("K must be at least 1.")
    return np.asarray(np.log(count) - (count - 1) / count)


def _responses(scores: ArrayLike, gold: ArrayLike) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Check scores and gold, and return them with a mask of the responses that exist."""
    score, worth = np.asarray(scores, dtype=np.float64), np.asarray(gold, dtype=np.float64)
    require_same_shape(score, worth, "scores and gold")
    if score.ndim != 2:
        raise ShapeMismatch(f"scores must have shape (prompts, responses), not {score.shape}.")
    if np.isinf(worth).any():
        raise OutOfRange("gold must be finite; NaN marks a response that does not exist.")
    return score, worth, ~(np.isnan(score) | np.isnan(worth))


def _gold_by_position(score: FloatArray, worth: FloatArray, present: BoolArray) -> FloatArray:
    """Return the gold at each position, best score first, ties replaced by their mean; absent responses last, as 0."""
    n, width = score.shape
    order = np.argsort(np.where(present, -score, np.nan), axis=1)  # NaN sorts last
    ordered = np.take_along_axis(score, order, axis=1)
    exists = np.take_along_axis(present, order, axis=1)
    values = np.where(exists, np.take_along_axis(worth, order, axis=1), 0.0)
    starts = np.ones((n, width), dtype=np.bool_)
    starts[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]) | ~exists[:, 1:]
    group: IntArray = np.cumsum(starts.ravel(), dtype=np.int64) - 1
    means = np.bincount(group, weights=values.ravel()) / np.maximum(np.bincount(group), 1)
    return np.asarray(means[group]).reshape(n, width)


@lru_cache(maxsize=64)
def _position_probabilities(m: int) -> NDArray[np.float64]:
    """Return the probability that a random K-subset's best is at position j, shape (m positions, m values of K)."""
    avoided = np.arange(m + 1)[:, None]
    drawn = np.arange(m)[None, :]
    # tail(j, K) as a running product over draws: nothing overflows, whatever M.
    tail = np.cumprod(np.maximum(m - avoided - drawn, 0) / (m - drawn), axis=1)
    return np.asarray(tail[:-1] - tail[1:])
