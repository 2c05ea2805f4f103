"""The model ``calibrated-embedder``: an embedder with a temperature and an offset that are known, as from a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from harness import ANY, Failure, Model, Range, Text

from .reuse import Reuse
from .verifiers import EmbedToReuse


class CalibratedEmbedder(Model):
    """Gives an embedder's vectors, and sigma(cosine / temperature - offset) for a shared response.

    Args:
        base: The embedder.
        temperature: Lambda of arXiv 2402.01173; it belongs to the embedder.
        offset: c; one half is at a cosine of temperature times offset.
    """

    part_names: ClassVar[tuple[str, ...]] = ("base",)
    batch_size = 4096

    def __init__(
        self,
        base: str,
        temperature: Annotated[float, Range(above=0)] = 0.05,
        offset: Annotated[float, ANY] = 16.0,
    ) -> None:
        self.base, self.temperature, self.offset = base, temperature, offset

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to embed."""
        return {"base": ("embed",)}

    def embed(self, requests: Sequence[Text]) -> list[Any]:
        """Return the base's vectors."""
        return list(self.parts["base"]("embed", list(requests)))

    def reuse(self, requests: Sequence[Reuse]) -> list[Any]:
        """Return the probability at the cosine of both prompts."""
        texts = list(dict.fromkeys(text for request in requests for text in (request.prompt, request.cached)))
        vectors = dict(zip(texts, self.embed([Text(text) for text in texts]), strict=True))
        way = EmbedToReuse(self.temperature, self.offset)
        answers: list[Any] = []
        for request in requests:
            ends = [vectors[request.prompt], vectors[request.cached]]
            failed = next((end for end in ends if isinstance(end, Failure)), None)
            answers.append(failed or way.reduce(request, ends))
        return answers
