"""Green lists as transformers makes them on a processor, each made once and kept by the number it is seeded with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .mark import Flags, Mark, Tokens

TABLE = 1_000_003
"""Size of the table of ``selfhash``."""
KEPT_BYTES = 256 << 20
"""Most memory that lists are kept in, a bit a token of the vocabulary."""
TRIED = 40
"""Candidates that ``selfhash`` looks at when a token is written, as in transformers and the reference."""
_MODULUS = 2**64 - 1


class GreenLists:
    """Green lists of ``lefthash`` and ``selfhash``.

    A list is the first ``floor(gamma V)`` of a permutation that torch draws with a seed from the context. On an
    accelerator torch draws other permutations: these are those of a processor, whatever the text was written on.

    Args:
        mark: Its scheme, key, gamma, context and vocabulary count.
    """

    def __init__(self, mark: Mark) -> None:
        import torch

        self._torch, self.mark = torch, mark
        self._size = int(mark.vocabulary * mark.gamma)
        self._generator = torch.Generator(device="cpu")
        self._permutation = torch.empty(mark.vocabulary, dtype=torch.int64)
        self._lists: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()
        self._most = max(1, KEPT_BYTES // (mark.vocabulary // 8 + 1))
        self._table: Any = None
        if mark.scheme == "selfhash":
            self._generator.manual_seed(mark.key)
            self._table = torch.randperm(TABLE, generator=self._generator).numpy() + 1

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

    def list_of(self, seed: int) -> NDArray[np.uint8]:
        """Return the list of a seed, a bit a token, lowest bit first."""
        found = self._lists.get(seed)
        if found is not None:
            self._lists.move_to_end(seed)
            return found
        self._generator.manual_seed(seed)
        self._torch.randperm(self.mark.vocabulary, generator=self._generator, out=self._permutation)
        flags = np.zeros(self.mark.vocabulary, dtype=bool)
        flags[self._permutation[: self._size].numpy()] = True
        found = np.packbits(flags, bitorder="little")
        if len(self._lists) >= self._most:
            self._lists.popitem(last=False)
        self._lists[seed] = found
        return found

    def green(self, ngrams: Tokens) -> Flags:
        """Tell of n-grams, (n, width), whether the last token of each is green, (n,)."""
        targets = ngrams[:, -1]
        flags = np.zeros(len(ngrams), dtype=bool)
        if not len(ngrams):
            return flags
        seeds = self.seeds(ngrams)
        numbers = {seed: number for number, seed in enumerate(dict.fromkeys(seeds))}
        groups = np.fromiter((numbers[seed] for seed in seeds), dtype=np.int64, count=len(seeds))
        order = np.argsort(groups, kind="stable")
        ends = np.searchsorted(groups[order], np.arange(len(numbers)), side="right").tolist()
        begin = 0
        for seed, end in zip(numbers, ends, strict=True):
            rows = order[begin:end]
            wanted = targets[rows]
            flags[rows] = (self.list_of(seed)[wanted >> 3] >> (wanted & 7)) & 1
            begin = end
        return flags

    def green_after(self, context: Sequence[int], candidates: Tokens) -> Flags:
        """Tell which candidates, (k,), are green after the context, (k,)."""
        if self._table is None:
            (seed,) = self.seeds(np.array([[context[-1], 0]], dtype=np.int64))
            bits = self.list_of(seed)[candidates >> 3] >> (candidates & 7)
            return (bits & 1).astype(bool)
        before = self.mark.context - 1
        ngrams = np.empty((len(candidates), self.mark.context), dtype=np.int64)
        ngrams[:, :before] = list(context[-before:]) if before else []
        ngrams[:, -1] = candidates
        return self.green(ngrams)


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value
