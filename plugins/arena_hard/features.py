"""What makes one answer look like more than another, game by game: the covariates of style control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from harness import Columns, FloatArray
from harness.errors import did_you_mean
from harness.kinds import style

Form = Literal["v0.1", "v2.0"]
GROUPS = {"markdown": ("headers", "lists", "bold"), "length": ("characters",)}
"""Names for several of `harness.kinds.style.FEATURES`, or for one."""


def expanded(features: Sequence[str]) -> tuple[str, ...]:
    """Return single features, each once, in the order of `harness.kinds.style.FEATURES`, whatever the order given.

    >>> expanded(["markdown", "length"])
    ('characters', 'headers', 'lists', 'bold')

    Raises:
        ValueError: there is no such feature.
    """
    known = (*style.FEATURES, *GROUPS)
    if isinstance(features, str):
        raise ValueError(f"features: expected a list such as [length, markdown], not {features!r}")
    chosen: set[str] = set()
    for name in features:
        if name not in known:
            raise ValueError(
                f"features: there is no {name!r}{did_you_mean(str(name), known)}; known: {', '.join(known)}"
            )
        chosen.update(GROUPS.get(name, (name,)))
    return tuple(name for name in style.FEATURES if name in chosen)


def differences(columns: Columns, features: Sequence[str], form: Form = "v0.1") -> FloatArray:
    """Return how much more of each feature the candidate's answer has than the baseline's, (n, k), in [-1, 1].

    It is the same in both games of a prompt, and of two answers exchanged the opposite. Lengths are characters, where
    Arena-Hard counts tokens. NaN where the counts are not known.

    Args:
        columns: With `harness.kinds.duel.STYLE_COLUMNS`.
        features: As `expanded` returns them.
        form: ``v0.1``: counts, (a - b) / (a + b + 1); ``v2.0``: the same of counts over the length. Of lengths it is
            (a - b) / (a + b) in either, 0 where both are empty.
    """
    made = np.empty((len(columns), len(features)))
    for number, name in enumerate(features):
        a, b = (columns.values[f"{whose}_{name}"] for whose in ("candidate", "baseline"))
        if name == "characters":
            total = a + b
            made[:, number] = np.divide(a - b, total, out=np.where(np.isnan(total), np.nan, 0.0), where=total > 0)
            continue
        if form == "v2.0":
            a, b = (
                count / (columns.values[f"{whose}_characters"] + 1)
                for count, whose in ((a, "candidate"), (b, "baseline"))
            )
        made[:, number] = (a - b) / (a + b + 1)
    return made
