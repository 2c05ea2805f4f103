"""What a leaderboard is: columns, one entry a model, notes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.files.generated_data import GeneratedData
from harness.results.chance_notes import ChanceNote
from harness.stats import Estimate


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers, each an estimate that may have an interval."""

    key: str
    """Name of an aggregate, or ``task:metric``, or what an extra column calls itself."""
    title: str
    unit: str
    higher_is_better: bool
    reference: str = ""
    """What a figure of 0 equals, in words, where its metric holds models against it; empty: nothing."""
    ranks_only_above: bool = False
    """Whether a model that is not shown to beat the reference has no rank by this column."""

    @property
    def heading(self) -> str:
        """The title, with the direction where lower is better."""
        return self.title if self.higher_is_better else f"{self.title} (lower is better)"


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of facts that are no numbers, such as a licence."""

    key: str
    """Names the column in CSV and JSON."""
    title: str


@dataclass(frozen=True, slots=True)
class FieldCovariance:
    """How the figures of one column go up and down together."""

    models: tuple[str, ...]
    values: NDArray[np.float64]
    """(m, m), unit squared, in the order of the models."""
    single_item: NDArray[np.float64]
    """(m,) the most that one item moves each figure by; 0 where that is not known."""
    degrees_of_freedom: float = math.inf
    """Of Student's t in the interval of a difference."""

    def of(self, models: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the covariance of some of the models, in their order, and the most that an item moves each by."""
        places = [self.models.index(model) for model in models]
        return self.values[np.ix_(places, places)], self.single_item[places]


@dataclass(slots=True)
class BoardEntry:
    """One model's row."""

    model: str
    figures: dict[str, Estimate]
    """By column key; a task that was not evaluated is absent."""
    adapters: dict[str, tuple[str, ...]]
    """By task, where the model was asked through adapters."""
    n_failed: int
    rank: int | None = None
    """Place by the first column; None where that figure is missing."""
    rank_low: int | None = None
    """Best place that the errors allow."""
    rank_high: int | None = None
    """Worst place that the errors allow."""
    tied_with_best: bool = False
    """Whether no ranked model is significantly better; False for all where an unranked one is ahead of the best."""
    published: tuple[str, ...] = ()
    """Who published its figures; empty where it was evaluated here."""
    rounded_from: dict[str, tuple[float, float]] = field(default_factory=dict)
    """The lowest and highest value that a published figure may have been rounded from, by column key."""
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """By task and role: the label of who was asked beside the model, such as its judge."""
    reasons: tuple[str, ...] = ()
    """Why aggregates are missing although their tasks were evaluated."""
    short_of: str = ""
    """What it would have to be shown to beat to have a rank, and is not; empty where there is nothing of that kind."""
    bound: str = ""
    """Why its figures are a bound, and not a result, so that it has no rank; empty where they are one."""
    missing_tasks: tuple[str, ...] = ()
    """Tasks of the benchmark of which it has no result, those included on which it failed."""
    failed_tasks: dict[str, str] = field(default_factory=dict)
    """Why nothing is known of its answers, by the tasks that were tried."""
    ahead_of_best: tuple[str, ...] = ()
    """Keys of the columns by which it, unranked, is significantly better than the model ranked first."""
    constant_on: dict[str, str] = field(default_factory=dict)
    """What there is to say of the tasks on which all its scores are equal, by task."""
    texts: dict[str, str] = field(default_factory=dict)
    """Facts that are no numbers, by the key of their text column."""

    @property
    def contends(self) -> bool:
        """Whether it may be best: its model was evaluated here, and can be used."""
        return not self.published and not self.bound


class Chosen(NamedTuple):
    """How many of the models that have results a board shows, where its maker chose among them."""

    shown: int
    of: int


@dataclass(slots=True)
class Board:
    """A benchmark's leaderboard, best first."""

    benchmark: str
    description: str
    columns: list[Column]
    entries: list[BoardEntry]
    notes: list[str] = field(default_factory=list)
    confidence: float = 0.95
    """Nominal coverage of its intervals, which headings say; a figure of another level says its own."""
    judged: list[str] = field(default_factory=list)
    """Those of the notes that say which entries were judged by different judges."""
    text_columns: list[TextColumn] = field(default_factory=list)
    """Columns of facts that are no numbers; tables show them after the figures."""
    long_notes: dict[str, ChanceNote] = field(default_factory=dict)
    """Those of the notes that fill a paragraph, with what is said in their place where space is short."""
    limited: int = 0
    """Evaluations of the first items only, which no board shows, of models and tasks that have no whole one."""
    ranking: str = ""
    """Key of the column that ranks; empty where none does."""
    tasks: tuple[str, ...] = ()
    """The benchmark's tasks."""
    covariances: dict[str, FieldCovariance] = field(default_factory=dict)
    """Of the columns that are aggregates of the field and have one, by key."""
    chosen: Chosen | None = None
    """How many of the models with results were chosen; None where nobody chose."""
    title: str = ""
    """What stands above it in place of the benchmark's name; empty: that name."""
    about: str = ""
    """An introduction, as Markdown; empty: none."""
    generated: dict[str, GeneratedData] = field(default_factory=dict)
    """What is known of the data of the tasks whose data a program made, by task; empty where all are real."""
    items: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By task, the fewest and the most items that a model was evaluated on; the full set may have more."""
    published_left_out: int = 0
    """Models whose published figures are not shown, since figures of generated data cannot stand beside them."""
    verdict: str = ""
    """The result in a sentence: who is best, who are tied, or that nobody can be called so; empty without rows."""

    @property
    def contenders(self) -> list[BoardEntry]:
        """The entries of which one may be best."""
        return [entry for entry in self.entries if entry.contends]

    @property
    def heading(self) -> str:
        """What stands above it."""
        return self.title or self.benchmark

    @property
    def stands_in(self) -> bool:
        """Whether data were generated in the place of others, for which a reader could take them."""
        return any(mark.in_place_of for mark in self.generated.values())

    @property
    def why_empty(self) -> str:
        """Why a board has no entry, and how to get one."""
        if self.chosen is not None and self.chosen.of:
            models = "the one model" if self.chosen.of == 1 else f"the {self.chosen.of} models"
            return f"none of {models} with results of {self.benchmark} is chosen; choose others (-m GLOB, or models:)"
        whole = f"harness eval -m MODEL -t {self.benchmark}"
        if not self.limited:
            return f"the store holds no result of {self.benchmark}; make some with: {whole}"
        results = "1 result" if self.limited == 1 else f"{self.limited} results"
        return (
            f"of {self.benchmark} the store holds {results} of the first items only, which no leaderboard shows; "
            f"evaluate without --limit: {whole}"
        )
