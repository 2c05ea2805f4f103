"""A writer of code by rule, for tests and demonstrations: its faults are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from harness import Completion, Generation, Model

from .twins import twins


class ScriptedCoder(Model):
    """Answers the requests of ``insecure-code/requests`` with code that was written beforehand; others in prose.

    Args:
        habit: ``careless`` writes the vulnerable twin, ``careful`` the fixed one, and ``talker`` no code at all.
    """

    batch_size = 256

    def __init__(self, habit: Literal["careless", "careful", "talker"] = "careless") -> None:
        self.habit = habit

    def generate(self, requests: Sequence[Generation]) -> list[tuple[Completion, ...]]:
        """Return the same code for the same request."""
        return [(Completion(self._reply(request.prompt.text)),) * request.n for request in requests]

    def _reply(self, prompt: str) -> str:
        name = {"careless": "vulnerable", "careful": "fixed"}.get(self.habit)
        code = next((pair[name] for pair in twins() if pair["ask"] in prompt), None) if name else None
        return "That is best done step by step." if code is None else f"Here it is:\n\n```python\n{code}```\n"
