"""The kind of task of MT-Bench's pairwise comparison with a baseline, and its adjusted win rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Answers, Columns, Failure, FieldSpec, FloatArray, Item, MeanMetric, Request, Stage
from harness.kinds.duel import BASELINE_FIRST, JUDGE, Duel, styles
from harness.kinds.duel_metrics import OfDuels

from .asking import FIELDS, OPTION_FORMS, OPTIONS, TwoTurns, candidates_answers, written
from .prompting import judged
from .reading import label

NAN = float("nan")


class MtBenchPairs(TwoTurns, Duel):
    """Rows hold two questions, the baseline's answers, and which turn is judged; the role ``judge`` writes of both.

    The judge is shown both orders, at the second turn with both conversations. Columns are those of `Duel`; ``degree``
    is NaN but for texts that are equal. A text that names several labels, or none, has no verdict.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        **FIELDS,
        "baseline": FieldSpec("texts", description="the baseline's answers of both turns"),
    }
    texts_of_row: ClassVar[tuple[str, ...]] = ("baseline",)
    stages: Sequence[Stage] = (Stage(("generate",)), Stage(("generate",)), Stage(("generate",), JUDGE))
    default_metrics: ClassVar[tuple[str, ...]] = (
        "mt_bench_win_rate_adjusted",
        "duel_win_rate",
        "duel_position_gap",
        "duel_coverage",
        "duel_unread_rate",
    )
    options: ClassVar[Mapping[str, Any]] = {**OPTIONS, "order": "both", "order_seed": 0}
    option_forms: ClassVar[Mapping[str, Any]] = {**Duel.option_forms, **OPTION_FORMS}

    def candidate_first(self, item: Item) -> bool:
        """Draw, for ``order: seeded``, whether the judge is shown the candidate first: the same for both turns."""
        import random

        return random.Random(f"{self.settings['order_seed']} {item.fields['turns'][0]}").random() < 0.5

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the first answer, then the second, then for verdicts in every order."""
        turn = item.fields["turn"]
        if stage == 0:
            return [self.asked(item, None)]
        if stage == 1:
            first = written(earlier[0])
            return [self.asked(item, first)] if turn == 2 and first is not None else []
        mine = candidates_answers(item, earlier)
        theirs = list(item.fields["baseline"][:turn])
        if mine is None or mine == theirs:
            return []
        asked = []
        for game in self.games(item):
            one, other = (theirs, mine) if game == BASELINE_FIRST else (mine, theirs)
            values = self.shown(item)
            for name, texts in (("a", one), ("b", other)):
                values |= {f"answer_{name}_{i}": text for i, text in enumerate(texts, 1)}
            positions = (0, 1) if game == BASELINE_FIRST else (1, 0)
            asked.append(self.to_judge(judged("pair", turn, values), item, *positions))
        return asked

    def most_requests(self, stage: int) -> int | None:
        """Return how many requests an item makes at most."""
        return 2 if stage == 2 and self.settings["order"] == "both" else 1

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return what the judge said in every order, and the counts of both answers of the turn."""
        turn = item.fields["turn"]
        better, degree, answered = np.full(2, NAN), np.full(2, NAN), np.full(2, NAN)
        mine, theirs = candidates_answers(item, answers), list(item.fields["baseline"][:turn])
        games = list(self.games(item))
        if mine is None:
            answered[games] = 0.0
        elif mine == theirs:
            better[games], degree[games], answered[games] = 0.5, 0.0, 1.0
        else:
            for game, found in zip(games, answers[2].responses, strict=True):
                answered[game] = float(not isinstance(found, Failure))
                if not isinstance(found, Failure):
                    better[game] = _better(label(found[0].text), game)
        counts = styles(mine[-1] if mine else None, theirs[-1])
        return {"candidate_better": better, "degree": degree, "duel_answered": answered} | counts


def _better(verdict: str | None, game: int) -> float:
    if verdict is None:
        return NAN
    if verdict == "C":
        return 0.5
    return float((verdict == "B") == (game == BASELINE_FIRST))


class WinRateAdjusted(OfDuels, MeanMetric):
    """Share of answers that win in both orders, and half of those that neither win nor lose in both.

    Verdicts of two orders that differ make a tie. For ``order: both``.
    """

    description = "share of answers better in both orders; orders that differ are a tie, which counts half"

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1, 0 or one half."""
        signs = np.sign(columns.values["candidate_better"] - 0.5)
        if np.isnan(signs).any():
            raise ValueError("answers were judged in one order only; both are needed (order: both)")
        return np.where(signs[:, 0] == signs[:, 1], 0.5 + 0.5 * signs[:, 0], 0.5)
