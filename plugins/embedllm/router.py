"""The model ``embedllm``: log-odds linear in the question's vector, one product for all models and questions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness import CellError, Failure, Model, Query, Text, file_identity

from .exact import predicted
from .saved import NUMBERS, WORDS, load, words_of

_ABOUT_THE_BASE = ("base", "base_fingerprint")


class EmbedLLM(Model):
    """Predicts how likely each model is right, from the question's vector (EmbedLLM, arXiv 2410.02223).

    Models are matched by name. It asks the embedder that it was trained over unless ``base`` names another.

    Args:
        path: The directory that a trainer wrote, or `harness onboard`.
        base: The embedder to ask; by default the one that was trained over.
    """

    part_names: ClassVar[tuple[str, ...]] = ("base",)
    places: ClassVar[tuple[str, ...]] = ("path",)
    batch_size = 4096

    def __init__(self, path: str, base: str = "") -> None:
        self.path, self.base = path, base

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to embed."""
        return {"base": ("embed",)}

    def default_parts(self) -> Mapping[str, str]:
        """Return the specification of the embedder that was trained over."""
        return {"base": str(words_of(self.path)["base"])}

    def identity(self) -> Mapping[str, object]:
        """Hash the numbers and the words, but not the place of the base, which has a fingerprint of its own.

        Raises:
            UsageError: the directory holds no such router.
        """
        words = {key: value for key, value in words_of(self.path).items() if key not in _ABOUT_THE_BASE}
        content = json.dumps(words, sort_keys=True).encode()
        return {WORDS: hashlib.sha256(content).hexdigest(), NUMBERS: file_identity(Path(self.path) / NUMBERS)}

    def load(self) -> None:
        """Read the weights.

        Raises:
            UsageError: a file is missing or damaged.
        """
        self.saved = load(self.path)
        self._place = {label: i for i, label in enumerate(self.saved.models)}

    def remarks(self) -> Sequence[str]:
        """Remark, once, what is to be known of the router."""
        if getattr(self, "_said", False) or not hasattr(self, "saved"):
            return ()
        self._said = True
        said, facts, part = [], self.saved.facts, self.parts["base"]
        if part.fingerprint != self.saved.base_fingerprint:
            said.append(f"the base ({part.specification}) is not the embedder that {self.path} was trained over")
        if facts.get("optimum") == "local":
            said.append(
                f"{self.path} is a local optimum: with {facts['dimensions']} dimensions the fit is not convex, and the "
                f"best of {facts['starts']} starts was kept"
            )
        if self.saved.added:
            listed = ", ".join(f"{label} ({count})" for label, count in self.saved.added.items())
            said.append(f"{self.path} learned some models from few answers: {listed}")
        return said

    def route(self, requests: Sequence[Query]) -> list[Any]:
        """Return the predicted correctness of the models that each question names, in its order.

        A question that names a model that the router does not know fails, and says which.

        Raises:
            CellError: the embedder's vectors have another length than those trained on.
        """
        answers: list[Any] = [self._unknown(request) for request in requests]
        asked = [i for i, answer in enumerate(answers) if answer is None]
        if not asked:
            return answers
        vectors = self.parts["base"]("embed", [Text(requests[i].prompt.text) for i in asked])
        for i, vector in zip(asked, vectors, strict=True):
            if isinstance(vector, Failure):
                answers[i] = Failure(f"the embedder: {vector.reason}")
        there = [(i, vector) for i, vector in zip(asked, vectors, strict=True) if answers[i] is None]
        if not there:
            return answers
        stacked = np.array([vector for _, vector in there], dtype=np.float64)
        if stacked.shape[1] != self.saved.dimensions:
            raise CellError(
                f"{self.path} was trained on vectors of length {self.saved.dimensions}, and its base "
                f"{self.parts['base'].specification} gives {stacked.shape[1]}: use the embedder it was trained over"
            )
        chances = predicted(stacked, self.saved.weights, self.saved.intercepts)
        for (i, _), row in zip(there, chances, strict=True):
            labels = requests[i].models
            answers[i] = row[[self._place[label] for label in labels]] if labels else row
        return answers

    def _unknown(self, request: Query) -> Failure | None:
        unknown = [label for label in request.models if label not in self._place]
        if not unknown:
            return None
        return Failure(f"the router was not trained on {', '.join(unknown)}; harness onboard adds a model")
