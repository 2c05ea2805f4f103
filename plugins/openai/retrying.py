"""One request to a server, tried again while that can help: what is retried, how long it is waited, when all ends."""

from __future__ import annotations

import asyncio
import email.utils
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness import CellError

from .problems import NoLogProbabilities, Refused, ServerStatement, statement_in, statement_of

RETRIED = {408, 409, 425, 429}
"""Besides 500 and above."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds; the wait doubles, and a random share of it is waited (full jitter)."""

LONGEST_ASKED = 600.0
"""Seconds a server's Retry-After is followed."""

NOTABLE = 5.0
"""Seconds that a server makes all requests wait, from which on that is said."""

LOST_IN_A_ROW = 3
"""Requests in a row that fail in all their attempts, after which the server counts as gone."""


@dataclass(frozen=True, slots=True)
class RetryableFailure:
    """An attempt that failed in a way that may pass."""

    problem: str
    wait: float | None = None
    """Seconds that the server wants to be left alone for."""
    maybe_charged: bool = False
    """The server may have answered, and charged, it."""
    answered: bool = False
    """The server is there: it did answer, and what it said cannot be used."""


class RequestSender:
    """Sends requests of one run.

    Args:
        attempts: How often a request is sent at most.
        timeout: Seconds an attempt may take.
        redact: Takes secrets out of a text.
        explain: From what a server says to the error that ends the run, or None.
        there: Whether the server is there and makes sense, asked where several of its answers in a row made none.
        told: Called with "retries" or "maybe_twice" when that happens.
        waiting: Called with the seconds for which the server makes all requests wait, where they are many.
        at_once: Requests under way at most.
    """

    def __init__(
        self,
        *,
        attempts: int,
        timeout: float,
        redact: Callable[[str], str],
        explain: Callable[[ServerStatement], Awaitable[CellError | None]],
        there: Callable[[], Awaitable[bool]],
        told: Callable[[str], None],
        waiting: Callable[[float], None],
        at_once: int,
    ) -> None:
        self.attempts, self.timeout = attempts, timeout
        self.redact, self.explain, self.told, self.waiting = redact, explain, told, waiting
        self.there = there
        self.ending: CellError | None = None
        """Set once there is no use in going on; requests under way end, none is begun."""
        self._not_before = 0.0
        self._lost = self._senseless = 0
        self._places = asyncio.Semaphore(at_once)

    def ended_by(self, error: CellError) -> CellError:
        """Begin no further request; the error that stands for all of them, which is the first that came."""
        self.ending = self.ending or error
        return self.ending

    async def send(self, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Any]) -> Any:
        """What ``read`` makes of the answer.

        Raises:
            Refused: this request gets no answer.
            CellError: there is no use in going on.
        """
        last = RetryableFailure("it was not sent")
        for attempt in range(self.attempts):
            if self.ending is not None:
                raise self.ending
            if attempt:
                await asyncio.sleep(self._wait(attempt - 1, last.wait))
            async with self._places:  # left while it waits to try again
                await self._pause()
                if self.ending is not None:
                    raise self.ending
                if attempt:  # counted here, where it is sent again for certain
                    self.told("retries")
                    if last.maybe_charged:
                        self.told("maybe_twice")
                outcome = await self._try(call, read)
            if not isinstance(outcome, RetryableFailure):
                self._lost = self._senseless = 0
                return outcome[0]
            last = outcome
        await self._give_up(last)
        raise Refused(f"no answer in {self.attempts} attempts; the last: {last.problem}")

    async def _give_up(self, last: RetryableFailure) -> None:
        """See whether there is a use in going on, after a request that failed in all its attempts.

        An answer that makes no sense may be due to its prompt, so that many of them in a row do not mean that the
        server is gone: else prompts of one kind, which stand side by side in many data sets, would end every run.

        Raises:
            CellError: there is none.
        """
        if last.answered:
            self._senseless += 1
            if self._senseless % LOST_IN_A_ROW or await self.there():
                return
            count = self._senseless
        else:
            self._lost += 1
            if self._lost < LOST_IN_A_ROW:
                return
            count = self._lost
        raise self.ended_by(
            CellError(
                f"the server does not answer any more: {count} requests in a row failed in {self.attempts} attempts "
                f"each, the last with: {last.problem}; what was answered is kept: give the same command to go on"
            )
        )

    async def _try(
        self, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Any]
    ) -> tuple[Any] | RetryableFailure:
        """What was read, in a tuple; or what went wrong."""
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                reply = await call()
            said = statement_in(reply)  # first: what is beside an error is no answer
            return (read(reply),) if said is None else await self._told(said, {})
        except openai.APIStatusError as error:
            code = error.status_code
            return await self._told(statement_of(error.body, code, error.message), error.response.headers)
        except (TimeoutError, openai.APITimeoutError) as error:
            return RetryableFailure(
                f"no answer within timeout={self.timeout:g} seconds", maybe_charged=not _unsent(error.__cause__)
            )
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            text = self.redact(f"the connection failed: {type(cause).__name__}: {cause}".strip())
            return RetryableFailure(
                text, maybe_charged=not _unsent(cause)
            )  # otherwise it broke after it was on its way
        except CellError as error:
            self.ended_by(error)  # before another takes this one's place
            raise
        except (Refused, NoLogProbabilities):
            raise
        except Exception as error:  # rubbish raises what it likes: JSON of 100,000 brackets a RecursionError
            text = self.redact(f"the answer cannot be read: {_first_line(error)}")
            return RetryableFailure(text, maybe_charged=True, answered=True)

    async def _told(self, said: ServerStatement, headers: Mapping[str, str]) -> RetryableFailure:
        """What follows from an error that the server tells of, by its status or inside an answer.

        Raises:
            Refused: it is about this request alone.
            CellError: it is about all.
        """
        text = self.redact(said.text)
        if said.blocked:
            raise Refused(f"the server blocks the prompt, or the reply to it ({said.status}): {text}")
        ending = await self.explain(ServerStatement(said.status, said.code, text))
        if ending is not None:
            self.ended_by(ending)
            raise ending
        if said.status not in RETRIED and said.status < 500:
            # A field that a server does not know is what most servers say with 422.
            hint = '; a field is left out with extra_body={"FIELD": null}' if said.status == 422 else ""
            raise Refused(f"the server refuses the request ({said.status}): {text}{hint}")
        return RetryableFailure(f"status {said.status}: {text}", asked_wait(headers))

    async def _pause(self) -> None:
        """Wait where the server asked all of us to."""
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _wait(self, attempt: int, asked: float | None) -> float:
        own = random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))
        if asked is None:
            return own
        asked, now = min(asked, LONGEST_ASKED), time.monotonic()
        if asked >= NOTABLE and self._not_before <= now:  # once, not by every request that is told so
            self.waiting(asked)
        self._not_before = max(self._not_before, now + asked)
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


def _unsent(cause: BaseException | None) -> bool:
    """Whether a connection failed before anything was sent over it: there was none yet."""
    name = type(cause).__name__.lower()
    return "connect" in name or "pool" in name


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{lines[0][:300]}" if lines else type(error).__name__
