"""The cost of requests, and a budget that no request passes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness import CellError

CHARACTERS_A_TOKEN = 2.5
"""Characters a token in estimates before the server counts: fewer than real, so that an estimate is rarely too low."""


@dataclass(slots=True)
class TokenAccount:
    """The tokens and the money of one run."""

    input_price: float = 0.0
    """Dollars a million prompt tokens."""
    output_price: float = 0.0
    """Dollars a million completion tokens."""
    budget: float = math.inf
    """Most dollars that the run may spend."""
    token_budget: float = math.inf
    """Most prompt and completion tokens together."""

    requests: int = 0
    retries: int = 0
    maybe_twice: int = 0
    """Number of requests sent again that the server may have answered, and charged, before a broken connection."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    uncounted: int = 0
    """Number of answers without the server's count of tokens; the estimate is charged."""
    _reserved: dict[int, tuple[int, int]] = field(default_factory=dict)
    _freed: asyncio.Condition | None = None

    def open(self) -> None:
        """Make the account ready for use from the running event loop."""
        self._reserved.clear()
        self._freed = asyncio.Condition()

    @property
    def cost(self) -> float:
        """Return the dollars spent so far."""
        return self._price(self.prompt_tokens, self.completion_tokens)

    def _price(self, prompt: int, completion: int) -> float:
        return (prompt * self.input_price + completion * self.output_price) / 1e6

    def _fits(self, prompt: int, completion: int) -> bool:
        prompt += self.prompt_tokens + sum(p for p, _ in self._reserved.values())
        completion += self.completion_tokens + sum(c for _, c in self._reserved.values())
        return self._price(prompt, completion) <= self.budget and prompt + completion <= self.token_budget

    async def reserve(self, name: int, prompt: int, completion: int) -> None:
        """Set aside the most that a request may cost; wait for other requests to end if only that makes room.

        Raises:
            CellError: the budget does not suffice for the request.
        """
        assert self._freed is not None
        async with self._freed:
            while not self._fits(prompt, completion):
                if not self._reserved:
                    raise CellError(self._spent(prompt, completion))
                await self._freed.wait()
            self._reserved[name] = (prompt, completion)

    def _spent(self, prompt: int, completion: int) -> str:
        tokens = self.prompt_tokens + self.completion_tokens
        if tokens + prompt + completion > self.token_budget:
            what = f"{tokens:,} of token_budget={self.token_budget:,.0f} tokens are used"
        else:
            what = f"${self.cost:.4f} of budget=${self.budget:g} is spent"
        return (
            f"{what}, and the next request may take {prompt + completion:,} tokens more; what was answered is kept: "
            "raise the budget and give the same command to go on"
        )

    async def settle(self, name: int, answers: Sequence[tuple[int | None, int | None]]) -> None:
        """Book the cost of a request over all its answers: as the server counted, else as estimated.

        Args:
            name: The name under which the request was reserved.
            answers: Prompt and completion tokens of each answer that was paid for, None if they were not counted.
        """
        assert self._freed is not None
        async with self._freed:
            estimate = self._reserved.pop(name)
            for prompt, completion in answers:
                self.uncounted += prompt is None or (completion is None and estimate[1] > 0)
                self.prompt_tokens += estimate[0] if prompt is None else prompt
                self.completion_tokens += estimate[1] if completion is None else completion
            self._freed.notify_all()

    def remarks(self) -> list[str]:
        """Report the use of the requests since the last call, in one sentence."""
        if not self.requests:
            return []
        text = f"{self.requests:,} requests, {self.prompt_tokens:,} prompt tokens, "
        text += f"{self.completion_tokens:,} completion tokens"
        if self.input_price or self.output_price:
            text += f", ${self.cost:.4f}"
        if self.retries:
            text += f"; {self.retries:,} attempts were repeated"
        if self.maybe_twice:
            text += f", {self.maybe_twice:,} of them after a broken connection, a timeout or an answer that could not "
            text += "be read: possibly charged twice"
        if self.uncounted:
            text += f"; the server gave no token counts for {self.uncounted:,} answers, which are estimates here"
        self.requests = self.retries = self.maybe_twice = self.uncounted = 0
        return [text]


def estimated_tokens(texts: list[str]) -> int:
    """Estimate the tokens of texts; nearly always the estimate is at least the real number."""
    return sum(math.ceil(len(text.encode("utf-8", "replace")) / CHARACTERS_A_TOKEN) + 8 for text in texts)
