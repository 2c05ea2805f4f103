"""The interface of a capability, and the requests with which `harness check` tries a model that offers it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.array_values import UnkeyableValue
from harness.capabilities.declared_arrays import array_in_record, check_declared
from harness.errors import CellError
from harness.following import Following
from harness.requests import Request, Response, digest_of, unkeyable_field

FORMS = ("number", "array", "arrays", "record")


@dataclass(frozen=True)
class Expectation:
    """What the responses to certain requests have to be like, beyond being valid."""

    rule: str
    """The rule as ``harness check`` prints it, such as ``"equal responses tie"``."""
    requests: Sequence[Request]
    problem: Callable[[Sequence[Response]], str | None]
    """From the responses to what is wrong with them, in one sentence; None where nothing is."""


@dataclass(frozen=True)
class SampleRequests:
    """Requests that every model of a capability should be able to take: what ``harness check`` asks it.

    Only ``ordinary`` is needed.
    """

    ordinary: Sequence[Request]
    """A handful of plain requests. Asked together, alone and in another order, they get the same answers."""
    many: Sequence[Request] = ()
    """About two dozen requests of mixed lengths, in no order: what batches of several sizes are cut from. Left out,
    the batches are cut from the ordinary ones."""
    extreme: Mapping[str, Request] = field(default_factory=dict)
    """Requests at the limits, such as an empty text, by the names that are printed."""
    may_be_refused: Collection[str] = ()
    """Names of the extreme requests that a model may answer by a `harness.Failure`, such as a text beyond its window;
    an exception is a fault all the same."""
    expectations: Sequence[Expectation] = ()


@dataclass(frozen=True)
class Capability:
    """One batched method: what is asked, how requests are keyed, how responses are checked and filed.

    >>> from harness import Capability, Conversation, SampleRequests
    >>> POLITENESS = Capability(
    ...     "politeness",
    ...     Conversation,
    ...     "number",
    ...     check=lambda request, response: None if 0 <= response <= 1 else f"expected 0 to 1, got {response}",
    ...     samples=lambda: SampleRequests([Conversation.user("Good morning."), Conversation.user("Go away.")]),
    ...     description="how polite a conversation is, from 0 to 1",
    ... )
    >>> len(POLITENESS.keys(Conversation.user("Good morning.")))
    1

    A model offers it by a method ``politeness(requests)``; a plugin registers it in
    `harness.hooks.register_capabilities`.

    Several arrays in one response, with numbers beside them, are declared by name. A model gives a mapping; whoever
    asks gets one whose arrays are read from the store when somebody looks at them:

    >>> from harness import Text
    >>> TRACE = Capability(
    ...     "trace",
    ...     Text,
    ...     "arrays",
    ...     arrays={"attention": "float32", "norms": "float32", "loss": "number"},
    ...     check=lambda request, response: None if response["attention"].ndim == 4 else "expected (L, H, T, T)",
    ... )
    >>> Capability("trace", Text, "arrays")
    Traceback (most recent call last):
        ...
    ValueError: arrays of the capability 'trace': expected a mapping of names to types such as 'float32', got {}

    Raises:
        ValueError: the form is none of the four, or not ``"number"`` where the capability is pointwise; or the arrays
            are not declared as the form says.
        TypeError: the requests of a pointwise capability have parts and cannot be cut down to some of them; or a
            record would hold an array.
    """

    name: str
    """The method's name."""
    request: type[Request]
    form: str
    """How a response is filed: ``"number"``, ``"record"`` (JSON), ``"array"`` or ``"arrays"`` (outside the rows)."""
    record: Any = None
    """For records: the type that JSON is read back into. It holds no arrays: see ``arrays``."""
    check: Callable[[Any, Any], str | None] = lambda request, response: None
    """(request, response) to what is wrong with the response, or None."""
    pointwise: bool = False
    """True where a request has several parts whose answers are numbers filed singly: a response is an array of one
    number a part. The request says what its parts are, by `harness.Request.parts` and `harness.Request.keep`."""
    dtype: str = "float32"
    """For the form ``"array"``: what a response is stored as."""
    arrays: Mapping[str, str] = field(default_factory=dict)
    """For the form ``"arrays"``: what each entry of a response is stored as, by its name: the type of an array, such as
    ``"float32"``, or ``"number"``, which is a finite float. A response has all of them and no others."""
    description: str = ""
    follows_from: Following | None = None
    """How a response follows from that of another capability of the same model, if it does: used where that one is on
    file."""
    samples: Callable[[], SampleRequests] | None = None
    """Makes the requests with which ``harness check`` tries a model; without them it asks nothing, and says so."""

    def __post_init__(self) -> None:
        """Refuse what would only fail once a model is asked."""
        if self.form not in FORMS:
            raise ValueError(f"form of the capability {self.name!r}: expected one of {FORMS}, got {self.form!r}")
        check_declared(self.name, self.form, self.arrays)
        held = array_in_record(self.record) if self.form == "record" else ""
        if held:  # what holds an array has no JSON, which would be found out once the model has answered
            raise TypeError(
                f"the record of the capability {self.name!r} holds an array in {held}; declare form='arrays' instead"
            )
        if not self.pointwise:
            return
        if self.form != "number":
            raise ValueError(f"the capability {self.name!r} is pointwise, so its form is 'number', not {self.form!r}")
        if self.request.parts is not Request.parts and self.request.keep is Request.keep:
            name = self.request.__name__
            raise TypeError(f"{name}, the request of {self.name!r}, defines parts() and not keep(indices)")

    def parts(self, request: Request) -> Sequence[Request]:
        """Return the parts that are filed singly; a request of a capability that is not pointwise is its only one."""
        return request.parts() if self.pointwise else (request,)

    def keys(self, request: Request, *, listwise: bool = False, by_origin: bool = False) -> list[bytes]:
        """Return the keys a request is filed under: one, or one a part for a pointwise capability.

        Args:
            request: The request.
            listwise: True for a model whose scores depend on the neighbours, which then are part of each key.
            by_origin: True for a model that answers from records: then the item, not the text, is the key; together
                with whose answer is asked about and what that is, where the request is about one.

        Raises:
            CellError: the request holds what no key can be made of; names capability, class and field.
        """
        try:
            return self._keys(request, listwise=listwise, by_origin=by_origin)
        except UnkeyableValue as error:
            raise CellError(
                f"a request of the capability {self.name!r} cannot be filed: {unkeyable_field(request)} holds {error}; "
                "a content holds lists, texts, numbers and arrays of numbers"
            ) from error

    def _keys(self, request: Request, *, listwise: bool, by_origin: bool) -> list[bytes]:
        origin = request.origin
        if by_origin and origin is not None:
            # The item alone would file the verdicts on every candidate under one key. The content stands beside the
            # label since a label may come to name another model, and a model may come to answer otherwise.
            about = [origin.of, request.content()] if origin.of else []
            if not self.pointwise:
                return [digest_of([origin.task, origin.id, list(origin.positions), *about])]
            # A request whose origin names no positions is filed under those of its parts: under no key at all, its
            # response would be an empty array.
            positions = origin.positions or range(len(request.parts()))
            return [digest_of([origin.task, origin.id, position, *about]) for position in positions]
        if not self.pointwise:
            return [digest_of(request.content())]
        if listwise:
            return [digest_of([request.content(), index]) for index in range(len(request.parts()))]
        return request.part_keys()

    def part(self, request: Request, indices: Sequence[int]) -> Request:
        """Return the request for some of its parts only (pointwise capabilities)."""
        return request.keep(indices)
