"""Requests that every model of a capability should be able to take."""

from __future__ import annotations

from harness.capabilities import (
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
HUGE_NAME = "huge text"
"""What the check with `HUGE` is called: the one request that a model may refuse."""

HUGE = "the quick brown fox jumps over the lazy dog " * 2000


def ordinary(capability: str) -> list[Request]:
    """A handful of plain requests; empty for a capability the checks know nothing of."""
    prompts = [Conversation.user(text) for text in PROMPTS]
    made: dict[str, list[Request]] = {
        "score": [Candidates(p, r) for p, r in zip(prompts, RESPONSES, strict=True)],
        "compare": [Pair(p, r[0], r[1]) for p, r in zip(prompts, RESPONSES, strict=True)],
        "embed": [Text(text) for text in (*PROMPTS, *RESPONSES[0])],
        "detect": list(prompts),
        "next_token": list(prompts),
        "generate": [Generation(p, 1, Sampling(max_tokens=8)) for p in prompts],
        "loglikelihood": [Continuation(text, r[0]) for text, r in zip(PROMPTS, RESPONSES, strict=True)],
        "choose": [Choice(p, r) for p, r in zip(prompts, RESPONSES, strict=True)],
        "readout": [Readout(p, READOUT) for p in prompts],
        "route": [Query(p) for p in prompts],
    }
    return made.get(capability, [])


def many(capability: str) -> list[Request]:
    """Two dozen requests of mixed lengths, in no order, some with a prompt in common: what batches are cut from."""
    sentences = [f"{a} {b}" for a in PROMPTS for b in (r for group in RESPONSES for r in group)]
    texts = [" ".join(sentences[i : i + 1 + (5 * i) % 7]) for i in range(24)]
    prompts = [Conversation.user(PROMPTS[i % 3] if i % 2 else text) for i, text in enumerate(texts)]
    made: dict[str, list[Request]] = {
        "score": [Candidates(p, tuple(texts[i : i + 1 + i % 4])) for i, p in enumerate(prompts)],
        "compare": [Pair(p, texts[i], texts[i - 1]) for i, p in enumerate(prompts)],
        "embed": [Text(text) for text in texts],
        "detect": [Conversation.user(text) for text in texts],
        "next_token": list(prompts),
        "generate": [Generation(p, 1 + i % 2, Sampling(max_tokens=4)) for i, p in enumerate(prompts)],
        "loglikelihood": [Continuation(PROMPTS[i % 3], text) for i, text in enumerate(texts)],
        "choose": [Choice(p, ("Yes", "No", "Perhaps")) for p in prompts],
        "readout": [Readout(p, READOUT) for p in prompts],
        "route": [Query(p) for p in prompts],
    }
    return made.get(capability, [])


def extreme(capability: str) -> list[tuple[str, Request]]:
    """(name, request) of empty and of huge texts."""
    found: list[tuple[str, Request]] = []
    for name, text in (("empty text", ""), (HUGE_NAME, HUGE)):
        prompt = Conversation.user(text if text else "Say something.")
        made: dict[str, Request] = {
            "score": Candidates(prompt, (text, "Something.")),
            "compare": Pair(prompt, text, "Something."),
            "embed": Text(text),
            "detect": Conversation.user(text),
            "next_token": prompt,
            "readout": Readout(prompt, READOUT),
            "generate": Generation(prompt, 1, Sampling(max_tokens=4)),
            "loglikelihood": Continuation(text, "Something."),
            "choose": Choice(prompt, ("Yes", "No")),
            "route": Query(Conversation.user(text)),
        }
        if capability in made:
            found.append((name, made[capability]))
    return found
