"""The model behind a server: its arguments, and the requests that it sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from harness import COUNT, COUNT_OR_NONE, Choice, Continuation, Conversation, Generation, OneOf, Range, Response, Text

from .served import Served
from .settings import OPENAI, tokenizer_files

APIS = {
    "chat": ("generate", "choose"),
    "completions": ("generate", "choose", "loglikelihood"),
    "embeddings": ("embed",),
}


class ServedModel(Served):
    """Asks a model behind any server that speaks OpenAI's interface.

    The key is read from the environment and appears nowhere else. Answers are filed within seconds and their requests
    never sent again; a failed request is tried again while that can help.

    Args:
        model: The model's name on the server.
        base_url: The server, such as ``http://localhost:8000/v1``; default: OpenAI's own.
        api: ``chat`` (generate, choose), ``completions`` (of plain text: also loglikelihood) or ``embeddings``.
        api_key_variable: Environment variable that holds the key.
        tokenizer: Folder or hub id; with it the model offers next_token, and completions render conversations.
        served_as: Name of the served model if it may lie at another address: it then replaces the address in the
            fingerprint.
        concurrency: Most requests under way at once.
        attempts: Most times that a request is sent.
        timeout: Seconds an attempt may take.
        budget: Most dollars to spend in one run, by the two prices; 0: no limit.
        token_budget: Most prompt and completion tokens of one run; 0: no limit.
        input_price: Dollars a million prompt tokens.
        output_price: Dollars a million completion tokens.
        limit_as: Field that limits a completion; default: ``max_completion_tokens`` at OpenAI, else ``max_tokens``.
        extra_body: JSON object of further fields to send; a field set to null is left out.
    """

    version = "3"
    streamed: ClassVar[tuple[str, ...]] = ("generate", "choose", "loglikelihood", "next_token", "embed")

    def __init__(
        self,
        model: str,
        base_url: str = OPENAI,
        api: Annotated[str, OneOf(*APIS)] = "chat",
        api_key_variable: str = "OPENAI_API_KEY",
        tokenizer: str = "",
        served_as: str = "",
        concurrency: Annotated[int, COUNT] = 32,
        attempts: Annotated[int, COUNT] = 8,
        timeout: Annotated[float, Range(above=0)] = 120.0,
        budget: Annotated[float, Range(least=0)] = 0.0,
        token_budget: Annotated[int, COUNT_OR_NONE] = 0,
        input_price: Annotated[float, Range(least=0)] = 0.0,
        output_price: Annotated[float, Range(least=0)] = 0.0,
        limit_as: str = "",
        extra_body: str | Mapping[str, Any] = "",
        api_key: str = "",
    ) -> None:
        super().__init__(
            model=model,
            base_url=base_url,
            api=api,
            api_key_variable=api_key_variable,
            api_key=api_key,
            served_as=served_as,
            concurrency=concurrency,
            attempts=attempts,
            timeout=timeout,
            budget=budget,
            token_budget=token_budget,
            input_price=input_price,
            output_price=output_price,
            limit_as=limit_as,
            extra_body=extra_body,
        )
        self.tokenizer = tokenizer

    def identity(self) -> Mapping[str, object]:
        """Return the address, or the name of the served model; and the files of a tokenizer's folder."""
        return {**super().identity(), **tokenizer_files(self.tokenizer)}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Offer what ``api=`` allows, and next_token if there is a tokenizer."""
        more = ("next_token",) if self.tokenizer and self.api != "embeddings" else ()
        return tuple(name for name in known if name in (*APIS[self.api], *more))

    def load(self) -> None:
        """Find the key and the tokenizer, and check that the server is there and takes the key.

        Raises:
            CellError: there is no key for OpenAI, the key is refused or cannot be sent, or no server answers.
        """
        super().load()
        if self.tokenizer:
            self.settings.use_tokenizer(self.tokenizer)

    def generate(self, requests: Sequence[Generation]) -> list[Response]:
        """Return the completions of each prompt."""
        return self._all("generate", requests)

    def choose(self, requests: Sequence[Choice]) -> list[Response]:
        """Return log-probabilities of shape (k,), as far as the likeliest first tokens show them."""
        return self._all("choose", requests)

    def loglikelihood(self, requests: Sequence[Continuation]) -> list[Response]:
        """Return the log-likelihood of each continuation, from the echoed prompt."""
        return self._all("loglikelihood", requests)

    def next_token(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return log-probabilities of shape (V,): the server's likeliest tokens, and the rest in equal shares."""
        return self._all("next_token", requests)

    def embed(self, requests: Sequence[Text]) -> list[Response]:
        """Return a vector of shape (d,) for each text."""
        return self._all("embed", requests)
