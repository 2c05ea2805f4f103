"""The kind of task whose rows are texts, some with a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from harness import Answers, Conversation, FieldSpec, Item, Request, Stage, Task

from .figures import COLUMNS, declared, figures
from .finding import MarkedText


class Watermark(Task):
    """Rows hold a ``text`` and a ``label``: 1 where it has a mark, or was written by a machine.

    Detectors of marks are asked for their evidence by `find_mark`, all others for log-odds by `detect`: so detectors
    of machine text stand on the same board. Columns: ``log_odds``, the score; ``label``; and, NaN where a detector
    gives none, ``mark_z``, ``mark_p`` (exact), ``mark_window_p`` (of the best window), ``mark_scored`` (tokens) and
    ``mark_share`` (of green tokens); ``words``, how many it has, and ``repeats``, the share of its pairs of
    words that stand there before.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "text": FieldSpec("text", description="the text"),
        "label": FieldSpec("flag", description="1 where it has a mark"),
        "declared": FieldSpec("any", required=False, description="the mark it is said to have, without its key"),
        "host": FieldSpec("text", required=False, description="a text without a mark, which copy-paste attacks use"),
    }
    stages: Sequence[Stage] = (Stage(("find_mark", "detect")),)
    columns: ClassVar[tuple[str, ...]] = COLUMNS
    default_metrics: ClassVar[tuple[str, ...]] = (
        *("auroc", "tpr_at_fpr:rate=0.01", "tpr_at_fpr:rate=0.001"),
        "mark_lift:rate=0.01",
    )

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the evidence, or for the log-odds."""
        text, origin = item.fields["text"], item.origin(self.name, 0)
        if capability == "find_mark":
            return [MarkedText(text, declared(item.fields.get("declared")), origin=origin)]
        return [Conversation.user(text, origin=origin)]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the figures and the label."""
        return figures(answers[0].responses[0], float(item.fields["label"]), item.fields["text"])
