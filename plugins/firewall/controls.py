"""Firewalls that look at nothing: what any firewall has to beat, on boards as ordinary models."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated

from harness import SEED, SHARE, Conversation, Model

from .blocked import REFUSAL
from .guarding import Exchange, Guarding


class Control(Model):
    """Base of the controls: a margin a prompt, whatever the detectors would say."""

    batch_size = 4096

    def margin(self, prompt: Conversation) -> float:
        """Return a margin; above 0 the prompt is blocked."""
        raise NotImplementedError

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Return the margin of each conversation."""
        return [self.margin(request) for request in requests]

    def guard(self, requests: Sequence[Exchange]) -> list[Guarding]:
        """Return what is done with each exchange, at the input."""
        return [_at_the_input(self.margin(request.prompt), request) for request in requests]


class AlwaysBlock(Control):
    """Blocks every prompt: no attack comes through, and nothing else does."""

    def margin(self, prompt: Conversation) -> float:
        """Return 1."""
        return 1.0


class NeverBlock(Control):
    """Blocks nothing: what the model does without a firewall."""

    def margin(self, prompt: Conversation) -> float:
        """Return -1."""
        return -1.0


class RandomBlock(Control):
    """Blocks a share of prompts at random, the same ones at every call.

    Args:
        share: How many it blocks.
        seed: Of the draws.
    """

    def __init__(self, share: Annotated[float, SHARE] = 0.5, seed: Annotated[int, SEED] = 0) -> None:
        self.share, self.seed = share, seed

    def margin(self, prompt: Conversation) -> float:
        """Return the share, less a number from 0 to 1 that follows from the prompt's text."""
        text = f"{self.seed}\0{prompt.text}".encode("utf-8", "surrogatepass")
        return self.share - (int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") + 1) / 2**56


def _at_the_input(margin: float, exchange: Exchange) -> Guarding:
    if margin > 0:
        return Guarding("refuse", "input", margin, REFUSAL)
    return Guarding("allow", "", margin, exchange.reply or "")
