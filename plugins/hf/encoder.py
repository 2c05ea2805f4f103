"""Embedding models on this machine: any encoder or decoder that gives hidden states, pooled to one vector a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import COUNT_OR_NONE, CellError, Failure, Model, OneOf, Request, Response, Text, file_identity

from .forward import Engine
from .loading import DTYPES, ModelSource
from .schedule import EngineRequest, stream
from .sentence_modules import (
    MODULES,
    SETTINGS,
    EncoderRecipe,
    module_folders,
    module_of,
    pooled,
    read_recipe,
)
from .tokens import TRUNCATE, Encoder, context_length, refused
from .tree import SequenceJob

POOLING = {"mean": "mean", "cls": "cls", "last": "lasttoken"}
"""The values of the argument ``pooling``, with the names that sentence-transformers gives them."""

_NONE = np.empty(0, dtype=np.int64)
_FIRST = np.zeros(1, dtype=np.int64)


class Embedder(Model):
    """Gives one vector a text: the last layer's hidden states, pooled.

    A folder of sentence-transformers is followed by its ``modules.json``: pooling, dense layers, norms, the default
    prompt, the number of tokens that are read and of dimensions that are kept.
    Texts of equal length run together and none is padded on a processor, so a vector does not depend on its neighbours.

    Args:
        path: Folder or hub id.
        pooling: ``mean`` over the tokens, ``cls`` (the first token) or ``last``; default: as the folder says, else
            ``mean``.
        normalize: Whether vectors have length 1.
        prefix: Text before every text, for models trained with instructions: ``"query: "``; default: the folder's own
            default prompt, if it has one.
        revision: Commit, tag or branch of a hub model.
        dtype: ``float32``, ``bfloat16``, ``float16`` or ``float64``.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; default: an NVIDIA accelerator if there is one.
        max_length: Tokens a text may have; default: as the folder says, else the number of the model's positions.
        truncate: Fate of longer texts: ``refuse`` (they fail, counted), ``left`` or ``right``; default: ``right`` in a
            folder of sentence-transformers, which cuts there, else ``refuse``.
        trust_remote_code: Let Python code that lies beside the weights run.
    """

    version: ClassVar[str] = "2"
    batch_size = 256
    streamed: ClassVar[tuple[str, ...]] = ("embed",)
    places: ClassVar[tuple[str, ...]] = ("path", "device")

    def __init__(
        self,
        path: str = "",
        pooling: Annotated[str, OneOf("", *POOLING)] = "",
        normalize: bool = True,
        prefix: str | None = None,
        revision: str = "",
        dtype: Annotated[str, OneOf(*DTYPES)] = "float32",
        device: str = "",
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        truncate: Annotated[str, OneOf("", *TRUNCATE)] = "",
        trust_remote_code: bool = False,
    ) -> None:
        self.path = path
        self.source = ModelSource(path, revision, dtype, device, trust_remote_code)
        self.pooling, self.normalize, self.prefix = pooling, normalize, prefix
        self.truncate, self.max_length = truncate, max_length
        self._remarks: list[str] = []

    def identity(self) -> Mapping[str, object]:
        """Return the hashes of a folder's files and of its modules', or a hub model's commit; and the device kind."""
        identity = self.source.identity()
        if not self.source.is_folder:
            return identity
        folder = Path(self.source.path)
        modules = {str(place.relative_to(folder)): file_identity(place) for place in module_folders(folder)}
        return {**identity, **modules}

    def load(self) -> None:
        """Load weights and tokenizer, and the folder's recipe for its vectors.

        Raises:
            CellError: weights or tokenizer cannot be loaded, or the folder asks for a step that is not followed here.
        """
        tokenizer = self.source.tokenizer()
        recipe = self._recipe(tokenizer)
        model = self.source.model("AutoModel", unread="pooler")
        context = self.context(model.config, tokenizer, stated=bool(recipe.poolings))
        if recipe.max_length and not self.max_length:
            context = min(context, recipe.max_length)
        self.encoder = Encoder(
            tokenizer,
            chat_template="text",
            context=context,
            truncate=self.truncate or ("right" if recipe.poolings else "refuse"),
            path=self.source.path,
        )
        self._prompt = recipe.default_prompt if self.prefix is None else self.prefix
        self._dimensions = recipe.dimensions
        poolings = (POOLING[self.pooling],) if self.pooling else recipe.poolings or ("mean",)
        skipped = 0 if recipe.include_prompt or not self._prompt else self._tokens_of_prompt()
        made = _pooled(model, poolings, skipped, [module_of(step) for step in recipe.steps])
        self.engine = Engine(made, output="vectors", pad=tokenizer.pad_token_id or 0)

    def _recipe(self, tokenizer: Any) -> EncoderRecipe:
        """Read the folder's recipe for its vectors, and remark where the arguments depart from it."""
        folder = Path(self.source.folder() if self.source.is_folder else self._downloaded())
        try:
            recipe = read_recipe(folder)
        except CellError as error:
            if not self.pooling:
                raise
            self._remarks.append(f"pooling={self.pooling} was given, and the folder's modules are left out: {error}")
            return EncoderRecipe()
        if recipe is None:
            return EncoderRecipe()
        if recipe.lower_case:
            _lowered(tokenizer)
        if self.pooling and (POOLING[self.pooling],) != recipe.poolings:
            self._remarks.append(
                f"pooling={self.pooling} was given; the folder itself says {' and '.join(recipe.poolings)}"
            )
        if self.prefix is None and recipe.prompts and not recipe.default_prompt:
            some = "; ".join(f"{name}: {text[:40]!r}" for name, text in list(recipe.prompts.items())[:3])
            self._remarks.append(f"the folder has prompts ({some}), and no text is given one; give prefix= for that")
        return recipe

    def _downloaded(self) -> str:
        """Download the hub model's files that describe its vectors, as far as they exist; return their folder."""
        return self.source.small_files((MODULES, SETTINGS, "*_config.json", "[0-9]_*/*"))

    def _tokens_of_prompt(self) -> int:
        """Count the prompt's tokens before those of a text, as sentence-transformers counts them."""
        ids = self.encoder.ids([self._prompt], special=True)[0]
        return len(ids) - bool(ids and ids[-1] in set(self.encoder.tokenizer.all_special_ids))

    def context(self, config: Any, tokenizer: Any, *, stated: bool) -> int:
        """Return the number of tokens that a text may have.

        Args:
            config: The model's configuration.
            tokenizer: The model's tokenizer.
            stated: Whether the folder holds a recipe for its vectors, and with it the length of texts.
        """
        return context_length(config, tokenizer, self.max_length)

    def close(self) -> None:
        """Release the weights and the tokenizer."""
        del self.engine, self.encoder

    def embed(self, requests: Sequence[Text]) -> list[Response]:
        """Return a vector of shape (d,), float32, for every text; a `Failure` where a text is too long."""
        answers: list[Response] = [None] * len(requests)
        for index, answer in self.stream("embed", requests):
            answers[index] = answer
        return answers

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield vectors as they are computed."""
        yield from stream(self.engine, requests, self._ask, lambda targets: _vectors)

    def remarks(self) -> list[str]:
        """Report what was cut or refused; and once, where the arguments depart from the folder's recipe."""
        remarks, self._remarks = self.source.take_remarks() + self._remarks, []
        return remarks + (self.encoder.remarks() if hasattr(self, "encoder") else [])

    def _ask(self, request: Text) -> EngineRequest | Failure:
        try:
            ids = self.encoder.ids([self._prompt + request.text], special=True)[0] or self.encoder.beginning()
        except Exception as error:  # of the tokenizer: this text only
            return refused(error)
        tokens = self.encoder.fit(ids, what="text")
        if isinstance(tokens, Failure):
            return tokens
        return EngineRequest([SequenceJob(tokens, _FIRST, _NONE)], self._vector)

    def _vector(self, values: Any) -> Any:
        vector = values[0].astype(np.float64)
        if self._dimensions:
            vector = vector[: self._dimensions]
        if self.normalize:
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        return vector.astype(np.float32)


def _vectors(hidden: Any, which: Any, slots: Any) -> Any:
    return hidden.float().cpu().numpy()[which]


def _pooled(model: Any, poolings: Sequence[str], skipped: int, steps: Sequence[Any]) -> Any:
    """Build a module from tokens to ``vectors`` of shape (texts, d).

    Args:
        model: The model that gives hidden states.
        poolings: Names of sentence-transformers; the vectors of several are put behind each other.
        skipped: Number of tokens at the beginning that are not pooled.
        steps: Modules that change the pooled vectors, in float32.
    """
    import torch

    device = next(model.parameters()).device
    steps = [step.to(device) for step in steps]

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
            hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            places = attention_mask.cumsum(dim=1)
            mask = attention_mask * (places > skipped)
            vectors = torch.cat([pooled(name, hidden, mask, places) for name in poolings], dim=-1)
            for step in steps:
                vectors = step(vectors.float())
            return SimpleNamespace(vectors=vectors)

    return Pooled().eval()


def _lowered(tokenizer: Any) -> None:
    """Make a tokenizer lower all letters first."""
    from tokenizers import normalizers

    backend = tokenizer.backend_tokenizer
    before = backend.normalizer
    backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *([before] if before is not None else [])])
