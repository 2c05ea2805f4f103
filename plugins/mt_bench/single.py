"""The kind of task of MT-Bench's single grading: an answer of two turns, graded from 1 to 10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Answers, Failure, FieldSpec, Item, ItemFigures, Request, Stage, Task, Told

from .asking import FIELDS, OPTION_FORMS, OPTIONS, TwoTurns, candidates_answers, written
from .prompting import judged
from .reading import grade, published_grade
from .recorded_grades import GradeAsked

JUDGE = "judge"
RECORDED = "recorded_grades"
NAN = float("nan")


class MtBench(TwoTurns, Task):
    """Rows hold two questions, and which of the two answers is graded; the role ``judge`` writes about it.

    The second answer is asked for with the first in the conversation; where the first failed nothing more is asked.
    A model that offers ``recorded_grades`` answers from records, and nobody else is asked. Columns of shape (n,):
    ``grade``, from 1 to 10, NaN where the answer or the judge failed or no grade on the scale can be read;
    ``grade_published``, what the published code reads: any number, -1 for none, NaN where something failed;
    ``grade_answered``, 1 where the judge wrote something, else 0. An empty answer is an answer, and is graded.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = FIELDS
    stages: Sequence[Stage] = (
        Stage(("generate", RECORDED)),
        Stage(("generate", RECORDED)),
        Stage(("generate",), JUDGE),
    )
    columns: ClassVar[tuple[str, ...]] = ("grade", "grade_published", "grade_answered")
    default_metrics: ClassVar[tuple[str, ...]] = (
        "mt_bench_score",
        "mt_bench_coverage",
        "mt_bench_score:missing=lowest",
        "mt_bench_score:missing=highest",
        "mt_bench_unread_rate",
        "mt_bench_score@compat",
    )
    options: ClassVar[Mapping[str, Any]] = OPTIONS
    option_forms: ClassVar[Mapping[str, Any]] = OPTION_FORMS

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the first answer, then the second, then the judge; or for the recorded judgment."""
        turn = item.fields["turn"]
        if stage == 0:
            recorded = capability == RECORDED
            return [GradeAsked(item.id, origin=item.origin(self.name)) if recorded else self.asked(item, None)]
        if earlier[0].capability == RECORDED:
            return []
        if stage == 1:
            first = written(earlier[0])
            return [self.asked(item, first)] if turn == 2 and first is not None else []
        answers = candidates_answers(item, earlier)
        if answers is None:
            return []
        values = self.shown(item) | {f"answer_{i}": text for i, text in enumerate(answers, 1)}
        return [self.to_judge(judged("single", turn, values), item)]

    def most_requests(self, stage: int) -> int | None:
        """Return how many requests an item makes at most."""
        return 1

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return the grade as it is meant and as published."""
        text = said(answers)
        if text is None:
            return {"grade": NAN, "grade_published": NAN, "grade_answered": 0.0}
        read = grade(text)
        return {
            "grade": NAN if read is None else read,
            "grade_published": published_grade(text),
            "grade_answered": 1.0,
        }

    def tell(self, item: ItemFigures) -> Told | None:
        """Say the grade."""
        if item.number("grade_answered") != 1:
            return None
        value = item.number("grade")
        return Told("no grade could be read" if np.isnan(value) else f"the judge's grade is {value:g} of 10")


def said(answers: Sequence[Answers]) -> str | None:
    """Return what the judge wrote, recorded or not; None where it or an answer failed."""
    if answers[0].capability == RECORDED:
        found = answers[0].responses[0]
        return None if isinstance(found, Failure) else str(found.text)
    return written(answers[2])
