"""One request to a server, tried again while that can help: what is retried, how long it is waited, when all ends."""

from __future__ import annotations

import asyncio
import email.utils
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from harness import Failure
from harness.errors import CellError

RETRIED = {408, 409, 425, 429}
"""Besides 500 and above."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds; the wait doubles, and a random share of it is waited (full jitter)."""

LONGEST_ASKED = 600.0
"""Seconds a server's Retry-After is followed."""

LOST_IN_A_ROW = 3
"""Requests in a row that fail in all their attempts, after which the server counts as gone."""


class Garbled(Exception):
    """An answer that is not of the shape it should have; the text says what came."""


class Refused(Exception):
    """The server will not answer this request; trying again cannot help."""


class Doubtful:
    """Stands for a wait: the attempt failed in such a way that the server may have answered, and charged, it."""


class Sender:
    """Sends requests of one run.

    Args:
        attempts: How often a request is sent at most.
        timeout: Seconds an attempt may take.
        redact: Takes secrets out of a text.
        explain: From a status and the server's message to the error that ends the run, or None.
        told: Called with "retries" or "maybe_twice" when that happens.
        at_once: Requests under way at most.
    """

    def __init__(
        self,
        *,
        attempts: int,
        timeout: float,
        redact: Callable[[str], str],
        explain: Callable[[int, str, str], Awaitable[CellError | None]],
        told: Callable[[str], None],
        at_once: int,
    ) -> None:
        self.attempts, self.timeout = attempts, timeout
        self.redact, self.explain, self.told = redact, explain, told
        self.ending: CellError | None = None
        """Set once there is no use in going on; requests under way end, none is begun."""
        self._not_before = 0.0
        self._lost = 0
        self._places = asyncio.Semaphore(at_once)

    async def send(self, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Any]) -> Any:
        """What ``read`` makes of the answer.

        Raises:
            Refused: the server refuses this request.
            CellError: there is no use in going on.
        """
        problem = "it was not sent"
        for attempt in range(self.attempts):
            if self.ending is not None:
                raise self.ending
            if attempt:
                self.told("retries")
            async with self._places:  # left while it waits to try again
                await self._pause()
                if self.ending is not None:
                    raise self.ending
                problem, found = await self._try(call, read)
            if problem is None:
                self._lost = 0
                return found
            if attempt + 1 < self.attempts:
                if found is Doubtful:
                    self.told("maybe_twice")
                await asyncio.sleep(self._wait(attempt, None if found is Doubtful else found))
        self._lost += 1
        if self._lost >= LOST_IN_A_ROW:
            self.ending = self.ending or CellError(
                f"the server does not answer any more: {self._lost} requests in a row failed in {self.attempts} "
                f"attempts each, the last with: {problem}; what was answered is kept: give the same command to go on"
            )
            raise self.ending
        raise Refused(f"no answer in {self.attempts} attempts; the last: {problem}")

    async def _try(self, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Any]) -> tuple[Any, Any]:
        """(None, what was read), or (what went wrong, seconds the server wants us to wait or `Doubtful`)."""
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                return None, read(await call())
        except openai.APIStatusError as error:
            text = self.redact(_message(error))
            code = str(getattr(error, "code", "") or "")
            ending = await self.explain(error.status_code, code, text)
            if ending is not None:
                self.ending = self.ending or ending
                raise ending from None
            if error.status_code not in RETRIED and error.status_code < 500:
                raise Refused(f"the server refuses the request ({error.status_code}): {text}") from None
            return f"status {error.status_code}: {text}", asked_wait(error.response.headers)
        except (TimeoutError, openai.APITimeoutError):
            return f"no answer within timeout={self.timeout:g} seconds", Doubtful
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            # Otherwise it broke after the request was on its way.
            unsent = "connect" in type(cause).__name__.lower()
            text = self.redact(f"the connection failed: {type(cause).__name__}: {cause}".strip())
            return text, None if unsent else Doubtful
        except (Garbled, ValueError, openai.APIError) as error:  # rubbish instead of JSON raises several kinds
            return self.redact(f"the answer cannot be read: {_first_line(error)}"), Doubtful

    async def _pause(self) -> None:
        """Wait where the server asked all of us to."""
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _wait(self, attempt: int, asked: float | None) -> float:
        own = random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))
        if asked is None:
            return own
        asked = min(asked, LONGEST_ASKED)
        self._not_before = max(self._not_before, time.monotonic() + asked)
        return max(asked, own)  # a server that always says 0 must not be asked again at once


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to be left alone for: ``retry-after-ms``, ``Retry-After`` in seconds or as a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        given = headers.get("retry-after")
        if given is None:
            return None
        if given.replace(".", "", 1).isdigit():
            return float(given)
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _message(error: Any) -> str:
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        text = inner.get("message") if isinstance(inner, dict) else inner
        return str(text or error.message)[:500]
    return str(body or error.message)[:500]


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{lines[0][:300]}" if lines else type(error).__name__


def failure_of(error: Refused) -> Failure:
    """The refusal as a response."""
    return Failure(str(error))
