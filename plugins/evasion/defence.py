"""The normalising defence, before any detector.

It is a model over a part and no adapter: whoever names a defended detector means the defence, whatever the task; an
adapter from `detect` to `detect` is used only where ``--adapter`` or ``adapters=`` names it.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping, Sequence
from typing import ClassVar

from harness import Conversation, Model, Part, Response

from .normalising import normalised


class Normalised(Model):
    """Another detector, which sees texts with look-alike, invisible and compatibility characters undone.

    Args:
        base: The detector.
        spaced: Also close up letters that are spaced out.
    """

    batch_size = 4096  # the base files its own answers
    part_names: ClassVar[tuple[str, ...]] = ("base",)

    def __init__(self, base: str, spaced: bool = False) -> None:
        self.base, self.spaced = base, spaced

    def identity(self) -> Mapping[str, object]:
        """Unicode's tables, which Python brings."""
        return {"unicode": unicodedata.unidata_version}

    def asks(self) -> Mapping[str, Sequence[str]]:
        """The base detects."""
        return {"base": ("detect",)}

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """The base's log-odds of the texts, undisguised."""
        base: Part = self.parts["base"]
        return base("detect", [self._plain(request) for request in requests])

    def _plain(self, request: Conversation) -> Conversation:
        return dataclasses.replace(
            request,
            messages=tuple(
                dataclasses.replace(message, content=normalised(message.content, spaced=self.spaced))
                for message in request.messages
            ),
        )
