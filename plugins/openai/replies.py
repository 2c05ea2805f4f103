"""Reads a server's completion: its text, its end, and its cost. Anything that is no completion is refused."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from harness import Completion

from .problems import MalformedAnswer, Refused, block_reason, short

MOST_TOKENS = 100_000_000
"""Greatest count of tokens that is believed: no context is nearly as long."""

CUT_OFF = {"length", "max_tokens", "max_output_tokens"}
WITHHELD = {"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "spii"}
BROKEN_OFF = {"error", "abort", "cancelled", "canceled"}
"""Reasons that servers give for the end of a completion; any other reason is a regular end."""

SAID = {"text": "text", "output_text": "text", "refusal": "refusal"}
"""Kinds of message parts that are said to the user, with the field of their text; thoughts are not among them."""


def shaped(read: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the errors of reading a missing field into a `MalformedAnswer` that says what came."""

    @functools.wraps(read)
    def reading(reply: Any, *arguments: Any) -> Any:
        try:
            return read(reply, *arguments)
        except (AttributeError, TypeError, IndexError, KeyError) as error:
            raise MalformedAnswer(f"{short(reply)} ({error})") from error

    return reading


def usage(reply: Any) -> tuple[int | None, int | None]:
    """Return prompt and completion tokens as the server counted them; None for a missing or impossible count.

    An impossible count must not be booked, and must not cost the answer that it comes with.
    """
    counted = getattr(reply, "usage", None)
    return _count(getattr(counted, "prompt_tokens", None)), _count(getattr(counted, "completion_tokens", None))


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= MOST_TOKENS and value == int(value) else None


@shaped
def completions(reply: Any) -> list[Completion]:
    """Read the choices of a chat or plain completion.

    Raises:
        Refused: there is no choice, or one says nothing, or the server's filter withheld or cut one.
        MalformedAnswer: the answer has another shape, or says that it broke off.
    """
    choices = choices_of(reply)
    prompt, whole = usage(reply)
    alone = len(choices) == 1
    return [_completion(choice, prompt, whole if alone else None) for choice in choices]


def choices_of(reply: Any) -> Sequence[Any]:
    """Return the choices of an answer, each of which came to a regular end or to its limit.

    Raises:
        Refused: there is no choice, or the server's filter withheld or cut one.
        MalformedAnswer: a choice is missing or broke off.
    """
    if "choices" not in getattr(reply, "model_fields_set", {"choices"}):  # the client's type fills in None
        raise MalformedAnswer(f"no choices: {short(reply)}")
    choices: Sequence[Any] | None = reply.choices
    if choices is None or choices == []:
        reason = block_reason(reply)
        why = f"it blocks the prompt: {reason}" if reason else "servers that block a prompt answer so"
        raise Refused(f"the server answered without any completion; {why}")
    for choice in choices:
        ended = _end(choice)
        if ended in WITHHELD:
            raise Refused("the server's content filter withheld the reply, or the rest of it")
        if ended in BROKEN_OFF:
            raise MalformedAnswer(f"the completion broke off: finish_reason {choice.finish_reason!r}")
    return choices


def _end(choice: Any) -> str:
    return str(getattr(choice, "finish_reason", None) or "").casefold()


def _completion(choice: Any, prompt: int | None, whole: int | None) -> Completion:
    ended = _end(choice)
    message = getattr(choice, "message", None)
    content = choice.text if message is None else message.content
    text = _said(content) or _said(getattr(message, "refusal", None))
    if (
        text is None and (content is None or content == []) and ended not in CUT_OFF
    ):  # cut off before a word was said (while it thought) is an answer
        called = bool(getattr(message, "tool_calls", None) or getattr(message, "function_call", None))
        raise Refused(f"the server gave a completion without content{', which calls a tool' if called else ''}")
    return Completion(text or "", "length" if ended in CUT_OFF else "stop", prompt, whole)


def _said(content: Any) -> str | None:
    """Return the text of a content, given as a text or in parts; None if there is none.

    Raises:
        MalformedAnswer: the content is neither a text nor parts.
    """
    if content is None or isinstance(content, str):
        return content or None
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise MalformedAnswer(f"a completion that is no text: {short(content)}")
    return "".join(map(_part, content)) or None


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    get = part.get if isinstance(part, dict) else lambda name, default=None: getattr(part, name, default)
    kind = get("type", "text")
    text = get(SAID[kind]) if kind in SAID else ""
    if not isinstance(text, str):
        raise MalformedAnswer(f"a part of a completion without text: {short(part)}")
    return text
