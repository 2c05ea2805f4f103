"""The model ``cache-head``: an embedder that also knows how likely two prompts are to share a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness import CellError, Failure, Model, Text
from harness.names import written

from .head_files import ENCODER, identity_of, read_head, words_of
from .head_fitting import unit_rows
from .reuse import Reuse
from .verifiers import probability_of


class CacheHead(Model):
    """Maps an embedder's vectors linearly, and gives sigma(cosine / temperature - offset) for a shared response.

    Args:
        path: The folder that ``cache-head`` or ``cache-encoder`` wrote.
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
        """Return the embedder that was trained over, or the encoder in the folder itself."""
        words = words_of(self.path)
        if words.get("encoder"):
            return {"base": f"{words['encoder']}:path={written(str(Path(self.path).absolute() / ENCODER))}"}
        return {"base": str(words["base"])}

    def identity(self) -> Mapping[str, object]:
        """Hash what the trainer wrote.

        Raises:
            UsageError: the folder holds no such embedder.
        """
        return identity_of(self.path)

    def load(self) -> None:
        """Read the map.

        Raises:
            UsageError: a file is missing or damaged.
        """
        self.head, self.words = read_head(self.path), words_of(self.path)

    def remarks(self) -> Sequence[str]:
        """Remark, once, that the base is not the one that was trained over: temperature and offset belong to that."""
        part = self.parts["base"] if hasattr(self, "parts") else None
        known = self.words.get("base_fingerprint") if hasattr(self, "words") else None
        if getattr(self, "_said", False) or part is None or known is None or part.fingerprint == known:
            return ()
        self._said = True
        return [f"the base ({part.specification}) is not the embedder that {self.path} was trained over"]

    def embed(self, requests: Sequence[Text]) -> list[Any]:
        """Return the mapped vectors, (r,) at unit length."""
        return self._mapped([request.text for request in requests])

    def reuse(self, requests: Sequence[Reuse]) -> list[Any]:
        """Return the probability that the cached prompt's response serves the new one; the response is not read."""
        texts = list(dict.fromkeys(text for request in requests for text in (request.prompt, request.cached)))
        vectors = dict(zip(texts, self._mapped(texts), strict=True))
        answers: list[Any] = []
        for request in requests:
            first, second = vectors[request.prompt], vectors[request.cached]
            failed = next((one for one in (first, second) if isinstance(one, Failure)), None)
            cosine = 0.0 if failed else float(first.astype(np.float64) @ second.astype(np.float64))
            answers.append(failed or probability_of(cosine, self.head.temperature, self.head.offset))
        return answers

    def _mapped(self, texts: Sequence[str]) -> list[Any]:
        """Map the vectors of texts.

        Raises:
            CellError: they have another length than those trained on.
        """
        if not texts:
            return []
        vectors = self.parts["base"]("embed", [Text(text) for text in texts])
        answers: list[Any] = [
            Failure(f"the embedder: {vector.reason}") if isinstance(vector, Failure) else None for vector in vectors
        ]
        there = [i for i, answer in enumerate(answers) if answer is None]
        if not there:
            return answers
        stacked = np.array([vectors[i] for i in there], dtype=np.float32)
        width = self.head.weights.shape[1]
        if stacked.shape[1] != width:
            raise CellError(
                f"{self.path} was trained on vectors of length {width}, and its base "
                f"{self.parts['base'].specification} gives {stacked.shape[1]}: use the embedder it was trained over"
            )
        for i, mapped in zip(there, unit_rows(unit_rows(stacked) @ self.head.weights.T), strict=True):
            answers[i] = mapped
        return answers
