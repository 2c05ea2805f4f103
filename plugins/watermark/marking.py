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

from .attacks import HOW, MarkAttack
from .figures import COLUMNS, figures
from .finding import MarkedText

DETECTOR = "detector"
"""The role of the model that looks for the mark."""


class Marking(Task):
    """Rows hold a ``prompt`` that the evaluated model answers; the role ``detector`` looks for a mark in the answer.

    A model that says which mark it writes is held to it: a detector of another mark is an error. A model without a mark
    shows how often the detector errs. Columns as for `Watermark`; the label is always 1.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "host": FieldSpec("text", required=False, description="a text without a mark, which copy-paste attacks use"),
    }
    stages: Sequence[Stage] = (Stage(("write_marked", "generate")), Stage(("find_mark",), DETECTOR))
    columns: ClassVar[tuple[str, ...]] = COLUMNS
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
        "attack": Annotated[str, OneOf("", *HOW)],
        "share": Annotated[float, SHARE],
        "pieces": Annotated[int, COUNT],
    }

    def __init__(self, definition: Definition) -> None:
        super().__init__(definition)
        s = self.settings
        self.attack = MarkAttack(s["attack"], s["share"], s["pieces"], s["seed"]) if s["attack"] else None

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
        if self.attack is not None:
            text = self.attack(text, item.fields.get("host") or "")
        return [MarkedText(text, mark, origin=item.origin(self.name, 0))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the figures of the text."""
        asked = answers[1] if len(answers) > 1 and answers[1].responses else None
        if asked is None:
            return figures(None, 1.0, None)
        request = asked.requests[0]
        return figures(asked.responses[0], 1.0, request.text if isinstance(request, MarkedText) else None)
