"""Embedders that know nothing of what prompts mean: what a cache gains without any, to hold others against."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from harness import Model, Text, encodable

BITS = 512
"""Of a hash, each a coordinate: two different texts have a cosine of 0, give or take 0.044."""
LENGTHS = 512
"""Lengths that are told apart."""


class IdenticalPrompts(Model):
    """Embeds a text as the signs of a hash of it, so that nothing but its very words is like it."""

    batch_size = 2048

    def identity(self) -> Mapping[str, object]:
        """Return nothing: there is one such model."""
        return {}

    def embed(self, requests: Sequence[Text]) -> list[np.ndarray]:
        """Return vectors of length 1."""
        return [_signs(request.text) for request in requests]


def _signs(text: str) -> np.ndarray:
    digest = hashlib.blake2b(encodable(text).encode(), digest_size=BITS // 8).digest()
    bits = np.unpackbits(np.frombuffer(digest, dtype=np.uint8)).astype(np.float32)
    return np.asarray((2 * bits - 1) / np.sqrt(np.float32(BITS)))


class EqualLength(Model):
    """Embeds a text as how many characters it has: a cosine of 1 with texts of that length, and 0 with others."""

    batch_size = 2048

    def identity(self) -> Mapping[str, object]:
        """Return nothing: there is one such model."""
        return {}

    def embed(self, requests: Sequence[Text]) -> list[np.ndarray]:
        """Return vectors of length 1."""
        found = []
        for request in requests:
            vector = np.zeros(LENGTHS, dtype=np.float32)
            vector[min(len(request.text), LENGTHS - 1)] = 1
            found.append(vector)
        return found
