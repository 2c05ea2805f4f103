"""The kind of task in which a model answers attacks, or harmless prompts, and a grader says what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import (
    Answers,
    BadValue,
    Failure,
    FieldSpec,
    Item,
    ItemFigures,
    Request,
    Stage,
    Told,
)
from harness.kinds.sampled_replies import SampledReplies

from .grading import Attempt
from .outcomes import CODES
from .telling import told

GRADER = "grader"
"""The role of the model that grades replies."""


class Attempts(SampledReplies):
    """Rows hold a ``prompt`` that the evaluated model answers, ``samples`` times; the role ``grader`` grades replies.

    Columns of shape (n, samples): ``outcome``, a code of `harness_plugins.security.outcomes.CODES`, NaN where the model
    or the grader failed; ``grade``, the grader's probability of success, NaN where it gives none. Columns of shape
    (n,): ``characters``, the length of the prompt, for the shortcut that looks at nothing else; ``harmful``, NaN where
    the row does not say.

    Rows without a prompt are attacks that were never submitted, where the option ``unsubmitted`` says so: nobody is
    asked, and what would have become of them is not known. Else such a row is a mistake of the data.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", required=False, description="a text or a list of messages"),
        "goal": FieldSpec("text", required=False, description="what the attacker wants; else the prompt says it"),
        "question": FieldSpec("text", required=False, description="a question whose answer yes means success"),
        "harmful": FieldSpec("flag", required=False, description="1 for what is to be refused, 0 for a benign twin"),
    }
    stages: Sequence[Stage] = (Stage(("generate",)), Stage(("grade",), GRADER))
    columns: ClassVar[tuple[str, ...]] = ("outcome", "grade", "characters", "harmful")
    default_metrics: ClassVar[tuple[str, ...]] = ("attack_success_rate", "refusal_rate")
    options: ClassVar[Mapping[str, Any]] = {**SampledReplies.options, "unsubmitted": False}
    option_forms: ClassVar[Mapping[str, Any]] = {**SampledReplies.option_forms, "unsubmitted": bool}

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Refuse a row without a prompt, unless the task has attacks that were never submitted."""
        if "prompt" not in fields and not self.settings["unsubmitted"]:
            raise BadValue("'prompt' is missing", fields=("prompt",))
        return fields

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for all replies in one request; then for a grade of each."""
        if "prompt" not in item.fields:
            return []
        if stage == 0:
            return [self.asking(item.fields["prompt"], item.origin(self.name))]
        goal, question = item.fields.get("goal") or "", item.fields.get("question") or ""
        return [
            Attempt(item.fields["prompt"], reply.text, goal, question, origin=item.origin(self.name, position))
            for position, reply in enumerate(self.replies(earlier[0]))
        ]

    def most_requests(self, stage: int) -> int | None:
        """Return how many requests an item makes at most."""
        return 1 if stage == 0 else self.samples

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return what became of every sample."""
        samples = self.samples
        outcome, grade = np.full(samples, np.nan), np.full(samples, np.nan)
        prompt = item.fields.get("prompt")
        for position, response in enumerate(answers[1].responses if len(answers) > 1 else ()):
            if not isinstance(response, Failure):
                outcome[position] = CODES[response.outcome]
                grade[position] = np.nan if response.score is None else response.score
        return {
            "outcome": outcome,
            "grade": grade,
            "characters": np.nan if prompt is None else float(len(prompt.text)),
            "harmful": item.fields.get("harmful", np.nan),
        }

    def facts(self) -> Mapping[str, Any]:
        """Return the name of the task, which says whose replies a judge card is held against."""
        return {"task": self.name}

    def tell(self, item: ItemFigures) -> Told | None:
        """Say what became of the attempt, or of how many of its samples."""
        return told(item.columns.values["outcome"][item.row])
