"""Embedding models on this machine: any encoder or decoder that gives hidden states, pooled to one vector a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar

import numpy as np
from harness_plugins.hf.forward import Engine
from harness_plugins.hf.loading import DTYPES, Source
from harness_plugins.hf.schedule import Question, stream
from harness_plugins.hf.tokens import TRUNCATE, Encoder, context_length, refused
from harness_plugins.hf.tree import Job

from harness import Failure, Model, Text
from harness.capabilities import Request, Response
from harness.ranges import COUNT_OR_NONE, OneOf

POOLING = ("mean", "cls", "last")

_NONE = np.empty(0, dtype=np.int64)
_FIRST = np.zeros(1, dtype=np.int64)


class Embedder(Model):
    """One vector a text: the last layer's hidden states, pooled.

    Texts of equal length run together and none is padded on a processor, so a vector does not depend on its neighbours.

    Args:
        path: Folder or hub id.
        pooling: ``mean`` over the tokens, ``cls`` (the first token) or ``last``.
        normalize: Whether vectors have length 1.
        prefix: Put before every text, as models trained with instructions want it: ``"query: "``.
        revision: Commit, tag or branch of a hub model.
        dtype: ``float32``, ``bfloat16``, ``float16`` or ``float64``.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; default: an NVIDIA accelerator if there is one.
        max_length: Tokens a text may have; default: what the model has positions for.
        truncate: What becomes of longer ones: ``refuse`` (they fail, counted), ``left`` or ``right``.
        trust_remote_code: Let Python code that lies beside the weights run.
    """

    batch_size = 256
    streamed: ClassVar[tuple[str, ...]] = ("embed",)
    places: ClassVar[tuple[str, ...]] = ("path", "device")

    def __init__(
        self,
        path: str = "",
        pooling: Annotated[str, OneOf(*POOLING)] = "mean",
        normalize: bool = True,
        prefix: str = "",
        revision: str = "",
        dtype: Annotated[str, OneOf(*DTYPES)] = "float32",
        device: str = "",
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        truncate: Annotated[str, OneOf(*TRUNCATE)] = "refuse",
        trust_remote_code: bool = False,
    ) -> None:
        self.source = Source(path, revision, dtype, device, trust_remote_code)
        self.pooling, self.normalize, self.prefix = pooling, normalize, prefix
        self.truncate, self.max_length = truncate, max_length

    def identity(self) -> Mapping[str, object]:
        """Hash of each file of a folder, or a hub model's commit; device kind."""
        return self.source.identity()

    def load(self) -> None:
        """Load weights and tokenizer.

        Raises:
            CellError: they cannot be loaded.
        """
        tokenizer = self.source.tokenizer()
        model = self.source.model("AutoModel")
        context = self.context(model.config, tokenizer)
        self.encoder = Encoder(
            tokenizer, chat_template="text", context=context, truncate=self.truncate, path=self.source.path
        )
        self.engine = Engine(_pooled(model, self.pooling), output="vectors", pad=tokenizer.pad_token_id or 0)

    def context(self, config: Any, tokenizer: Any) -> int:
        """Tokens that a text may have."""
        return context_length(config, tokenizer, self.max_length)

    def close(self) -> None:
        """Release weights and tokenizer."""
        del self.engine, self.encoder

    def embed(self, requests: Sequence[Text]) -> list[Response]:
        """Vectors of shape (d,), float32."""
        answers: list[Response] = [None] * len(requests)
        for index, answer in self.stream("embed", requests):
            answers[index] = answer
        return answers

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Vectors as they are computed."""
        yield from stream(self.engine, requests, self._ask, lambda targets: _vectors)

    def remarks(self) -> list[str]:
        """What was cut or refused."""
        return self.encoder.remarks() if hasattr(self, "encoder") else []

    def _ask(self, request: Text) -> Question | Failure:
        try:
            ids = self.encoder.ids([self.prefix + request.text], special=True)[0] or self.encoder.beginning()
        except Exception as error:  # of the tokenizer: this text only
            return refused(error)
        tokens = self.encoder.fit(ids, what="text")
        if isinstance(tokens, Failure):
            return tokens
        return Question([Job(tokens, _FIRST, _NONE)], self._vector)

    def _vector(self, values: Any) -> Any:
        vector = values[0].astype(np.float64)
        if self.normalize:
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        return vector.astype(np.float32)


def _vectors(hidden: Any, which: Any, slots: Any) -> Any:
    return hidden.float().cpu().numpy()[which]


def _pooled(model: Any, pooling: str) -> Any:
    """A module from tokens to ``vectors`` of shape (texts, d)."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
            hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            if pooling == "cls":
                return SimpleNamespace(vectors=hidden[:, 0])
            if pooling == "last":
                last = attention_mask.sum(dim=1) - 1
                return SimpleNamespace(vectors=hidden[torch.arange(len(hidden), device=hidden.device), last])
            weights = attention_mask[:, :, None].to(hidden.dtype)
            return SimpleNamespace(vectors=(hidden * weights).sum(dim=1) / weights.sum(dim=1))

    return Pooled().eval()
