"""Texts of `WordChain`, half an hour of nobody's writing: with a mark, without one, and such that repeat themselves."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from harness import COUNT, OneOf, Range

from .attacks import HOW, MarkAttack
from .mark import Mark, tokenizer_hash
from .word_chain import WordChain

MARKED, UNMARKED = 200, 1000
WORDS = 200
KEY, GAMMA, DELTA = 2402, 0.25, 1.5


@functools.cache
def mark() -> Mark:
    """Return the mark of the demonstration."""
    chain = WordChain()
    return Mark("counter", KEY, GAMMA, DELTA, 1, chain.words, tokenizer_hash(chain.tokens()))


def texts(
    split: str,
    attack: Annotated[str, OneOf("", *HOW)] = "",
    share: Annotated[float, Range(above=0, most=1)] = 0.25,
    pieces: Annotated[int, COUNT] = 1,
) -> Iterator[Mapping[str, Any]]:
    """Yield marked and unmarked texts of `WORDS` words, each marked one with an unmarked one as host.

    Args:
        split: Ignored: there is one.
        attack: How the marked texts are attacked, and, unless by pasting pieces of them, the others alike; empty: not
            at all.
        share: As for `MarkAttack`.
        pieces: As for `MarkAttack`.
    """
    chain = WordChain()
    logits = _table(chain)
    random = np.random.default_rng(11)
    plain = _written(chain, logits, UNMARKED + MARKED, random)
    marked = _written(chain, logits + DELTA * _green(mark()), MARKED, random)
    declared = mark().declaration()
    for number, text in enumerate(marked):
        host = plain[UNMARKED + number]
        attacked = MarkAttack(attack, share, pieces)(text, host) if attack else text
        yield {"id": f"m{number}", "text": attacked, "label": 1, "declared": declared, "host": host}
    # What rewrites or shortens texts does so to all of them: else their length alone would tell which have a mark.
    alike = MarkAttack(attack, share, pieces) if attack not in ("", "copy-paste") else None
    for number, text in enumerate(plain[:UNMARKED]):
        yield {"id": f"u{number}", "text": text if alike is None else alike(text), "label": 0}


def repeating_texts(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield texts without a mark, and a few with one, that say the same forty words five times, as weak models do."""
    chain = WordChain()
    logits = _table(chain)
    random = np.random.default_rng(12)
    declared = mark().declaration()
    for number, text in enumerate(_written(chain, logits + DELTA * _green(mark()), 50, random, WORDS // 5)):
        yield {"id": f"m{number}", "text": " ".join([text] * 5), "label": 1, "declared": declared}
    for number, text in enumerate(_written(chain, logits, 400, random, WORDS // 5)):
        yield {"id": f"u{number}", "text": " ".join([text] * 5), "label": 0}


def prompts(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield fifty openings of two words, each with an unmarked text as host."""
    chain = WordChain()
    words, random = chain.tokens(), np.random.default_rng(13)
    hosts = _written(chain, _table(chain), 50, random)
    for number, host in enumerate(hosts):
        first, second = random.integers(0, len(words), 2)
        yield {"id": f"p{number}", "prompt": f"{words[first]} {words[second]}", "host": host}


def _table(chain: WordChain) -> NDArray[np.float32]:
    """Return the logits of each word after each word, (V, V)."""
    return np.stack([chain.logits(before) for before in range(chain.words)])


def _green(mark: Mark) -> NDArray[np.float32]:
    """Return 1 where the second word is green after the first, (V, V)."""
    every = np.arange(mark.vocabulary)
    return np.stack([mark.greenery.green_after([word], every) for word in range(mark.vocabulary)]).astype(np.float32)


def _written(
    chain: WordChain, logits: NDArray[np.float32], count: int, random: np.random.Generator, length: int = WORDS
) -> list[str]:
    """Draw texts, all a word at a time."""
    probabilities = np.exp(logits.astype(np.float64))
    below = np.cumsum(probabilities, axis=1)
    below /= below[:, -1:]
    now = random.integers(0, chain.words, count)
    steps = []
    for _ in range(length):
        draws = random.random(count)
        now = np.array(
            [np.searchsorted(below[word], draw, side="right") for word, draw in zip(now, draws, strict=True)]
        )
        steps.append(np.minimum(now, chain.words - 1))
    words = chain.tokens()
    return [" ".join(words[word] for word in text) for text in np.stack(steps, axis=1)]
