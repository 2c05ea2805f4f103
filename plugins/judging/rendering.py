"""Renders a prompt and the texts of a request as the conversation that the language model is asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from harness import Conversation, Failure, Message

from .promptfile import JudgePrompt
from .template import MissingValue

VERSION = "1"
"""Part of a judge's fingerprint; raise it when the same texts are shown otherwise than before."""
_ROLES = {"system": "System", "user": "User", "text": "User", "assistant": "Assistant"}
_IMAGE_ONLY = re.compile(
    r"(?:\s*(?:<\|?(?:image|img)(?:_?\w+)?\|?\s*/?>|\[(?:image|img)\]|!\[[^\]]*\]\([^)]*\)))+\s*", re.IGNORECASE
)


def conversation_text(conversation: Conversation) -> str:
    """Write all turns as one text: a single turn as it stands, several each under the speaker's name."""
    if len(conversation.messages) == 1:
        return conversation.messages[0].content
    return "\n\n".join(f"{_ROLES.get(m.role, m.role.capitalize())}:\n{m.content}" for m in conversation.messages)


def question_of(conversation: Conversation) -> str:
    """Return the last message of the user."""
    return next((m.content for m in reversed(conversation.messages) if m.role in ("user", "text")), "")


def hidden_turns(prompt: JudgePrompt, conversation: Conversation) -> bool:
    """Tell whether there are turns that the prompt does not show, since it shows only the last question."""
    return len(conversation.messages) > 1 and "conversation" not in prompt.places


def unsuitable(conversation: Conversation) -> str:
    """Say why a conversation cannot be judged from its texts; empty if it can."""
    text = conversation_text(conversation)
    if not any(message.content.strip() for message in conversation.messages):
        return "the prompt is empty: there is nothing to judge a response by"
    if _IMAGE_ONLY.fullmatch(text):
        return f"the prompt is nothing but an image, which is not here ({text.strip()[:40]!r})"
    return ""


def render(
    prompt: JudgePrompt,
    conversation: Conversation,
    texts: Mapping[str, str],
    *,
    reference: str = "",
    rubric: str = "",
    prefill: str = "",
    merge_system: bool = False,
) -> Conversation | Failure:
    """Render the request to the language model; a `Failure` if a value that the prompt shows is missing.

    Args:
        prompt: The prompt.
        conversation: The conversation that the responses answer.
        texts: ``first`` and ``second``, or ``response``.
        reference: The reference answer, if any.
        rubric: The rubric, if any.
        prefill: The beginning of the reply, if any.
        merge_system: Put the system message at the head of the first user message.
    """
    values = {"conversation": conversation_text(conversation), "question": question_of(conversation), **texts}
    values |= {name: text for name, text in (("reference", reference), ("rubric", rubric)) if text}
    values["fence"] = _fence(values)
    try:
        system, user = prompt.system.render(values), prompt.user.render(values)
    except MissingValue as error:
        return Failure(f"the prompt {prompt.file.name!r} shows a {error.args[0]}, and there is none for this item")
    messages = [Message(turn.role, turn.content) for turn in prompt.file.turns]
    messages.append(Message("user", user))
    if system and merge_system:
        messages[0] = Message(messages[0].role, f"{system}\n\n{messages[0].content}")
    elif system:
        messages.insert(0, Message("system", system))
    if prefill:
        messages.append(Message("assistant", prefill))
    return Conversation(tuple(messages))


def _fence(values: Mapping[str, str]) -> str:
    """Return a word that no shown text contains, so that no text can write the mark that ends it."""
    whole = "\0".join(values.values())
    for attempt in range(1000):
        word = hashlib.blake2b(f"{attempt}\0{whole}".encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        if word not in whole:
            return word
    raise AssertionError("a text of less than some gigabytes cannot hold them all")
