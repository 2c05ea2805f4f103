"""What a sequence of tokens says of a mark: green tokens, z, exact p-values, and the best window of the text."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .mark import Flags, Mark

SIMULATED = 999
"""Texts without a mark that the best window is held against."""


@dataclass(frozen=True, slots=True)
class MarkEvidence:
    """What was found of a mark in a text."""

    green: int
    """Green tokens among those scored."""
    scored: int
    """Tokens scored: those with a whole context before them, and of equal n-grams one, unless repeats are counted."""
    z: float
    """(green - gamma scored) / sqrt(scored gamma (1 - gamma)); 0 where nothing could be scored."""
    p: float
    """Chance of so many green tokens in a text without the mark, by the binomial distribution; 1 where nothing was
    scored."""
    window_z: float
    """Greatest z of any run of scored tokens."""
    window_p: float
    """Chance of so great a window in a text without the mark."""
    score: float
    """What the text is ranked by, as the detector was told."""

    @property
    def share(self) -> float:
        """Return the share of green tokens; NaN where nothing was scored."""
        return self.green / self.scored if self.scored else math.nan


def flags_of(tokens: Sequence[int], mark: Mark, *, repeats: bool = False) -> Flags:
    """Tell which tokens of a text are green, in order.

    Args:
        tokens: The text, without the prompt and the tokens that begin a text.
        mark: The mark that is looked for.
        repeats: Count every occurrence of an n-gram, as transformers does by default. An n-gram is green or not for
            good, so repeats say nothing new, and the null distribution of z and p no longer holds.
    """
    ids = np.asarray(tokens, dtype=np.int64)
    if len(ids) < mark.width:
        return np.zeros(0, dtype=bool)
    ngrams = np.lib.stride_tricks.sliding_window_view(ids, mark.width)
    if not repeats:
        _, first = np.unique(ngrams, axis=0, return_index=True)
        ngrams = ngrams[np.sort(first)]
    return mark.greenery.green(ngrams)


def z_score(green: int, scored: int, gamma: float) -> float:
    """Return how many standard deviations the green tokens lie above chance; 0 where nothing was scored.

    >>> round(z_score(142, 199, 0.25), 3)
    15.103
    """
    return (green - gamma * scored) / math.sqrt(scored * gamma * (1 - gamma)) if scored else 0.0


def binomial_p(green: int, scored: int, share: float) -> float:
    """Return the chance of at least so many green tokens where each is green by chance, exactly.

    >>> round(binomial_p(2, 3, 0.25), 6), binomial_p(0, 0, 0.25)
    (0.15625, 1.0)
    """
    from scipy.stats import binom

    return float(binom.sf(green - 1, scored, share)) if scored else 1.0


def best_window(flags: Flags, gamma: float) -> float:
    """Return the greatest z of any run of tokens, by prefix sums; 0 where there is no token.

    >>> round(best_window(np.array([0, 0, 1, 1, 1, 1, 0, 0], dtype=bool), 0.25), 4)
    3.4641
    """
    return float(_best_windows(flags[None, :], gamma)[0]) if len(flags) else 0.0


def _best_windows(flags: Flags, gamma: float) -> NDArray[np.float64]:
    """Return the greatest z of any run in each row of (b, t), (b,)."""
    rows, length = flags.shape
    surplus = np.zeros((rows, length + 1))
    np.cumsum(flags - gamma, axis=1, out=surplus[:, 1:])
    best = np.full(rows, -np.inf)
    scale = math.sqrt(gamma * (1 - gamma))
    for size in range(1, length + 1):
        most = (surplus[:, size:] - surplus[:, : length + 1 - size]).max(axis=1)
        np.maximum(best, most / (scale * math.sqrt(size)), out=best)
    return best


def window_p(value: float, scored: int, gamma: float, share: float) -> float:
    """Return the chance that a text without the mark has a window of at least so great a z.

    The p-value is that of `SIMULATED` simulated texts of that length, of seed 0. Below the least that these can tell,
    1 / (`SIMULATED` + 1), it is the sum over all windows of their exact chances where that is smaller (a bound). Texts
    are simulated at lengths 5 % apart, and the next longer one is taken, whose best window is greater. Each of these
    errs to the safe side: P(p <= a) <= a.
    """
    if not scored:
        return 1.0
    least = 1 / (SIMULATED + 1)
    null = _simulated(_next_length(scored), gamma, share)
    reached = len(null) - int(np.searchsorted(null, value - 1e-9, side="left"))
    return min(least, _bound(value, scored, gamma, share)) if not reached else (1 + reached) * least


def _next_length(scored: int) -> int:
    length = 1
    while length < scored:
        length = max(length + 1, length * 21 // 20)
    return length


@functools.lru_cache(maxsize=512)
def _simulated(scored: int, gamma: float, share: float) -> NDArray[np.float64]:
    """Draw the best windows of texts without the mark, sorted."""
    random = np.random.default_rng([0, scored])
    return np.sort(_best_windows(random.random((SIMULATED, scored)) < share, gamma))


def _bound(value: float, scored: int, gamma: float, share: float) -> float:
    """Add up the chances of all windows to reach a z."""
    from scipy.stats import binom

    sizes = np.arange(1, scored + 1)
    needed = np.ceil(gamma * sizes + value * np.sqrt(sizes * gamma * (1 - gamma)) - 1e-9)
    return float(min(1.0, ((scored + 1 - sizes) * binom.sf(needed - 1, sizes, share)).sum()))


def log_odds(green: int, scored: int, mark: Mark) -> float:
    """Return the log-odds, in nats, of the mark on a flat distribution against no mark, at even odds before."""
    expected = expected_share(mark.gamma, mark.delta)
    other = math.log((1 - expected) / (1 - mark.share))
    return green * math.log(expected / mark.share) + (scored - green) * other


def expected_share(gamma: float, delta: float) -> float:
    """Return the share of green tokens to expect where all tokens are equally likely.

    >>> round(expected_share(0.25, 2.0), 4)
    0.7112
    """
    risen = gamma * math.exp(delta)
    return risen / (1 - gamma + risen)


def expected_z(share: float, scored: int, gamma: float) -> float:
    """Return the z to expect of a share of green tokens.

    >>> round(expected_z(expected_share(0.25, 2.0), 199, 0.25), 2)
    15.02
    """
    return (share - gamma) * math.sqrt(scored / (gamma * (1 - gamma)))


def least_share(probabilities: NDArray[np.float64], gamma: float, delta: float) -> float:
    """Return the least share of green tokens to expect of a distribution, by its spike entropy (their theorem 4.2).

    Args:
        probabilities: Of the tokens before the mark, (V,).
        gamma: Share of the tokens that are green.
        delta: What is added to their logits.

    >>> least_share(np.full(1000, 0.001), 0.25, 2.0) <= expected_share(0.25, 2.0)
    True
    """
    alpha = math.exp(delta)
    modulus = (1 - gamma) * (alpha - 1) / (1 + (alpha - 1) * gamma)
    spike = float((probabilities / (1 + modulus * probabilities)).sum())
    return gamma * alpha / (1 + (alpha - 1) * gamma) * spike


def evidence_of(flags: Flags, mark: Mark, score: str = "z", *, windows: bool = True) -> MarkEvidence:
    """Make the evidence of the flags of a text.

    Args:
        flags: Which tokens scored are green, in order, (t,).
        mark: The mark that is looked for.
        score: What the text is ranked by: ``z``, ``log-odds`` or ``window``.
        windows: False leaves the windows out (NaN).
    """
    green, scored = int(flags.sum()), len(flags)
    z = z_score(green, scored, mark.gamma)
    best = best_window(flags, mark.gamma) if windows else math.nan
    return MarkEvidence(
        green,
        scored,
        z,
        binomial_p(green, scored, mark.share),
        best,
        window_p(best, scored, mark.gamma, mark.share) if windows else math.nan,
        {"z": z, "window": best, "log-odds": log_odds(green, scored, mark)}[score],
    )
