"""Duels: a model answers, and a judge says whether its answer is better than that of a baseline."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness.kinds import style
from harness.kinds.told import UNREADABLE
from harness.ranges import COUNT, SEED, Range
from harness.requests import Failure, Generation, Pair, Request, Sampling, Verdict
from harness.task import Answers, FieldSpec, Item, ItemFigures, Judged, Stage, Task, Told

JUDGE = "judge"
"""The role of the model that compares an answer with the baseline's."""
BASELINE_FIRST, CANDIDATE_FIRST = 0, 1
"""The two games of an item, by which of the answers the judge is shown first: columns have one entry for each."""
DEGREES: Mapping[str, float] = {"first": 2, "slightly first": 1, "tie": 0, "slightly second": 1, "second": 2}
"""How far better an answer is, by what a verdict is labelled."""
STYLE_COLUMNS: tuple[str, ...] = tuple(
    f"{whose}_{feature}" for whose in ("candidate", "baseline") for feature in style.FEATURES
)
"""Names of the columns of counts: of the candidate's answer, then of the baseline's."""
NAN = float("nan")


class Duel(Task):
    """Rows hold a ``prompt`` and the ``baseline``'s answer; the model answers, and the role ``judge`` compares them.

    Columns of shape (n, 2), of the game with the baseline shown first and the one with the candidate shown first:
    ``candidate_better``, the judge's probability that the candidate's answer is better, 0.5 a tie, NaN where the game
    was not asked, failed or has no readable verdict; ``degree``, 0 a tie, 1 slightly better, 2 better, NaN where the
    judge tells no degrees; ``duel_answered``, 1 where the judge answered, whether or not a verdict could be read, 0
    where it or the candidate failed, NaN where the game was not asked. Columns of shape (n,): `STYLE_COLUMNS`.

    An empty answer is an answer, which the judge sees. Equal texts are a tie, and nobody is asked.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "baseline": FieldSpec("text", description="the baseline's answer"),
    }
    stages: Sequence[Stage] = (Stage(("generate",)), Stage(("compare",), JUDGE))
    columns: ClassVar[tuple[str, ...]] = ("candidate_better", "degree", "duel_answered", *STYLE_COLUMNS)
    default_metrics: ClassVar[tuple[str, ...]] = ("duel_win_rate",)
    options: ClassVar[Mapping[str, Any]] = {
        "order": "both",
        "order_seed": 0,
        "max_tokens": 2048,
        "temperature": 0.0,
        "seed": 0,
    }
    option_forms: ClassVar[Mapping[str, Any]] = {
        "order": Literal["both", "seeded", "candidate-first", "candidate-second"],
        "order_seed": Annotated[int, SEED],
        "max_tokens": Annotated[int, COUNT],
        "temperature": Annotated[float, Range(least=0)],
        "seed": Annotated[int, SEED],
    }

    def candidate_first(self, item: Item) -> bool:
        """Draw, for ``order: seeded``, whether the judge is shown the candidate first: the same for every model."""
        return random.Random(f"{self.settings['order_seed']} {item.fields['prompt'].text}").random() < 0.5

    def games(self, item: Item) -> tuple[int, ...]:
        """Return the games of an item: `BASELINE_FIRST`, `CANDIDATE_FIRST` or both."""
        order = self.settings["order"]
        if order == "both":
            return BASELINE_FIRST, CANDIDATE_FIRST
        first = self.candidate_first(item) if order == "seeded" else order == "candidate-first"
        return (CANDIDATE_FIRST if first else BASELINE_FIRST,)

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask the model for its answer; then the judge for a verdict in every order."""
        prompt, baseline = item.fields["prompt"], item.fields["baseline"]
        if stage == 0:
            s = self.settings
            sampling = Sampling(float(s["temperature"]), 1.0, int(s["max_tokens"]), (), int(s["seed"]))
            return [Generation(prompt, 1, sampling, origin=item.origin(self.name))]
        candidate = self.answer(earlier[0])
        if candidate is None or candidate == baseline:
            return []
        shown = {
            BASELINE_FIRST: Pair(prompt, baseline, candidate, origin=item.origin(self.name, 0, 1)),
            CANDIDATE_FIRST: Pair(prompt, candidate, baseline, origin=item.origin(self.name, 1, 0)),
        }
        return [shown[game] for game in self.games(item)]

    def most_requests(self, stage: int) -> int | None:
        """Return how many requests an item makes at most."""
        return 2 if stage and self.settings["order"] == "both" else 1

    @staticmethod
    def answer(answers: Answers) -> str | None:
        """Return the candidate's answer to an item; None where it failed."""
        response = answers.responses[0]
        return None if isinstance(response, Failure) else str(response[0].text)

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return what the judge said in every order, and the counts of both answers."""
        better, degree, answered = np.full(2, NAN), np.full(2, NAN), np.full(2, NAN)
        candidate, baseline = self.answer(answers[0]), item.fields["baseline"]
        games = list(self.games(item))
        if candidate is None:
            answered[games] = 0.0
        elif candidate == baseline:
            better[games], degree[games], answered[games] = 0.5, 0.0, 1.0
        else:
            for game, verdict in zip(games, answers[1].responses, strict=True):
                answered[game] = float(not isinstance(verdict, Failure))
                better[game], degree[game] = read(verdict, game)
        return {"candidate_better": better, "degree": degree, "duel_answered": answered} | styles(candidate, baseline)

    def tell(self, item: ItemFigures) -> Told | None:
        """Say which answer the judge prefers, in which order."""
        return told(item)

    def facts(self) -> Mapping[str, Any]:
        """Return the order in which answers were shown."""
        return {"order": self.settings["order"]}


def read(verdict: Any, game: int) -> tuple[float, float]:
    """Return the probability that the candidate is better, and the degree, from a verdict on one game.

    >>> read(Verdict(0.75), BASELINE_FIRST)[0], read(Verdict(0.75), CANDIDATE_FIRST)[0]
    (0.25, 0.75)
    """
    if not isinstance(verdict, Verdict) or verdict.p_first is None:
        return NAN, NAN
    better = verdict.p_first if game == CANDIDATE_FIRST else 1 - verdict.p_first
    return better, DEGREES.get(verdict.label, NAN)


def styles(candidate: str | None, baseline: str | None) -> dict[str, float]:
    """Return the counts of both answers by column; NaN for an answer that is not there."""
    nothing = (NAN,) * len(style.FEATURES)
    both = [nothing if text is None else style.counts(text) for text in (candidate, baseline)]
    return dict(zip(STYLE_COLUMNS, (*both[0], *both[1]), strict=True))


def told(item: ItemFigures) -> Told | None:
    """Tell of a duel from its columns: which answer the judge prefers in which order."""
    better, answered = (item.columns.values[name][item.row] for name in ("candidate_better", "duel_answered"))
    if not (answered == 1).any():
        return None
    said = [_said(p, game) for game, p in enumerate(better) if answered[game] == 1]
    read_games = better[~np.isnan(better)]
    if not len(read_games):
        return Told(UNREADABLE)
    mean = float(read_games.mean())
    judged: Judged = "tie" if mean == 0.5 else "right" if mean > 0.5 else "wrong"
    return Told("; ".join(said), judged)


def _said(better: float, game: int) -> str:
    place = "shown first" if game == CANDIDATE_FIRST else "shown second"
    if np.isnan(better):
        return f"{UNREADABLE} with the answer {place}"
    if better == 0.5:
        return f"the judge calls it a tie with the answer {place}"
    side = "the answer" if better > 0.5 else "the baseline"
    return f"the judge prefers {side} with the answer {place} (P(better) = {better:.2f})"
