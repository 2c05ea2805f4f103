"""The cheapest of several ways to route whose quality is certified not to be below a bound: learn, then test.

A way is certified by a bet: a capital of 1 is staked, question after question, on the mean being above 0, such that it
is not expected to grow where the mean is not. A capital of 20 then has a probability of at most 1 in 20, whatever the
distribution (Ville; Waudby-Smith and Ramdas, arXiv 2010.09686). The ways are tested in a fixed order, and the first
that fails ends the sequence, so that all of them together are wrong in at most that share of cases (Angelopoulos and
others, "Learn then Test", arXiv 2110.01052).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

_MOST = 0.75
"""Share of the capital at stake at most, were the worst to happen."""


def evidence(figures: FloatArray, lowest: float, confidence: float) -> FloatArray:
    """Return the greatest capital that bets on a mean above 0 reach, (g,): enough of it certifies that it is.

    Args:
        figures: (n, g), in an order that says nothing of their values; each column is bounded below.
        lowest: Least value that a figure can have, below 0.
        confidence: What the stakes are tuned to; the certificate holds for any.
    """
    n = len(figures)
    if not n:
        return np.ones(figures.shape[1])
    counts = np.arange(1, n + 1)[:, None]
    means = np.cumsum(figures, axis=0) / (counts + 1)
    spread = (0.25 + np.cumsum((figures - means) ** 2, axis=0)) / (counts + 1)
    before = np.concatenate([np.full((1, figures.shape[1]), 0.25), spread[:-1]])  # a stake knows the past alone
    stake = np.sqrt(2 * np.log(1 / (1 - confidence)) / (n * before))
    stake = np.minimum(stake, _MOST / -lowest)
    return np.asarray(np.exp(np.maximum(np.cumsum(np.log1p(stake * figures), axis=0).max(axis=0), 0.0)))


def certified(
    figures: FloatArray, lowest: float, confidence: float, seed: int = 0, starts: Sequence[int] = (0,)
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Return which ways are certified, (g,), and the evidence for each, (g,).

    Args:
        figures: (n, g): of each question and each way, what is to have a mean above 0; questions independent.
        lowest: Least value that a figure can have.
        confidence: With which all that is certified is true together.
        seed: Of the order in which the questions are taken.
        starts: Where sequences begin, ascending from 0. Each is tested until its first failure, and they share what the
            confidence leaves to error equally.

    >>> certified(np.full((400, 3), [[0.1, -0.1, 0.1]]), -1.0, 0.95)[0].tolist()
    [True, False, False]
    """
    order = np.random.default_rng(seed).permutation(len(figures))
    alone = 1 - (1 - confidence) / len(starts)
    found = evidence(figures[order], lowest, alone)
    enough = found >= needed(confidence, len(starts))
    sequences = np.split(enough, list(starts[1:]))
    return np.concatenate([np.logical_and.accumulate(sequence) for sequence in sequences]), found


def needed(confidence: float, sequences: int = 1) -> float:
    """Return the evidence that certifies a way.

    >>> round(needed(0.95), 6), round(needed(0.95, 2), 6)
    (20.0, 40.0)
    """
    return sequences / (1 - confidence)
