"""One stream of requests to a server: workers under a limit, in an event loop of their own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness_plugins.openai import answers
from harness_plugins.openai.account import Account, estimated_tokens
from harness_plugins.openai.retrying import Refused, Sender, failure_of

from harness import Choice, Continuation, Conversation, Failure, Generation, Text
from harness.capabilities import Completion, Request, Response
from harness.errors import CellError, did_you_mean

OPENAI = "https://api.openai.com/v1"

TOP = {"chat": 20, "completions": 5}
"""Likeliest tokens asked for: the most that every server gives."""

TEXTS_A_REQUEST = 32
"""Of embeddings."""

CONNECTIONS_A_CLIENT = 8
"""The client looks through all its connections for every request; several clients look through fewer."""

GREETING = 10.0
"""Seconds that the server has to say which models it serves."""


@dataclass
class Settings:
    """What a stream needs to know."""

    model: str
    base_url: str
    api: str
    concurrency: int
    attempts: int
    timeout: float
    limit_as: str
    extra_body: dict[str, Any]
    key: str = field(default="", repr=False)
    key_variable: str = ""
    fingerprints: set[str] = field(default_factory=set)
    tokenizer: Any = None
    token_ids: dict[str, int] = field(default_factory=dict)

    def use_tokenizer(self, source: str) -> None:
        """Load a tokenizer of transformers.

        Raises:
            CellError: there is none.
        """
        from transformers import AutoTokenizer

        try:
            self.tokenizer = AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError) as error:
            raise CellError(f"no tokenizer can be loaded from {source!r}: {str(error).splitlines()[0]}") from error
        texts = self.tokenizer.batch_decode([[i] for i in range(len(self.tokenizer))])
        for i, text in reversed(list(enumerate(texts))):  # of tokens of one text, the first
            self.token_ids[text] = i

    def redact(self, text: str) -> str:
        """The text without the key."""
        return text.replace(self.key, "[key]") if len(self.key) > 3 else text

    def client(self) -> Any:
        """The official client; its own retries are off."""
        import openai

        # A server that asks for no key still gets a header, which must not be empty.
        # Without TLS there are no certificates to load, which takes longer than several requests.
        plain = openai.DefaultAsyncHttpxClient(verify=False) if self.base_url.startswith("http:") else None
        return openai.AsyncOpenAI(
            base_url=self.base_url,
            api_key=self.key or "none",
            max_retries=0,
            timeout=self.timeout,
            http_client=plain,
        )

    def plain_text(self, conversation: Conversation) -> str:
        """A conversation for a server that completes text.

        Raises:
            Refused: it is a chat, and there is no tokenizer to render it.
        """
        if all(m.role == "text" for m in conversation.messages):
            return conversation.text
        if self.tokenizer is None or not self.tokenizer.chat_template:
            raise Refused("api=completions takes plain text; give tokenizer= with a chat template, or api=chat")
        last = conversation.messages[-1].role == "assistant"
        return str(
            self.tokenizer.apply_chat_template(
                _messages(conversation), tokenize=False, add_generation_prompt=not last, continue_final_message=last
            )
        )


def _messages(conversation: Conversation) -> list[dict[str, str]]:
    return [{"role": "user" if m.role == "text" else m.role, "content": m.content} for m in conversation.messages]


def greet(settings: Settings) -> None:
    """See that there is a server and that it takes the key.

    Raises:
        CellError: no answer, or the key is refused.
    """
    import openai

    async def ask() -> None:
        async with settings.client() as client:
            for attempt in range(3):
                try:
                    async with asyncio.timeout(GREETING):
                        await client.models.list()
                    return
                except openai.APIStatusError as error:
                    ending = await _explained(settings, client, error.status_code, "", settings.redact(str(error)))
                    if ending is not None and error.status_code in (401, 403):
                        raise ending from None
                    return  # a server need not list its models
                except (openai.APIConnectionError, TimeoutError) as error:
                    cause = error.__cause__ or error
                    if attempt == 2:
                        raise CellError(
                            f"no server answers at {settings.base_url}: "
                            f"{settings.redact(str(cause) or type(cause).__name__)}; start it, or mend base_url="
                        ) from None
                    await asyncio.sleep(0.3 * 2**attempt)
                except (openai.APIError, ValueError, AttributeError, TypeError):
                    return  # rubbish: the requests themselves will show

    asyncio.run(ask())


async def _explained(settings: Settings, client: Any, status: int, code: str, text: str) -> CellError | None:
    """The error that ends the run, for a status that concerns every request."""
    if status in (401, 403):
        held = f"the key in {settings.key_variable}" if settings.key else f"no key is in {settings.key_variable}, which"
        return CellError(f"{settings.base_url} refuses {held} ({status}): {text}")
    if code == "insufficient_quota":
        return CellError(f"{settings.base_url}: {text}")
    wrong = status == 404 or code == "model_not_found" or (status == 400 and "model" in text and "not" in text)
    if not wrong:
        return None
    try:
        async with asyncio.timeout(GREETING):
            served = [str(model.id) for model in (await client.models.list()).data]
    except Exception:  # whatever comes: the list only improves the message
        served = []
    if settings.model in served:
        return None if status == 400 else CellError(f"{settings.base_url} does not know api={settings.api}: {text}")
    hint = f"{did_you_mean(settings.model, served)}; it serves: {', '.join(served[:10])}" if served else ""
    return CellError(f"the server at {settings.base_url} has no model {settings.model!r} ({status}: {text}){hint}")


def streamed_answers(
    settings: Settings, account: Account, capability: str, requests: Sequence[Request]
) -> Iterator[tuple[int, Response]]:
    """Answers in the order in which they arrive.

    Raises:
        CellError: there is no use in going on.
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
        account: Account,
        capability: str,
        requests: Sequence[Request],
        give: Callable[[Any], None],
    ) -> None:
        self.settings, self.account = settings, account
        self.capability, self.requests, self.give = capability, requests, give
        self._clients: Iterator[Any] = iter(())
        self.tasks: list[asyncio.Task[None]] = []
        self.sender = Sender(
            attempts=settings.attempts,
            timeout=settings.timeout,
            redact=settings.redact,
            explain=lambda status, code, text: _explained(settings, self.client, status, code, text),
            told=self._told,
        )

    @property
    def client(self) -> Any:
        """The client whose turn it is."""
        return next(self._clients)

    def _told(self, what: str) -> None:
        setattr(self.account, what, getattr(self.account, what) + 1)

    def cancel(self) -> None:
        """Give up what is under way."""
        for task in self.tasks:
            task.cancel()

    async def run(self) -> CellError | None:
        """Work through all requests; the error that ended it early, if one did."""
        self.account.open()
        step = TEXTS_A_REQUEST if self.capability == "embed" else 1
        groups = iter([range(i, min(i + step, len(self.requests))) for i in range(0, len(self.requests), step)])
        count = min(self.settings.concurrency, -(-len(self.requests) // step))
        async with contextlib.AsyncExitStack() as stack:
            wanted = -(-count // CONNECTIONS_A_CLIENT)
            clients = [await stack.enter_async_context(self.settings.client()) for _ in range(max(1, wanted))]
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
                for index, answer in zip(group, await self._answer(group), strict=True):
                    self.give((index, answer))
            except CellError as error:
                self.sender.ending = self.sender.ending or error
                return

    async def _answer(self, group: range) -> list[Response]:
        if self.capability == "embed":
            return await self._embed([self.requests[i] for i in group])
        ways: dict[str, Callable[[Any], Awaitable[Response]]] = {
            "generate": self._generate,
            "choose": self._choose,
            "next_token": self._next_token,
            "loglikelihood": self._loglikelihood,
        }
        try:
            return [await ways[self.capability](self.requests[group[0]])]
        except Refused as error:
            return [failure_of(error)]

    async def _send(
        self, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Any], prompt: int, most: int
    ) -> Any:
        """Send within the budget, and book what it took."""
        name = self.account.requests
        self.account.requests += 1
        await self.account.reserve(name, prompt, most)
        counted: list[tuple[int | None, int | None]] = []

        def reading(reply: Any) -> Any:
            found = read(reply)
            counted.append(answers.usage(reply))
            fingerprint = getattr(reply, "system_fingerprint", None)
            if fingerprint:
                self.settings.fingerprints.add(str(fingerprint))
            return found

        try:
            return await self.sender.send(call, reading)
        except answers.NoLogProbabilities:
            raise CellError(
                f"the server at {self.settings.base_url} took the request for log-probabilities and answered without: "
                "it does not support them; use a server that does, or ask for text (generate)"
            ) from None
        finally:
            spent = counted[-1] if counted else (None, None)
            await asyncio.shield(self.account.settle(name, *spent, answered=bool(counted)))

    def _create(self, conversation: Conversation, most: int, **fields: Any) -> tuple[Callable[[], Awaitable[Any]], int]:
        """The call that has a conversation continued, and the estimate of its prompt's tokens."""
        fields = {"model": self.settings.model, self.settings.limit_as: most, **fields}
        extra = self.settings.extra_body or None
        if self.settings.api == "completions":
            text = self.settings.plain_text(conversation)
            return lambda: self.client.completions.create(prompt=text, extra_body=extra, **fields), estimated_tokens(
                [text]
            )
        messages = _messages(conversation)
        texts = [message["content"] for message in messages]
        return (
            lambda: self.client.chat.completions.create(messages=messages, extra_body=extra, **fields),
            estimated_tokens(texts),
        )

    async def _generate(self, request: Generation) -> Response:
        sampling = request.sampling
        fields: dict[str, Any] = {"temperature": sampling.temperature}
        if sampling.top_p != 1.0:
            fields["top_p"] = sampling.top_p
        if sampling.stop:
            fields["stop"] = list(sampling.stop)
        found: list[Completion] = []
        greedy = sampling.temperature == 0  # n equal completions are paid for once
        while len(found) < (1 if greedy else request.n):
            wanted = 1 if greedy else request.n - len(found)
            more = {"n": wanted} if wanted > 1 else {}
            call, prompt = self._create(
                request.prompt, sampling.max_tokens, seed=sampling.seed + len(found), **more, **fields
            )
            new = await self._send(call, answers.completions, prompt, wanted * sampling.max_tokens)
            found += new[:wanted]  # a server may give fewer than asked for
        return tuple(found * request.n if greedy else found)

    async def _listed(self, conversation: Conversation) -> list[tuple[str, float]]:
        api = self.settings.api
        fields: dict[str, Any] = {"temperature": 0.0}
        fields |= {"logprobs": True, "top_logprobs": TOP[api]} if api == "chat" else {"logprobs": TOP[api]}
        call, prompt = self._create(conversation, 1, **fields)
        return list(await self._send(call, answers.first_tokens, prompt, 1))

    async def _choose(self, request: Choice) -> Response:
        return answers.weights(await self._listed(request.prompt), request.options)

    async def _next_token(self, request: Conversation) -> Response:
        ids = self.settings.token_ids
        return answers.over_vocabulary(await self._listed(request), ids, len(self.settings.tokenizer))

    async def _loglikelihood(self, request: Continuation) -> Response:
        context, continuation = request.context, request.continuation
        text = context if isinstance(context, str) else self.settings.plain_text(context)
        head = text.rstrip()
        if not head:
            return Failure("servers give no probability for a text's first token: a context is needed")
        whole = text + continuation
        call, prompt = self._create(Conversation.plain(whole), 1, temperature=0.0, logprobs=1, echo=True)
        return await self._send(call, lambda reply: answers.likelihood(reply, whole, len(head)), prompt, 1)

    async def _embed(self, texts: Sequence[Text]) -> list[Response]:
        async def ask(batch: Sequence[Text]) -> list[Response]:
            given = [one.text for one in batch]
            return list(
                await self._send(
                    lambda: self.client.embeddings.create(
                        model=self.settings.model,
                        input=given,
                        encoding_format="float",
                        extra_body=self.settings.extra_body or None,
                    ),
                    lambda reply: answers.vectors(reply, len(given)),
                    estimated_tokens(given),
                    0,
                )
            )

        try:
            return await ask(texts)
        except Refused as error:
            if len(texts) == 1:
                return [failure_of(error)]
        single: list[Response] = []  # one text that is refused must not take the others along
        for text in texts:
            try:
                single += await ask([text])
            except Refused as error:
                single.append(failure_of(error))
        return single
