"""A mark: which tokens are green after which, and what a file says of it without giving its key away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness import UsageError, write_atomically

SCHEMES = ("lefthash", "selfhash", "counter")
"""transformers' two, by its names, and the one that needs no list."""
MILLIONTH_PRIME = 15_485_863
"""The key of transformers and of the reference implementation: everybody knows it."""
COMPARED = ("scheme", "key_hash", "gamma", "context", "vocabulary", "tokenizer")
"""What the reader of a mark has to share with its writer; delta is only how strongly it was written."""

Tokens = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Greenery(Protocol):
    """Tells which tokens are green."""

    def green(self, ngrams: Tokens) -> Flags:
        """Tell of n-grams, (n, width), whether the last token of each is green after those before it, (n,)."""

    def green_after(self, context: Sequence[int], candidates: Tokens) -> Flags:
        """Tell which candidates, (k,), are green after a context that is long enough, (k,)."""


@dataclass(frozen=True)
class Mark:
    """A watermark of the family of Kirchenbauer et al.: green tokens are written more often than chance has them.

    Args:
        scheme: One of `SCHEMES`. ``lefthash`` and ``selfhash`` have the green lists of transformers on a processor;
            ``counter`` asks a keyed hash of context and token, each token for itself.
        key: Whoever knows it can read the mark, and forge it.
        gamma: Share of the tokens that are green, in (0, 1).
        delta: What is added to the logits of green tokens, in nats.
        context: Tokens that the choice of green tokens depends on. transformers' ``lefthash`` reads the last of them
            only; ``selfhash`` counts the token itself among them.
        vocabulary: Tokens of the model's output.
        tokenizer: Hash of the texts of all tokens, by `tokenizer_hash`.

    >>> mark = Mark("counter", key=7, vocabulary=1000, gamma=0.25)
    >>> mark.width, mark.share
    (2, 0.25)
    >>> bool(mark.greenery.green(np.array([[3, 4]]))[0]) == bool(mark.greenery.green_after([3], np.array([4]))[0])
    True
    """

    scheme: str = "lefthash"
    key: int = MILLIONTH_PRIME
    gamma: float = 0.25
    delta: float = 2.0
    context: int = 1
    vocabulary: int = 0
    tokenizer: str = ""

    @property
    def width(self) -> int:
        """Return how many tokens it takes to say whether the last of them is green."""
        return self.context if self.scheme == "selfhash" else self.context + 1

    @property
    def share(self) -> float:
        """Return the chance of a token to be green: gamma, or what whole numbers of tokens make of it."""
        if self.scheme == "counter" or not self.vocabulary:
            return self.gamma
        return int(self.vocabulary * self.gamma) / self.vocabulary

    @cached_property
    def greenery(self) -> Greenery:
        """Return what tells green tokens from others, with its cache."""
        if self.scheme == "counter":
            from .counter import Counter

            return Counter(self)
        from .green_lists import GreenLists

        return GreenLists(self)

    def public(self) -> dict[str, Any]:
        """Return what may be known of the mark: everything but the key, of which there is a hash."""
        return {
            "scheme": self.scheme,
            "key_hash": key_hash(self.key),
            "gamma": self.gamma,
            "delta": self.delta,
            "context": self.context,
            "vocabulary": self.vocabulary,
            "tokenizer": self.tokenizer,
        }

    def declaration(self) -> str:
        """Return what may be known of the mark as JSON in one line."""
        return json.dumps(self.public())


def key_hash(key: int) -> str:
    """Hash a key, so that a file can say which one is meant."""
    return hashlib.sha256(f"watermark key {key}".encode()).hexdigest()[:32]


def tokenizer_hash(tokens: Sequence[str]) -> str:
    """Hash the texts of all tokens by id: two tokenizers of one hash number the same pieces alike."""
    digest = hashlib.sha256()
    for token in tokens:
        digest.update(token.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:32]


def mismatch(declared: Mapping[str, Any], mark: Mark) -> str:
    """Say in what a declared mark differs from the one that is looked for; empty where they are the same.

    >>> mismatch(Mark(gamma=0.5).public(), Mark())
    'gamma is 0.5 in the declaration and 0.25 in the detector'
    """
    own = mark.public()
    found = [
        f"{name} is {declared.get(name)!r} in the declaration and {own[name]!r} in the detector"
        for name in COMPARED
        if declared.get(name) != own[name]
    ]
    return "; ".join(found)


def write_mark(mark: Mark, path: str | Path) -> None:
    """Write what may be known of a mark as JSON."""
    write_atomically(Path(path), (json.dumps(mark.public(), indent=2) + "\n").encode())


def read_declared(source: str, text: str) -> dict[str, Any]:
    """Read what a file or a row declares of a mark.

    Args:
        source: Where it stands, for messages.
        text: JSON as `write_mark` writes it.

    Raises:
        UsageError: it is no JSON object of exactly those entries, or one is not of its type.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{source}: expected the JSON of a mark: {error}") from error
    names = [*Mark().public()]
    if not isinstance(found, dict) or sorted(found) != sorted(names):
        got = sorted(found) if isinstance(found, dict) else type(found).__name__
        raise UsageError(f"{source}: expected a JSON object of {', '.join(names)}; got {got}")
    texts = all(isinstance(found[name], str) for name in ("scheme", "key_hash", "tokenizer"))
    whole = all(type(found[name]) is int and found[name] >= 1 for name in ("context", "vocabulary"))
    reals = all(type(found[name]) in (int, float) for name in ("gamma", "delta"))
    if not (texts and whole and reals and found["scheme"] in SCHEMES and 0 < found["gamma"] < 1):
        raise UsageError(
            f"{source}: expected scheme of {', '.join(SCHEMES)}, gamma between 0 and 1, delta a number, context and "
            f"vocabulary whole numbers from 1, key_hash and tokenizer texts; got {found}"
        )
    return found
