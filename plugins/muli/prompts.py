"""The prompts of a language model: the conversation in the model's own chat format, or a format fixed for comparison.

The published detector reads the token after FastChat 0.2.30's format for the model, with one more blank at the end; the
formats here are those strings (method card of arXiv 2405.18822, read from the authors' code).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from harness import Conversation, Message, Part

CHAT = "chat"
_SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
FORMATS: dict[str, tuple[str, str]] = {
    "llama-2": ("[INST] ", " [/INST] "),
    "mistral": ("[INST] ", "  [/INST] "),
    "vicuna": (f"{_SYSTEM} USER: ", " ASSISTANT: "),
    "plain": ("", ""),
}
"""The texts before and after the message. The tokenizer adds its beginning-of-sequence token."""

_PROBE = Conversation.user("What does the template make of this?")


@dataclass(frozen=True, slots=True)
class Prompting:
    """The way to put a conversation to the model.

    Attributes:
        format: ``chat``, the model's own template, or a name in FORMATS.
        after: A beginning of the reply that is put into the model's mouth, so that the token behind it is read: an
            empty thought, for models that always begin with a thought.
    """

    format: str = CHAT
    after: str = ""

    def of(self, conversation: Conversation) -> Conversation:
        """Return the request whose next token is read; a fixed format shows all messages as one."""
        if self.format == CHAT:
            if not self.after:
                return conversation
            messages = (*conversation.messages, Message("assistant", self.after))
            return Conversation(messages, origin=conversation.origin)
        before, behind = FORMATS[self.format]
        return Conversation.plain(f"{before}{conversation.text}{behind}{self.after}", origin=conversation.origin)

    def digest(self, base: Part) -> str:
        """Hash the base model's rendering of a fixed conversation; empty if the model does not tell it."""
        rendered = base.rendered(self.of(_PROBE))
        return hashlib.sha256(rendered.encode()).hexdigest()[:16] if rendered else ""


def vocabulary_digest(base: Part) -> str:
    """Hash the text of every token; empty if the model does not tell it."""
    tokens = base.tokens()
    return hashlib.sha256("\0".join(tokens).encode("utf-8", "surrogatepass")).hexdigest()[:16] if tokens else ""
