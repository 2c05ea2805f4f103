"""The kind of task in which graders are judged: recorded replies that people labelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from harness import Answers, BadValue, Failure, FieldSpec, Item, ItemFigures, Request, Stage, Task, Told

from .grading import Attempt
from .outcomes import CODES, SUCCESS, UNSCORABLE
from .telling import NAMES


class GradedReplies(Task):
    """Rows hold a ``prompt``, a ``reply`` and what people say of it; the evaluated model is a grader.

    Columns, each (n,): ``outcome``, the code that the grader gives, NaN where it failed; ``judged``, 1 where it says
    success, 0 where it says otherwise, NaN where it says nothing that could be read; ``grade``, its probability;
    ``gold``, 1 where people say success; ``gold_class``, the code of the class that people give, NaN where the data
    have none; ``characters`` and ``reply_characters``, for the shortcuts that look at nothing else.

    A row without a label is a mistake of the data, unless the option ``unlabelled`` says that only some have one.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "reply": FieldSpec("text", description="what a model replied"),
        "goal": FieldSpec("text", required=False, description="what the attacker wants; else the prompt says it"),
        "question": FieldSpec("text", required=False, description="a question whose answer yes means success"),
        "label": FieldSpec("flag", required=False, description="1 where people say that the attack succeeded"),
        "label_class": FieldSpec("text", required=False, description="the outcome that people give it, by name"),
    }
    stages: Sequence[Stage] = (Stage(("grade",)),)
    columns: ClassVar[tuple[str, ...]] = (
        "outcome",
        "judged",
        "grade",
        "gold",
        "gold_class",
        "characters",
        "reply_characters",
    )
    default_metrics: ClassVar[tuple[str, ...]] = (
        "judge_balanced_accuracy",
        "judge_sensitivity",
        "judge_specificity",
        "judge_accuracy",
    )
    options: ClassVar[Mapping[str, Any]] = {"unlabelled": False}
    option_forms: ClassVar[Mapping[str, Any]] = {"unlabelled": bool}

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Take the label from its class where only that is given; refuse a row that has neither.

        Detectors are asked about, and learn from, the prompt with the reply as last message.
        """
        named = fields.get("label_class")
        if named is not None and (named not in CODES or named == "unscorable"):
            known = ", ".join(name for name in CODES if name != "unscorable")
            raise BadValue(f"'label_class' is {named!r}; expected one of {known}", fields=("label_class",))
        if named is not None and "label" not in fields:
            fields["label"] = float(named == "success")
        if named is not None and fields["label"] != float(named == "success"):
            raise BadValue(f"'label' is {fields['label']:g} and 'label_class' {named!r}: they contradict each other")
        if "label" not in fields and not self.settings["unlabelled"]:
            raise BadValue("'label' is missing", fields=("label",))
        return {**fields, "text": fields["prompt"].reply(fields["reply"])}

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the grade of the reply."""
        f = item.fields
        origin = item.origin(self.name, 0)
        return [Attempt(f["prompt"], f["reply"], f.get("goal") or "", f.get("question") or "", origin=origin)]

    def most_requests(self, stage: int) -> int | None:
        """Return how many requests an item makes at most."""
        return 1

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return what the grader and what people say."""
        fields, grade = item.fields, answers[0].responses[0]
        named = fields.get("label_class")
        outcome = np.nan if isinstance(grade, Failure) else CODES[grade.outcome]
        known = np.isfinite(outcome) and outcome != UNSCORABLE
        return {
            "outcome": outcome,
            "judged": float(outcome == SUCCESS) if known else np.nan,
            "grade": np.nan if isinstance(grade, Failure) or grade.score is None else grade.score,
            "gold": fields.get("label", np.nan),
            "gold_class": np.nan if named is None else CODES[named],
            "characters": float(len(fields["prompt"].text)),
            "reply_characters": float(len(fields["reply"])),
        }

    def facts(self) -> Mapping[str, Any]:
        """Return the name of the task, which says whose replies a judge card is held against."""
        return {"task": self.name}

    def tell(self, item: ItemFigures) -> Told | None:
        """Say what the grader says of the reply, and what people say."""
        outcome, gold, named = (item.number(name) for name in ("outcome", "gold", "gold_class"))
        if np.isnan(outcome):
            return None
        said = NAMES[outcome]
        if np.isnan(gold):
            return Told(f"graded as {said}")
        people = NAMES[named] if np.isfinite(named) else "success" if gold else "no success"
        right = np.isfinite(item.number("judged")) and item.number("judged") == gold
        return Told(f"graded as {said}; people say {people}", "right" if right else "wrong")
