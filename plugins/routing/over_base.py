"""What routers share that were trained over another model, which they ask again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from harness import Ask, file_identity

from .fitted import NUMBERS, WORDS, Fitted


def base_of(ask: Ask) -> dict[str, str]:
    """Return what a router remembers of the model that it is trained over: its specification and its fingerprint."""
    return {"base": ask.specification, "base_fingerprint": ask.fingerprint}


class OverBase(Fitted):
    """A router that was trained over another model, which it asks again unless ``base`` names another.

    Args:
        path: The directory that the trainer wrote.
        base: The model to ask; by default the one that was trained over.
    """

    part_names: ClassVar[tuple[str, ...]] = ("base",)
    asks_for: ClassVar[str]
    """What the base has to offer."""

    def __init__(self, path: str, base: str = "") -> None:
        super().__init__(path)
        self.base = base

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say what the base has to offer."""
        return {"base": (self.asks_for,)}

    def default_parts(self) -> Mapping[str, str]:
        """Return the specification of the model that was trained over."""
        return {"base": str(self.words()["base"])}

    def identity(self) -> Mapping[str, object]:
        """Hash the numbers and the words, but not the place of the base, which has a fingerprint of its own.

        Raises:
            UsageError: the directory holds no such router.
        """
        words = {key: value for key, value in self.words().items() if key not in ("base", "base_fingerprint")}
        content = json.dumps(words, sort_keys=True).encode()
        return {WORDS: hashlib.sha256(content).hexdigest(), NUMBERS: file_identity(Path(self.path) / NUMBERS)}
