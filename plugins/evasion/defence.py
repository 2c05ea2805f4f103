"""The normalising defence, which stands before any detector.

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
    """Asks another detector about texts whose look-alike, invisible and compatibility characters are undone.

    Args:
        base: The detector to ask.
        spaced: Also close up letters that are spaced out.
    """

    batch_size = 4096  # the base files its own answers
    part_names: ClassVar[tuple[str, ...]] = ("base",)

    def __init__(self, base: str, spaced: bool = False) -> None:
        self.base, self.spaced = base, spaced

    def identity(self) -> Mapping[str, object]:
        """Return the version of Unicode's tables, which come with Python."""
        return {"unicode": unicodedata.unidata_version}

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to detect."""
        return {"base": ("detect",)}

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return the base's log-odds, in nats, of the normalised texts."""
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
