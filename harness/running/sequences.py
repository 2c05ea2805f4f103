"""Rows that are a sequence: their blocks take the place of clusters, in estimates, comparisons and ranks alike."""

from __future__ import annotations

import dataclasses

import numpy as np

from harness.metric import Columns
from harness.stats import sequence_blocks


def in_blocks(columns: Columns, block: int | None) -> Columns:
    """Return the columns of a whole sequence with its blocks as clusters.

    Args:
        columns: All rows, in data order.
        block: Rows of a block; None: as `harness.stats.block_length` says.
    """
    return dataclasses.replace(columns, clusters=sequence_blocks(len(columns), block), ordered=True)


def note_on_blocks(columns: Columns) -> str:
    """Say that rows are a sequence, and how long its blocks are; empty where they are none."""
    whole = columns.whole
    if not columns.ordered or whole.clusters is None or not len(whole):
        return ""
    sizes = np.unique(whole.clusters, return_counts=True)[1]
    lengths = f"{sizes.min()}" if sizes.min() == sizes.max() else f"{sizes.min()} to {sizes.max()}"
    if len(sizes) == 1:
        return f"rows in sequence: a single block of {lengths}, so that there is no standard error"
    return f"rows in sequence: blocks of {lengths}"
