"""A reward model with a described head: the backbone, the positions that are read, and the head over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import CellError

from .heads import load_head, tensors_of
from .loading import ModelSource
from .tree import Tokens


class Adapted:
    """A backbone with a described head.

    Args:
        source: Folder or hub id.
        spec: Description of the head, as `harness_plugins.hf.heads.read_spec` gives it.
        tokenizer: The model's tokenizer.

    Raises:
        CellError: backbone or head cannot be loaded, or the tokenizer lacks the token that is read.
    """

    def __init__(self, source: ModelSource, spec: Mapping[str, Any], tokenizer: Any) -> None:
        # The head's tensors lie in the same files; what else the backbone does not take is said.
        self.backbone = source.model("AutoModel", strangers="say", elsewhere=tensors_of(spec))
        self.described = load_head(Path(source.folder()), self.backbone.config, spec)
        self.append: list[int] = []
        if self.described.append:
            token = tokenizer.convert_tokens_to_ids(self.described.append)
            if token is None or token == tokenizer.unk_token_id:
                raise CellError(
                    f"the tokenizer of {source.path!r} has no token {self.described.append!r}, where the head reads"
                )
            self.append = [int(token)]

    @property
    def needs_prompt(self) -> bool:
        """Tell whether the head also reads the hidden state at the end of the prompt."""
        return self.described.needs_prompt

    def head(self, hidden: Any, which: Any, slots: Any) -> NDArray[Any]:
        """Return rewards of shape (r,); for a head that needs prompts, the hidden states themselves, shape (r, d)."""
        if self.needs_prompt:
            return np.asarray(hidden.float().cpu().numpy()[which])
        return np.asarray(self.described.rewards(hidden).double().cpu().numpy()[which])

    def rewards(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn the values that `head` gave for the reads of k sequences into rewards of shape (k,)."""
        if not self.needs_prompt or not len(values):
            return values
        import torch

        states = torch.from_numpy(values)
        with torch.inference_mode():
            device = self.backbone.device
            rewards = self.described.rewards(states[1::2].to(device), states[0::2].to(device))
        return np.asarray(rewards.double().cpu().numpy())

    def positions(self, tokens: Tokens, prompt: Sequence[int], cut: int) -> NDArray[np.int64]:
        """Return the positions to read: the sequence's end, and before it the prompt's end if the head needs that.

        Args:
            tokens: The sequence, after ``cut`` tokens were dropped from its beginning.
            prompt: Tokens of the prompt alone.
            cut: Number of tokens dropped from the beginning.
        """
        last = len(tokens) - 1
        if not self.needs_prompt:
            return np.array([last])
        return np.array([min(max(len(prompt) - 1 - cut, 0), last), last])
