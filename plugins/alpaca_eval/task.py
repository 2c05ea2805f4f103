"""The kind of task of AlpacaEval 2: duels with a baseline, whose length control has what it needs in the rows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Answers, Failure, FieldSpec, Item, Request, Stage
from harness.kinds.duel import CANDIDATE_FIRST, JUDGE, STYLE_COLUMNS, Duel

from .annotations import Annotation, InstructionAsked
from .metrics import GAMED_COLUMNS

NUMBERS: tuple[str, ...] = ("difficulty", "row_number", *GAMED_COLUMNS)
"""Fields of a row that are its columns as well."""
NAN = float("nan")


class AlpacaEval(Duel):
    """Rows hold an instruction, the baseline's answer, and optionally what length control needs.

    A model that offers ``annotate`` answers from records, with the verdict, and nobody else is asked. The order in
    which a judge is shown the two answers is drawn as AlpacaEval draws it. Columns: those of `Duel`, and `NUMBERS`.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        **Duel.fields,
        "difficulty": FieldSpec("number", required=False, description="of the instruction, in log-odds"),
        "row_number": FieldSpec("number", required=False, description="of the instruction among all, from 0"),
        "gamed_verbose": FieldSpec("number", required=False, description="tanh of a verbose model's length difference"),
        "gamed_concise": FieldSpec("number", required=False, description="the same of a concise model"),
        "gamed_verbose_target": FieldSpec("number", required=False, description="P(the verbose model is better)"),
        "gamed_concise_target": FieldSpec("number", required=False, description="P(the concise model is better)"),
    }
    stages: Sequence[Stage] = (Stage(("generate", "annotate")), Stage(("compare",), JUDGE))
    columns: ClassVar[tuple[str, ...]] = (*Duel.columns, *NUMBERS)
    default_metrics: ClassVar[tuple[str, ...]] = (
        "lc_win_rate",
        "lc_win_rate@compat",
        "duel_win_rate",
        "duel_discrete_win_rate",
        "answer_characters",
        "duel_position_gap",
        "duel_coverage",
    )
    options: ClassVar[Mapping[str, Any]] = {**Duel.options, "order": "seeded"}

    def candidate_first(self, item: Item) -> bool:
        """Draw whether the candidate is shown first, as AlpacaEval does: 406 of its 805 instructions with seed 0."""
        return shown_first(item.fields["prompt"].text, int(self.settings["order_seed"]))

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for an answer and then for a verdict; or for the recorded annotation, which is both."""
        if stage == 0 and capability == "annotate":
            return [InstructionAsked(item.id, origin=item.origin(self.name))]
        if stage == 1 and earlier[0].capability == "annotate":
            return []
        return super().requests(item, stage, capability, earlier)

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return what the judge said, the counts of both answers, and the numbers of the row."""
        numbers = {name: item.fields.get(name, NAN) for name in NUMBERS}
        if answers[0].capability != "annotate":
            return {**super().row(item, answers), **numbers}
        return {**self._recorded(item, answers[0].responses[0]), **numbers}

    def _recorded(self, item: Item, found: Annotation | Failure) -> dict[str, float | NDArray[Any]]:
        better, degree, answered = np.full(2, NAN), np.full(2, NAN), np.full(2, NAN)
        styles = dict.fromkeys(STYLE_COLUMNS, NAN)
        # Recorded verdicts are of one order, that which was drawn; where none was, they are filed as shown second.
        drawn = self.settings["order"] == "seeded" and self.candidate_first(item)
        game = CANDIDATE_FIRST if drawn or self.settings["order"] == "candidate-first" else 0
        answered[game] = float(not isinstance(found, Failure))
        if not isinstance(found, Failure):
            better[game] = NAN if found.better is None else found.better
            styles["candidate_characters"] = found.candidate_characters
            styles["baseline_characters"] = found.baseline_characters
        return {"candidate_better": better, "degree": degree, "duel_answered": answered, **styles}


def shown_first(instruction: str, seed: int = 0) -> bool:
    """Draw whether a model's output is shown before the baseline's, as AlpacaEval's annotators do.

    >>> shown_first("How do I boil an egg?"), shown_first("How do I boil an egg?", seed=1)
    (False, True)

    Args:
        instruction: The text of the instruction.
        seed: 0 in the published annotations.
    """
    return random.Random(f"is_switched_outputs{instruction}{seed}").choices([False, True], k=1)[0]
