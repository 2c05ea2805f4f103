"""Parts of a data set, each to be held out once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def fold_numbers(labels: ArrayLike, groups: Sequence[Hashable | None], count: int, seed: int) -> NDArray[np.int64]:
    """The part of each row, shape (n,), from 0 to count - 1: shuffled, stratified by label.

    Args:
        labels: (n,) classes to stratify by.
        groups: (n,); rows of one group stay together. None: a row of its own.
        count: How many parts.
        seed: Of the shuffling.

    Raises:
        ValueError: a class has fewer groups than there are parts; says how many.
    """
    from sklearn import model_selection as ways

    classes = np.asarray(labels)
    own = {group: number for number, group in enumerate(dict.fromkeys(g for g in groups if g is not None))}
    codes = np.array([len(own) + row if group is None else own[group] for row, group in enumerate(groups)])
    for label in np.unique(classes):
        found = len(set(codes[classes == label].tolist()))
        if found < count:
            of = f" of label {label:.0f}" if len(set(classes.tolist())) > 1 else ""
            raise ValueError(f"{count} parts need at least as many independent items{of}, and there are {found}")
    kind = ways.StratifiedGroupKFold if own else ways.StratifiedKFold
    numbers = np.empty(len(classes), dtype=np.int64)
    splitter = kind(count, shuffle=True, random_state=seed)
    for fold, (_, held) in enumerate(splitter.split(classes, classes, codes if own else None)):
        numbers[held] = fold
    return numbers
