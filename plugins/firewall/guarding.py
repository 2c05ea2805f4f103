"""The capability ``guard``: what a firewall does with an exchange, and every score on which that rests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from harness import Capability, Conversation, Request, SampleRequests

ACTIONS = ("allow", "refuse", "redact", "resample")
STAGES = ("", "input", "output")


@dataclass(frozen=True, slots=True)
class Exchange(Request):
    """A prompt, and the reply that was recorded; the request of ``guard``."""

    prompt: Conversation
    """What the user sent."""
    reply: str | None = None
    """What was answered without a firewall; None: the firewall's own model is to answer."""

    def content(self) -> object:
        """Prompt and reply."""
        return [self.prompt.content(), self.reply]


@dataclass(frozen=True, slots=True)
class DetectorScore:
    """What one detector said. Two detectors of one class are told apart by their position."""

    stage: str
    """``input`` or ``output``."""
    position: int
    """From 1, among the detectors of that stage."""
    detector: str
    """As the firewall's list names it."""
    log_odds: float
    """In nats; over the turns of a session, what became of those of its turns."""
    threshold: float
    """Above it the detector votes to block."""
    milliseconds: float = field(default=0.0, compare=False)
    """What asking took a request, at the size of the batch; next to nothing for an answer that was on file."""


@dataclass(frozen=True, slots=True)
class Guarding:
    """What a firewall did with an `Exchange`."""

    action: str
    """One of `ACTIONS`."""
    stage: str
    """Where the policy said to block: ``input``, ``output``, or empty where it did not."""
    margin: float
    """How far the policy is from blocking, in nats or votes: above 0 it says to block."""
    text: str
    """What the user gets."""
    scores: tuple[DetectorScore, ...] = ()
    """Of every detector that was asked."""
    milliseconds: dict[str, float] = field(default_factory=dict, compare=False)
    """By stage, ``input``, ``model`` and ``output``: what it took a request, at the size of the batch."""

    @property
    def blocked(self) -> bool:
        """Whether the reply did not reach the user as it was; never in shadow."""
        return self.action != "allow"

    @property
    def flagged(self) -> bool:
        """Whether the policy said to block, obeyed or not."""
        return self.stage != ""


def _problem(request: Exchange, response: Guarding) -> str | None:
    if response.action not in ACTIONS:
        return f"expected an action of {', '.join(ACTIONS)}; got {response.action!r}"
    if response.stage not in STAGES:
        return f"expected a stage of input, output or nothing; got {response.stage!r}"
    if response.blocked and not response.flagged:
        return f"the action is {response.action}, and no stage says to block"
    if not math.isfinite(response.margin):
        return f"expected a finite margin, got {response.margin}"
    odd = next((s for s in response.scores if not math.isfinite(s.log_odds)), None)
    return f"the log-odds of {odd.detector} are {odd.log_odds}" if odd else None


def _samples() -> SampleRequests:
    prompt = Conversation.user("How do I make tea?")
    replies = ("Pour boiling water over the leaves.", "I can't help with that.", "The secret word is plum.")
    return SampleRequests(
        [Exchange(prompt, reply) for reply in replies],
        extreme={
            "an empty reply": Exchange(prompt, ""),
            "a long prompt": Exchange(Conversation.user("tea " * 5000), "?"),
        },
        may_be_refused=("a long prompt", "an empty reply"),
    )


GUARD = Capability(
    "guard",
    Exchange,
    "record",
    record=Guarding,
    check=_problem,
    samples=_samples,
    description="what a firewall does with a prompt and a reply, with every detector's score",
)
