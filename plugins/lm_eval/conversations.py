"""Conversations as the texts that lm-eval hands about, and back.

lm-eval asks the model to apply its chat template and treats the result as a plain context. Here that text is the
conversation itself, marked, so that the model of harness may render it in its own way, or send it to a server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from harness import Conversation, Message, UsageError

_MARK = "\x02harness conversation\x03"


def as_text(history: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
    """Write the messages as one marked text, in the place of lm-eval's ``chat_template``.

    Args:
        history: Messages of role and content.
        add_generation_prompt: False if the last message is the beginning of the reply.

    Raises:
        UsageError: a reply is to be begun after an assistant's message, or continued after another's.
    """
    if not history or add_generation_prompt == (history[-1]["role"] == "assistant"):
        raise UsageError("a conversation must end with a user's message, or with the beginning of the reply")
    return _MARK + json.dumps([[m["role"], m["content"]] for m in history])


def conversation_in(text: str) -> Conversation | None:
    """Read the conversation that a context holds, with lm-eval's additions put into the reply; None for plain text."""
    if not text.startswith(_MARK):
        return None
    messages, end = json.JSONDecoder().raw_decode(text, len(_MARK))
    rest = text[end:]
    if rest and messages[-1][0] == "assistant":
        messages[-1][1] += rest
    elif rest:
        messages.append(["assistant", rest])
    return Conversation(tuple(Message(role, content) for role, content in messages))
