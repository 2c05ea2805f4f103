"""Conversations from the values of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import BadValue
from harness.requests import Conversation, Message
from harness.tasks.data.values import shorten

_CALLS = ("tool_calls", "function_call")
"""Keys of messages whose content is no text, and that models would answer to."""


def conversation(value: object) -> Conversation:
    """Make a conversation from a text or from a list of ``{"role", "content"}`` messages.

    Raises:
        BadValue: the value is neither, or a message calls tools, which no model here would see.
    """
    if isinstance(value, str):
        return Conversation.user(value)
    if isinstance(value, list) and value and all(isinstance(m, Mapping) for m in value):
        try:
            return Conversation(tuple(map(_message, value)))
        except KeyError as error:
            raise BadValue(f"a message has no {error.args[0]!r}") from None
    raise BadValue(f"expected a text or a list of messages, got {shorten(value)}")


def _message(value: Mapping[str, Any]) -> Message:
    for key in _CALLS:
        if value.get(key):  # without its call, the reply of a tool would answer nothing
            raise BadValue(
                f"a message has {key!r}, of which only texts would be read; write the call into its 'content', "
                f"and leave {key!r} out"
            )
    return Message(_text_of(value, "role"), _text_of(value, "content"))


def _text_of(message: Mapping[str, Any], key: str) -> str:
    text = message[key]
    if not isinstance(text, str):
        raise BadValue(f"expected a text as the {key!r} of a message, got {shorten(text)}")
    return text
