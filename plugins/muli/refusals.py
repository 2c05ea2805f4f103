"""Detectors without training: the probability that the model refuses, and that one token begins its reply.

These are the toy models of arXiv 2405.18822: the probability of refusal from N sampled replies, and the logit of a
starting token. Models give logits only up to a constant of the prompt; here the token's log-odds are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from harness import (
    COUNT,
    COUNT_OR_NONE,
    SEED,
    CellError,
    Choice,
    Conversation,
    Failure,
    Generation,
    LinearReadout,
    Model,
    OneOf,
    Part,
    Range,
    Readout,
    Response,
    Sampling,
    UsageError,
)
from harness.errors import did_you_mean

from .features import log_odds
from .prompts import CHAT, FORMATS, Prompting

OPENINGS = (
    "I cannot",
    "I can't",
    "I can’t",
    "I am not able",
    "I'm not able",
    "I am unable",
    "I'm unable",
    "I will not",
    "I won't",
    "I must decline",
    "I apologize",
    "I am sorry",
    "I'm sorry",
    "I’m sorry",
    "Sorry",
    "Unfortunately, I",
    "As an AI",
)
"""The beginnings of refusals. None is the beginning of another, so that their probabilities add up."""

BLANKS = ("▁", "Ġ")
"""The marks that tokenizers write for the blank before a word."""


class Refusal(Model):
    """Answers with the log-odds that the reply begins with one of several openings, by default those of refusals.

    Args:
        base: The language model.
        samples: 0 takes the log-probability of each opening, with and without a blank before it; a number takes that
            many sampled replies, with half a reply added to either side.
        openings: Openings in the place of the shipped ones, with ``|`` between them.
        temperature: Temperature of sampled replies.
        max_tokens: Most tokens of sampled replies; only their beginning is read.
        seed: Seed of the sampling.
        prompt: The format of the prompt, as in the trainer ``muli``.
    """

    batch_size = 128
    part_names: ClassVar[tuple[str, ...]] = ("base",)

    def __init__(
        self,
        base: str,
        samples: Annotated[int, COUNT_OR_NONE] = 0,
        openings: str = "",
        temperature: Annotated[float, Range(least=0)] = 1.0,
        max_tokens: Annotated[int, COUNT] = 16,
        seed: Annotated[int, SEED] = 0,
        prompt: Annotated[str, OneOf(CHAT, *FORMATS)] = "chat",
    ) -> None:
        self.base, self.samples, self.openings, self.temperature = base, samples, openings, temperature
        self.max_tokens, self.seed, self.prompt = max_tokens, seed, prompt

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """Return the openings that count as refusals.

        Raises:
            UsageError: one opening begins another, so that its probability would be counted twice.
        """
        openings = tuple(part.strip() for part in self.openings.split("|") if part.strip())
        if self.openings and not openings:
            raise UsageError(f"openings={self.openings!r}: names no opening; put | between several")
        openings = openings or OPENINGS
        for opening in openings:
            longer = next((other for other in openings if other != opening and other.startswith(opening)), None)
            if longer is not None:
                raise UsageError(f"openings: {opening!r} begins {longer!r}; leave the longer one out")
        return openings

    def identity(self) -> Mapping[str, object]:
        """Return the openings that count as refusals."""
        return {"openings": list(self.listed)}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Check the arguments, then offer what the methods offer."""
        _ = self.listed
        if self.samples and not self.temperature > 0:
            raise UsageError(f"temperature={self.temperature}: samples have to differ; give one above 0, or samples=0")
        return super().offers(known)

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to weigh replies, or to write them."""
        return {"base": ("generate",) if self.samples else ("choose",)}

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return the log-odds of refusal, in nats."""
        prompts = [Prompting(self.prompt).of(request) for request in requests]
        return self._sampled(prompts) if self.samples else self._weighed(prompts)

    def _weighed(self, prompts: Sequence[Conversation]) -> list[Response]:
        options = (*self.listed, *(f" {opening}" for opening in self.listed))
        answers = self.parts["base"]("choose", [Choice(prompt, options) for prompt in prompts])
        return [answer if isinstance(answer, Failure) else _log_odds_of_any(answer) for answer in answers]

    def _sampled(self, prompts: Sequence[Conversation]) -> list[Response]:
        sampling = Sampling(temperature=self.temperature, max_tokens=self.max_tokens, seed=self.seed)
        answers = self.parts["base"]("generate", [Generation(prompt, self.samples, sampling) for prompt in prompts])
        return [answer if isinstance(answer, Failure) else self._counted(answer) for answer in answers]

    def _counted(self, replies: Sequence[Any]) -> float:
        refused = sum(reply.text.lstrip().startswith(self.listed) for reply in replies)
        return float(np.log((refused + 0.5) / (len(replies) - refused + 0.5)))


def _log_odds_of_any(logs: Any) -> float | Failure:
    """Compute the log-odds of the sum of probabilities, from their logarithms of shape (k,)."""
    together = min(float(np.logaddexp.reduce(np.asarray(logs, dtype=np.float64))), -1e-12)
    if together == -np.inf:
        return Failure("none of the openings is among the replies that the base model gives probabilities of")
    return together - float(np.log(-np.expm1(together)))


class FirstToken(Model):
    """Answers with the log-odds that the reply begins with a token.

    Args:
        base: The language model.
        token: The token's text in the vocabulary, such as ``▁Sorry``; or a word, which is looked up with the mark of
            a blank before it, then as it is.
        sign: -1 if the token speaks against the positive class.
        prompt: The format of the prompt, as in the trainer ``muli``.
    """

    batch_size = 512
    part_names: ClassVar[tuple[str, ...]] = ("base",)

    def __init__(
        self,
        base: str,
        token: str = "Sorry",
        sign: Literal[1, -1] = 1,
        prompt: Annotated[str, OneOf(CHAT, *FORMATS)] = "chat",
    ) -> None:
        self.base, self.token, self.sign, self.prompt = base, token, sign, prompt

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Check the arguments, then offer what the method offers."""
        if not self.token.strip():
            raise UsageError("token= is empty; name a token of the vocabulary, such as Sorry")
        return super().offers(known)

    def load(self) -> None:
        """Look the token up in the vocabulary.

        Raises:
            CellError: the vocabulary lacks the token, or the model gives no distribution.
        """
        base = self.parts["base"]
        if not {"readout", "next_token"} & set(base.offers):
            raise CellError(f"the base model {base.specification} offers neither readout nor next_token")
        tokens = list(base.tokens())
        token = next((text for text in (*(mark + self.token for mark in BLANKS), self.token) if text in tokens), None)
        if token is None:
            raise CellError(
                f"the vocabulary of {base.specification} has no token {self.token!r}{did_you_mean(self.token, tokens)}"
            )
        self._id = tokens.index(token)

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return the log-odds of the token, in nats."""
        prompts = [Prompting(self.prompt).of(request) for request in requests]
        base: Part = self.parts["base"]
        if "readout" in base.offers:
            function = LinearReadout((self._id,), (float(self.sign),))
            return base("readout", [Readout(prompt, function) for prompt in prompts])
        rows = base("next_token", prompts)
        return [row if isinstance(row, Failure) else self.sign * float(log_odds(row)[self._id]) for row in rows]
