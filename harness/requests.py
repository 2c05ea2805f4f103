"""The data that pass between tasks and models: requests, and the responses to them.

Which response answers which request is what a capability says: see the table in `harness.capabilities.core`.

A request of several parts, each answered by a number that is filed singly, knows those parts; all others are their own
only part:

>>> from harness import Candidates, Conversation
>>> request = Candidates(Conversation.user("What is the capital of France?"), ("Paris.", "Lyon."))
>>> [part.responses for part in request.parts()]
[('Paris.',), ('Lyon.',)]
>>> request.keep([1]).responses
('Lyon.',)
>>> request.prompt.parts() == (request.prompt,)
True
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from harness.array_values import UnkeyableValue, plain_value
from harness.encoding import encodable

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

    def keep(self, indices: Sequence[int]) -> Origin:
        """Return the origin of a request that has only some of the texts: those at ``indices``."""
        if not self.positions:
            return self
        return dataclasses.replace(self, positions=tuple(self.positions[index] for index in indices))


@dataclass(frozen=True, slots=True)
class Request:
    """Base of all requests.

    A plugin's request defines `content`. Where it holds several parts, each answered by a number of its own
    (``pointwise=True`` in its `Capability`), it defines `parts` and `keep` as well; then the parts that are on file are
    not asked again, whichever request they come in.

    >>> from dataclasses import dataclass, replace
    >>> @dataclass(frozen=True, slots=True)
    ... class Passages(Request):
    ...     query: str
    ...     passages: tuple[str, ...]
    ...     def content(self):
    ...         return [self.query, list(self.passages)]
    ...     def parts(self):
    ...         return [self.keep([i]) for i in range(len(self.passages))]
    ...     def keep(self, indices):
    ...         origin = self.origin and self.origin.keep(indices)
    ...         return replace(self, passages=tuple(self.passages[i] for i in indices), origin=origin)
    >>> Passages("bees", ("Bees make honey.", "Tea is hot.")).keep([1])
    Passages(query='bees', passages=('Tea is hot.',))
    """

    origin: Origin | None = field(default=None, compare=False, kw_only=True, repr=False)

    def content(self) -> object:
        """Return the request as lists, texts, numbers and arrays, nested at will: what its key is a hash of.

        An array of numpy counts by its type, shape and values, whatever its byte order and strides:

        >>> import numpy as np
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True, slots=True)
        ... class Patch(Request):
        ...     pixels: np.ndarray
        ...     scale: float = 1.0
        ...     def content(self):
        ...         return [self.pixels, self.scale]
        >>> patch = Patch(np.zeros((8, 8), np.uint8))
        >>> patch.part_keys() == Patch(np.zeros((8, 8), np.uint8)).part_keys()
        True
        >>> patch.part_keys() == Patch(np.zeros((4, 16), np.uint8)).part_keys()
        False
        """
        raise NotImplementedError

    def parts(self) -> Sequence[Request]:
        """Return the requests for each part alone, in order; a request that is not made of parts is its only one."""
        return (self,)

    def keep(self, indices: Sequence[int]) -> Request:
        """Return the request for some of its parts, in the order of ``indices``; the origin is cut down with them.

        Raises:
            NotImplementedError: the class defines `parts` and not this method.
        """
        if list(indices) == list(range(len(self.parts()))):
            return self
        raise NotImplementedError(f"{type(self).__name__} has several parts, so it has to define keep(indices)")

    def part_keys(self) -> list[bytes]:
        """Return one key a part: the hash of its content, the same whatever other parts the request has."""
        return [digest_of(part.content()) for part in self.parts()]


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

    def parts(self) -> Sequence[Candidates]:
        """Return one request a response, each with the same prompt."""
        return [self.keep([index]) for index in range(len(self.responses))]

    def keep(self, indices: Sequence[int]) -> Self:
        """Return the request for some of its responses."""
        if list(indices) == list(range(len(self.responses))):
            return self
        origin = self.origin.keep(indices) if self.origin is not None else None
        return dataclasses.replace(self, responses=tuple(self.responses[index] for index in indices), origin=origin)

    def part_keys(self) -> list[bytes]:
        """Return one key a response: the hash of the prompt and that response."""
        if type(self).content is not Candidates.content:  # a plugin's own class, whose content may be more than these
            return Request.part_keys(self)
        prompt = hashlib.blake2b(encoded(self.prompt.content()), digest_size=KEY_BYTES)
        keys = []
        for response in self.responses:
            whole = prompt.copy()
            # A zero byte cannot occur inside the JSON of the prompt, so prompt and response cannot run together.
            whole.update(b"\0" + response.encode("utf-8", "surrogatepass"))
            keys.append(whole.digest())
        return keys


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
        return digest_of([list(self.tokens), list(self.weights), self.constant]).hex()

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
    """Their labels; the response has one number for each. Empty: those that the router knows, in its own order, which
    is what ``harness check`` asks."""
    category: str = ""
    """What the question belongs to, such as a benchmark, where that is known: what looks no further than that is the
    baseline of every router."""

    def content(self) -> object:
        """Prompt, model names, and the category if there is one."""
        return [self.prompt.content(), list(self.models), *([self.category] if self.category else [])]


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that could not be answered; stored as failed, counted, and tried again on the next run."""

    reason: str
    """One sentence for the user."""

    def __post_init__(self) -> None:
        """Make the reason writable: it may quote what a server or a model said, half characters included."""
        object.__setattr__(self, "reason", encodable(str(self.reason)))


VERDICT_LABELS = ("first", "slightly first", "tie", "slightly second", "second")
"""What a verdict may be labelled by a judge that tells how far the better response is ahead."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's answer to a `Pair`."""

    p_first: float | None
    """Probability that the first response is the better, 0.5 a tie; None where no verdict could be read."""
    text: str = ""
    """What the judge wrote, if anything."""
    label: str = ""
    """One of `VERDICT_LABELS`, where the judge tells a slight preference from a clear one; empty where it does not."""


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
"""A response of any capability, or a `Failure`; the table in `harness.capabilities.core` says which."""


def failures_of(responses: Sequence[Response]) -> list[Failure]:
    """Return the failures among responses.

    A sequence that can tell its failures without reading the responses that were let go is asked itself.
    """
    list_failures = getattr(responses, "failures", None)
    if list_failures is not None:
        failures: list[Failure] = list_failures()
        return failures
    return [response for response in responses if isinstance(response, Failure)]


def encoded(content: object) -> bytes:
    """Write a content as JSON, whatever characters it holds; arrays stand in it by type, shape and hash.

    Raises:
        harness.array_values.UnkeyableValue: it holds what no key can be made of, such as an array of objects.
    """
    import msgspec

    try:
        return msgspec.json.encode(content, enc_hook=plain_value)
    except UnicodeEncodeError:  # lone surrogates occur in scraped text
        import json

        return json.dumps(content, ensure_ascii=True, default=plain_value).encode()


def digest_of(content: object) -> bytes:
    """Hash a content: the key that it is filed under."""
    return hashlib.blake2b(encoded(content), digest_size=KEY_BYTES).digest()


def unkeyable_field(request: Request) -> str:
    """Name the class and field of a request that hold what has no key; its `content` where it is no field."""
    name = type(request).__name__
    for one in dataclasses.fields(request):
        if one.name == "origin":
            continue
        value = getattr(request, one.name)
        try:
            # A request inside a request, such as a prompt, is no JSON: its own content is.
            encoded(value.content() if isinstance(value, Request) else value)
        except UnkeyableValue:
            return f"{name}.{one.name}"
        except (TypeError, ValueError):
            continue
    return f"{name}.content()"
