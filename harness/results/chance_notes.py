"""Sentences below figures that say which of them cannot be told from chance, and which are worse than it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from harness.results.numbers import chance_text
from harness.stats import Estimate

_MOST_NAMED = 6


class Shown(NamedTuple):
    """A figure that a table shows."""

    title: str
    """The column or metric."""
    model: str
    unit: str
    higher_is_better: bool
    estimate: Estimate


def against_chance(figures: Iterable[Shown]) -> list[str]:
    """Return at most one sentence of the figures at chance, and one of those worse than it, with the chance levels.

    >>> tossed = Estimate(0.52, 0.03, 0.46, 0.58, 300, chance=0.5)
    >>> against_chance([Shown("accuracy", "random", "fraction", True, tossed)])
    ['not distinguishable from chance: accuracy (50): random']
    """
    kept = list(figures)
    at = [shown for shown in kept if shown.estimate.at_chance]
    worse = [shown for shown in kept if shown.estimate.worse_than_chance(shown.higher_is_better)]
    words = (("not distinguishable from chance", at), ("worse than chance", worse))
    return [f"{what}: {_grouped(some)}" for what, some in words if some]


def _grouped(figures: list[Shown]) -> str:
    """``accuracy (50), auroc (50): length, random; loss (0.69): length``, metrics of the same models together."""
    columns: dict[str, list[Shown]] = {}
    for shown in figures:
        columns.setdefault(shown.title, []).append(shown)
    titles: dict[tuple[str, ...], list[str]] = {}
    for title, of in columns.items():
        level = chance_text([shown.estimate for shown in of], of[0].unit)
        # By name: the order of models whose figures are equal is that in which stores were read.
        titles.setdefault(tuple(sorted({shown.model for shown in of})), []).append(f"{title} ({level})")
    return "; ".join(f"{', '.join(names)}: {_some(models)}" for models, names in titles.items())


def _some(models: tuple[str, ...]) -> str:
    more = f" and {len(models) - _MOST_NAMED} more" if len(models) > _MOST_NAMED else ""
    return ", ".join(models[:_MOST_NAMED]) + more
