"""Sentences below figures that say which of them cannot be told from chance, and which are worse than it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from harness.results.numbers import chance_text
from harness.stats import Estimate

_MOST_NAMED = 6
_MOST_GROUPS = 3
"""Groups of columns that a short sentence names."""


class Shown(NamedTuple):
    """A figure that a table shows."""

    title: str
    """The column or metric."""
    model: str
    unit: str
    higher_is_better: bool
    estimate: Estimate


class ChanceNote(NamedTuple):
    """Which figures stand so to chance; with many columns the whole sentence is a paragraph."""

    what: str
    """``not distinguishable from chance`` or ``worse than chance``."""
    groups: tuple[str, ...]
    """``accuracy (50), auroc (50): length, random``, columns of the same models together."""
    figures: int
    """How many figures it names."""
    models: int
    """Of how many models."""

    @property
    def text(self) -> str:
        """The whole sentence."""
        return f"{self.what}: {'; '.join(self.groups)}"

    @property
    def is_long(self) -> bool:
        """Whether it names more columns than a reader takes in at once."""
        return len(self.groups) > _MOST_GROUPS

    @property
    def short(self) -> str:
        """The sentence where space is short, which says where the rest is."""
        if not self.is_long:
            return self.text
        more = len(self.groups) - _MOST_GROUPS
        return f"{self.what}: {'; '.join(self.groups[:_MOST_GROUPS])}; and {more} more: --json"

    @property
    def heading(self) -> str:
        """How much it says, above the sentence where that is folded."""
        models = f"{self.models} model{'' if self.models == 1 else 's'}"
        return f"{self.figures} figure{'' if self.figures == 1 else 's'} of {models}: {self.what}"


def against_chance(figures: Iterable[Shown]) -> list[ChanceNote]:
    """Return at most one sentence of the figures at chance, and one of those worse than it, with the chance levels.

    >>> tossed = Estimate(0.52, 0.03, 0.46, 0.58, 300, chance=0.5)
    >>> [note.text for note in against_chance([Shown("accuracy", "random", "fraction", True, tossed)])]
    ['not distinguishable from chance: accuracy (50): random']
    """
    kept = list(figures)
    at = [shown for shown in kept if shown.estimate.at_chance]
    worse = [shown for shown in kept if shown.estimate.worse_than_chance(shown.higher_is_better)]
    words = (("not distinguishable from chance", at), ("worse than chance", worse))
    return [
        ChanceNote(what, tuple(_grouped(some)), len(some), len({shown.model for shown in some}))
        for what, some in words
        if some
    ]


def _grouped(figures: list[Shown]) -> list[str]:
    """``accuracy (50), auroc (50): length, random``, ``loss (0.69): length``: metrics of the same models together."""
    columns: dict[str, list[Shown]] = {}
    for shown in figures:
        columns.setdefault(shown.title, []).append(shown)
    titles: dict[tuple[str, ...], list[str]] = {}
    for title, of in columns.items():
        level = chance_text([shown.estimate for shown in of], of[0].unit)
        # By name: the order of models whose figures are equal is that in which stores were read.
        titles.setdefault(tuple(sorted({shown.model for shown in of})), []).append(f"{title} ({level})")
    return [f"{', '.join(names)}: {_some(models)}" for models, names in titles.items()]


def _some(models: tuple[str, ...]) -> str:
    more = f" and {len(models) - _MOST_NAMED} more" if len(models) > _MOST_NAMED else ""
    return ", ".join(models[:_MOST_NAMED]) + more
