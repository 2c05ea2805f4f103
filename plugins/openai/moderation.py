"""The moderation endpoint of a server: how sure it is, category by category, that a text is harmful."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from harness import COUNT, COUNT_OR_NONE, CellError, Conversation, Failure, Range, Request, Response
from harness.errors import did_you_mean

from .served import Served
from .settings import OPENAI

LEAST = 1e-15
"""Scores are kept so far from 0 and 1: log-odds end at 34.5 nats."""


class Moderation(Served):
    """Log-odds, ln(s / (1 - s)) in nats, of the greatest score s over the server's categories.

    The text is that of all messages, a blank line between them. A category that the server gives no score for a text
    counts for nothing.

    Args:
        model: Its name on the server.
        category: Only this one, or several joined by ``+``; default: all.
        base_url: The server; default: OpenAI's own.
        api_key_variable: Environment variable that holds the key.
        served_as: What the server serves, where the same may lie at another address.
        concurrency: Requests under way at once.
        attempts: How often a request is sent at most.
        timeout: Seconds an attempt may take.
        token_budget: Tokens of one run at most, as estimated, since the endpoint counts none; 0: no limit.
    """

    streamed: ClassVar[tuple[str, ...]] = ("detect",)

    def __init__(
        self,
        model: str = "omni-moderation-latest",
        category: str = "",
        base_url: str = OPENAI,
        api_key_variable: str = "OPENAI_API_KEY",
        served_as: str = "",
        concurrency: Annotated[int, COUNT] = 16,
        attempts: Annotated[int, COUNT] = 8,
        timeout: Annotated[float, Range(above=0)] = 60.0,
        token_budget: Annotated[int, COUNT_OR_NONE] = 0,
        api_key: str = "",
    ) -> None:
        super().__init__(
            model=model,
            base_url=base_url,
            api="moderations",
            api_key_variable=api_key_variable,
            api_key=api_key,
            served_as=served_as,
            concurrency=concurrency,
            attempts=attempts,
            timeout=timeout,
            token_budget=token_budget,
        )
        self.category = category

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Log-odds in nats of each conversation."""
        return self._all("detect", requests)

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Log-odds as they arrive.

        Raises:
            CellError: the server has no such category, or there is no use in going on.
        """
        for index, answer in super().stream(capability, requests):
            yield index, answer if isinstance(answer, Failure) else self._log_odds(answer)

    def _log_odds(self, scores: Mapping[str, float]) -> float:
        wanted = str(self.category).split("+") if self.category else list(scores)
        for name in wanted:
            if name not in scores:
                hint = did_you_mean(name, scores)
                text = f"category={name}: the server gives none of that name{hint}; it gives: {_listed(scores)}"
                raise CellError(self.settings.redact(text))
        greatest = min(max(max(scores[name] for name in wanted), LEAST), 1.0 - LEAST)
        return math.log(greatest) - math.log1p(-greatest)


def _listed(scores: Mapping[str, float]) -> str:
    return ", ".join(sorted(scores))
