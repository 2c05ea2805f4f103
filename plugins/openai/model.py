"""The model behind a server: its arguments, and from requests to what is sent."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from harness_plugins.openai.account import Account
from harness_plugins.openai.session import streamed_answers
from harness_plugins.openai.settings import OPENAI, Settings, key_in, tokenizer_files

from harness import Choice, Continuation, Conversation, Generation, Model, Text
from harness.capabilities import Request, Response
from harness.errors import CellError, UsageError, did_you_mean

APIS = {
    "chat": ("generate", "choose"),
    "completions": ("generate", "choose", "loglikelihood"),
    "embeddings": ("embed",),
}


class ServedModel(Model):
    """A model behind any server that speaks OpenAI's interface.

    The key is read from the environment and appears nowhere else. What was answered is filed within seconds and then
    never sent again; what fails is tried again while that can help.

    Args:
        model: Its name on the server.
        base_url: The server, such as ``http://localhost:8000/v1``; default: OpenAI's own.
        api: ``chat`` (generate, choose), ``completions`` (of plain text: also loglikelihood) or ``embeddings``.
        api_key_variable: Environment variable that holds the key.
        tokenizer: Folder or hub id; with it the model offers next_token, and completions render conversations.
        served_as: What the server serves, where the same may lie at another address: then in the fingerprint in place
            of the address.
        concurrency: Requests under way at once.
        attempts: How often a request is sent at most.
        timeout: Seconds an attempt may take.
        budget: Dollars to spend in one run at most, by the two prices; 0: no limit.
        token_budget: Prompt and completion tokens of one run at most; 0: no limit.
        input_price: Dollars a million prompt tokens.
        output_price: Dollars a million completion tokens.
        limit_as: Field that limits a completion; default: ``max_completion_tokens`` at OpenAI, else ``max_tokens``.
        extra_body: JSON object of further fields to send.
    """

    version = "2"
    batch_size = 256
    streamed: ClassVar[tuple[str, ...]] = ("generate", "choose", "loglikelihood", "next_token", "embed")
    refused: ClassVar[Mapping[str, str]] = {
        "api_key": "a key does not belong on a command line or in a file; put it into the environment variable "
        "OPENAI_API_KEY, or into one that api_key_variable= names"
    }
    # None of these changes what is answered.
    places: ClassVar[tuple[str, ...]] = (
        "base_url",
        "api_key_variable",
        "concurrency",
        "attempts",
        "timeout",
        "budget",
        "token_budget",
        "input_price",
        "output_price",
        "limit_as",
    )

    def __init__(
        self,
        model: str,
        base_url: str = OPENAI,
        api: str = "chat",
        api_key_variable: str = "OPENAI_API_KEY",
        tokenizer: str = "",
        served_as: str = "",
        concurrency: int = 32,
        attempts: int = 8,
        timeout: float = 120.0,
        budget: float = 0.0,
        token_budget: int = 0,
        input_price: float = 0.0,
        output_price: float = 0.0,
        limit_as: str = "",
        extra_body: str | Mapping[str, Any] = "",
        api_key: str = "",
    ) -> None:
        if api_key:
            raise UsageError(
                f"a key does not belong on a command line or in a file: put it into the environment variable "
                f"{api_key_variable}, or name another one with api_key_variable=NAME"
            )
        if api not in APIS:
            raise UsageError(f"api={api!r} is none of {', '.join(APIS)}{did_you_mean(api, APIS)}")
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"base_url={base_url!r} is no address; expected one such as http://localhost:8000/v1")
        if address.username or address.password or re.search(r"key|token|secret", address.query, re.IGNORECASE):
            raise UsageError(f"base_url= must hold no credentials; put the key into {api_key_variable}")
        if not re.fullmatch(r"[A-Za-z_]\w*", api_key_variable):
            raise UsageError("api_key_variable= is the name of an environment variable, not a key")
        for name, value, least in (("concurrency", concurrency, 1), ("attempts", attempts, 1), ("timeout", timeout, 0)):
            if value < least or value == 0:
                raise UsageError(f"{name}={value} must be at least 1" if least else f"{name}={value} must be above 0")
        if (budget and not (input_price or output_price)) or min(budget, token_budget, input_price, output_price) < 0:
            raise UsageError("budget= is in dollars and needs input_price= and output_price=, dollars a million tokens")
        self.model, self.base_url, self.api, self.tokenizer = str(model), base_url.rstrip("/"), api, tokenizer
        self.served_as, self.api_key_variable = served_as, api_key_variable
        self.settings = Settings(
            model=self.model,
            base_url=self.base_url,
            api=api,
            concurrency=concurrency,
            attempts=attempts,
            timeout=timeout,
            limit_as=limit_as
            or ("max_completion_tokens" if self.base_url == OPENAI and api == "chat" else "max_tokens"),
            extra_body=_object(extra_body),
        )
        self.account = Account(input_price, output_price, budget or math.inf, token_budget or math.inf)

    def identity(self) -> Mapping[str, object]:
        """The address, or what is said to be served there; the files of a tokenizer's folder."""
        served = {"served_as": self.served_as} if self.served_as else {"base_url": self.base_url}
        return {**served, **tokenizer_files(self.tokenizer)}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """By ``api=``, and next_token where there is a tokenizer."""
        more = ("next_token",) if self.tokenizer and self.api != "embeddings" else ()
        return tuple(name for name in known if name in (*APIS[self.api], *more))

    def load(self) -> None:
        """Find the key and the tokenizer, and see that the server is there and takes the key.

        Raises:
            CellError: no key for OpenAI, a key that is refused or cannot be sent, no server at the address.
        """
        from harness_plugins.openai.greeting import greet

        key = key_in(self.api_key_variable)
        if not key and self.base_url == OPENAI:
            raise CellError(f"the environment variable {self.api_key_variable} holds no key for {self.base_url}")
        self.settings.key = key
        self.settings.key_variable = self.api_key_variable
        if self.tokenizer:
            self.settings.use_tokenizer(self.tokenizer)
        greet(self.settings)

    def generate(self, requests: Sequence[Generation]) -> list[Response]:
        """Completions of each prompt."""
        return self._all("generate", requests)

    def choose(self, requests: Sequence[Choice]) -> list[Response]:
        """Log-probabilities of shape (k,), as far as the likeliest first tokens show them."""
        return self._all("choose", requests)

    def loglikelihood(self, requests: Sequence[Continuation]) -> list[Response]:
        """Log-likelihood of each continuation, from the echoed prompt."""
        return self._all("loglikelihood", requests)

    def next_token(self, requests: Sequence[Conversation]) -> list[Response]:
        """Log-probabilities of shape (V,): the server's likeliest tokens, the rest in equal shares."""
        return self._all("next_token", requests)

    def embed(self, requests: Sequence[Text]) -> list[Response]:
        """A vector of shape (d,) a text."""
        return self._all("embed", requests)

    def _all(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        answers: list[Response] = [None] * len(requests)
        for index, answer in self.stream(capability, requests):
            answers[index] = answer
        return answers

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answers as they arrive.

        Raises:
            CellError: there is no use in going on; what was answered before has been given.
        """
        yield from streamed_answers(self.settings, self.account, capability, requests)

    def remarks(self) -> list[str]:
        """What the requests took; that the server changed under way."""
        said = self.account.remarks()
        if len(self.settings.fingerprints) > 1:
            names = ", ".join(sorted(self.settings.fingerprints))
            said.append(f"the server changed while it was asked: its system fingerprints were {names}")
            self.settings.fingerprints.clear()
        return said


def _object(text: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(text, Mapping):  # registry.yaml holds it as YAML
        return dict(text)
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"extra_body={text!r} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"extra_body={text!r} must be a JSON object")
    return found
