"""The order of a leaderboard: by one column, with the places that the errors allow; published rows in between."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.leaderboard.board import BoardEntry, Column, FieldCovariance
from harness.leaderboard.shared_items import Combination, SharedItems
from harness.stats import Estimate

_UNKNOWN_ERROR = 1e9
"""Error of a figure that has neither standard error nor interval: large enough to allow every place."""
MadeOf = dict[tuple[str, str], Combination | None]
"""By model and column: the measured figures behind one."""


def rank_entries(
    entries: list[BoardEntry],
    column: Column | None,
    shared: SharedItems | None = None,
    made_of: MadeOf | None = None,
    covariances: Mapping[str, FieldCovariance] | None = None,
) -> list[str]:
    """Sort entries by a column, in place, and set the places that the errors allow; without a column, sort by name.

    Args:
        entries: Those of evaluated models.
        column: The column that ranks; None: no entry has a rank.
        shared: Says how the figures of two models correlate; None: they are independent.
        made_of: The measured figures behind each column, for `shared`.
        covariances: Of aggregates of the field, by column key; of such a column nothing else is asked.

    Returns:
        Notes for the reader of the places.
    """
    entries.sort(key=lambda entry: entry.model)
    if column is None:
        return []
    notes = []
    key, sign = column.key, 1 if column.higher_is_better else -1
    ranked = [e for e in entries if not (e.bound or e.short_of) and key in e.figures]
    ranked = [e for e in ranked if math.isfinite(e.figures[key].value)]
    ranked.sort(key=lambda e: (-sign * e.figures[key].value, e.model))
    if ranked:
        values = np.array([sign * e.figures[key].value for e in ranked])
        errors = np.array([error_for_ranking(e.figures[key]) for e in ranked])
        models = [e.model for e in ranked]
        unknown: list[str] = []
        if covariances is not None and key in covariances:
            spread, single = covariances[key].of(models)
            covariance = spread + np.diag(single**2)
        else:
            covariance, unknown = covariance_of(errors, models, key, shared, made_of or {})
        ranks = stats.rank_intervals(values, covariance)
        tied = stats.tied_with_best(values, covariance)
        if unknown and len(ranked) > 1:
            who = "all models" if len(unknown) == len(ranked) else ", ".join(sorted(unknown))
            notes.append(f"places take as independent, for want of what each item contributes to {key!r}: {who}")
        for i, entry in enumerate(ranked):
            entry.rank, entry.tied_with_best = int(ranks.rank[i]), bool(tied[i])
            entry.rank_low, entry.rank_high = int(ranks.low[i]), int(ranks.high[i])
    entries[:] = [*ranked, *(entry for entry in entries if entry not in ranked)]
    return notes


def covariance_of(
    errors: NDArray[np.float64], models: Sequence[str], key: str, shared: SharedItems | None, made_of: MadeOf
) -> tuple[NDArray[np.float64], list[str]]:
    """Return the covariance of the models' figures, (m, m), and the models of which it is not known."""
    if shared is None or len(models) < 2:
        return np.diag(errors**2), []
    correlation, least, unknown = shared.between({model: made_of.get((model, key)) for model in models})
    # Two models that differ on a few items only are told apart by no less than a single item weighs.
    return np.outer(errors, errors) * correlation + np.diag((errors * least) ** 2), unknown


def error_for_ranking(estimate: Estimate) -> float:
    """Return the standard error of a figure; without one, half the interval over its z-value.

    A single item, and a value on its bound, have an interval and no standard error.
    """
    if estimate.stderr > 0:
        return estimate.stderr
    from_interval = (estimate.high - estimate.low) / (2 * NormalDist().inv_cdf(0.5 + estimate.confidence / 2))
    return from_interval if math.isfinite(from_interval) else _UNKNOWN_ERROR


def by_what_there_is(entry: BoardEntry, columns: Sequence[Column]) -> list[tuple[bool, float]]:
    """Return a key that sorts entries by the first column, best first; without a figure of it by the second; and so on.

    Args:
        entry: The entry.
        columns: From left to right.
    """
    key = []
    for column in columns:
        estimate = entry.figures.get(column.key)
        known = estimate is not None and math.isfinite(estimate.value)
        sign = -1 if column.higher_is_better else 1
        key.append((not known, sign * estimate.value if estimate is not None and known else 0.0))
    return key


def sort_in(
    entries: list[BoardEntry],
    published: Sequence[BoardEntry],
    column: Column | None,
    columns: Sequence[Column] = (),
) -> None:
    """Put published entries where their value belongs among the ranked; without the ranking figure, at the end.

    Args:
        entries: The evaluated ones, as `rank_entries` sorted them; changed in place.
        published: The published ones, which have no rank.
        column: The column that ranks; None: all published entries stand at the end.
        columns: All columns: entries at the end are sorted by the first figures that they have, then by name.
    """
    key = column.key if column is not None else ""
    sign = 1 if column is None or column.higher_is_better else -1

    def value(entry: BoardEntry) -> float:
        estimate = entry.figures.get(key)
        return sign * estimate.value if estimate is not None and math.isfinite(estimate.value) else -math.inf

    ranked = [entry for entry in entries if entry.rank is not None]
    placed = [entry for entry in published if value(entry) > -math.inf]
    rest = [entry for entry in published if value(entry) == -math.inf]
    # Sorting is stable: of equal values the evaluated one stands first.
    entries[:] = [
        *sorted([*ranked, *placed], key=value, reverse=True),
        *(entry for entry in entries if entry.rank is None),
        *sorted(rest, key=lambda entry: (by_what_there_is(entry, columns), entry.model)),
    ]
