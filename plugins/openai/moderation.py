"""The moderation endpoint of a server: its certainty, category by category, that a text is harmful."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from harness import COUNT, COUNT_OR_NONE, CellError, Conversation, Failure, Range, Request, Response
from harness.errors import did_you_mean

from .served import Served
from .settings import OPENAI

LEAST = 1e-15
"""Least distance of scores from 0 and 1: log-odds end at 34.5 nats."""


class Moderation(Served):
    """Answers with ln(s / (1 - s)) in nats, for the greatest score s over the server's categories.

    The text is that of all messages, with a blank line between them. A category without a score for a text does not
    count.

    Args:
        model: The model's name on the server.
        category: The category that counts, or several joined by ``+``; default: all.
        base_url: The server; default: OpenAI's own.
        api_key_variable: Environment variable that holds the key.
        served_as: Name of the served model if it may lie at another address.
        concurrency: Most requests under way at once.
        attempts: Most times that a request is sent.
        timeout: Seconds an attempt may take.
        token_budget: Most tokens of one run, as estimated, since the endpoint counts none; 0: no limit.
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
        """Return the log-odds of each conversation in nats."""
        return self._all("detect", requests)

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield log-odds as they arrive.

        Raises:
            CellError: the server has no such category, or going on is useless.
        """
        for index, answer in super().stream(capability, requests):
            yield index, answer if isinstance(answer, Failure) else self._log_odds(answer)

    def _log_odds(self, scores: Mapping[str, float]) -> float:
        categories = str(self.category).split("+") if self.category else list(scores)
        for name in categories:
            if name not in scores:
                hint = did_you_mean(name, scores)
                text = f"category={name}: the server gives none of that name{hint}; it gives: {_listed(scores)}"
                raise CellError(self.settings.redact(text))
        greatest = min(max(max(scores[name] for name in categories), LEAST), 1.0 - LEAST)
        return math.log(greatest) - math.log1p(-greatest)


def _listed(scores: Mapping[str, float]) -> str:
    return ", ".join(sorted(scores))
