"""Metrics of AlpacaEval 2: the length-controlled win rate, its variants, and the form in which it is published."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import BadValue, Columns, FloatArray, Matrix, MeanMetric, Metric, Range
from harness.kinds.duel_metrics import OfDuels
from harness.stats import Estimate, Linearised, not_available

from .cross_baseline import against_each_other
from .fitting import GRID
from .length_control import FIXED_C, Design, Gamed, LengthControlled, design, length_controlled
from .score_interval import score_interval

MEDIATORS: tuple[str, ...] = ("headers", "lists", "bold")
"""What can be taken out beside length, as `harness.kinds.style` counts it."""
GAMED_COLUMNS = ("gamed_verbose", "gamed_concise", "gamed_verbose_target", "gamed_concise_target")
CROSS = "win rate of the row over the column that their fits give, answers being equally long"
LENGTHS = ("candidate_characters", "baseline_characters")


class LengthControlledWinRate(OfDuels):
    """What the win rate would be if the answer were as long as the baseline's, difficulty by instruction.

    The interval is a score interval (`harness_plugins.alpaca_eval.score_interval`); the standard error is that of the
    influences: sandwich, delta method and the mean over instructions, by clusters where there are some.

    Args:
        c: How little weights are shrunk; left out, it is chosen by cross-validation, as on the board.
        mediators: Further differences to take out, joined by +: headers, lists, bold.
    """

    description = "win rate if the answer were as long as the baseline's"
    with_difficulty: ClassVar[bool] = True
    with_regulariser: ClassVar[bool] = True

    def __init__(self, c: Annotated[float | None, Range(above=0)] = None, mediators: str = "") -> None:
        self.c = c
        self.mediators = tuple(part for part in mediators.split("+") if part)
        for name in self.mediators:
            if name not in MEDIATORS:
                raise BadValue(f"mediators: {name!r} is none of {', '.join(MEDIATORS)}, which are joined by +")
        styles = [f"{whose}_{name}" for name in self.mediators for whose in ("candidate", "baseline")]
        difficulty = ["difficulty"] if self.with_difficulty else []
        self.needs = ("candidate_better", *LENGTHS, *styles, *difficulty)  # type: ignore[misc]

    def nothing_valid(self, columns: Columns) -> str:
        """Say what the rows lack: verdicts, or the difficulty of instructions."""
        read = np.isfinite(columns.values["candidate_better"]).any(axis=1)
        lacking = [name for name in self.needs[1:] if read.any() and not np.isfinite(columns.values[name][read]).any()]
        if lacking == ["difficulty"]:
            return (
                "no instruction has a difficulty: set HARNESS_DATA to a copy of AlpacaEval's, fit one over models with "
                "harness difficulty, or use lc_win_rate_minimal"
            )
        if lacking:
            return f"no row has a figure for {', '.join(lacking)}"
        return super().nothing_valid(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the figure, and the influence of every row on it.

        Raises:
            ValueError: the data have no regulariser, or nothing holds the weights.
        """
        if _is_the_baseline(columns):
            return Linearised(0.5, np.zeros(len(columns)))
        found = self.fitted(columns)
        return Linearised(found.value, found.influence)

    def fitted(self, columns: Columns) -> LengthControlled:
        """Return the fit, on rows that are all valid; made once for all that is asked of it."""
        made = self.design(columns)
        return columns.once(f"{self._key()} c={self.c}", lambda _: length_controlled(made, self.c))

    def design(self, columns: Columns) -> Design:
        """Return what is fitted, on rows that are all valid."""
        return columns.once(self._key(), self._design)

    def _key(self) -> str:
        return f"lc {type(self).__name__} {'+'.join(self.mediators)}"

    def _design(self, columns: Columns) -> Design:
        values = columns.values
        differences = values["baseline_characters"] - values["candidate_characters"]
        further = [values[f"baseline_{name}"] - values[f"candidate_{name}"] for name in self.mediators]
        difficulty = self.difficulty(columns) if self.with_difficulty else None
        better = np.nanmean(values["candidate_better"], axis=1)
        mediators = np.column_stack(further) if further else None
        gamed = regulariser(columns, with_difficulty=self.with_difficulty) if self.with_regulariser else None
        return design(better, differences, difficulty, gamed, mediators)

    def difficulty(self, columns: Columns) -> FloatArray:
        """Return the difficulty of each row's instruction, (n,)."""
        return columns.values["difficulty"]

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return the score interval; of the baseline itself, a point."""
        if _is_the_baseline(columns):
            return 0.5, 0.5
        if not np.isfinite(estimate.stderr):
            return estimate.low, estimate.high
        low, high = score_interval(self.design(columns), confidence, columns.clusters)
        return min(low, estimate.value), max(high, estimate.value)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the weights, C, and what a reader must know of a figure far from the plain win rate."""
        if _is_the_baseline(columns):
            return {"note": "the answers are the baseline's: 50 by construction"}
        found = self.fitted(columns)
        names = ["length", *self.mediators, *(["difficulty"] if self.with_difficulty else []), "model"]
        plain = float(np.nanmean(columns.values["candidate_better"], axis=1).mean())
        detail: dict[str, object] = {
            "c": found.c,
            "weights": dict(zip(names, found.weights.tolist(), strict=True)),
            "win rate": plain,
        }
        if is_extreme(plain, found.value):
            detail["note"] = (
                f"far from the plain win rate, {100 * plain:.1f}: the figure goes by the model of lengths more than by "
                "the verdicts"
            )
        return detail

    def pictures_of_models(self, models: Mapping[str, Columns]) -> Sequence[Matrix]:
        """Draw what each model's win rate over each other would be, lengths being equal, from their fits."""
        fits = {}
        for label, columns in models.items():
            valid = self.valid(columns)
            if valid.sum() < 2 or _is_the_baseline(columns.only(valid)):
                continue
            try:
                fits[label] = (self.fitted(columns.only(valid)), self.design(columns.only(valid)), valid)
            except ValueError:
                continue
        if len(fits) < 2:
            return ()
        rate, low, high = against_each_other(list(fits.values()), next(iter(models.values())).clusters)
        names = list(fits)
        note = "A model of the verdicts on each against the baseline; the two were never compared by the judge."
        return [Matrix("Length-controlled win rates", CROSS, names, names, rate, low, high, note=note)]


