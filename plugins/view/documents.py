"""The document of one item, kept for its page: the texts of the requests, and the keys of the answers.

Texts are kept once, however many requests hold them: a round robin of 32 responses is 992 requests of the same texts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from harness import (
    Adapter,
    Answers,
    Capability,
    Conversation,
    Failure,
    Item,
    Request,
    Response,
    Task,
    arrays_inside,
    encodable,
    is_array,
    shown_array,
    shown_value,
)
from harness.running import stage_requests
from harness.store import StageRecord

MAX_FIELD = 2000
MAX_EXCERPT = 240


class RequestField(msgspec.Struct, array_like=True):
    """One field of a request."""

    name: str
    messages: list[tuple[str, int]] = []
    """Pairs (role, number of the text); the role is empty for plain texts, which are no conversation."""
    setting: str = ""
    """The value of a field without texts, written out."""


class ModelRequest(msgspec.Struct, array_like=True):
    """One request to the model itself, with the keys of its answers."""

    parts: list[RequestField]
    """Fields of the request; empty if it is the very request that the task made."""
    keys: list[bytes]


class Exchange(msgspec.Struct, array_like=True):
    """One request of the task, and the requests to the model that stand for it."""

    stage: int
    parts: list[RequestField]
    questions: list[ModelRequest]
    positions: list[int] = []
    """For each response that the request holds, its index among the item's."""


class Document(msgspec.Struct, array_like=True):
    """The texts of one item, and all requests about the item."""

    id: str
    where: str
    domains: list[str]
    fields: dict[str, str]
    """Fields of the data that are not among the texts of the requests, written out."""
    texts: list[str]
    exchanges: list[Exchange]
    withheld: bool = False
    """Whether this copy of the data lacks the texts."""
    cluster: str = ""
    """Name of the cluster, whose items are not independent of each other; empty for an item of no cluster."""
    expected: str = ""
    """What the task says that a right answer is; empty where the responses themselves show it."""


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Document).decode


@dataclass(frozen=True, slots=True)
class ReplayedStage:
    """One stage of a cell, ready to make the requests again."""

    record: StageRecord
    adapters: tuple[Adapter, ...]
    base: Capability
    """The capability that the model itself was asked for."""

    def keys(self, request: Request) -> list[bytes]:
        """Return the keys under which the answers to a request to the model are filed."""
        return self.base.keys(request, listwise=self.record.listwise, by_origin=self.record.by_origin)


Find = Callable[[ReplayedStage, Sequence[Request]], list[Response]]


def document(task: Task, item: Item, stages: Sequence[ReplayedStage], find: Find) -> Document:
    """Make the document of an item.

    Args:
        task: The task.
        item: One of the task's items.
        stages: The stages of the cell, each with the model that was asked.
        find: Finds answers on file; called only if requests of a later stage depend on the answers.
    """
    texts = TextPool()
    exchanges: list[Exchange] = []
    earlier: list[Answers] = []
    for number, asking in enumerate(stages):
        requests = stage_requests(task, item, number, asking.record.capability, earlier)
        for request in requests:
            questions = [
                ModelRequest(texts.parts(base) if asking.adapters else [], asking.keys(base))
                for base in expanded(asking.adapters, request)
            ]
            positions = list(request.origin.positions) if request.origin is not None else []
            exchanges.append(Exchange(number, texts.parts(request), questions, positions))
        if number + 1 < len(stages):
            responses = [_answer(asking, asking.adapters, request, find) for request in requests]
            earlier.append(Answers(asking.record.capability, requests, responses, asking.record.model))
    fields = {name: _written(value) for name, value in item.fields.items() if not texts.holds(value)}
    domains = [plain(domain) for domain in item.domains]
    cluster = plain(item.cluster or "")
    return Document(
        plain(item.id),
        plain(item.where),
        domains,
        fields,
        texts.all,
        exchanges,
        item.withheld,
        cluster,
        _expected(task, item),
    )


def _expected(task: Task, item: Item) -> str:
    try:
        return plain(str(task.expected(item) or ""))[:MAX_FIELD]
    except Exception:  # a plugin's code: the texts can be shown without it
        return ""


def expanded(adapters: Sequence[Adapter], request: Request) -> list[Request]:
    """Return the requests to the model itself that stand for one request of the task."""
    if not adapters:
        return [request]
    return [base for inner in adapters[0].expand(request) for base in expanded(adapters[1:], inner)]


def _answer(asking: ReplayedStage, adapters: Sequence[Adapter], request: Request, find: Find) -> Response:
    if not adapters:
        return find(asking, [request])[0]
    answers = [_answer(asking, adapters[1:], inner, find) for inner in adapters[0].expand(request)]
    failure = next((answer for answer in answers if isinstance(answer, Failure)), None)
    return adapters[0].reduce(request, answers) if failure is None else failure


class TextPool:
    """The texts of a document, each kept once under a number."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Return the number of a text; a new text gets the next number."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.all)
            self.all.append(plain(text))
        return number

    def parts(self, request: Request) -> list[RequestField]:
        """Return the fields of a request; requests of plugins' own types are dataclasses as well."""
        if isinstance(request, Conversation):
            return [self._part("prompt", request)]
        fields = [field.name for field in dataclasses.fields(request) if field.name != "origin"]
        return [self._part(name, getattr(request, name)) for name in fields]

    def _part(self, name: str, value: Any) -> RequestField:
        if isinstance(value, Conversation):
            return RequestField(name, [(plain(m.role), self.number(m.content)) for m in value.messages])
        if isinstance(value, str):
            return RequestField(name, [("", self.number(value))])
        if isinstance(value, (tuple, list)) and value and all(isinstance(text, str) for text in value):
            return RequestField(name, [("", self.number(text)) for text in value])
        return RequestField(name, setting=_written(value))

    def holds(self, value: Any) -> bool:
        """Tell whether all texts of a field's value are in the pool."""
        if isinstance(value, Conversation):
            return all(message.content in self._numbers for message in value.messages)
        if isinstance(value, (list, tuple)):
            return bool(value) and all(isinstance(text, str) and text in self._numbers for text in value)
        return isinstance(value, str) and value in self._numbers


def plain(text: str) -> str:
    """Return a text that can be stored and sent: half characters, which scraped data have, are written as escapes."""
    return encodable(text)


def _written(value: Any) -> str:
    if is_array(value):
        return plain(shown_array(value))
    if next(arrays_inside(value), None) is not None:
        text = shown_value(value)
        return plain(text if len(text) <= MAX_FIELD else text[:MAX_FIELD] + " …")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        text = ", ".join(f"{key}: {inner}" for key, inner in value.items())
    else:
        text = value if isinstance(value, str) else str(value)
    return plain(text if len(text) <= MAX_FIELD else text[:MAX_FIELD] + " …")


def searchable(found: Document) -> list[str]:
    """Return the texts that a search in the data covers: everything that the page of an item shows, except figures."""
    fields = [text for text in found.fields.values() if any(character.isalpha() for character in text)]
    return [found.id, *found.domains, *([found.cluster] if found.cluster else []), *found.texts, *fields]


def excerpt(found: Document) -> str:
    """Return the beginning of the question: of the last message of the first request's prompt."""
    for exchange in found.exchanges[:1]:
        for part in exchange.parts:
            if part.messages:
                return " ".join(found.texts[part.messages[-1 if part.messages[0][0] else 0][1]][:1000].split())[
                    :MAX_EXCERPT
                ]
    return ""
