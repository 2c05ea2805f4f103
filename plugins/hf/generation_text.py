"""Decodes the text of sampled tokens, and notices a stop string while the tokens come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CONTEXT = 4
"""Tokens of the prompt that are decoded too: a token's text may depend on the previous one (spaces, byte sequences)."""


def completion_text(tokenizer: Any, prompt: Sequence[int], tokens: Sequence[int]) -> str:
    """Return the text that the tokens add to the prompt's text; special tokens have no text.

    A space or a joint between words that the tokenizer writes between prompt and completion belongs to the
    completion. If the prompt ends inside a character, the tokens are decoded by themselves.
    """
    opening = list(prompt[-CONTEXT:])
    before = _decode(tokenizer, opening)
    whole = _decode(tokenizer, [*opening, *tokens])
    return whole[len(before) :] if whole.startswith(before) else _decode(tokenizer, tokens)


def cut(text: str, stops: Sequence[str]) -> str | None:
    """Return the text before the first stop string; None if the text holds no stop string."""
    places = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    return text[: min(places)] if places else None


class StopWatch:
    """Reads the tokens of one completion as they come, each decoded with few neighbours.

    Args:
        tokenizer: A tokenizer of transformers.
        prompt: Tokens of the prompt.
        stops: The stop strings; none is empty.
    """

    def __init__(self, tokenizer: Any, prompt: Sequence[int], stops: Sequence[str]) -> None:
        self.tokenizer, self.prompt, self.stops = tokenizer, prompt, stops
        self._ids = list(prompt[-CONTEXT:])
        self._begin, self._end = 0, len(self._ids)
        self._before = _decode(tokenizer, self._ids)
        self._tail = ""
        self._reach = max(map(len, stops))

    def push(self, token: int, tokens: Sequence[int]) -> bool:
        """Take the last of ``tokens``, and tell whether the text of ``tokens`` now holds a stop string."""
        self._ids.append(token)
        now = _decode(self.tokenizer, self._ids[self._begin :])
        joined = now.startswith(self._before)
        text = self._tail + now[len(self._before) :] if joined else ""
        suspected = not joined or any(stop in text for stop in self.stops)
        if joined and not now.endswith("\ufffd"):  # else the last character is still incomplete
            self._tail = text[-self._reach :]
            self._begin, self._end = self._end, len(self._ids)
            self._before = _decode(self.tokenizer, self._ids[self._begin : self._end])
        return suspected and cut(completion_text(self.tokenizer, self.prompt, tokens), self.stops) is not None


def _decode(tokenizer: Any, tokens: Sequence[int]) -> str:
    # Cleaning up spaces would change what the model wrote.
    return str(tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)) if tokens else ""
