"""Blocks of a sequence, whose rows are not independent of those beside them."""

import math

import numpy as np

from harness.stats._arrays import IntArray, require_at_least


def block_length(n: int) -> int:
    """The length of blocks where none is stated: the whole part of sqrt(n), at least 1.

    Means of blocks that grow as sqrt(n) give consistent standard errors of a mean of dependent rows, and there are as
    many of them (Jones, Haran, Caffo and Neath 2006; Flegal and Jones 2010). n^(1/3) has the least error of the
    variance itself, but intervals that cover too rarely: the blocks still depend on each other.
    """
    return max(1, math.isqrt(n))


def sequence_blocks(n: int, length: int | None = None) -> IntArray:
    """The block of each of n rows in sequence, to be taken as clusters; shape (n,), from 0 up.

    Args:
        n: Number of rows.
        length: Rows of a block at least; None: as `block_length` says. The lengths of two blocks differ by 1 at most.

    Raises:
        OutOfRange: `length` below 1.

    >>> sequence_blocks(7, 3)
    array([0, 0, 0, 0, 1, 1, 1])
    """
    size = block_length(n) if length is None else length
    require_at_least(size, 1, "length")
    blocks = max(1, n // size)
    return np.asarray(np.arange(n, dtype=np.int64) * blocks // max(1, n), dtype=np.int64)
