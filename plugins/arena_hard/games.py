"""The capability ``recorded_games``: what a judge said in both games of a prompt, as records hold it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import Capability, Request, SampleRequests
from harness.kinds import style

STRONG, SLIGHT, TIE = 2.0, 1.0, 0.0
"""Degrees, as `harness.kinds.duel.Duel` has them."""
COUNTS = len(style.FEATURES)


@dataclass(frozen=True, slots=True)
class PromptAsked(Request):
    """A prompt whose recorded games are asked for; the request of ``recorded_games``."""

    id: str
    """The item's id: the ``uid`` of the prompt."""

    def content(self) -> object:
        """The id."""
        return self.id


@dataclass(frozen=True, slots=True)
class Game:
    """One game: what the judge said of the candidate."""

    better: float | None
    """1, 0 or 0.5: whether the candidate's answer is better; None where there is no verdict."""
    degree: float | None = None
    """`STRONG`, `SLIGHT` or `TIE`; None where it is not known."""
    answered: bool = True
    """Whether the judge answered at all."""


@dataclass(frozen=True, slots=True)
class RecordedGames:
    """Both games of a prompt, the one with the baseline shown first before the other."""

    games: tuple[Game, Game]
    candidate: tuple[float, ...] = ()
    """Counts of the candidate's answer, as `harness.kinds.style.counts` makes them; empty: they are not known."""
    baseline: tuple[float, ...] = ()
    """The same of the baseline's."""

    def better(self) -> NDArray[np.float64]:
        """Return whether the candidate is better in each game, (2,), NaN where that is not known."""
        return _array(game.better for game in self.games)

    def degree(self) -> NDArray[np.float64]:
        """Return the degree of each game, (2,), NaN where it is not known."""
        return _array(game.degree for game in self.games)

    def answered(self) -> NDArray[np.float64]:
        """Return 1 where the judge answered, else 0, (2,)."""
        return _array(float(game.answered) for game in self.games)


def _array(values: object) -> NDArray[np.float64]:
    numbers: Sequence[float | None] = list(values)  # type: ignore[call-overload]
    return np.array([math.nan if value is None else value for value in numbers])


def _problem(request: PromptAsked, found: RecordedGames) -> str | None:
    for game in found.games:
        if game.better not in (None, 0.0, 0.5, 1.0) or game.degree not in (None, TIE, SLIGHT, STRONG):
            return f"expected games that are won, lost or tied, with a degree of 0, 1 or 2; got {game}"
    for counts in (found.candidate, found.baseline):
        if counts and (len(counts) != COUNTS or not all(count >= 0 for count in counts)):
            return f"expected {COUNTS} counts of at least 0, or none; got {counts}"
    return None


def _samples() -> SampleRequests:
    return SampleRequests([PromptAsked(f"prompt {number}") for number in range(3)])


RECORDED_GAMES = Capability(
    "recorded_games",
    PromptAsked,
    "record",
    record=RecordedGames,
    check=_problem,
    samples=_samples,
    description="recorded verdicts on a prompt of Arena-Hard, and counts of both answers",
)
