"""Arena-Hard's score: the win rate over the baseline with strong verdicts counted three times, interval by prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, Linearised, Range
from harness.kinds.duel_metrics import OfDuels

from .games import STRONG


class ArenaHardScore(OfDuels):
    """Share of games won, a tie half, of which strong verdicts (``A>>B``) count ``weight`` times.

    Games of one prompt are not independent, nor are copies of one verdict, so that the interval is that of a ratio of
    sums over prompts. A prompt with one readable game counts by that one, as in the published score; how many there are
    is said.

    Args:
        weight: How often a strong verdict counts. 3 as published; 1 is the win rate, another quantity, which needs no
            degrees.
    """

    description = "share of games won over the baseline, strong verdicts counted three times, a tie half"
    needs: ClassVar[tuple[str, ...]] = ("candidate_better", "degree")

    def __init__(self, weight: Annotated[float, Range(least=1, most=1000)] = 3.0) -> None:
        self.weight = weight

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the prompts with a readable game, (n,)."""
        return np.asarray(np.isfinite(columns.values["candidate_better"]).any(axis=1))

    def nothing_valid(self, columns: Columns) -> str:
        """Say whether verdicts failed or could not be read."""
        answered = columns.values.get("duel_answered")
        unread = answered is not None and bool((answered == 1).any())
        return "no verdict could be read" if unread else "every request failed"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio of credit to weight, and each prompt's influence on it.

        Raises:
            ValueError: strong verdicts count more than others, and the judge does not tell them from others.
        """
        credit, weights = games_of(columns, self.weight)
        won, counted = np.nansum(credit * weights, axis=1), np.nansum(weights, axis=1)
        total = float(counted.sum())
        value = float(won.sum()) / total
        return Linearised(value, np.asarray((won - value * counted) * (len(columns) / total)))

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return how many games there are, and how many of them are strong."""
        games = columns.values["candidate_better"]
        known = np.isfinite(games)
        strong = (columns.values["degree"] == STRONG) & known
        alone = int((known.sum(axis=1) == 1).sum())
        note = (
            f"{alone:,} of {len(columns):,} prompts have a verdict in one order only"
            if alone and _both(columns)
            else ""
        )
        return {"games": int(known.sum()), "strong": int(strong.sum())} | ({"note": note} if note else {})

    def constant(self, columns: Columns) -> str:
        """Say so if every game is a tie."""
        games = columns.values["candidate_better"]
        all_tied = len(columns) > 1 and bool((np.isnan(games) | (games == 0.5)).all())
        return f"all games on {len(columns):,} prompts are ties" if all_tied else ""


def _both(columns: Columns) -> bool:
    return bool(columns.facts.get("order", "both") == "both")


def games_of(columns: Columns, weight: float) -> tuple[FloatArray, FloatArray]:
    """Return the credit and the weight of every game, (n, 2) each, NaN where there is no verdict.

    Args:
        columns: Rows of duels.
        weight: Of a strong verdict; of any other one it is 1.

    Raises:
        ValueError: it is not 1, and there is a winner of whom the judge does not say by how much.
    """
    games, degree = columns.values["candidate_better"], columns.values["degree"]
    known = np.isfinite(games)
    credit = np.where(known, 0.5 + 0.5 * np.sign(games - 0.5), np.nan)
    untold = known & (credit != 0.5) & np.isnan(degree)
    if weight != 1 and untold.any():
        raise ValueError(
            f"{int(untold.sum()):,} of {int(known.sum()):,} verdicts do not tell a slight preference from a strong "
            "one, which counts more here: take a judge of five labels, such as judge:prompt=arena-hard, or weight=1"
        )
    weights = np.where(known, np.where(degree == STRONG, weight, 1.0), np.nan)
    return np.asarray(credit), np.asarray(weights)
