"""Best of k by chance: what to expect of the same scores where the labels of each prompt are dealt to them at random.

The number of correct responses of a prompt stays, and every way to deal them is as likely. All of it is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from harness.metric import Columns, FloatArray


def all_of_the_top(columns: Columns, *, correct: bool) -> FloatArray:
    """Return how likely all top-scored responses of each prompt are correct (or all are wrong), (n,)."""
    scores, k, right = _of_prompts(columns)
    tied = (scores == scores.max(axis=1, keepdims=True)).sum(axis=1)
    of_the_kind = right if correct else k - right
    return np.exp(_log_choose(k - tied, of_the_kind - tied) - _log_choose(k, of_the_kind))


def reciprocal_rank_by_chance(columns: Columns, *, in_favour: bool) -> FloatArray:
    """Return the expected 1 / rank of the best correct response of each prompt, (n,); 0 where none is correct.

    Args:
        columns: The columns ``scores`` and ``correct``.
        in_favour: Wrong responses of the same score come after it; else before it.
    """
    scores, k, right = _of_prompts(columns)
    ordered = -np.sort(-scores, axis=1)
    there = np.isfinite(ordered)
    # A group of equal scores begins at each place whose score differs from the one before.
    begins = there & np.hstack([np.ones((len(scores), 1), dtype=bool), ordered[:, 1:] != ordered[:, :-1]])
    above = np.broadcast_to(np.arange(scores.shape[1])[None, :], scores.shape)
    k, right = k[:, None], right[:, None]
    ends = np.where(begins, above, k)  # where the next group begins; behind the last one, how many there are
    ends = np.minimum.accumulate(np.hstack([ends[:, 1:], k])[:, ::-1], axis=1)[:, ::-1]
    size = ends - above
    ways = _log_choose(k, right)
    expected = np.zeros(len(scores))
    for m in range(1, int(size[begins].max(initial=1)) + 1):  # m correct responses in the group, none above it
        chance = np.exp(_log_choose(size, m) + _log_choose(k - above - size, right - m) - ways)
        rank = np.where(begins, 1 + above + (0 if in_favour else size - m), 1)  # padding begins no group
        expected += np.where(begins & (right > 0) & (m <= size), chance / np.maximum(rank, 1), 0.0).sum(axis=1)
    return expected


def share_of_ties(scores: FloatArray) -> FloatArray:
    """Return the share of pairs of responses, (n,), that have equal scores; the scores, (n, k), are padded with NaN."""
    equal = np.zeros(len(scores))
    for score in scores.T:
        equal += (scores == score[:, None]).sum(axis=1)
    k = np.isfinite(scores).sum(axis=1)
    return np.asarray((equal - k) / np.maximum(k * (k - 1), 1))


def _of_prompts(columns: Columns) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the scores, (n, k), with minus infinity as padding; and how many responses, and correct ones, (n,)."""
    correct = columns.values["correct"]
    there = np.isfinite(correct)
    scores = np.where(there, columns.values["scores"], -np.inf)
    return scores, there.sum(axis=1).astype(np.float64), np.nansum(correct, axis=1)


def _log_choose(n: ArrayLike, k: ArrayLike) -> FloatArray:
    """Return log of n over k; minus infinity where there is no such choice."""
    n, k = np.broadcast_arrays(np.asarray(n, dtype=np.float64), np.asarray(k, dtype=np.float64))
    possible = (k >= 0) & (k <= n)
    n, k = np.where(possible, n, 0.0), np.where(possible, k, 0.0)
    return np.asarray(np.where(possible, gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), -np.inf))
