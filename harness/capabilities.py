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
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from harness import answer_checks
from harness.encodable import encodable
from harness.following import Following, read_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """Which item of which task a request was made for.

    Not part of a request's content: the same text asked for by two tasks is one request. Only models that answer
    from records read it.
    """

    task: str
    """Qualified task name."""
    id: str
    """The data set's own id of the item."""
    positions: tuple[int, ...] = ()
    """For each text of the request, its index among the item's responses: a swapped pair has (1, 0)."""
    of: str = ""
    """Label of the model whose answer the request is about, in stages after the first; empty where it is about none.
    A judge's verdict on one candidate is never taken for that on another."""


@dataclass(frozen=True, slots=True)
class Request:
    """Base of all requests."""

    origin: Origin | None = field(default=None, compare=False, kw_only=True, repr=False)

    def content(self) -> object:
        """The request as plain lists and strings: what its key is a hash of."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """``"system"``, ``"user"``, ``"assistant"``, or ``"text"``: plain text to be continued, outside any template."""
    content: str


@dataclass(frozen=True, slots=True)
class Conversation(Request):
    """Messages in order; the request of ``detect`` and ``next_token``, and the prompt inside the others.

    Where the last message is the assistant's, a language model goes on with it instead of beginning a reply.
    """

    messages: tuple[Message, ...]

    @classmethod
    def user(cls, text: str, *, origin: Origin | None = None) -> Self:
        """A conversation of a single user message."""
        return cls((Message("user", text),), origin=origin)

    @classmethod
    def plain(cls, text: str, *, origin: Origin | None = None) -> Self:
        """Plain text to be continued as it stands; a model that can only chat takes it for a user message."""
        return cls((Message("text", text),), origin=origin)

    def reply(self, text: str) -> Conversation:
        """This conversation with one assistant message more."""
        return Conversation((*self.messages, Message("assistant", text)), origin=self.origin)

    @property
    def text(self) -> str:
        """The contents of all messages, a blank line between them."""
        if len(self.messages) == 1:
            return self.messages[0].content
        return "\n\n".join(m.content for m in self.messages)

    def content(self) -> object:
        """Role and content of every message."""
        return [[m.role, m.content] for m in self.messages]


@dataclass(frozen=True, slots=True)
class Candidates(Request):
    """The k responses to one prompt, to be scored together; filed one by one."""

    prompt: Conversation
    responses: tuple[str, ...]

    def content(self) -> object:
        """Prompt and responses."""
        return [self.prompt.content(), list(self.responses)]


@dataclass(frozen=True, slots=True)
class Pair(Request):
    """Two responses to one prompt, in the order in which a judge sees them."""

    prompt: Conversation
    first: str
    second: str

    def content(self) -> object:
        """Prompt, first, second."""
        return [self.prompt.content(), self.first, self.second]


@dataclass(frozen=True, slots=True)
class Text(Request):
    """A text to embed."""

    text: str

    def content(self) -> object:
        """The text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample a completion."""

    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 1.0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Generation(Request):
    """A prompt to complete n times."""

    prompt: Conversation
    n: int = 1
    sampling: Sampling = Sampling()

    def content(self) -> object:
        """Prompt, n and the sampling settings."""
        return [self.prompt.content(), self.n, list(dataclasses.astuple(self.sampling))]


@dataclass(frozen=True, slots=True)
class Continuation(Request):
    """A context and the continuation whose likelihood is asked for."""

    context: str | Conversation
    """Plain text, or a conversation to which the continuation is the reply. Empty text: the continuation is a whole
    document, and a long one is read in windows."""
    continuation: str
    with_blanks: bool = False
    """Blanks that end a conversation as the model renders it, such as the line end before the reply, are counted with
    the continuation, as lm-evaluation-harness counts them; those that end a plain text always are."""

    def content(self) -> object:
        """Context, continuation, and whether blanks are counted if they are."""
        context = self.context.content() if isinstance(self.context, Conversation) else self.context
        return [context, self.continuation, *([True] if self.with_blanks else [])]


@dataclass(frozen=True, slots=True)
class Choice(Request):
    """A prompt and the texts that the reply may begin with, each to be weighed: a verdict without generating it."""

    prompt: Conversation
    options: tuple[str, ...]

    def content(self) -> object:
        """Prompt and options."""
        return [self.prompt.content(), list(self.options)]


@dataclass(frozen=True)
class LinearReadout:
    """constant + sum_i weights_i * ln(p_i / (1 - p_i)), with p_i the probability of a token as the next one."""

    tokens: tuple[int, ...]
    """Ids in the model's vocabulary, shape (k,)."""
    weights: tuple[float, ...]
    """(k,)."""
    constant: float = 0.0

    @cached_property
    def digest(self) -> str:
        """Hash of the whole, made once for all requests that share it."""
        return _digest([list(self.tokens), list(self.weights), self.constant]).hex()

    @cached_property
    def arrays(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Tokens, int64, and weights, float64; made once for all requests that share it."""
        import numpy as np

        return np.array(self.tokens, dtype=np.int64), np.array(self.weights, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Readout(Request):
    """A prompt, and what is to be read from the distribution of the reply's first token.

    A model evaluates it where its logits are, by `harness.following.read_out`, so that no array of the vocabulary's
    size leaves it; where that array is on file, it is read from there.
    """

    prompt: Conversation
    function: LinearReadout

    def content(self) -> object:
        """Prompt and hash of the function."""
        return [self.prompt.content(), self.function.digest]


@dataclass(frozen=True, slots=True)
class Query(Request):
    """A prompt to be routed to one of several models."""

    prompt: Conversation
    models: tuple[str, ...] = ()

    def content(self) -> object:
        """Prompt and model names."""
        return [self.prompt.content(), list(self.models)]


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that could not be answered; stored as failed, counted, and tried again on the next run."""

    reason: str
    """One sentence for the user."""

    def __post_init__(self) -> None:
        """Make the reason writable: it may quote what a server or a model said, half characters included."""
        object.__setattr__(self, "reason", encodable(str(self.reason)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's answer to a `Pair`."""

    p_first: float | None
    """Probability that the first response is the better, 0.5 a tie; None where no verdict could be read."""
    text: str = ""
    """What the judge wrote, if anything."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One sampled completion."""

    text: str
    finish_reason: str = "stop"
    """``"stop"`` or ``"length"``."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Log-likelihood of a continuation."""

    nats: float
    tokens: int
    is_greedy: bool


def text_of(conversation: Conversation, response: str) -> str:
    """Prompt and response as one text, for models that read plain text."""
    return f"{conversation.text}\n\n{response}"


Response = Any
"""A response of any capability, or a `Failure`; the capability's row in the table above says which."""


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
                return [_digest([origin.task, origin.id, position, *about]) for position in origin.positions]
            return [_digest([origin.task, origin.id, list(origin.positions), *about])]
        if not self.pointwise:
            return [_digest(request.content())]
        assert isinstance(request, Candidates)
        if listwise:
            return [_digest([request.content(), i]) for i in range(len(request.responses))]
        prompt = hashlib.blake2b(_encode(request.prompt.content()), digest_size=KEY_BYTES)
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


def _encode(content: object) -> bytes:
    import msgspec

    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:  # lone surrogates occur in scraped text
        import json

        return json.dumps(content, ensure_ascii=True).encode()


def _digest(content: object) -> bytes:
    return hashlib.blake2b(_encode(content), digest_size=KEY_BYTES).digest()


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
