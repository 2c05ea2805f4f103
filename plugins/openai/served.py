"""The base of all models behind a server: address, key, limits, and one stream of requests."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from harness import CellError, Model, Request, Response, UsageError

from .account import TokenAccount
from .session import streamed_answers
from .settings import OPENAI, Settings, key_in


class Served(Model):
    """Checks the arguments of every served model, finds the key, and streams requests.

    Raises:
        UsageError: an argument makes no sense, or holds a key.
    """

    batch_size = 256
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
        *,
        model: str,
        base_url: str,
        api: str,
        api_key_variable: str,
        api_key: str,
        served_as: str,
        concurrency: int,
        attempts: int,
        timeout: float,
        budget: float = 0.0,
        token_budget: int = 0,
        input_price: float = 0.0,
        output_price: float = 0.0,
        limit_as: str = "",
        extra_body: str | Mapping[str, Any] = "",
    ) -> None:
        if api_key:
            raise UsageError(
                f"a key does not belong on a command line or in a file: put it into the environment variable "
                f"{api_key_variable}, or name another one with api_key_variable=NAME"
            )
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"base_url={base_url!r} is no address; expected one such as http://localhost:8000/v1")
        if address.username or address.password or re.search(r"key|token|secret", address.query, re.IGNORECASE):
            raise UsageError(f"base_url= must hold no credentials; put the key into {api_key_variable}")
        if not re.fullmatch(r"[A-Za-z_]\w*", api_key_variable):
            raise UsageError("api_key_variable= is the name of an environment variable, not a key")
        if budget and not (input_price or output_price):
            raise UsageError("budget= is in dollars and needs input_price= and output_price=, dollars a million tokens")
        self.model, self.base_url, self.api = str(model), base_url.rstrip("/"), api
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
        self.account = TokenAccount(input_price, output_price, budget or math.inf, token_budget or math.inf)

    def identity(self) -> Mapping[str, object]:
        """Return the address, or the name of the served model."""
        return {"served_as": self.served_as} if self.served_as else {"base_url": self.base_url}

    def load(self) -> None:
        """Find the key, and check that the server is there and takes the key.

        Raises:
            CellError: there is no key for OpenAI, the key is refused or cannot be sent, or no server answers.
        """
        from .greeting import greet

        key = key_in(self.api_key_variable)
        if not key and self.base_url == OPENAI:
            raise CellError(f"the environment variable {self.api_key_variable} holds no key for {self.base_url}")
        self.settings.key = key
        self.settings.key_variable = self.api_key_variable
        greet(self.settings)

    def _all(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        answers: list[Response] = [None] * len(requests)
        for index, answer in self.stream(capability, requests):
            answers[index] = answer
        return answers

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield answers as they arrive.

        Raises:
            CellError: going on is useless; earlier answers have been yielded.
        """
        yield from streamed_answers(self.settings, self.account, capability, requests)

    def remarks(self) -> list[str]:
        """Report the use of the requests, and changes of the server under way."""
        remarks = self.account.remarks()
        if len(self.settings.fingerprints) > 1:
            names = ", ".join(sorted(self.settings.fingerprints))
            remarks.append(f"the server changed while it was asked: its system fingerprints were {names}")
            self.settings.fingerprints.clear()
        return remarks


def _object(text: object) -> dict[str, Any]:
    if isinstance(text, Mapping):  # registry.yaml holds it as YAML
        return dict(text)
    if text is None or text == "":
        return {}
    try:
        fields = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError) as error:
        raise UsageError(f"extra_body={text!r} is no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise UsageError(f'extra_body={text!r} must be a JSON object, such as {{"top_k": 20}} or {{"seed": null}}')
    return fields
