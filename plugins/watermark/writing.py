"""The rule that writes a mark: delta is added to the logits of green tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import CellError, Steering

from .green_lists import TRIED
from .mark import Mark


@dataclass(frozen=True)
class MarkSteering(Steering):
    """Writes a mark while a text is generated.

    ``lefthash`` and ``selfhash`` change the logits exactly as transformers' processor does; ``selfhash`` looks at the
    `TRIED` likeliest tokens only, each with its own list. A text shorter than the mark's context is left alone.
    """

    mark: Mark

    def content(self) -> object:
        """Return every setting of the mark; the key by its hash."""
        public = self.mark.public()
        return ["watermark", *(public[name] for name in public)]

    def steer(self, contexts: Sequence[Sequence[int]], logits: NDArray[Any]) -> None:
        """Add delta to the logits of green tokens, in place.

        Raises:
            CellError: the model has another number of tokens than the mark.
        """
        mark = self.mark
        if logits.shape[1] != mark.vocabulary:
            raise CellError(
                f"the mark is of {mark.vocabulary} tokens and the model's output has {logits.shape[1]}: "
                f"give vocabulary={logits.shape[1]}, to the detector too"
            )
        everything = np.arange(mark.vocabulary)
        for context, row in zip(contexts, logits, strict=True):
            if len(context) < mark.context:
                continue
            tried = everything
            if mark.scheme == "selfhash":
                count = min(TRIED, len(row))
                tried = np.argpartition(row, len(row) - count)[len(row) - count :]
            green = tried[mark.greenery.green_after(context[-max(mark.context, 1) :], tried)]
            row[green] += row.dtype.type(mark.delta)
