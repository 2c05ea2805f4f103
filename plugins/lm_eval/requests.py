"""Turns lm-eval's requests into requests of harness, and the answers back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness import Continuation, Conversation, Generation, Origin, Request, Response, Sampling, UsageError

from .conversations import conversation_in

CAPABILITY = {
    "loglikelihood": "loglikelihood",
    "multiple_choice": "loglikelihood",
    "loglikelihood_rolling": "loglikelihood",
    "generate_until": "generate",
}
"""The capability that each of lm-eval's request and output types asks for."""

_SAMPLING = {"do_sample", "until", "max_gen_toks", "temperature", "top_p"}


def request_of(kind: str, arguments: Sequence[Any], seed: int, origin: Origin | None = None) -> Request:
    """Turn one request of lm-eval's into a request of harness.

    Args:
        kind: lm-eval's request type.
        arguments: The request's arguments: context and continuation, a text, or context and generation arguments.
        seed: Seed of a sampled completion.
        origin: The item that the request is made for.

    Raises:
        UsageError: harness has no setting for a generation argument, or the request holds more than text.
    """
    if kind == "loglikelihood":
        context, continuation = arguments
        conversation = conversation_in(context)
        return Continuation(
            context if conversation is None else conversation,
            continuation,
            with_blanks=conversation is not None,
            origin=origin,
        )
    if kind == "loglikelihood_rolling":
        return Continuation("", arguments[0], origin=origin)
    if kind != "generate_until" or len(arguments) != 2:
        raise UsageError(
            f"requests of type {kind!r} with {len(arguments)} arguments, for pictures or sound, are not known"
        )
    context, settings = arguments
    sampling = sampling_of(settings)
    # Greedy repeats are the same answer, so one request; sampled ones must not be answered from one row.
    seeded = Sampling(
        sampling.temperature,
        sampling.top_p,
        sampling.max_tokens,
        sampling.stop,
        seed if sampling.temperature > 0 else 0,
    )
    return Generation(conversation_in(context) or Conversation.plain(context), sampling=seeded, origin=origin)


def answer_for(kind: str, response: Response) -> Any:
    """Return a response in lm-eval's form: (nats, greedy), nats, or text."""
    if kind == "loglikelihood":
        return response.nats, response.is_greedy
    return response.nats if kind == "loglikelihood_rolling" else response[0].text


def sampling_of(settings: Mapping[str, Any]) -> Sampling:
    """Read lm-eval's generation arguments as its own models read them.

    Raises:
        UsageError: harness has no sampling setting for an argument.
    """
    from lm_eval.models.utils import normalize_gen_kwargs

    read = normalize_gen_kwargs(dict(settings))
    unknown = sorted(read.keys() - _SAMPLING)
    if unknown:
        raise UsageError(
            f"generation argument {unknown[0]!r} has no counterpart; known are {', '.join(sorted(_SAMPLING))}"
        )
    # Asked to sample without a temperature, the usual libraries sample at 1.
    bare = read["do_sample"] and "temperature" not in settings
    return Sampling(
        temperature=1.0 if bare else float(read.get("temperature", 0.0)),
        top_p=float(read.get("top_p", 1.0)),
        max_tokens=int(read["max_gen_toks"]),
        stop=tuple(read["until"]),
    )
