"""Reads a server's answers besides completions: log-probabilities and vectors. Every shape is checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Likelihood

from .alignment import continuation_tokens
from .problems import MalformedAnswer, NoLogProbabilities, Refused, short
from .replies import choices_of, shaped, usage
from .tokens import Position, listing, log_probability


@shaped
def positions(reply: Any) -> list[Position]:
    """Read the first places of a chat or plain completion, each with its likeliest tokens.

    Raises:
        NoLogProbabilities: the answer has no log-probabilities.
        Refused: the values are no log-probabilities.
    """
    choice = choices_of(reply)[0]
    given = getattr(choice, "logprobs", None)
    if given is None:
        raise NoLogProbabilities
    if getattr(choice, "message", None) is None:
        places = [_position(top.items(), given, i) for i, top in enumerate(given.top_logprobs or []) if top]
    else:
        places = [
            _place(str(one.token), one.logprob, [(top.token, top.logprob) for top in one.top_logprobs or []])
            for one in given.content or []
        ]
    if not places:
        raise NoLogProbabilities
    return places


def _position(top: Iterable[tuple[Any, Any]], given: Any, i: int) -> Position:
    """Read a place of a plain completion; a server may list the generated token apart from the likeliest ones."""
    listed = listing(top)
    if given.tokens and given.token_logprobs and i < min(len(given.tokens), len(given.token_logprobs)):
        return _place(str(given.tokens[i]), given.token_logprobs[i], listed)
    token, value = max(listed, key=lambda pair: pair[1])
    return Position(token, value, listed)


def _place(token: str, value: Any, top: Iterable[tuple[Any, Any]]) -> Position:
    generated, listed = log_probability(value), listing(top)
    if token not in (text for text, _ in listed):
        listed = listing([*listed, (token, generated)])
    return Position(token, generated, listed)


@shaped
def likelihood(reply: Any, prompt: str, start: int) -> Likelihood:
    """Read the log-likelihood, in nats, of an echoed prompt's characters from ``start`` on.

    A token that begins before ``start`` and ends behind it belongs to the continuation.

    Raises:
        NoLogProbabilities: the prompt came back without log-probabilities.
        Refused: the continuation's tokens cannot be told, or their values are no log-probabilities.
    """
    given = getattr(choices_of(reply)[0], "logprobs", None)
    if given is None or not given.token_logprobs or not given.tokens:
        raise NoLogProbabilities
    if len(given.tokens) != len(given.token_logprobs):
        raise MalformedAnswer(f"{len(given.token_logprobs)} log-probabilities for {len(given.tokens)} tokens")
    which = continuation_tokens([str(token) for token in given.tokens], prompt, start, usage(reply)[0])
    if which is None:
        raise Refused(
            f"the server's tokens ({short(given.tokens)}) do not join to the prompt that was sent, so that its "
            "continuation cannot be found among them; ask the model through hf, or a server that echoes prompts whole"
        )
    if not which:
        raise NoLogProbabilities
    nats, greedy = 0.0, True
    for i in which:
        value = given.token_logprobs[i]
        if value is None:
            raise Refused("the server gives no log-probability for the first token, which the continuation begins in")
        of_token = log_probability(value)
        nats += of_token
        top = given.top_logprobs[i] if given.top_logprobs else None
        greedy = bool(greedy and top and of_token >= max(map(log_probability, top.values())) - 1e-9)
    return Likelihood(nats, len(which), greedy)


@shaped
def vectors(reply: Any, count: int) -> list[NDArray[np.float32]]:
    """Read embeddings in the order of the texts, each of shape (d,)."""
    data = sorted(reply.data, key=lambda one: one.index)
    if [one.index for one in data] != list(range(count)):
        raise MalformedAnswer(f"{len(data)} vectors for {count} texts")
    return [np.asarray(one.embedding, dtype=np.float32) for one in data]


@shaped
def moderations(reply: Any, count: int) -> list[dict[str, float]]:
    """Read scores in [0, 1] by category, in the order of the texts; a category without a score is left out."""
    results = reply["results"]
    if len(results) != count:
        raise MalformedAnswer(f"{len(results)} verdicts for {count} texts")
    verdicts = []
    for result in results:
        scores = {str(name): float(score) for name, score in result["category_scores"].items() if score is not None}
        if not scores or not all(0.0 <= score <= 1.0 for score in scores.values()):
            raise MalformedAnswer(f"scores that are none from 0 to 1: {short(scores)}")
        verdicts.append(scores)
    return verdicts
