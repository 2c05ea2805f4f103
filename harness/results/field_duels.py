"""The core's aggregate of duels: strengths of all models that met one baseline, fitted to the verdicts together.

It reads the columns of tasks of kind `duel` by name: ``candidate_better``, (n, 2), the probability that the candidate's
answer is better with the baseline shown first and with the candidate shown first; ``degree``, (n, 2), 0 tie, 1 slight,
2 strong; and ``candidate_<style>`` and ``baseline_<style>``, (n,), counts of each answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import did_you_mean
from harness.ranges import Range
from harness.results.field import Field, FieldColumns, NotDefined
from harness.stats import (
    BradleyTerry,
    Estimate,
    NoFiniteMaximum,
    NotIdentified,
    UnusableData,
    WithInterval,
    fit,
    odds_ratios,
    win_probabilities,
)

FloatArray = NDArray[np.float64]
STYLES = ("characters", "headers", "lists", "bold")
"""Counts that can be taken out; of all but the first, answers with none are usual."""
_POINTS = {"probability": 1.0, "log-odds": 1.0, "elo": 400 / math.log(10)}
_SHOWN_FIRST = np.array([-1.0, 1.0])
"""Position of the candidate in the two games."""
_STRONG = 2


def duel_strength(
    models: Mapping[str, FieldColumns],
    *,
    scale: Literal["probability", "log-odds", "elo"] = "probability",
    position: bool = True,
    style: Sequence[str] = (),
    strong: Annotated[float, Range(least=1, most=100)] = 1.0,
    prior: Annotated[float, Range(least=0, most=1e6)] = 0.0,
    confidence: float = 0.95,
) -> Field:
    """Return how strong each model is against the baseline that all of them met.

    >>> games = [[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    >>> row = FieldColumns.of([0.5] * 4, columns={"candidate_better": games})
    >>> duel_strength({"a": row, "b": row}).estimates["a"].value
    0.5

    Args:
        models: The field.
        scale: The probability of beating the baseline; nats, of which the baseline has 0; or points, of which the
            baseline has 1000 and 400 are odds of ten to one.
        position: Take out the advantage of the answer shown first, which is the same for all models.
        style: Names of `STYLES` whose relative differences, (a - b) / (a + b), are taken out; of counts of
            markdown (a - b) / (a + b + 1), since many answers have none.
        strong: What a strong verdict weighs, a slight one and a tie weighing 1.
        prior: Precision of a normal prior on the strengths around the baseline's, nats^-2; 0: none.
        confidence: Coverage of the intervals.

    Raises:
        NotDefined: there are no verdicts, or no degrees or counts that were asked for, or the strengths are not finite.
    """
    styles = _styles_asked(style)
    labels, units = list(models), next(iter(models.values())).units
    read = [_Duels(columns, styles, degrees=strong != 1.0, orders_together=not position) for columns in models.values()]
    games = [duels.games for duels in read]
    second = np.concatenate([np.full(g.size, i + 1) for i, g in enumerate(games)])
    shown = np.tile(np.broadcast_to(_SHOWN_FIRST, games[0].shape).ravel(), len(games)) if position else None
    differences = np.concatenate([np.repeat(duels.differences, 2, axis=0) for duels in read]) if styles else None
    weights = np.concatenate([np.where(duels.degrees.ravel() == _STRONG, strong, 1.0) for duels in read])
    try:
        fitted = fit(
            second,
            np.zeros(second.size, dtype=np.int64),
            np.concatenate([g.ravel() for g in games]),
            n_players=len(labels) + 1,
            weights=weights,
            clusters=np.tile(np.repeat(units, 2), len(games)),
            covariates=differences,
            position=shown,
            standardise=True,
            anchor=0,
            prior=prior,
        )
        known = np.array([np.isfinite(g).any(axis=1) for g in games])
        return _written(models, fitted, scale, styles, known, confidence)
    except NoFiniteMaximum as error:
        lone = [labels[i - 1] for group in error.groups if 0 not in group for i in group if i]
        raise NotDefined(
            "strengths are not finite, since these models have no verdict, or every one for or every one against them: "
            f"{', '.join(lone)}. Give a prior, such as settings: {{prior: 0.25}}"
        ) from error
    except NotIdentified as error:
        named = ", ".join("position" if column < 0 else styles[column] for column in error.columns)
        raise NotDefined(
            f"{named}: it differs in no game, or follows from which model plays, so that it cannot be taken out"
            + ("; give settings: {position: false}" if -1 in error.columns else "")
        ) from error
    except UnusableData as error:
        raise NotDefined(str(error)) from error


def _styles_asked(style: Sequence[str]) -> tuple[str, ...]:
    if isinstance(style, str) or not all(isinstance(name, str) for name in style):
        raise NotDefined(f"style: expected a list of names, not {style!r}")
    for name in style:
        if name not in STYLES:
            known = did_you_mean(name, STYLES) or f" (there are {', '.join(STYLES)})"
            raise NotDefined(f"style: there is no {name!r}{known}")
    return tuple(dict.fromkeys(style))


class _Duels:
    """One model's games; those that lack what is asked for are none."""

    def __init__(self, columns: FieldColumns, styles: Sequence[str], *, degrees: bool, orders_together: bool) -> None:
        values = columns.columns.values
        if "candidate_better" not in values or values["candidate_better"].ndim != 2:
            raise NotDefined("the task has no column 'candidate_better' of two games an item; its kind must be duel")
        self.games = np.array(values["candidate_better"], dtype=np.float64)
        both = np.isfinite(self.games).all(axis=1)
        if orders_together and both.any():  # one game of two would bring the advantage of its order with it
            self.games[~both] = np.nan
        self.degrees = np.full(self.games.shape, np.nan)
        if degrees:
            known = values.get("degree")
            if known is None or not np.isfinite(known[np.isfinite(self.games)]).all():
                raise NotDefined("strong: the judge gives no degrees of its verdicts, or not of all")
            self.degrees = known
        apart = []
        for name in styles:
            own, other = (columns.column(f"{side}_{name}") for side in ("candidate", "baseline"))
            total = own + other + (name != STYLES[0])
            apart.append(np.divide(own - other, total, out=np.where(np.isnan(total), np.nan, 0.0), where=total > 0))
        self.differences = np.array(apart).T if apart else np.empty((len(self.games), 0))
        self.games[np.isnan(self.differences).any(axis=1)] = np.nan


def _written(
    models: Mapping[str, FieldColumns],
    fitted: BradleyTerry,
    scale: Literal["probability", "log-odds", "elo"],
    styles: Sequence[str],
    known: NDArray[np.bool_],
    confidence: float,
) -> Field:
    """Write a fit, of which the baseline is the first player, on its scale."""
    chances = win_probabilities(fitted, confidence=confidence)
    p, points = chances.value[1:], _POINTS[scale]
    slope = p * (1 - p) if scale == "probability" else np.full(p.shape, points)
    # The errors as they are shown, also where no variation was seen.
    errors = chances.stderr[1:] / (p * (1 - p)) * slope
    covariance = np.outer(slope, slope) * fitted.covariance[1:, 1:]
    np.fill_diagonal(covariance, errors**2)

    def on_scale(probability: FloatArray) -> FloatArray:
        if scale == "probability":
            return probability
        return np.asarray(points * np.log(probability / (1 - probability)) + (1000.0 if scale == "elo" else 0.0))

    value, low, high = (on_scale(array[1:]) for array in (chances.value, chances.low, chances.high))
    estimates = {}
    for i, (label, columns) in enumerate(models.items()):
        failed = int((columns.present & ~known[i]).sum())
        n = int(known[i].sum())
        estimates[label] = Estimate(
            float(value[i]), float(errors[i]), float(low[i]), float(high[i]), n, failed, confidence=confidence
        )
    notes = []
    if not math.isnan(fitted.position):
        notes.append(f"being shown first is taken out: {_told(odds_ratios(fitted), len(styles))}")
    for i, name in enumerate(styles):
        notes.append(f"differences of {name} are taken out: {_told(odds_ratios(fitted), i)}")
    certain = bool(np.isfinite(covariance).all())
    return Field(
        estimates,
        covariance if certain else None,
        degrees_of_freedom=fitted.degrees_of_freedom if certain else math.inf,
        unit={"probability": "fraction", "log-odds": "log-odds", "elo": "Elo"}[scale],
        higher_is_better=True,
        notes=notes,
    )


def _told(odds: WithInterval, place: int) -> str:
    return f"odds x {odds.value[place]:.3g} ({odds.low[place]:.3g} to {odds.high[place]:.3g})"
