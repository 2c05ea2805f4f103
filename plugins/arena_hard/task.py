"""The kind of task of Arena-Hard: duels with a baseline, two games a prompt, answered by models or from records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Answers, Failure, Item, Request, Stage
from harness.kinds.duel import JUDGE, STYLE_COLUMNS, Duel, styles

from .games import PromptAsked, RecordedGames

RECORDED = "recorded_games"


class ArenaHard(Duel):
    """Rows hold a prompt and the baseline's answer; a judge of five labels compares in both orders.

    A model that offers ``recorded_games`` answers from records, with the verdicts, and nobody else is asked. Columns:
    those of `Duel`.
    """

    stages: Sequence[Stage] = (Stage(("generate", RECORDED)), Stage(("compare",), JUDGE))
    default_metrics: ClassVar[tuple[str, ...]] = (
        "arena_hard_score",
        "arena_hard_score@compat",
        "arena_hard_score:weight=1",
        "duel_position_gap",
        "duel_tie_rate",
        "duel_coverage",
        "duel_unread_rate",
    )
    options: ClassVar[Mapping[str, Any]] = {**Duel.options, "max_tokens": 4096}

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for an answer and then for verdicts; or for the recorded games, which are both."""
        if stage == 0 and capability == RECORDED:
            return [PromptAsked(item.id, origin=item.origin(self.name))]
        if stage == 1 and earlier[0].capability == RECORDED:
            return []
        return super().requests(item, stage, capability, earlier)

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return what the judge said in every order, and the counts of both answers."""
        if answers[0].capability != RECORDED:
            return super().row(item, answers)
        found = answers[0].responses[0]
        better, degree, answered = np.full(2, np.nan), np.full(2, np.nan), np.full(2, np.nan)
        games = list(self.games(item))
        if isinstance(found, Failure):
            answered[games] = 0.0
            return {"candidate_better": better, "degree": degree, "duel_answered": answered} | styles(None, None)
        assert isinstance(found, RecordedGames)
        for column, told in ((better, found.better()), (degree, found.degree()), (answered, found.answered())):
            column[games] = told[games]
        nothing = (np.nan,) * (len(STYLE_COLUMNS) // 2)
        counts = (*(found.candidate or nothing), *(found.baseline or nothing))
        return {
            "candidate_better": better,
            "degree": degree,
            "duel_answered": answered,
            **dict(zip(STYLE_COLUMNS, counts, strict=True)),
        }
