"""Arena-Hard's score with the interval that its code prints: votes resampled as if every one were independent."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar, Literal

import numpy as np

from harness import Columns, Estimate, FloatArray, Range

from .score import ArenaHardScore, games_of

WEIGHT = 3.0
CONVENTIONS = {"v0.1": (0.025, 0.975, 0.95), "v2.0": (0.05, 0.95, 0.90)}
"""Quantiles of the resampled scores, and the coverage that they aim at."""


class ArenaHardScoreCompat(ArenaHardScore):
    """The score as published: copies of a verdict, and both games of a prompt, are resampled as independent votes.

    Its interval is too narrow by that: by about 1.6 on the published battles. v0.1 prints the score and percentiles 2.5
    and 97.5 of the resampled ones, v2 the mean of the resampled scores and percentiles 5 and 95: a 90 % interval. The
    original draws differ at every run; here they follow from the seed of the evaluation.

    Args:
        version: Whose convention: ``v0.1`` or ``v2.0``.
        rounds: How often the votes are resampled.
    """

    description = "the score with its published interval, of votes resampled as if independent"
    needs: ClassVar[tuple[str, ...]] = ("candidate_better", "degree")

    def __init__(
        self, version: Literal["v0.1", "v2.0"] = "v0.1", rounds: Annotated[int, Range(least=10, most=100_000)] = 100
    ) -> None:
        super().__init__(WEIGHT)
        self.version, self.rounds = version, rounds

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Return the score, with percentiles of the resampled ones whatever the confidence asked for."""
        estimate = super().compute(columns, confidence=confidence, seed=seed)
        if "reason" in estimate.detail:
            return estimate
        drawn = self.resampled(columns.only(self.valid(columns)), seed)
        first, last, level = CONVENTIONS[self.version]
        value = estimate.value if self.version == "v0.1" else float(drawn.mean())
        low, high = (float(end) for end in np.quantile(drawn, (first, last)))
        # The level stands in the note as well: of what is on file, a whole evaluation has one level.
        note = (
            f"a {100 * level:.0f} % interval of votes resampled as if independent, as published by {self.version}: "
            "it is too narrow"
        )
        notes = "; ".join(filter(None, [str(estimate.detail.get("note", "")), note]))
        return dataclasses.replace(
            estimate,
            value=value,
            stderr=float(drawn.std(ddof=1)),
            low=min(low, value),
            high=max(high, value),
            detail={**estimate.detail, "note": notes},
            confidence=level,
        )

    def resampled(self, columns: Columns, seed: int) -> FloatArray:
        """Return the scores of resampled votes, (rounds,), on rows that are all valid."""
        credit, weights = games_of(columns, WEIGHT)
        known = np.isfinite(credit)
        votes = np.array([weights[known & (credit == value)].sum() for value in (0.0, 0.5, 1.0)])
        total = int(votes.sum())
        drawn = np.random.default_rng(seed).multinomial(total, votes / total, self.rounds)
        return np.asarray(drawn @ np.array([0.0, 0.5, 1.0]) / total)
