"""One stream of requests to a server: workers under a limit, in an event loop of their own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from harness import CellError, Failure, Request, Response

from .account import TokenAccount
from .greeting import explained, makes_sense
from .problems import NoLogProbabilities, Refused
from .questions import TEXTS_A_REQUEST, TOGETHER, Questions
from .replies import usage
from .retrying import RequestSender
from .settings import Settings

log = logging.getLogger(__name__)

CONNECTIONS_A_CLIENT = 8
"""Connections of one client: a client searches all its connections for every request."""


def streamed_answers(
    settings: Settings, account: TokenAccount, capability: str, requests: Sequence[Request]
) -> Iterator[tuple[int, Response]]:
    """Yield answers in the order in which they arrive.

    Args:
        settings: The settings of the server.
        account: The account that the requests are booked on.
        capability: The capability that is asked for.
        requests: All requests.

    Raises:
        CellError: going on is useless.
    """
    arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    session = _Session(settings, account, capability, requests, arrived.put)

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                arrived.put(runner.run(session.run()))
        except asyncio.CancelledError:
            arrived.put(None)
        except BaseException as error:  # raised where the answers are read
            arrived.put(error)

    thread = threading.Thread(target=work, name="openai", daemon=True)
    thread.start()
    ended = False
    try:
        while isinstance(answer := arrived.get(), tuple):
            yield answer
        ended = True
        if answer is not None:
            raise answer
    finally:
        if not ended:  # the reader went away: interrupted, or it has enough
            with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
                loop.call_soon_threadsafe(session.cancel)
        thread.join()


class _Session:
    def __init__(
        self,
        settings: Settings,
        account: TokenAccount,
        capability: str,
        requests: Sequence[Request],
        give: Callable[[Any], None],
    ) -> None:
        self.settings, self.account = settings, account
        self.capability, self.requests, self.give = capability, requests, give
        self._clients: Iterator[Any] = iter(())
        self.tasks: list[asyncio.Task[None]] = []
        self.sender = RequestSender(
            attempts=settings.attempts,
            timeout=settings.timeout,
            redact=settings.redact,
            explain=lambda statement: explained(settings, self._client(), statement),
            there=lambda: makes_sense(self._client()),
            told=self._told,
            waiting=self._waiting,
            at_once=settings.concurrency,
        )
        self.questions = Questions(settings, self._client, self._send)

    def _client(self) -> Any:
        """Return the client whose turn it is."""
        return next(self._clients)

    def _told(self, what: str) -> None:
        setattr(self.account, what, getattr(self.account, what) + 1)

    def _waiting(self, seconds: float) -> None:
        # Nothing else would show for minutes that the run is alive, and that it is the server that wants it so.
        log.warning("%s asks to be left alone: all requests wait %.0f s", self.settings.base_url, seconds)

    def cancel(self) -> None:
        """Cancel all requests under way."""
        for task in self.tasks:
            task.cancel()

    async def run(self) -> CellError | None:
        """Work through all requests; return the error that ended the run early, if there was one."""
        self.account.open()
        step = TEXTS_A_REQUEST if self.capability in TOGETHER else 1
        groups = iter([range(i, min(i + step, len(self.requests))) for i in range(0, len(self.requests), step)])
        # More workers than requests under way: one that waits to try again leaves its place to another.
        count = min(2 * self.settings.concurrency, -(-len(self.requests) // step))
        async with contextlib.AsyncExitStack() as stack:
            needed = -(-min(count, self.settings.concurrency) // CONNECTIONS_A_CLIENT)
            clients = [await stack.enter_async_context(self.settings.client()) for _ in range(max(1, needed))]
            self._clients = itertools.cycle(clients)
            self.tasks = [asyncio.create_task(self._worker(groups)) for _ in range(count)]
            results = await asyncio.gather(*self.tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, CellError):
                raise result
        return self.sender.ending

    async def _worker(self, groups: Iterator[range]) -> None:
        for group in groups:
            if self.sender.ending is not None:
                return
            try:
                answers = await self.questions.answers(self.capability, [self.requests[i] for i in group])
                for index, answer in list(zip(group, answers, strict=True)):
                    self.give((index, answer))
            except CellError as error:
                self.sender.ended_by(error)
                return
            except Exception as error:  # what nobody foresaw fails its own requests, and has no other asked again
                reason = self.settings.redact(f"the answer cannot be read: {type(error).__name__}: {error}"[:500])
                for index in group:
                    self.give((index, Failure(reason)))

    async def _send(
        self, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Any], prompt: int, most: int
    ) -> Any:
        """Send a call within the budget, and book its cost."""
        name = self.account.requests
        self.account.requests += 1
        await self.account.reserve(name, prompt, most)
        counted: list[tuple[int | None, int | None]] = []

        def reading(reply: Any) -> Any:
            cost = usage(reply)
            try:
                result = read(reply)
            except Exception as error:  # an answer of no use, which was paid for where the server says so
                if isinstance(error, Refused) or None not in cost:
                    counted.append(cost)
                raise
            counted.append(cost)
            fingerprint = getattr(reply, "system_fingerprint", None)
            if fingerprint:
                self.settings.fingerprints.add(self.settings.redact(str(fingerprint)))
            return result

        try:
            return await self.sender.send(call, reading)
        except NoLogProbabilities:
            ending = CellError(
                f"the server at {self.settings.base_url} took the request for log-probabilities and answered without: "
                "it does not support them; use a server that does, or ask for text (generate)"
            )
            self.sender.ended_by(ending)  # before another takes this one's place
            raise ending from None
        finally:
            # Shielded, since a cancelled request is booked too: its answers may have been paid for.
            await asyncio.shield(self.account.settle(name, counted))
