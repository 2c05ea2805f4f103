"""The control of every board of marks: a detector that knows nothing of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from harness import Conversation, Model, Response


class RepeatedWords(Model):
    """Scores a text by the share of its word pairs that stand there before: what no mark should be found by."""

    batch_size = 4096

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return the share of repeated pairs of words, of each text."""
        return [_repeated(request.text.split()) for request in requests]


def _repeated(words: Sequence[str]) -> float:
    pairs = list(itertools.pairwise(words))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0
