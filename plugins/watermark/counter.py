"""Green tokens by a keyed hash of context and token: no list, so a token costs the same whatever the vocabulary.

The hash is SplitMix64's finaliser, chained over key, context and token. It is fast and spreads well; it is no
cryptographic function, so do not rest on it against somebody who collects much marked text to find the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .mark import Flags, Mark, Tokens

_MASK = (1 << 64) - 1
_ODD, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


class Counter:
    """Tells which tokens are green, each by one chain of multiplications.

    Args:
        mark: Its key, gamma and context count.
    """

    def __init__(self, mark: Mark) -> None:
        self.context = mark.context
        self._begin = _mixed_number(mark.key & _MASK)
        self._threshold = np.uint64(min(_MASK, int(mark.gamma * 2.0**64)))

    def green(self, ngrams: Tokens) -> Flags:
        """Tell of n-grams, (n, context + 1), whether the last token of each is green, (n,)."""
        state = np.full(len(ngrams), self._begin, dtype=np.uint64)
        spare = np.empty_like(state)
        for column in range(ngrams.shape[1]):
            _absorb(state, ngrams[:, column], spare)
        return state < self._threshold

    def green_after(self, context: Sequence[int], candidates: Tokens) -> Flags:
        """Tell which candidates, (k,), are green after the context, (k,)."""
        begin = self._begin
        for token in context[-self.context :]:
            begin = _mixed_number(begin ^ (int(token) * _ODD & _MASK))
        state = np.full(len(candidates), begin, dtype=np.uint64)
        _absorb(state, candidates, np.empty_like(state))
        return state < self._threshold


def _absorb(state: NDArray[np.uint64], tokens: Tokens, spare: NDArray[np.uint64]) -> None:
    """Mix a token a row into the state, in place."""
    np.multiply(tokens.astype(np.uint64), np.uint64(_ODD), out=spare)
    np.bitwise_xor(state, spare, out=state)
    for shift, factor in ((_S30, np.uint64(_FIRST)), (_S27, np.uint64(_SECOND))):
        np.right_shift(state, shift, out=spare)
        np.bitwise_xor(state, spare, out=state)
        np.multiply(state, factor, out=state)
    np.right_shift(state, _S31, out=spare)
    np.bitwise_xor(state, spare, out=state)


def _mixed_number(value: int) -> int:
    """Mix one number as `_absorb` does."""
    value = (value ^ (value >> 30)) * _FIRST & _MASK
    value = (value ^ (value >> 27)) * _SECOND & _MASK
    return value ^ (value >> 31)
