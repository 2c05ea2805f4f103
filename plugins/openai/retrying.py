"""Sends one request to a server, again while that can help; decides on waits, and on the end of the whole run."""

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
"""Statuses that are tried again, besides 500 and above."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds; the wait doubles with every attempt, and a random share of it is waited (full jitter)."""

LONGEST_ASKED = 600.0
"""Most seconds for which a server's Retry-After is followed."""

NOTABLE = 5.0
"""Least seconds of a wait for all requests that is reported."""

LOST_IN_A_ROW = 3
"""Number of requests in a row that fail in all attempts after which the server counts as gone."""


@dataclass(frozen=True, slots=True)
class RetryableFailure:
    """A failed attempt whose cause may pass."""

    problem: str
    wait: float | None = None
    """Seconds for which the server asks to be left alone."""
    maybe_charged: bool = False
    """Whether the server may have answered, and charged, the attempt."""
    answered: bool = False
    """Whether the server did answer, with something that cannot be used."""


class RequestSender:
    """Sends the requests of one run.

    Args:
        attempts: Most times that a request is sent.
        timeout: Seconds an attempt may take.
        redact: Removes secrets from a text.
        explain: Turns a server's statement into the error that ends the run, or None.
        there: Tells whether the server is there and makes sense; asked after several senseless answers in a row.
        told: Called with "retries" or "maybe_twice" when that happens.
        waiting: Called with the seconds for which the server makes all requests wait, if they are many.
        at_once: Most requests under way.
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
        """Set once going on is useless; requests under way end, and none is begun."""
        self._not_before = 0.0
        self._lost = self._senseless = 0
        self._places = asyncio.Semaphore(at_once)

    def ended_by(self, error: CellError) -> CellError:
        """Begin no further request, and return the error that stands for all: the first that came."""
        self.ending = self.ending or error
        return self.ending

    async def send(self, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Any]) -> Any:
        """Send a request, and return the result of ``read`` on the answer.

        Raises:
            Refused: this request gets no answer.
            CellError: going on is useless.
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
        """Decide whether to go on after a request that failed in all its attempts.

        A senseless answer may be due to its prompt, so that many senseless answers in a row do not mean that the server
        is gone: else prompts of one kind, which stand side by side in many data sets, would end every run.

        Raises:
            CellError: the server counts as gone.
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
        """Make one attempt; return the value that was read, in a tuple, or the failure."""
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                reply = await call()
            statement = statement_in(reply)  # first: anything beside an error is no answer
            return (read(reply),) if statement is None else await self._told(statement, {})
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

    async def _told(self, statement: ServerStatement, headers: Mapping[str, str]) -> RetryableFailure:
        """Act on an error that the server states, by its status or inside an answer.

        Raises:
            Refused: the error concerns this request alone.
            CellError: the error concerns all requests.
        """
        text = self.redact(statement.text)
        if statement.blocked:
            raise Refused(f"the server blocks the prompt, or the reply to it ({statement.status}): {text}")
        ending = await self.explain(ServerStatement(statement.status, statement.code, text))
        if ending is not None:
            self.ended_by(ending)
            raise ending
        if statement.status not in RETRIED and statement.status < 500:
            # A field that a server does not know is what most servers say with 422.
            hint = '; a field is left out with extra_body={"FIELD": null}' if statement.status == 422 else ""
            raise Refused(f"the server refuses the request ({statement.status}): {text}{hint}")
        return RetryableFailure(f"status {statement.status}: {text}", asked_wait(headers))

    async def _pause(self) -> None:
        """Wait as long as the server asked all requests to wait."""
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _wait(self, attempt: int, asked: float | None) -> float:
        jittered = random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))
        if asked is None:
            return jittered
        asked, now = min(asked, LONGEST_ASKED), time.monotonic()
        if asked >= NOTABLE and self._not_before <= now:  # once, not by every request that is told so
            self.waiting(asked)
        self._not_before = max(self._not_before, now + asked)
        return max(asked, jittered)  # a server that always says 0 must not be asked again at once


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Read the seconds of ``retry-after-ms`` or of ``Retry-After``, in seconds or as a date; None without either."""
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
    """Tell whether a connection failed before anything was sent over it."""
    name = type(cause).__name__.lower()
    return "connect" in name or "pool" in name


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{lines[0][:300]}" if lines else type(error).__name__
