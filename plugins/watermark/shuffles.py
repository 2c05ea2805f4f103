"""The permutations that torch draws on a processor, by numpy, and only as much of each as is asked about.

`torch.randperm` swaps place i with place i + (a 32-bit number of MT19937) mod (n - i), for i = 0, 1, ...: so the first
k places are settled by k numbers, and whether a number is among them can be told without swapping anything.
"""

from __future__ import annotations

import functools
import importlib.util

import numpy as np
from numpy.typing import NDArray

Moves = NDArray[np.uint32]
_BITS = np.random.MT19937()


def moves(seed: int, size: int, count: int) -> Moves:
    """Return the places that the first ``count`` places of a permutation of ``size`` numbers are swapped with."""
    _BITS._legacy_seeding(seed & 0xFFFFFFFF)  # torch seeds with the same 32 bits
    places, room = _ranges(size, count)
    numbers = _BITS.random_raw(count).astype(np.uint32)
    np.remainder(numbers, room, out=numbers)
    numbers += places
    return numbers


@functools.lru_cache(maxsize=8)
def _ranges(size: int, count: int) -> tuple[Moves, Moves]:
    return np.arange(count, dtype=np.uint32), np.arange(size, size - count, -1, dtype=np.uint32)


def is_first(number: int, swaps: Moves) -> bool:
    """Tell whether a number is among the first places, given what these are swapped with."""
    place, start, count = number, 0, len(swaps)
    while True:
        # It comes to a first place as soon as such a place is swapped with where it is.
        if (swaps[start : min(place, count)] == place).any():
            return True
        if place >= count:
            return False
        # Its own place is settled now: it is swapped away, or stays for good.
        start, moved = place + 1, int(swaps[place])
        if moved == place:
            return True
        place = moved


def first_of(seed: int, size: int, count: int) -> NDArray[np.int64]:
    """Return the first ``count`` numbers of a permutation of ``size``, (count,)."""
    if torch_agrees():
        import torch

        generator = torch.Generator(device="cpu").manual_seed(seed)
        return np.asarray(torch.randperm(size, generator=generator)[:count].numpy())
    order = list(range(size))
    for place, other in enumerate(moves(seed, size, count).tolist()):
        order[place], order[other] = order[other], order[place]
    return np.array(order[:count], dtype=np.int64)


@functools.cache
def torch_agrees() -> bool:
    """Tell whether torch is there, and draws the permutations that are told of here.

    Raises:
        RuntimeError: it draws others: then a mark that transformers wrote would not be found, without a word.
    """
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    for seed, size, count in ((15_485_863 * 17, 1000, 400), (2**64 - 2, 3001, 3000)):
        drawn = set(torch.randperm(size, generator=torch.Generator().manual_seed(seed))[:count].tolist())
        swaps = moves(seed, size, count)
        if drawn != {number for number in range(size) if is_first(number, swaps)}:
            raise RuntimeError(
                f"torch {torch.__version__} draws other permutations than this version of harness knows: marks by "
                "lefthash and selfhash cannot be told; use scheme=counter, or a version of torch from before"
            )
    return True
