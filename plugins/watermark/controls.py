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
        return [repeated(request.text.split()) for request in requests]


def repeated(words: Sequence[str]) -> float:
    """Return the share of a text's pairs of neighbouring words that stand there before."""
    pairs = list(itertools.pairwise(words))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0
