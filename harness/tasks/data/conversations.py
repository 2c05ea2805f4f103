"""Conversations from the values of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import BadValue
from harness.requests import Conversation, Message
from harness.tasks.data.values import shorten


def conversation(value: object) -> Conversation:
    """Make a conversation from a text or from a list of ``{"role", "content"}`` messages.

    Raises:
        BadValue: the value is neither.
    """
    if isinstance(value, str):
        return Conversation.user(value)
    if isinstance(value, list) and value and all(isinstance(m, Mapping) for m in value):
        try:
            return Conversation(tuple(Message(_text_of(m, "role"), _text_of(m, "content")) for m in value))
        except KeyError as error:
            raise BadValue(f"a message has no {error.args[0]!r}") from None
    raise BadValue(f"expected a text or a list of messages, got {shorten(value)}")


def _text_of(message: Mapping[str, Any], key: str) -> str:
    text = message[key]
    if not isinstance(text, str):
        raise BadValue(f"expected a text as the {key!r} of a message, got {shorten(text)}")
    return text
