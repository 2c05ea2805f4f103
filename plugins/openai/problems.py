"""The ways in which a request to a server can fail, and errors that a server puts into an answer of status 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class MalformedAnswer(Exception):
    """Raised for an answer of another shape than expected; the text says what came."""


class Refused(Exception):
    """Raised where one request gets no answer and trying again cannot help; other requests may be answered."""


class NoLogProbabilities(Exception):
    """Raised where the server took the request for log-probabilities and left them out."""


@dataclass(frozen=True, slots=True)
class ServerStatement:
    """A server's statement about a request that it did not answer."""

    status: int
    code: str
    """The server's own code for the error; "" if it gives none."""
    text: str
    blocked: bool = False
    """Whether the server does not allow the prompt or the reply to it; other prompts may be allowed."""


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
"""The status of an error without a known code: it may pass."""


def statement_in(reply: Any) -> ServerStatement | None:
    """Return the error that an answer of status 200 holds in place of a completion; None if there is none."""
    body = _field(reply, "error")
    if not body and _field(reply, "object") == "error":
        body = {name: _field(reply, name) for name in ("message", "code", "type")}
    if not body:
        choices = _field(reply, "choices")
        broken = [_field(choice, "error") for choice in choices] if isinstance(choices, list) else []
        body = next((error for error in broken if error), None)
    return statement_of(body) if body else None


def statement_of(body: Any, status: int | None = None, fallback: str = "") -> ServerStatement:
    """Read an error object: its message, its code, and whether it is about the content of the prompt.

    Args:
        body: The body as it came; a text, or an object of any shape.
        status: Status of the answer, if it is that of an error.
        fallback: The message if the body holds none.
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
    own_code = code if isinstance(code, str) and not code.isdigit() else ""
    return ServerStatement(status or _status(names, words), own_code, str(text or fallback or inner)[:500], blocked)


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
    """Return the server's reason for blocking a prompt; "" if it gives none."""
    for name in ("promptFeedback", "prompt_feedback"):  # Google's word for it, as gateways pass it on
        feedback = _field(reply, name)
        reason = _field(feedback, "blockReason") or _field(feedback, "block_reason")
        if reason:
            return str(reason)
    results = _field(reply, "prompt_filter_results")  # Azure's
    for result in results if isinstance(results, list) else []:
        categories = _field(result, "content_filter_results")
        for category, verdict in categories.items() if isinstance(categories, Mapping) else ():
            if _field(verdict, "filtered"):
                return str(category)
    return ""


def short(value: Any) -> str:
    """Show a value in at most 200 characters, for a message."""
    plain = value if isinstance(value, str | bytes | list) else getattr(value, "model_dump", lambda: value)()
    text = repr(plain) if isinstance(plain, str | bytes | list) else str(plain)
    return text if len(text) <= 200 else f"{text[:200]}..."
