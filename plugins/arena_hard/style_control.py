"""Style control: scores of the whole field at equal length and layout, from one Bradley-Terry fit with covariates."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import Estimate, Field, FieldColumns, FloatArray, NotDefined, Range, stats

from .features import Form, differences, expanded
from .score import games_of
from .separating import told_apart

PUBLISHED_PRIOR = 0.5 / math.log(10) ** 2
"""Precision of the published fit's ridge on strengths, nats^-2: C = 1, in decades, every battle there twice."""
PUBLISHED_COVARIATE_PRIOR = 0.5
"""The same of its coefficients."""
DEFAULT = ("length", "markdown")
BASELINE = 0
"""The baseline is the first player."""


class _Battles(NamedTuple):
    """The games of the field: each array has one entry a game."""

    second: NDArray[np.int64]
    """The model's number among the players, from 1; the baseline is 0."""
    lost: FloatArray
    """Credit of the baseline."""
    weights: FloatArray
    covariates: FloatArray
    """(games, k), of the baseline less the model."""
    units: NDArray[np.int64]
    shown: FloatArray
    """1 where the baseline was shown first, -1 where the model was."""
    left_out: int
    """Games without the counts of both answers."""


def style_controlled(
    models: Mapping[str, FieldColumns],
    *,
    features: Sequence[str] = DEFAULT,
    form: Form = "v0.1",
    weight: Annotated[float, Range(least=1, most=1000)] = 3.0,
    position: bool = False,
    as_published: bool = False,
    prior: Annotated[float, Range(least=0, most=1e6)] = 0.0,
    believed: Mapping[str, Sequence[float]] | None = None,
    confidence: float = 0.95,
) -> Field:
    """Return the share of games that each model would win over the baseline if their answers looked alike.

    Strengths of all models, the baseline's being 0, and coefficients of the features are fitted at once; the score is
    the sigmoid of a strength. Games of one prompt, of all models, are one unit. Without features it is the score
    itself.

    Args:
        models: Rows of duels with one baseline.
        features: Of ``length``, ``markdown`` (all three of the following), ``headers``, ``lists``, ``bold``; any of
            them, in any order.
        form: How counts become covariates: as v0.1 or as v2.0 of Arena-Hard.
        weight: Of a strong verdict.
        position: Whether being shown first has a coefficient too.
        as_published: As Arena-Hard v0.1 does it: covariates less their mean, so that a score is at the field's mean
            difference of style and not at none; and a ridge.
        prior: Precision of a normal prior on strengths, nats^-2, for models that won or lost every game.
        believed: Intervals by what else is believed of the models, such as people's votes: label to [low, high], in any
            unit. How far the field agrees with them is then said.
        confidence: Coverage of the intervals.

    Raises:
        NotDefined: there is no such feature, or no finite fit; or what is believed are no intervals.
    """
    try:
        chosen = expanded(features)
    except ValueError as error:
        raise NotDefined(str(error)) from error
    labels = list(models)
    reasons: dict[str, str] = {}
    kept: dict[str, _Battles] = {}
    for label, rows in models.items():
        try:
            kept[label] = _battles_of(rows, len(kept) + 1, chosen, form, weight, finite=prior == 0 and not as_published)
        except ValueError as error:
            reasons[label] = str(error)
    if not kept:
        return Field({label: _absent(reasons[label], models[label], confidence) for label in labels})
    battles = _joined(list(kept.values()))
    fit, without = _fitted(battles, list(kept), chosen, position=position, as_published=as_published, prior=prior)
    notes = _notes(fit, chosen, battles, len(kept), position=position, as_published=as_published)
    logits = fit.strengths[1:] - fit.strengths[BASELINE]
    m = len(logits)
    turn = np.column_stack([-np.ones(m), np.eye(m)])
    covariance = turn @ fit.covariance @ turn.T
    np.fill_diagonal(covariance, np.maximum(np.diag(covariance), 0.0))  # of ties alone, less rounding
    scores = _share(logits)
    slopes = scores * (1 - scores)
    moves = np.nanmax(np.abs(_share(without[:, 1 : m + 1] - without[:, :1]) - scores), axis=0, initial=0.0)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    freedom = fit.degrees_of_freedom
    reach = _reach(confidence, freedom)
    estimates: dict[str, Estimate] = {}
    places = {label: number for number, label in enumerate(kept)}
    for label, rows in models.items():
        if label in reasons:
            estimates[label] = _absent(reasons[label], rows, confidence)
            continue
        i = places[label]
        ends = logits[i] + np.array([-1.0, 1.0]) * reach * errors[i]
        low, high = (float(end) for end in _share(ends))
        n, failed = _counted(rows, chosen, form)
        value, spread = float(scores[i]), float(slopes[i] * errors[i])
        estimates[label] = Estimate(value, spread, low, high, n, failed, confidence=confidence)
    notes += told_apart(estimates, believed or {})
    size = len(estimates)
    whole = np.full((size, size), np.nan)
    rank = [number for number, label in enumerate(estimates) if label in places]
    whole[np.ix_(rank, rank)] = covariance * np.outer(slopes, slopes)
    largest = np.zeros(size)
    largest[rank] = moves
    return Field(
        estimates,
        whole if np.isfinite(covariance).all() else None,
        single_item=largest,
        degrees_of_freedom=freedom if math.isfinite(freedom) else math.inf,
        unit="fraction",
        higher_is_better=True,
        notes=notes,
    )


