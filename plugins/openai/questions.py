"""Turns requests of harness into calls of a server, and the replies into answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from harness import Choice, Completion, Continuation, Conversation, Failure, Generation, Response, whole_characters

from . import answers, tokens
from .account import estimated_tokens
from .problems import Refused
from .redirects import following
from .replies import completions
from .settings import Settings, messages_of

TOP = {"chat": 20, "completions": 5}
"""Number of likeliest tokens to ask for: the most that every server gives."""

AFTER_BLANKS = 4
"""Number of tokens to ask for if the first is a blank: the reply begins behind it."""

TOGETHER = ("embed", "detect")
"""Capabilities whose requests are sent several together."""

TEXTS_A_REQUEST = 32
"""Most texts that are sent together for such a capability."""

Call = Callable[[], Awaitable[Any]]
Send = Callable[[Call, Callable[[Any], Any], int, int], Awaitable[Any]]
"""Sends a call within the budget and reads the reply; its numbers are the most tokens of prompt and of completion."""


class Questions:
    """Asks a server the questions that requests ask.

    Args:
        settings: The settings of the server.
        client: Returns the client whose turn it is.
        send: Sends one call.
    """

    def __init__(self, settings: Settings, client: Callable[[], Any], send: Send) -> None:
        self.settings, self._client, self._send = settings, client, send

    async def answers(self, capability: str, requests: Sequence[Any]) -> list[Response]:
        """Return one answer a request; only for the capabilities in TOGETHER may there be several requests."""
        if capability in TOGETHER:
            ask = self._embed if capability == "embed" else self._moderate
            return await self._together(ask, [whole_characters(request.text) for request in requests])
        ways: dict[str, Callable[[Any], Awaitable[Response]]] = {
            "generate": self._generate,
            "choose": self._choose,
            "next_token": self._next_token,
            "loglikelihood": self._loglikelihood,
        }
        try:
            return [await ways[capability](request) for request in requests]
        except Refused as error:
            return [self._failure(error)]

    def _failure(self, error: Refused) -> Failure:
        return Failure(self.settings.redact(str(error)))

    def _create(self, conversation: Conversation, most: int, **fields: Any) -> tuple[Call, int]:
        """Make the call that continues a conversation, and estimate the tokens of its prompt."""
        import openai.types as types
        from openai.types.chat import ChatCompletion

        fields = {"model": self.settings.model, self.settings.limit_as: most, **fields}
        if self.settings.api == "completions":
            text = self.settings.plain_text(conversation)
            return self._posting("/completions", {"prompt": text, **fields}, types.Completion), estimated_tokens([text])
        messages = messages_of(conversation)
        estimate = estimated_tokens([message["content"] for message in messages])
        return self._posting("/chat/completions", {"messages": messages, **fields}, ChatCompletion), estimate

    def _posting(self, path: str, fields: dict[str, Any], reply: type) -> Call:
        # Not the client's `create`: it converts the fields, which are in their final form, in a third of its time.
        # A field that the user sets to null is one that the server does not want.
        body = {name: value for name, value in {**fields, **self.settings.extra_body}.items() if value is not None}

        async def post() -> Any:
            client = self._client()
            return await following(self.settings.base_url, path, lambda at: client.post(at, body=body, cast_to=reply))

        return post

    async def _generate(self, request: Generation) -> Response:
        sampling = request.sampling
        fields: dict[str, Any] = {"temperature": sampling.temperature}
        if sampling.top_p != 1.0:
            fields["top_p"] = sampling.top_p
        if sampling.stop:
            fields["stop"] = [whole_characters(text) for text in sampling.stop]
        received: list[Completion] = []
        greedy = sampling.temperature == 0  # n equal completions are paid for once
        while len(received) < (1 if greedy else request.n):
            missing = 1 if greedy else request.n - len(received)
            more = {"n": missing} if missing > 1 else {}
            call, prompt = self._create(
                request.prompt, sampling.max_tokens, seed=sampling.seed + len(received), **more, **fields
            )
            new = await self._send(call, completions, prompt, missing * sampling.max_tokens)
            received += map(self._without_key, new[:missing])  # a server may give fewer than asked for
        return tuple(received * request.n if greedy else received)

    def _without_key(self, completion: Completion) -> Completion:
        """Remove from a completion the key, which would be filed if the server repeats it."""
        text = self.settings.redact(completion.text)
        return completion if text == completion.text else dataclasses.replace(completion, text=text)

    async def _listed(self, conversation: Conversation, most: int = 1) -> list[tokens.Position]:
        api = self.settings.api
        fields: dict[str, Any] = {"temperature": 0.0}
        fields |= {"logprobs": True, "top_logprobs": TOP[api]} if api == "chat" else {"logprobs": TOP[api]}
        call, prompt = self._create(conversation, most, **fields)
        return list(await self._send(call, answers.positions, prompt, most))

    async def _choose(self, request: Choice) -> Response:
        places = await self._listed(request.prompt)
        if tokens.is_blank(places[0].token):  # what else might have stood there says nothing of the reply
            places = await self._listed(request.prompt, AFTER_BLANKS)
        return tokens.weights(places, request.options)

    async def _next_token(self, request: Conversation) -> Response:
        ids = self.settings.token_ids
        places = await self._listed(request)
        return tokens.over_vocabulary(places[0].listed, ids, len(self.settings.tokenizer))

    async def _loglikelihood(self, request: Continuation) -> Response:
        context, continuation = request.context, whole_characters(request.continuation)
        text = whole_characters(context) if isinstance(context, str) else self.settings.plain_text(context)
        head = text.rstrip() if request.with_blanks or isinstance(context, str) else text
        if not head.strip():
            return Failure("servers give no probability for a text's first token: a context is needed")
        whole = text + continuation
        call, prompt = self._create(Conversation.plain(whole), 1, temperature=0.0, logprobs=1, echo=True)
        return await self._send(call, lambda reply: answers.likelihood(reply, whole, len(head)), prompt, 1)

    async def _embed(self, texts: Sequence[str]) -> list[Response]:
        from openai.types import CreateEmbeddingResponse

        fields = {"model": self.settings.model, "input": list(texts), "encoding_format": "float"}
        call = self._posting("/embeddings", fields, CreateEmbeddingResponse)
        return list(await self._send(call, lambda r: answers.vectors(r, len(texts)), estimated_tokens(list(texts)), 0))

    async def _moderate(self, texts: Sequence[str]) -> list[Response]:
        given = list(texts) if len(texts) > 1 else texts[0]  # every server takes one text
        # As it stands: servers have categories that the client's type does not know.
        call = self._posting("/moderations", {"model": self.settings.model, "input": given}, dict[str, Any])
        return list(
            await self._send(call, lambda r: answers.moderations(r, len(texts)), estimated_tokens(list(texts)), 0)
        )

    async def _together(
        self, ask: Callable[[Sequence[str]], Awaitable[list[Response]]], texts: Sequence[str]
    ) -> list[Response]:
        try:
            return await ask(texts)
        except Refused as error:
            if len(texts) == 1:
                return [self._failure(error)]
        single: list[Response] = []  # one text that is refused must not take the others along
        for text in texts:
            try:
                single += await ask([text])
            except Refused as error:
                single.append(self._failure(error))
        return single
