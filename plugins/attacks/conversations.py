"""The message of a conversation that an attack is about, and what comes in its place."""

from __future__ import annotations

import dataclasses

from harness import Conversation, Message


def _place(conversation: Conversation) -> int:
    """Return the index of the last message that is not the system's; of the last one where all are."""
    places = [i for i, message in enumerate(conversation.messages) if message.role != "system"]
    return places[-1] if places else len(conversation.messages) - 1


def asked_for(conversation: Conversation) -> str:
    """Return the text of the message that an attack is about: the last that is not the system's."""
    return conversation.messages[_place(conversation)].content


def with_request(conversation: Conversation, text: str) -> Conversation:
    """Return the conversation with another text in that message."""
    place = _place(conversation)
    messages = list(conversation.messages)
    messages[place] = dataclasses.replace(messages[place], content=text)
    return dataclasses.replace(conversation, messages=tuple(messages))


def with_messages(conversation: Conversation, made: tuple[Message, ...]) -> Conversation:
    """Return the conversation with an attack's messages in place of that one; a single one keeps its role."""
    place = _place(conversation)
    if len(made) == 1:
        return with_request(conversation, made[0].content)
    before, after = conversation.messages[:place], conversation.messages[place + 1 :]
    return dataclasses.replace(conversation, messages=(*before, *made, *after))
