"""The detector that the trainers of this plugin write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from harness import CellError, Conversation, Failure, Model, Part, Readout, Response

from .prompts import vocabulary_digest
from .saved import FILE, Detector, load


class Muli(Model):
    """Answers with the log-odds of the positive class, from the distribution of the reply's first token.

    A base model that offers ``readout`` is asked for a number a prompt, another for its next-token distribution.

    Args:
        path: The directory that the trainer wrote.
        base: The language model to ask; by default the one that was trained over.
    """

    batch_size = 512
    part_names: ClassVar[tuple[str, ...]] = ("base",)
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, path: str, base: str = "") -> None:
        self.path, self.base = path, base
        self._said = False

    @cached_property
    def detector(self) -> Detector:
        """Read the trained detector from its file."""
        return load(self.path)

    def identity(self) -> Mapping[str, object]:
        """Hash the file without the base's place: the base is a part of the model, with a fingerprint of its own."""
        _ = self.detector  # a missing or damaged file is reported while planning
        content = json.loads((Path(self.path) / FILE).read_text("utf-8"))
        kept = {key: value for key, value in content.items() if key not in ("base", "base_fingerprint")}
        return {"detector": hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()}

    def default_parts(self) -> Mapping[str, str]:
        """Return the specification of the base model that was trained over."""
        return {"base": self.detector.base} if self.detector.base else {}

    def load(self) -> None:
        """Make sure that the base model has the vocabulary of the training.

        Raises:
            CellError: the vocabulary is another, or the base offers no next-token distribution.
        """
        base = self.parts["base"]
        digest = vocabulary_digest(base)
        if digest and self.detector.vocabulary and digest != self.detector.vocabulary:
            raise CellError(
                f"{self.path} was trained on the vocabulary {self.detector.vocabulary}, and the base model "
                f"{base.specification} has {digest}: its weights belong to other tokens. Give the base it was trained "
                f"over ({self.detector.base}), or train anew"
            )
        if not {"readout", "next_token"} & set(base.offers):
            raise CellError(f"the base model {base.specification} offers neither readout nor next_token")

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return scores in nats; `saved.Detector` says what balanced training adds to them."""
        base: Part = self.parts["base"]
        prompts = [self.detector.prompting.of(request) for request in requests]
        if self.detector.feature.read_out and "readout" in base.offers:
            return base("readout", [Readout(prompt, self.detector.readout) for prompt in prompts])
        return [self._score(row) for row in base("next_token", prompts)]

    def _score(self, row: Response) -> Response:
        if isinstance(row, Failure):
            return row
        if len(row) != self.detector.vocabulary_size:
            size = self.detector.vocabulary_size
            return Failure(f"the base model gives {len(row)} tokens, and the detector was trained on {size}")
        try:
            return float(self.detector.score(self.detector.feature.of(row)))
        except ValueError as error:
            return Failure(str(error))

    def remarks(self) -> list[str]:
        """Remark, once, that the base is not the one of the training, or renders prompts by another template."""
        if self._said or not hasattr(self, "parts"):
            return []
        self._said = True
        base, trained = self.parts["base"], self.detector
        if not trained.base_fingerprint or base.fingerprint == trained.base_fingerprint:
            return []
        template = trained.prompting.digest(base)
        what = "renders prompts by another template" if template != trained.template else "is not the same model"
        return [
            f"{self.path} was trained over {trained.base}, and {base.specification} {what}: "
            "means and deviations of its features may not fit"
        ]
