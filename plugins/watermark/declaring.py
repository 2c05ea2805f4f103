"""The capability ``write_marked``: completions that say which mark they have."""

from __future__ import annotations

from dataclasses import dataclass

from harness import Capability, Conversation, Generation, SampleRequests, Sampling

from .mark import read_declared


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A completion with the mark that it was given."""

    text: str
    declared: str
    """The mark without its key, as JSON of `harness_plugins.watermark.mark.Mark.public`."""


def _problem(request: Generation, written: tuple[WrittenText, ...]) -> str | None:
    if len(written) != request.n:
        return f"expected {request.n} completions, got {len(written)}"
    for one in written:
        read_declared("the mark of a completion", one.declared)
    return None


def _samples() -> SampleRequests:
    prompts = ("Describe a garden.", "How is bread made?")
    return SampleRequests([Generation(Conversation.user(text), 1, Sampling(max_tokens=8)) for text in prompts])


WRITE_MARKED = Capability(
    "write_marked",
    Generation,
    "record",
    record=tuple[WrittenText, ...],
    check=_problem,
    samples=_samples,
    description="completions with the mark that they were given",
)
