"""Renders a conversation as the request that a guard model is asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from harness import Conversation, Message

from .guardfile import GuardFile
from .template import render

VERSION = "1"
"""Part of a guard's fingerprint; raise it when the same conversation is shown otherwise than before."""


def asked(file: GuardFile, conversation: Conversation, categories: Mapping[str, str], *, broken: bool) -> Conversation:
    """Render a conversation as the request to the language model.

    Args:
        file: The template.
        conversation: The conversation to judge.
        categories: The categories to show, code to name.
        broken: Break the format's marks where a message holds them.
    """
    messages = [
        Message(m.role, without_marks(m.content, file.marks) if broken else m.content)
        for m in _turns(file, conversation)
    ]
    if file.form == "own":
        return Conversation(tuple(messages), origin=conversation.origin)
    turns = "\n\n".join(f"{_speaker(file, m.role)}: {m.content}" for m in messages)
    text = "\n\n".join(m.content for m in messages)
    listed = "\n".join(render(file.category_line, {"code": code, "name": name}) for code, name in categories.items())
    values = {
        "conversation": turns,
        "text": text,
        "speaker": _speaker(file, messages[-1].role) if messages else _speaker(file, "user"),
        "categories": listed,
        "fence": _fence(text),
    }
    whole = render(file.user, values)
    return Conversation.plain(whole) if file.form == "text" else Conversation.user(whole)


def _turns(file: GuardFile, conversation: Conversation) -> Sequence[Message]:
    """Return the messages; plain text becomes a user's message for templates that need a role."""
    return [Message("user" if m.role == "text" else m.role, m.content) for m in conversation.messages]


def _speaker(file: GuardFile, role: str) -> str:
    return file.speakers.get(role, file.speakers["user"])


def without_marks(text: str, marks: Sequence[str]) -> str:
    """Break every mark of the format in a text, in any case of letters, by a blank behind its first character."""
    for mark in marks:
        if mark.casefold() in text.casefold():
            text = _parted(text, mark)
    return text


def _parted(text: str, mark: str) -> str:
    return re.sub(re.escape(mark), lambda found: f"{found[0][0]} {found[0][1:]}", text, flags=re.IGNORECASE)


def _fence(text: str) -> str:
    """Return a word that the text does not contain, so that the text cannot write the mark that ends it."""
    for attempt in range(1000):
        word = hashlib.blake2b(f"{attempt}\0{text}".encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        if word not in text:
            return word
    raise AssertionError("a text of less than some gigabytes cannot hold them all")
