"""Sample requests of each core capability, and what may be expected of the answers: what `harness check` asks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.capabilities.capability import Expectation, SampleRequests
from harness.capabilities.steering import SteeredGeneration
from harness.requests import (
    Candidates,
    Choice,
    Continuation,
    Conversation,
    Generation,
    LinearReadout,
    Pair,
    Query,
    Readout,
    Request,
    Sampling,
    Text,
)

PROMPTS = (
    "What is the capital of France?",
    "Name three uses of a brick.",
    "Explain why the sky is blue, in one sentence.",
    "Übersetze: naïve café 東京 🚀",
)
RESPONSES = (
    ("Paris.", "The capital of France is Lyon, I think."),
    (
        "A doorstop, a bookend and a garden border.",
        "Bricks.",
        "Bricks are heavy. Bricks are red. Bricks are heavy.",
    ),
    ("Air scatters blue light more than red.", "It reflects the sea."),
    ("Translate: naive coffee house, Tokyo, rocket.", "I cannot do that."),
)
READOUT = LinearReadout((1, 5, 20), (0.5, -1.0, 2.0), 0.25)
"""Reads tokens that every vocabulary has."""
EMPTY_NAME, HUGE_NAME = "empty text", "huge text"
HUGE = "the quick brown fox jumps over the lazy dog " * 2000
MANY = 24


def _prompts() -> list[Conversation]:
    return [Conversation.user(text) for text in PROMPTS]


def _many_texts() -> list[str]:
    sentences = [f"{prompt} {response}" for prompt in PROMPTS for group in RESPONSES for response in group]
    return [" ".join(sentences[i : i + 1 + (5 * i) % 7]) for i in range(MANY)]


def _many_prompts() -> list[Conversation]:
    """Prompts of which every other one is among three that recur: models may share work between requests."""
    return [Conversation.user(PROMPTS[i % 3] if i % 2 else text) for i, text in enumerate(_many_texts())]


def _made(
    ordinary: Sequence[Request],
    many: Sequence[Request],
    extreme: Callable[[str], Request],
    expectations: Sequence[Expectation] = (),
) -> SampleRequests:
    """Make samples that hold an empty and a huge text; only the huge one may be refused.

    Args:
        ordinary: A handful of plain requests.
        many: Requests of mixed lengths.
        extreme: From an extreme text to a request that holds it.
        expectations: What the answers have to be like.
    """
    extremes: Mapping[str, Request] = {EMPTY_NAME: extreme(""), HUGE_NAME: extreme(HUGE)}
    return SampleRequests(ordinary, many, extremes, may_be_refused=(HUGE_NAME,), expectations=expectations)


def _prompt_with(text: str) -> Conversation:
    return Conversation.user(text or "Say something.")


def score() -> SampleRequests:
    """Make samples of ``score``."""
    texts = _many_texts()
    return _made(
        [Candidates(prompt, responses) for prompt, responses in zip(_prompts(), RESPONSES, strict=True)],
        [Candidates(prompt, tuple(texts[i : i + 1 + i % 4])) for i, prompt in enumerate(_many_prompts())],
        lambda text: Candidates(_prompt_with(text), (text, "Something.")),
    )


def compare() -> SampleRequests:
    """Make samples of ``compare``; of two equal responses, the verdict is a probability or none."""
    texts = _many_texts()
    pairs = [Pair(prompt, group[0], group[1]) for prompt, group in zip(_prompts(), RESPONSES, strict=True)]
    equal = Pair(pairs[0].prompt, pairs[0].first, pairs[0].first)

    def problem(responses: Sequence[Any]) -> str | None:
        p_first = responses[0].p_first
        return None if p_first is None or math.isfinite(p_first) else "p_first is not a number"

    return _made(
        pairs,
        [Pair(prompt, texts[i], texts[i - 1]) for i, prompt in enumerate(_many_prompts())],
        lambda text: Pair(_prompt_with(text), text, "Something."),
        [Expectation("equal responses tie, or depend on the order only", [equal], problem)],
    )


def embed() -> SampleRequests:
    """Make samples of ``embed``."""
    return _made([Text(text) for text in (*PROMPTS, *RESPONSES[0])], [Text(text) for text in _many_texts()], Text)


def detect() -> SampleRequests:
    """Make samples of ``detect``."""
    return _made(_prompts(), [Conversation.user(text) for text in _many_texts()], Conversation.user)


def next_token() -> SampleRequests:
    """Make samples of ``next_token``."""
    return _made(_prompts(), _many_prompts(), _prompt_with)


def generate() -> SampleRequests:
    """Make samples of ``generate``: few tokens each, one or two completions."""
    return _made(
        [Generation(prompt, 1, Sampling(max_tokens=8)) for prompt in _prompts()],
        [Generation(prompt, 1 + i % 2, Sampling(max_tokens=4)) for i, prompt in enumerate(_many_prompts())],
        lambda text: Generation(_prompt_with(text), 1, Sampling(max_tokens=4)),
    )


def steer() -> SampleRequests:
    """Make samples of ``steer``: a rule that changes nothing, few tokens each."""
    return _made(
        [SteeredGeneration(prompt, 1, Sampling(max_tokens=8)) for prompt in _prompts()],
        [SteeredGeneration(prompt, 1 + i % 2, Sampling(max_tokens=4)) for i, prompt in enumerate(_many_prompts())],
        lambda text: SteeredGeneration(_prompt_with(text), 1, Sampling(max_tokens=4)),
    )


def loglikelihood() -> SampleRequests:
    """Make samples of ``loglikelihood``; the extreme texts are contexts."""
    return _made(
        [Continuation(text, group[0]) for text, group in zip(PROMPTS, RESPONSES, strict=True)],
        [Continuation(PROMPTS[i % 3], text) for i, text in enumerate(_many_texts())],
        lambda text: Continuation(text, "Something."),
    )


def choose() -> SampleRequests:
    """Make samples of ``choose``."""
    return _made(
        [Choice(prompt, group) for prompt, group in zip(_prompts(), RESPONSES, strict=True)],
        [Choice(prompt, ("Yes", "No", "Perhaps")) for prompt in _many_prompts()],
        lambda text: Choice(_prompt_with(text), ("Yes", "No")),
    )


def readout() -> SampleRequests:
    """Make samples of ``readout``, all of one function."""
    return _made(
        [Readout(prompt, READOUT) for prompt in _prompts()],
        [Readout(prompt, READOUT) for prompt in _many_prompts()],
        lambda text: Readout(_prompt_with(text), READOUT),
    )


def route() -> SampleRequests:
    """Make samples of ``route``, which name no models."""
    return _made(
        [Query(prompt) for prompt in _prompts()],
        [Query(prompt) for prompt in _many_prompts()],
        lambda text: Query(Conversation.user(text)),
    )
