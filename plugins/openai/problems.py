"""How a request to a server can fail, and what a server says of an error inside an answer of status 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class MalformedAnswer(Exception):
    """An answer that is not of the shape it should have; the text says what came."""


class Refused(Exception):
    """This request gets no answer, and trying it again now cannot help; others may."""


class NoLogProbabilities(Exception):
    """The server took the request for log-probabilities, and left them out."""


@dataclass(frozen=True, slots=True)
class ServerStatement:
    """What a server says of a request that it did not answer."""

    status: int
    code: str
    """The server's own word for it; "" where it has none."""
    text: str
    blocked: bool = False
    """Whether it says that the prompt, or the reply to it, is not allowed: another prompt may be."""


# The names that servers give to errors, and the status that says the same. Words of messages are not looked at.
NAMED: Mapping[str, int] = {
    "insufficient_quota": 402,
    "insufficient_credits": 402,
    "billing_hard_limit_reached": 402,
    "billing_not_active": 402,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "resource_exhausted": 429,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "not_found": 404,
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "badrequesterror": 400,
    "context_length_exceeded": 400,
    "string_above_max_length": 400,
    "overloaded_error": 503,
    "unavailable": 503,
    "server_error": 500,
    "internal": 500,
}
BLOCKED = {
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "moderation_blocked",
    "data_inspection_failed",
    "invalid_prompt",
    "prohibited_content",
    "safety",
}
UNKNOWN = 500
"""The status of an error that says nothing more: it may pass."""


def statement_in(reply: Any) -> ServerStatement | None:
    """Give the error that an answer of status 200 holds in place of a completion; None where there is none."""
    body = _field(reply, "error")
    if not body and _field(reply, "object") == "error":
        body = {name: _field(reply, name) for name in ("message", "code", "type")}
    if not body:
        choices = _field(reply, "choices")
        broken = [_field(choice, "error") for choice in choices] if isinstance(choices, list) else []
        body = next((error for error in broken if error), None)
    return statement_of(body) if body else None


def statement_of(body: Any, status: int | None = None, fallback: str = "") -> ServerStatement:
    """Read an error object: its message, its code, and whether it is about what the prompt says.

    Args:
        body: As it came; a text, or an object in whatever shape.
        status: Of the answer, where that says that it is an error.
        fallback: The message where the body holds none.
    """
    inner = _field(body, "error") or body
    message = _field(inner, "message")
    text = message if isinstance(message, str) else inner if isinstance(inner, str) else message or fallback
    names = [_field(inner, key) for key in ("code", "type", "status")]
    names.append(_field(_field(inner, "innererror"), "code"))
    words = [str(name).casefold() for name in names if isinstance(name, str)]
    metadata = _field(inner, "metadata")
    blocked = any(word in BLOCKED for word in words) or bool(_field(metadata, "flagged_input"))
    code = _field(inner, "code")
    own = code if isinstance(code, str) and not code.isdigit() else ""
    return ServerStatement(status or _status(names, words), own, str(text or fallback or inner)[:500], blocked)


def _status(names: list[Any], words: list[str]) -> int:
    for name in names:
        if isinstance(name, bool) or not isinstance(name, int | str):
            continue
        if isinstance(name, int) or (name.isascii() and name.isdigit() and len(name) == 3):
            number = int(name)
            if 300 <= number <= 599:
                return number
    return next((NAMED[word] for word in words if word in NAMED), UNKNOWN)


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def block_reason(reply: Any) -> str:
    """Give the reason for which a server says that it blocked a prompt; "" where it says none."""
    for name in ("promptFeedback", "prompt_feedback"):  # Google's word for it, as gateways pass it on
        feedback = _field(reply, name)
        reason = _field(feedback, "blockReason") or _field(feedback, "block_reason")
        if reason:
            return str(reason)
    results = _field(reply, "prompt_filter_results")  # Azure's
    for result in results if isinstance(results, list) else []:
        categories = _field(result, "content_filter_results")
        for category, found in categories.items() if isinstance(categories, Mapping) else ():
            if _field(found, "filtered"):
                return str(category)
    return ""


def short(value: Any) -> str:
    """Show what came, for a message."""
    plain = value if isinstance(value, str | bytes | list) else getattr(value, "model_dump", lambda: value)()
    text = repr(plain) if isinstance(plain, str | bytes | list) else str(plain)
    return text if len(text) <= 200 else f"{text[:200]}..."
