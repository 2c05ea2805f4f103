"""The settings of a server, and the writing of conversations for it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness import CellError, Conversation, file_identity, whole_characters
from harness.running import render_chat

from .problems import Refused

OPENAI = "https://api.openai.com/v1"

TOKENIZER_SUFFIXES = {".json", ".txt", ".model", ".jinja", ".tiktoken"}
"""Suffixes of the files that a tokenizer and its chat template are read from."""


@dataclass
class Settings:
    """The settings of a server that a stream of requests needs."""

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
    added_by_server: str = ""
    """Text of the beginning-of-sequence token if a server with this tokenizer puts it before every text itself."""

    def use_tokenizer(self, source: str) -> None:
        """Load a tokenizer of transformers.

        Raises:
            CellError: there is no such tokenizer.
        """
        from transformers import AutoTokenizer

        try:
            # Without this transformers asks on standard input whether to run the folder's code, and a "y" runs it.
            self.tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise CellError(f"no tokenizer can be loaded from {source!r}: {str(error).splitlines()[0]}") from error
        bos, first = self.tokenizer.bos_token, self.tokenizer("a")["input_ids"][:1]
        self.added_by_server = bos if bos and first == [self.tokenizer.bos_token_id] else ""
        texts = self.tokenizer.batch_decode([[i] for i in range(len(self.tokenizer))])
        # As the vocabulary writes them, for servers that do; a token's text goes before.
        self.token_ids = {str(text): i for text, i in self.tokenizer.get_vocab().items()}
        for i, text in reversed(list(enumerate(texts))):  # of tokens of one text, the first
            self.token_ids[text] = i

    def redact(self, text: str) -> str:
        """Remove the key from a text, as it is or as Python and JSON write it inside quotes."""
        if len(self.key) <= 3:
            return text
        forms = {self.key, repr(self.key)[1:-1], json.dumps(self.key)[1:-1], quote(self.key, safe="")}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "[key]")
        return text

    def client(self) -> Any:
        """Return the official client, without its own retries."""
        import openai

        # Prompts go to the server that was named and to no other: redirects are not followed unseen.
        # Without TLS there are no certificates to load, which takes longer than several requests.
        more: dict[str, Any] = {"verify": False} if self.base_url.startswith("http:") else {}
        http_client = openai.DefaultAsyncHttpxClient(follow_redirects=False, **more)
        # A server that asks for no key still gets a header, which must not be empty.
        return openai.AsyncOpenAI(
            base_url=self.base_url,
            api_key=self.key or "none",
            max_retries=0,
            timeout=self.timeout,
            http_client=http_client,
        )

    def plain_text(self, conversation: Conversation) -> str:
        """Write a conversation as the text that a server completes.

        Raises:
            Refused: the conversation is a chat, and there is no tokenizer to render it, or the template refuses it.
        """
        if all(m.role == "text" for m in conversation.messages):
            return whole_characters(conversation.text)
        if self.tokenizer is None or not self.tokenizer.chat_template:
            raise Refused("api=completions takes plain text; give tokenizer= with a chat template, or api=chat")
        last = conversation.messages[-1].role == "assistant"
        try:
            text = render_chat(
                self.tokenizer,
                messages_of(conversation),
                add_generation_prompt=not last,
                continue_final_message=last,
            )
        except Exception as error:  # whatever a template raises
            raise Refused(f"the chat template refuses this conversation: {error}") from error
        return whole_characters(str(text)).removeprefix(self.added_by_server)


def messages_of(conversation: Conversation) -> list[dict[str, str]]:
    """Write the messages as servers take them; plain text is a user's, and an unreadable half character U+FFFD."""
    return [
        {"role": "user" if m.role == "text" else m.role, "content": whole_characters(m.content)}
        for m in conversation.messages
    ]


def key_in(variable: str) -> str:
    """Read the key from a variable of the environment, without the line end that reading it from a file leaves.

    Raises:
        CellError: the key holds a character that no header can; the message names the variable and shows no content.
    """
    key = os.environ.get(variable, "").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        raise CellError(
            f"the environment variable {variable} holds a blank, a control character or one that is not ASCII inside "
            "the key, which cannot be sent; set it again without"
        )
    return key


def tokenizer_files(source: str) -> dict[str, str]:
    """Hash each file of a tokenizer's folder, for the fingerprint; a hub id counts by its name alone."""
    folder = Path(source)
    if not source or not folder.is_dir():
        return {}
    files = sorted(file for file in folder.rglob("*") if file.suffix in TOKENIZER_SUFFIXES and file.is_file())
    return {f"tokenizer/{file.relative_to(folder).as_posix()}": file_identity(file) for file in files}
