"""Green lists as transformers makes them on a processor, each drawn once and kept by the number it is seeded with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .shuffles import Moves, first_of, is_first, moves, torch_agrees

if TYPE_CHECKING:
    from .mark import Flags, Mark, Tokens

TABLE = 1_000_003
"""Size of the table of ``selfhash``."""
KEPT_BYTES = 256 << 20
"""Most memory that lists are kept in, and as much again for what decides single tokens."""
TRIED = 40
"""Candidates that ``selfhash`` looks at when a token is written, as in transformers and the reference."""
_MODULUS = 2**64 - 1


class GreenLists:
    """Green lists of ``lefthash`` and ``selfhash``.

    A list is the first ``floor(gamma V)`` of a permutation that torch draws with a seed from the context. On an
    accelerator torch draws other permutations: these are those of a processor, whatever the text was written on.

    Args:
        mark: Its scheme, key, gamma, context and vocabulary count.

    Raises:
        RuntimeError: the torch that is installed draws other permutations than those known here.
    """

    def __init__(self, mark: Mark) -> None:
        torch_agrees()
        self.mark = mark
        self._size = int(mark.vocabulary * mark.gamma)
        self._lists: OrderedDict[int, NDArray[np.bool_]] = OrderedDict()
        self._moves: OrderedDict[int, Moves] = OrderedDict()
        self._table: Any = first_of(mark.key, TABLE, TABLE) + 1 if mark.scheme == "selfhash" else None

    def seeds(self, ngrams: Tokens) -> list[int]:
        """Return the number that each n-gram's list is seeded with."""
        key = self.mark.key
        if self._table is None:
            return [key * token % _MODULUS for token in ngrams[:, -2].tolist()]
        hashes = self._table[ngrams[:, -self.mark.context :] % TABLE]
        # torch multiplies in 64 bits and wraps around; so does numpy.
        with np.errstate(over="ignore"):
            least = (np.int64(_signed(key)) * hashes * hashes[:, -1:]).min(axis=1)
        return [seed % _MODULUS for seed in least.tolist()]

    def green(self, ngrams: Tokens) -> Flags:
        """Tell of n-grams, (n, width), whether the last token of each is green, (n,)."""
        pairs = list(zip(self.seeds(ngrams), ngrams[:, -1].tolist(), strict=True))
        known = {pair: self._is_green(*pair) for pair in sorted(set(pairs))}  # sorted: each list is drawn once
        return np.fromiter((known[pair] for pair in pairs), dtype=bool, count=len(pairs))

    def green_after(self, context: Sequence[int], candidates: Tokens) -> Flags:
        """Tell which candidates, (k,), are green after the context, (k,)."""
        if self._table is None:
            (seed,) = self.seeds(np.array([[context[-1], 0]], dtype=np.int64))
            flags: Flags = _kept(self._lists, seed, self._drawn)[candidates]
            return flags
        before = self.mark.context - 1
        ngrams = np.empty((len(candidates), self.mark.context), dtype=np.int64)
        ngrams[:, :before] = list(context[-before:]) if before else []
        ngrams[:, -1] = candidates
        return self.green(ngrams)

    def _is_green(self, seed: int, token: int) -> bool:
        if seed in self._lists:
            return bool(self._lists[seed][token])
        return is_first(token, _kept(self._moves, seed, self._decided))

    def _drawn(self, seed: int) -> NDArray[np.bool_]:
        """Draw the whole list of a seed, (V,)."""
        flags = np.zeros(self.mark.vocabulary, dtype=bool)
        flags[first_of(seed, self.mark.vocabulary, self._size)] = True
        return flags

    def _decided(self, seed: int) -> Moves:
        """Draw what decides of each token whether it is in the list of a seed."""
        return moves(seed, self.mark.vocabulary, self._size)


def _kept(cache: OrderedDict[int, Any], seed: int, make: Callable[[int], Any]) -> Any:
    """Return what is kept for a seed, made if it is not; the one that was not asked for longest goes first."""
    found = cache.get(seed)
    if found is not None:
        cache.move_to_end(seed)
        return found
    cache[seed] = found = make(seed)
    if len(cache) > max(1, KEPT_BYTES // found.nbytes):
        cache.popitem(last=False)
    return found


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value
