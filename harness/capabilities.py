"""What can be asked of a model: requests, responses, and the capabilities that pair them.

A capability is one batched method: a list of frozen requests in, a list of responses of the same length out. The
method carries the capability's name, so a model offers ``score`` by having a method ``score``.

============== ==================================== =============================================================
capability     request                              response
============== ==================================== =============================================================
score          `Candidates`                         float64 array ``(k,)``, higher is better, NaN = failed
compare        `Pair`                               `Verdict`
embed          `Text`                               float32 array ``(d,)``
detect         `Conversation`                       float: log-odds of the positive class, in nats
generate       `Generation`                         tuple of `Completion`
loglikelihood  `Continuation`                       `Likelihood`
next_token     `Conversation`                       float32 array ``(V,)``: log-probabilities in nats
choose         `Choice`                             float64 array ``(k,)``: log-probabilities in nats
readout        `Readout`                            float: a linear function of next-token log-odds
route          `Query`                              float64 array ``(m,)``: predicted correctness a model
============== ==================================== =============================================================

In place of any response a model may give a `Failure`. Plugins register further capabilities of their own.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import answer_checks
from harness.following import Following, read_out
from harness.requests import (
    KEY_BYTES,
    Candidates,
    Choice,
    Completion,
    Continuation,
    Conversation,
    Failure,
    Generation,
    Likelihood,
    LinearReadout,
    Message,
    Origin,
    Pair,
    Query,
    Readout,
    Request,
    Response,
    Sampling,
    Text,
    Verdict,
    digest_of,
    encoded,
    text_of,
)

if TYPE_CHECKING:
    pass

__all__ = [
    "CHOOSE",
    "COMPARE",
    "CORE",
    "DETECT",
    "EMBED",
    "GENERATE",
    "KEY_BYTES",
    "LOGLIKELIHOOD",
    "NEXT_TOKEN",
    "READOUT",
    "ROUTE",
    "SCORE",
    "Candidates",
    "Capability",
    "Choice",
    "Completion",
    "Continuation",
    "Conversation",
    "Failure",
    "Generation",
    "Likelihood",
    "LinearReadout",
    "Message",
    "Origin",
    "Pair",
    "Query",
    "Readout",
    "Request",
    "Response",
    "Sampling",
    "Text",
    "Verdict",
    "text_of",
]


@dataclass(frozen=True)
class Capability:
    """One batched method: how its requests are keyed and its responses checked and filed."""

    name: str
    """The method's name."""
    request: type[Request]
    form: str
    """How a response is filed: ``"number"``, ``"array"`` (outside the rows) or ``"record"`` (JSON)."""
    record: Any = None
    """For records: the type that JSON is read back into."""
    check: Callable[[Any, Any], str | None] = lambda request, response: None
    """(request, response) to what is wrong with the response, or None."""
    pointwise: bool = False
    """True where a request holds several texts whose answers are numbers filed singly."""
    dtype: str = "float32"
    """For arrays: what a response is stored as."""
    description: str = ""
    follows_from: Following | None = None
    """How a response follows from that of another capability of the same model, if it does: used where that one is on
    file."""

    def keys(self, request: Request, *, listwise: bool = False, by_origin: bool = False) -> list[bytes]:
        """The keys a request is filed under: one, or one a response for a pointwise capability.

        Args:
            request: The request.
            listwise: True for a model whose scores depend on the neighbours, which then are part of each key.
            by_origin: True for a model that answers from records: then the item, not the text, is the key; together
                with whose answer is asked about and what that is, where the request is about one.
        """
        origin = request.origin
        if by_origin and origin is not None:
            # The item alone would file the verdicts on every candidate under one key. The content stands beside the
            # label since a label may come to name another model, and a model may come to answer otherwise.
            about = [origin.of, request.content()] if origin.of else []
            if self.pointwise:
                return [digest_of([origin.task, origin.id, position, *about]) for position in origin.positions]
            return [digest_of([origin.task, origin.id, list(origin.positions), *about])]
        if not self.pointwise:
            return [digest_of(request.content())]
        assert isinstance(request, Candidates)
        if listwise:
            return [digest_of([request.content(), i]) for i in range(len(request.responses))]
        prompt = hashlib.blake2b(encoded(request.prompt.content()), digest_size=KEY_BYTES)
        keys = []
        for response in request.responses:
            whole = prompt.copy()
            # A zero byte cannot occur inside the JSON of the prompt, so prompt and response cannot run together.
            whole.update(b"\0" + response.encode("utf-8", "surrogatepass"))
            keys.append(whole.digest())
        return keys

    def part(self, request: Request, indices: Sequence[int]) -> Request:
        """The request for only some of its responses (pointwise capabilities)."""
        assert isinstance(request, Candidates)
        if len(indices) == len(request.responses):
            return request
        origin = request.origin
        if origin is not None and origin.positions:
            origin = dataclasses.replace(origin, positions=tuple(origin.positions[i] for i in indices))
        return Candidates(request.prompt, tuple(request.responses[i] for i in indices), origin=origin)


def _prompt_of(request: Readout) -> Conversation:
    return dataclasses.replace(request.prompt, origin=request.origin)


def _read_out(request: Readout, log_probabilities: Any) -> float | Failure:
    try:
        return read_out(request.function, log_probabilities)
    except ValueError as error:
        return Failure(str(error))


SCORE = Capability(
    "score", Candidates, "number", check=answer_checks.scores, pointwise=True, description="a real score a response"
)
COMPARE = Capability(
    "compare", Pair, "record", Verdict, answer_checks.verdict, description="which of two responses is better"
)
EMBED = Capability("embed", Text, "array", check=answer_checks.vector, description="a vector a text")
DETECT = Capability("detect", Conversation, "number", check=answer_checks.number, description="log-odds of a class")
GENERATE = Capability(
    "generate",
    Generation,
    "record",
    tuple[Completion, ...],
    answer_checks.completions,
    description="sampled completions",
)
LOGLIKELIHOOD = Capability(
    "loglikelihood",
    Continuation,
    "record",
    Likelihood,
    answer_checks.likelihood,
    description="nats of a continuation",
)
NEXT_TOKEN = Capability(
    "next_token",
    Conversation,
    "array",
    check=answer_checks.log_probabilities,
    description="next-token log-probabilities",
)
CHOOSE = Capability(
    "choose",
    Choice,
    "array",
    check=answer_checks.choice,
    dtype="float64",
    description="log-probability of each of several replies",
)
READOUT = Capability(
    "readout",
    Readout,
    "number",
    check=answer_checks.number,
    description="a linear function of next-token log-odds",
    follows_from=Following("next_token", _prompt_of, _read_out),
)
ROUTE = Capability(
    "route",
    Query,
    "array",
    check=answer_checks.correctness,
    dtype="float64",
    description="predicted correctness a model",
)

CORE: tuple[Capability, ...] = (
    SCORE,
    COMPARE,
    EMBED,
    DETECT,
    GENERATE,
    LOGLIKELIHOOD,
    NEXT_TOKEN,
    CHOOSE,
    READOUT,
    ROUTE,
)
