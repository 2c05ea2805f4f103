"""The benchmark on made-up prompts: a kind of its own, so that no model that answers real ones is asked."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Capability, Completion, Generation, SampleRequests, Sampling, Stage
from harness.kinds.duel import JUDGE

from .made_up import catalogue
from .task import ArenaHard


def _problem(request: Generation, found: tuple[Completion, ...]) -> str | None:
    return None if len(found) == request.n else f"expected {request.n} answers, got {len(found)}"


def _samples() -> SampleRequests:
    from harness import Conversation

    texts = [str(row["prompt"]) for row in list(catalogue("test"))[:3]]
    return SampleRequests([Generation(Conversation.user(text), 1, Sampling()) for text in texts])


WRITE_MADE_UP = Capability(
    "write_made_up",
    Generation,
    "record",
    record=tuple[Completion, ...],
    check=_problem,
    samples=_samples,
    description="an answer to a made-up prompt",
)


class MadeUpArena(ArenaHard):
    """`ArenaHard` whose candidates are asked for ``write_made_up``."""

    stages: Sequence[Stage] = (Stage(("write_made_up",)), Stage(("compare",), JUDGE))
