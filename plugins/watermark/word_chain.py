"""A language model of a page: words that follow each other by chance, for trying marks out without any weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import SEED, Completion, Generation, Model, Range, Response, Sampling, SteeredGeneration, Steering

OPENINGS, VOWELS = "b d f g k l m n p r s t v z".split(), "a e i o u".split()  # noqa: SIM905


class WordChain(Model):
    """Continues a text by made-up words, each drawn by its rank and the word before it.

    The logit of word w after word v is ``-slope ln(rank of w) + spread N(v, w)``, with a standard normal number that is
    fixed for the pair: the greater the spread, the more a text repeats itself. Words that it does not have are read as
    the first one.

    Args:
        words: Size of the vocabulary.
        slope: How much likelier common words are: 0 is flat, 1 is Zipf's law.
        spread: How much the word before matters.
        seed: Of the numbers of pairs.
    """

    batch_size = 4096
    reads_text: ClassVar[bool] = True

    def __init__(
        self,
        words: Annotated[int, Range(least=2, most=70**3)] = 1000,
        slope: Annotated[float, Range(least=0)] = 0.5,
        spread: Annotated[float, Range(least=0)] = 1.0,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.words, self.slope, self.spread, self.seed = words, slope, spread, seed

    def tokens(self) -> list[str]:
        """Return the words, by rank."""
        if not hasattr(self, "_words"):
            syllables = [consonant + vowel for vowel in VOWELS for consonant in OPENINGS]
            base = len(syllables)
            self._words = [
                syllables[i % base] + syllables[i // base % base] + (syllables[i // base**2] if i >= base**2 else "")
                for i in range(self.words)
            ]
        return self._words

    def token_ids(self, text: str) -> list[int]:
        """Return the ids of the words of a text."""
        if not hasattr(self, "_ids"):
            self._ids = {word: number for number, word in enumerate(self.tokens())}
        return [self._ids.get(word, 0) for word in text.split()]

    def logits(self, before: int) -> NDArray[np.float32]:
        """Return the logits of the word after a word, (words,)."""
        noise = np.random.default_rng([self.seed, before]).standard_normal(self.words)
        ranks = np.log(np.arange(1, self.words + 1))
        return np.asarray(self.spread * noise - self.slope * ranks, dtype=np.float32)

    def generate(self, requests: Sequence[Generation]) -> list[Response]:
        """Return completions of each prompt; every one has as many words as are allowed."""
        return [tuple(self._written(r, number, None) for number in range(r.n)) for r in requests]

    def steer(self, requests: Sequence[SteeredGeneration]) -> list[Response]:
        """Return completions drawn from logits that each request's rule changes."""
        return [tuple(self._written(r, number, r.steering) for number in range(r.n)) for r in requests]

    def _written(self, request: Generation, number: int, rule: Steering | None) -> Completion:
        prompt = self.token_ids(request.prompt.text) or [0]
        sampling, tokens = request.sampling, list(prompt)
        random = np.random.default_rng(_seed_of(prompt, sampling, number))
        for _ in range(sampling.max_tokens):
            logits = self.logits(tokens[-1])[None, :]
            if rule is not None:
                rule.steer([tokens], logits)
            tokens.append(_drawn(logits[0], sampling, random))
        own = self.tokens()
        text = " ".join(own[token] for token in tokens[len(prompt) :])
        return Completion(text, "length", len(prompt), len(tokens) - len(prompt))


def _seed_of(prompt: Sequence[int], sampling: Sampling, number: int) -> int:
    digest = hashlib.blake2b(f"{prompt} {sampling.seed} {number}".encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def _drawn(logits: NDArray[np.float32], sampling: Sampling, random: np.random.Generator) -> int:
    """Draw a word by the Gumbel-max trick, from the nucleus where one is asked for."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    scaled = logits.astype(np.float64) / sampling.temperature
    if sampling.top_p < 1:
        mass = np.exp(scaled - scaled.max())
        mass /= mass.sum()
        order = np.argsort(-mass, kind="stable")
        above = np.cumsum(mass[order]) - mass[order]
        scaled[order[(above >= sampling.top_p) & (np.arange(len(order)) > 0)]] = -np.inf
    return int((scaled + random.gumbel(size=len(scaled))).argmax())