class FixedLengthControlledWinRate(LengthControlledWinRate):
    """`LengthControlledWinRate` with C = 21.544, which needs no cross-validation."""

    description = "lc_win_rate with C = 21.544, which is not chosen by the data"

    def __init__(self, mediators: str = "") -> None:
        super().__init__(FIXED_C, mediators)


class UnregularisedWinRate(LengthControlledWinRate):
    """`LengthControlledWinRate` without the regulariser: AlpacaEval's ``length_controlled_noreg``."""

    description = "lc_win_rate without the rows of verbose and concise models"
    with_regulariser: ClassVar[bool] = False


class MinimalWinRate(LengthControlledWinRate):
    """`LengthControlledWinRate` without difficulty: AlpacaEval's ``length_controlled_minimal``; for any data."""

    description = "lc_win_rate without the difficulty of instructions"
    with_difficulty: ClassVar[bool] = False


class PublishedLengthControlledWinRate(LengthControlledWinRate):
    """The length-controlled win rate as AlpacaEval 0.6 computes it, with its standard error, which is none of sampling.

    The difficulty of a row is that of the row of its number among the model's rows: where some are missing, all after
    the first gap have the difficulty of another instruction. Rows without a verdict count in the mean. The standard
    error is that of the mean of predictions, and there is no interval.

    Args:
        c: How little weights are shrunk; left out, it is chosen by cross-validation.
    """

    description = "as AlpacaEval publishes it: difficulty by row number, and sd of predictions as its error"

    def __init__(self, c: Annotated[float | None, Range(above=0)] = None) -> None:
        super().__init__(c)
        self.needs = ("candidate_better", *LENGTHS, "difficulty", "row_number")  # type: ignore[misc]

    linearise = Metric.linearise
    """There are no influences: two models are compared by `LengthControlledWinRate`."""

    def pictures_of_models(self, models: Mapping[str, Columns]) -> Sequence[Matrix]:
        """Draw nothing: models are held against each other by `LengthControlledWinRate`."""
        return ()

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows that the model has, with or without a verdict."""
        present = np.isfinite(columns.values["candidate_characters"])
        for name in ("baseline_characters", "difficulty", "row_number"):
            present &= np.isfinite(columns.values[name])
        return np.asarray(present)

    def difficulty(self, columns: Columns) -> FloatArray:
        """Return the difficulty of the row of the same number, (n,)."""
        whole = columns.whole
        present = np.isfinite(whole.values["candidate_characters"])
        numbers = np.sort(whole.values["row_number"][present])
        by_number = whole.values["difficulty"][np.argsort(whole.values["row_number"], kind="stable")]
        return np.asarray(by_number[np.searchsorted(numbers, columns.values["row_number"])])

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Return the value with the published standard error, and no interval."""
        mask = self.valid(columns)
        failed = int((~mask).sum())
        nothing = not_available(n=len(columns) - failed, n_failed=failed, confidence=confidence)
        rows = columns.only(mask)
        read: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        if mask.any():
            read = np.asarray(np.isfinite(rows.values["candidate_better"]).any(axis=1))
        if not read.any():
            reason = self.nothing_valid(columns) if len(columns) else "no rows"
            return dataclasses.replace(nothing, detail={"reason": reason})
        if _is_the_baseline(rows):
            return Estimate(0.5, 0.0, math.nan, math.nan, len(rows), failed, confidence=confidence)
        try:
            found, predictions = self._as_published(rows, read)
        except ValueError as error:
            return dataclasses.replace(nothing, detail={"reason": str(error)})
        n = len(predictions)
        stderr = float(predictions.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
        note = (
            "the published standard error, which says how instructions differ and nothing of the sampling of verdicts"
        )
        detail = {"c": found.c, "weights": found.weights.tolist(), "note": note}
        value = float(predictions.mean())
        return Estimate(value, stderr, math.nan, math.nan, n, failed, confidence=confidence, detail=detail)

    def _as_published(self, rows: Columns, read: NDArray[np.bool_]) -> tuple[LengthControlled, FloatArray]:
        difficulty = self.difficulty(rows)
        differences = rows.values["baseline_characters"] - rows.values["candidate_characters"]
        gamed = regulariser(rows, with_difficulty=True)
        # Lengths are scaled over all rows, those without a verdict among them; only the others are fitted.
        made = design(np.zeros(len(rows)), differences, difficulty, gamed)
        kept = made.features[read]
        better = np.nanmean(rows.values["candidate_better"][read], axis=1)
        fitted = _of_features(made, kept, better)
        found = length_controlled(fitted, self.c)
        equal = made.equal
        return found, np.asarray(0.5 * (1 + np.tanh(0.5 * (equal @ found.weights))))


def _of_features(made: Design, features: FloatArray, better: FloatArray) -> Design:
    from .fitting import Rows
    from .length_control import GAMED_WEIGHT

    held = Rows.of(made.held, made.held_targets, np.full(len(made.held), GAMED_WEIGHT))
    no_scaling = np.zeros((len(features), made.taken_out.shape[1]))
    return Design(features, no_scaling, better, held + Rows.of(features, better), made.held, made.held_targets)


def regulariser(columns: Columns, *, with_difficulty: bool) -> Gamed:
    """Return the regulariser's rows: of all instructions of the task, whichever the model answered.

    Raises:
        ValueError: the data have none.
    """
    whole = columns.whole.values
    named = [whole[name] for name in GAMED_COLUMNS if name in whole]
    difficulty = whole["difficulty"] if with_difficulty else None
    if len(named) == len(GAMED_COLUMNS):
        verbose, concise, verbose_target, concise_target = named
        lengths, targets = np.concatenate([verbose, concise]), np.concatenate([verbose_target, concise_target])
        twice = np.zeros(len(lengths)) if difficulty is None else np.concatenate([difficulty, difficulty])
        known = np.isfinite(lengths) & np.isfinite(targets) & np.isfinite(twice)
        if known.any():
            return Gamed(lengths[known], twice[known], targets[known])
    raise ValueError(
        "the data have no rows of a verbose and a concise model, which hold the weights: use "
        "lc_win_rate_unregularised, "
        "or give the columns " + ", ".join(GAMED_COLUMNS)
    )


def is_extreme(plain: float, controlled: float) -> bool:
    """Tell whether AlpacaEval would warn that the figure is far from the plain win rate (``get_is_extreme_changes``).

    >>> is_extreme(0.2, 0.25), is_extreme(0.2, 0.5)
    (False, True)
    """
    low = min(plain - plain / 4, plain - 0.1)
    high = max(plain + (1 - plain) / 4, plain + 0.1)
    return controlled < low or controlled > high


def _is_the_baseline(columns: Columns) -> bool:
    """Tell whether every answer is the baseline's: all ties, and no difference of length."""
    games = columns.values["candidate_better"]
    tied = bool((np.isnan(games) | (games == 0.5)).all())
    return tied and bool((columns.values["candidate_characters"] == columns.values["baseline_characters"]).all())


class MeanCharacters(MeanMetric):
    """Mean length of the answers, as the board prints it."""

    description = "mean length of the answers"
    unit = "characters"
    higher_is_better = False
    bounds: ClassVar[tuple[float, float] | None] = None
    needs: ClassVar[tuple[str, ...]] = ("candidate_characters",)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the length of each answer."""
        return columns.values["candidate_characters"]


class MoreCharacters(MeanCharacters):
    """Mean number of characters by which answers are longer than the baseline's."""

    description = "characters by which answers are longer than the baseline's"
    needs: ClassVar[tuple[str, ...]] = LENGTHS

    def per_item(self, columns: Columns) -> FloatArray:
        """Return by how much each answer is longer."""
        return columns.values["candidate_characters"] - columns.values["baseline_characters"]


__all__ = [
    "GRID",
    "FixedLengthControlledWinRate",
    "LengthControlledWinRate",
    "MeanCharacters",
    "MinimalWinRate",
    "MoreCharacters",
    "PublishedLengthControlledWinRate",
    "UnregularisedWinRate",
]
