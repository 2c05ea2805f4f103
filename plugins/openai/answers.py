"""What is in a server's answers: completions, log-probabilities, vectors. Every shape is doubted."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any
from unicodedata import east_asian_width

import numpy as np
from harness_plugins.openai.alignment import continuation_tokens
from harness_plugins.openai.retrying import Garbled, Refused
from numpy.typing import NDArray

from harness import Completion, Likelihood


class NoLogProbabilities(Exception):
    """The server took the request for log-probabilities, and left them out."""


def shaped(read: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the errors of reading a field that is not there into one that says what came."""

    @functools.wraps(read)
    def reading(reply: Any, *arguments: Any) -> Any:
        try:
            return read(reply, *arguments)
        except (AttributeError, TypeError, IndexError, KeyError) as error:
            raise Garbled(f"{_short(reply)} ({error})") from error

    return reading


def _short(reply: Any) -> str:
    text = repr(reply) if isinstance(reply, str | bytes | list) else str(getattr(reply, "model_dump", lambda: reply)())
    return text if len(text) <= 200 else f"{text[:200]}..."


@shaped
def usage(reply: Any) -> tuple[int | None, int | None]:
    """Prompt and completion tokens as the server counted them; None where it did not."""
    counted = getattr(reply, "usage", None)
    if counted is None or counted.prompt_tokens is None:
        return None, None
    return int(counted.prompt_tokens), int(getattr(counted, "completion_tokens", 0) or 0)


@shaped
def completions(reply: Any) -> list[Completion]:
    """The choices of a chat or plain completion.

    Raises:
        Refused: the server's filter took a reply away, or the rest of one.
    """
    if not reply.choices:
        raise Garbled("no choices")
    prompt, whole = usage(reply)
    alone = len(reply.choices) == 1
    found = []
    for choice in reply.choices:
        if choice.finish_reason == "content_filter":
            raise Refused("the server's content filter withheld the reply, or the rest of it")
        message = getattr(choice, "message", None)
        text = choice.text if message is None else message.content or getattr(message, "refusal", None) or ""
        if not isinstance(text, str):
            raise Garbled(f"a completion that is no text: {_short(text)}")
        reason = "length" if choice.finish_reason == "length" else "stop"
        found.append(Completion(text, reason, prompt, whole if alone else None))
    return found


@shaped
def first_tokens(reply: Any) -> list[tuple[str, float]]:
    """The likeliest first tokens with their natural-log probabilities, of a chat or plain completion.

    Raises:
        NoLogProbabilities: there are none.
    """
    choice = reply.choices[0]
    given = getattr(choice, "logprobs", None)
    if given is None:
        raise NoLogProbabilities
    if getattr(choice, "message", None) is None:
        top = (given.top_logprobs or [None])[0]
        if not top:
            raise NoLogProbabilities
        return [(str(token), float(value)) for token, value in top.items()]
    if not given.content:
        raise NoLogProbabilities
    listed = given.content[0].top_logprobs or [given.content[0]]
    return [(str(one.token), float(one.logprob)) for one in listed]


def weights(listed: Sequence[tuple[str, float]], options: Sequence[str]) -> NDArray[np.float64]:
    """Log-probability of a reply's beginning with each option, as far as one token shows it.

    A token counts for an option if either begins with the other, blanks before them aside: "Yes" for "Yes, of course",
    and "B." for "B", but not "As", which is another word. A token that is the beginning of several options counts for
    each.

    Returns:
        Shape (k,), at most 0; -inf where no listed token counts.
    """
    found = np.full(len(options), -math.inf)
    for i, option in enumerate(options):
        wanted = option.lstrip()
        counted = [
            value
            for token, value in listed
            if (text := token.lstrip()) and wanted and (wanted.startswith(text) or _goes_on(text, wanted))
        ]
        if counted:
            found[i] = min(0.0, float(np.logaddexp.reduce(counted)))
    return found


def _goes_on(text: str, option: str) -> bool:
    """Whether a text begins with an option, and not with a longer word of which the option is a part."""
    if not text.startswith(option):
        return False
    around = option[-1:] + text[len(option) : len(option) + 1]
    # In scripts of wide characters words are not parted.
    return not around.isalnum() or len(around) < 2 or any(east_asian_width(c) in "WF" for c in around)


def over_vocabulary(listed: Sequence[tuple[str, float]], ids: dict[str, int], size: int) -> NDArray[np.float32]:
    """Log-probabilities of all tokens: those listed, and what is left of the mass in equal shares for the rest.

    Args:
        listed: Tokens as text, with natural-log probabilities.
        ids: From a token's text to its id.
        size: V.

    Returns:
        Shape (V,).
    """
    known = {ids[token]: value for token, value in listed if token in ids}
    left = max(1.0 - sum(math.exp(value) for value in known.values()), 1e-12)
    row = np.full(size, math.log(left / max(size - len(known), 1)), dtype=np.float64)
    for token, value in known.items():
        row[token] = value
    return row.astype(np.float32)


@shaped
def likelihood(reply: Any, prompt: str, start: int) -> Likelihood:
    """Of an echoed prompt, the log-likelihood of its characters from ``start`` on.

    A token that begins before ``start`` and ends behind it belongs to the continuation.

    Raises:
        NoLogProbabilities: the prompt came back without.
        Refused: it cannot be told which tokens are the continuation's.
    """
    given = getattr(reply.choices[0], "logprobs", None)
    if given is None or not given.token_logprobs or not given.tokens:
        raise NoLogProbabilities
    if len(given.tokens) != len(given.token_logprobs):
        raise Garbled(f"{len(given.token_logprobs)} log-probabilities for {len(given.tokens)} tokens")
    which = continuation_tokens([str(token) for token in given.tokens], prompt, start, usage(reply)[0])
    if which is None:
        raise Refused(
            f"the server's tokens ({_short(given.tokens)}) do not join to the prompt that was sent, so that its "
            "continuation cannot be found among them; ask the model through hf, or a server that echoes prompts whole"
        )
    if not which:
        raise NoLogProbabilities
    nats, greedy = 0.0, True
    for i in which:
        value = given.token_logprobs[i]
        if value is None:
            raise Refused("the server gives no log-probability for the first token, which the continuation begins in")
        nats += float(value)
        top = given.top_logprobs[i] if given.top_logprobs else None
        greedy = greedy and bool(top) and float(value) >= max(top.values()) - 1e-9
    return Likelihood(nats, len(which), greedy)


@shaped
def vectors(reply: Any, count: int) -> list[NDArray[np.float32]]:
    """Embeddings in the order of the texts, each of shape (d,)."""
    data = sorted(reply.data, key=lambda one: one.index)
    if [one.index for one in data] != list(range(count)):
        raise Garbled(f"{len(data)} vectors for {count} texts")
    return [np.asarray(one.embedding, dtype=np.float32) for one in data]


@shaped
def moderations(reply: Any, count: int) -> list[dict[str, float]]:
    """Scores in [0, 1] by category, in the order of the texts; a category without a score is left out."""
    results = reply["results"]
    if len(results) != count:
        raise Garbled(f"{len(results)} verdicts for {count} texts")
    found = []
    for result in results:
        scores = {str(name): float(score) for name, score in result["category_scores"].items() if score is not None}
        if not scores or not all(0.0 <= score <= 1.0 for score in scores.values()):
            raise Garbled(f"scores that are none from 0 to 1: {_short(scores)}")
        found.append(scores)
    return found
