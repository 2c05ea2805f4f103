"""Detection in replies: whether a model's answer is of a class, such as a jailbroken answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from harness import FieldSpec
from harness.kinds.detection import Detection


class ReplyDetection(Detection):
    """Rows hold a ``prompt``, a ``reply`` to it and a ``label``: 1 where the reply is of the positive class.

    The model is shown the conversation whose last message is the reply. Columns as for `Detection`.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "reply": FieldSpec("text", description="the assistant's answer"),
        "label": FieldSpec("flag", description="1 for the positive class"),
    }

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Add the conversation as ``text``, which detectors are asked about and learn from."""
        return {**fields, "text": fields["prompt"].reply(fields["reply"])}
