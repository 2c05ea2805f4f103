"""The kind of task in which a model writes, its text is attacked, and a detector looks for a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from harness import (
    COUNT,
    SEED,
    SHARE,
    Answers,
    Definition,
    Failure,
    FieldSpec,
    Generation,
    Item,
    OneOf,
    Range,
    Request,
    Sampling,
    Stage,
    Task,
)

from .attacks import HOW, REWRITE, MarkAttack
from .figures import COLUMNS, figures
from .finding import MarkedText
from .rewriting import REWRITING, rewriting_of, rewritten, words_kept

DETECTOR = "detector"
"""The role of the model that looks for the mark."""


class Marking(Task):
    """Rows hold a ``prompt`` that the evaluated model answers; the role ``detector`` looks for a mark in the answer.

    A model that says which mark it writes is held to it: a detector of another mark is an error. A model without a mark
    shows how often the detector errs. With the option ``attack: rewrite`` the role ``paraphraser`` says the answer in
    other words first. Columns as for `Watermark`; the label is always 1; ``kept``, the share of words that are still
    there after the attack.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "host": FieldSpec("text", required=False, description="a text without a mark, which copy-paste attacks use"),
    }
    stages: Sequence[Stage] = (Stage(("write_marked", "generate")), Stage(("find_mark",), DETECTOR))
    columns: ClassVar[tuple[str, ...]] = (*COLUMNS, "kept")
    default_metrics: ClassVar[tuple[str, ...]] = ("marks_found:level=0.01", "mean_mark_z")
    options: ClassVar[Mapping[str, Any]] = {
        "temperature": 1.0,
        "max_tokens": 200,
        "seed": 0,
        "attack": "",
        "share": 0.25,
        "pieces": 1,
    }
    option_forms: ClassVar[Mapping[str, Any]] = {
        "temperature": Annotated[float, Range(least=0)],
        "max_tokens": Annotated[int, COUNT],
        "seed": Annotated[int, SEED],
        "attack": Annotated[str, OneOf("", *HOW, REWRITE)],
        "share": Annotated[float, SHARE],
        "pieces": Annotated[int, COUNT],
    }

    def __init__(self, definition: Definition) -> None:
        super().__init__(definition)
        s = self.settings
        self.rewrites = s["attack"] == REWRITE
        by_rule = s["attack"] and not self.rewrites
        self.attack = MarkAttack(s["attack"], s["share"], s["pieces"], s["seed"]) if by_rule else None
        if self.rewrites:
            self.stages = (self.stages[0], REWRITING, *self.stages[1:])

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for a text; then for the evidence of a mark in it, as it is after the attack."""
        if stage == 0:
            s = self.settings
            sampling = Sampling(float(s["temperature"]), 1.0, int(s["max_tokens"]), (), int(s["seed"]))
            return [Generation(item.fields["prompt"], 1, sampling, origin=item.origin(self.name))]
        written = earlier[0].responses[0]
        if isinstance(written, Failure):
            return []
        text, mark = written[0].text, getattr(written[0], "declared", "")
        if self.rewrites and stage == 1:
            return [rewriting_of(text, int(self.settings["seed"]), item.origin(self.name, 0))]
        if self.rewrites:
            text = rewritten(earlier[1])
            if not text:
                return []
        if self.attack is not None:
            text = self.attack(text, item.fields.get("host") or "")
        return [MarkedText(text, mark, origin=item.origin(self.name, 0))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the figures of the text."""
        last = len(self.stages) - 1
        asked = answers[last] if len(answers) > last and answers[last].responses else None
        request = None if asked is None else asked.requests[0]
        if asked is None or not isinstance(request, MarkedText):
            return {**figures(None, 1.0, None), "kept": float("nan")}
        written: str = answers[0].responses[0][0].text
        return {**figures(asked.responses[0], 1.0, request.text), "kept": words_kept(written, request.text)}