def _battles_of(
    rows: FieldColumns, number: int, features: Sequence[str], form: Form, weight: float, *, finite: bool
) -> _Battles:
    """Return a model's games.

    Raises:
        ValueError: there are none with counts; the judge tells no degrees; or, where strengths have to be finite, all
            were won or all lost.
    """
    columns = rows.columns
    credit, weights = games_of(columns, weight)
    covariates = -differences(columns, features, form)
    counted = np.asarray(np.isfinite(covariates).all(axis=1))
    known = np.isfinite(credit)
    used = known & counted[:, None]
    if not known.any():
        raise ValueError("no game has a verdict")
    if not used.any():
        raise ValueError("the counts of its answers, or of the baseline's, are not known")
    won = credit[used]
    if finite and won.min() == won.max() and won[0] != 0.5:
        every = "won" if won[0] else "lost"
        raise ValueError(
            f"it {every} every game, so that its strength is not finite; settings: {{prior: 0.25}} bounds it"
        )
    item, game = np.nonzero(used)
    return _Battles(
        np.full(len(item), number),
        1 - won,
        weights[used],
        covariates[item],
        rows.units[item],
        np.where(game == 0, 1.0, -1.0),
        int((known & ~counted[:, None]).sum()),
    )


def _joined(parts: Sequence[_Battles]) -> _Battles:
    return _Battles(
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.lost for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.covariates for part in parts]),
        np.concatenate([part.units for part in parts]),
        np.concatenate([part.shown for part in parts]),
        sum(part.left_out for part in parts),
    )


def _fitted(
    battles: _Battles,
    labels: Sequence[str],
    features: Sequence[str],
    *,
    position: bool,
    as_published: bool,
    prior: float,
) -> tuple[stats.BradleyTerry, FloatArray]:
    """Return the fit, and its parameters without each unit, (units, q).

    Raises:
        NotDefined: a feature has no coefficient, or there is no finite fit.
    """
    covariates = battles.covariates
    if features:
        # As many copies of a game as it weighs, as the published rows have them.
        mean = battles.weights @ covariates / battles.weights.sum()
        squares = battles.weights @ (covariates - mean) ** 2 / battles.weights.sum()
        spread = np.sqrt(squares) if as_published else np.abs(covariates).max(axis=0)
        never = [name for name, size in zip(features, spread, strict=True) if size == 0]
        if never:
            raise NotDefined(
                f"{', '.join(never)}: the same in every game, so that there is no coefficient; leave it out"
            )
        if as_published:
            covariates = (covariates - mean) / spread
    asked: dict[str, Any] = {
        "n_players": len(labels) + 1,
        "weights": battles.weights,
        "clusters": battles.units,
        "covariates": covariates if features else None,
        "position": battles.shown if position else None,
        "standardise": bool(features) and not as_published,
        "prior": PUBLISHED_PRIOR if as_published else prior,
        "covariate_prior": PUBLISHED_COVARIATE_PRIOR if as_published else 0.0,
        "anchor": None if as_published else BASELINE,
        "names": ["the baseline", *labels],
    }
    players = np.full(len(battles.second), BASELINE), battles.second, battles.lost
    try:
        return stats.fit(*players, **asked), stats.jackknife_fit(*players, **asked).values
    except stats.NotIdentified as error:
        named = ", ".join("position" if column < 0 else features[column] for column in error.columns)
        raise NotDefined(
            f"{named}: they go together in every game, or with who plays; leave some of them out"
        ) from error
    except stats.UnusableData as error:
        raise NotDefined(str(error)) from error


def _notes(
    fit: stats.BradleyTerry,
    features: Sequence[str],
    battles: _Battles,
    models: int,
    *,
    position: bool,
    as_published: bool,
) -> list[str]:
    """Say what the coefficients are, and what else a reader must know."""
    notes = []
    errors = np.sqrt(np.maximum(np.diag(fit.joint_covariance)[models + 1 :], 0.0)).tolist()
    for name, coefficient, error in zip(features, fit.coefficients.tolist(), errors, strict=False):
        notes.append(f"differences of {name} are taken out: coefficient {coefficient:.3g}, standard error {error:.2g}")
    if "characters" in features:
        notes.append("lengths are characters; Arena-Hard counts tokens")
    if position:
        notes.append(f"being shown first adds {fit.position:.3g} log-odds, standard error {errors[-1]:.2g}")
    if as_published and features:
        notes.append("as published: at the field's mean difference of style, not at none")
    if battles.left_out:
        notes.append(f"{battles.left_out:,} games without counts of both answers are left out")
    return notes


def _counted(rows: FieldColumns, features: Sequence[str], form: Form) -> tuple[int, int]:
    """Return how many prompts count, and how many that were asked do not."""
    columns = rows.columns
    games = np.asarray(np.isfinite(columns.values["candidate_better"]).any(axis=1))
    used = games & np.isfinite(differences(columns, features, form)).all(axis=1)
    return int(used.sum()), int((rows.present & ~used).sum())


def _absent(reason: str, rows: FieldColumns, confidence: float) -> Estimate:
    nothing = stats.not_available(n_failed=int(rows.present.sum()), confidence=confidence)
    return dataclasses.replace(nothing, detail={"reason": reason})


def _share(logits: FloatArray) -> FloatArray:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits))


def _reach(confidence: float, freedom: float) -> float:
    """Return the half-width of an interval in standard errors."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom if math.isfinite(freedom) else 1e9, 0.5 + confidence / 2))
