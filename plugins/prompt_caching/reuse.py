"""The capability ``reuse``: may the cached response to one prompt be given to another?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness import Capability, Request, SampleRequests


@dataclass(frozen=True, slots=True)
class Reuse(Request):
    """A new prompt, and a cached one with its response, if that is known; the request of ``reuse``."""

    prompt: str
    """The new prompt."""
    cached: str
    """The cached prompt."""
    response: str = ""
    """The response in the cache; empty where only the prompts are known, as in data of pairs."""

    def content(self) -> object:
        """Both prompts, and the response if there is one."""
        return [self.prompt, self.cached, *([self.response] if self.response else [])]


def _problem(request: Reuse, probability: float) -> str | None:
    if math.isfinite(probability) and 0 <= probability <= 1:
        return None
    return f"expected a probability in [0, 1], got {probability}"


def _samples() -> SampleRequests:
    pairs = (("How do I bake bread?", "How is bread baked?"), ("How do I bake bread?", "How do I cut bread?"))
    return SampleRequests(
        [Reuse(first, second) for first, second in pairs],
        extreme={"an empty prompt": Reuse("", "How is bread baked?")},
        may_be_refused=("an empty prompt",),
    )


REUSE = Capability(
    "reuse",
    Reuse,
    "number",
    check=_problem,
    samples=_samples,
    description="probability that the response to a cached prompt serves another prompt as well",
)
