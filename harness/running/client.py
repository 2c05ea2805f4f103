"""The one client through which anything reaches a model.

Whoever asks here is cached, resumable and counted without knowing: a request that is on file is not asked again, what
is new runs in batches and is filed in one transaction a batch, and a request that fails is filed as failed.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from harness.adapters import Adapter, Route
from harness.capabilities import Candidates, Capability, Failure, Request, Response
from harness.model import Model
from harness.names.handles import ModelHandle
from harness.names.plugins import describe
from harness.requests import failures_of
from harness.running.executors import LocalExecutor
from harness.running.responses import LazyResponses, Responses
from harness.store import Store

_MARKS = 1 << 24
"""Bits that say which keys were computed: 2 MiB, whatever the number of requests."""
_EXPANDED_AT_ONCE = 4096
"""Requests that adapters may make before they are asked; bounds memory for round robins."""

_FOLLOWED_AT_ONCE = 64
"""Answers of another capability that are read at once; whole distributions are half a megabyte each."""

BatchHook = Callable[[str, str, int, float], None]


@dataclass(slots=True)
class RequestCounts:
    """What the client did so far."""

    requests: int = 0
    computed: int = 0
    reused: int = 0
    """Responses that were on file already when this counting began; one in a few hundred thousand may be missed."""
    seconds: float = 0.0
    """Spent inside models."""
    _computed: bytearray = field(default_factory=lambda: bytearray(_MARKS // 8), repr=False)

    def count(self, on_file: Iterable[bytes], computed: Iterable[bytes]) -> None:
        """Count responses by their keys; those on file that were computed during this counting are not reused."""
        self.reused += sum(not self._is_marked(key) for key in on_file)
        for key in computed:
            self.computed += 1
            mark = int.from_bytes(key[:4], "little") % _MARKS
            self._computed[mark >> 3] |= 1 << (mark & 7)

    def _is_marked(self, key: bytes) -> bool:
        mark = int.from_bytes(key[:4], "little") % _MARKS
        return bool(self._computed[mark >> 3] >> (mark & 7) & 1)


class ModelClient:
    """Answers requests from the store, or from the model.

    Args:
        store: Where responses are kept.
        capabilities: All that are known, by name.
        executor: Where batches run.
        batch_stored: Told of every batch: model label, capability, requests, seconds.
        progress: Told which share of the requests asked together is answered; models inside models tell it too.
    """

    def __init__(
        self,
        store: Store,
        capabilities: Mapping[str, Capability],
        executor: LocalExecutor,
        *,
        batch_stored: BatchHook = lambda model, capability, count, seconds: None,
        progress: Callable[[float], None] = lambda share: None,
    ) -> None:
        self._store, self._capabilities, self._executor = store, capabilities, executor
        self._batch_stored, self._progress = batch_stored, progress
        self.counts = RequestCounts()
        self.asked: dict[int, Model] = {}
        """The models that had to compute something, parts of others included."""
        self.remarks: list[str] = []
        """What a reader of the figures has to know of how the answers were found."""

    def ask(
        self, handle: ModelHandle, capability: str, requests: Sequence[Request], *, route: Route | None = None
    ) -> list[Response]:
        """The responses to requests, in order; a `Failure` in place of each that could not be answered.

        Args:
            handle: The model.
            capability: What to ask for.
            requests: Requests of that capability.
            route: The adapters to go through, where the model does not offer the capability itself.
        """
        return list(self.ask_lazily(handle, capability, requests, route=route))

    def ask_lazily(
        self, handle: ModelHandle, capability: str, requests: Sequence[Request], *, route: Route | None = None
    ) -> Sequence[Response]:
        """The same, where large responses are read from the store as they are looked at, and not all in memory."""
        adapters = route.adapters if route is not None else ()
        return self._through(handle, capability, adapters, requests)

    def _through(
        self, handle: ModelHandle, capability: str, adapters: Sequence[Adapter], requests: Sequence[Request]
    ) -> Sequence[Response]:
        if not adapters:
            return self._answer(handle, self._capabilities[capability], requests)
        adapter, inner = adapters[0], adapters[1:]
        answers: list[Response] = []
        waiting: list[tuple[Request, Sequence[Request] | Failure]] = []
        count = 0
        for request in requests:
            try:
                expansion: Sequence[Request] | Failure = adapter.expand(request)
            except (Exception, SystemExit) as error:  # a plugin's code: this request fails, the others do not
                expansion = Failure(f"adapter {adapter.name}: {describe(error)}")
            waiting.append((request, expansion))
            if isinstance(expansion, Failure):
                continue
            count += len(expansion)
            if count >= _EXPANDED_AT_ONCE:
                answers += self._ask_and_reduce(handle, adapter, inner, waiting)
                waiting, count = [], 0
        return answers + self._ask_and_reduce(handle, adapter, inner, waiting)

    def _ask_and_reduce(
        self,
        handle: ModelHandle,
        adapter: Adapter,
        inner: Sequence[Adapter],
        waiting: Sequence[tuple[Request, Sequence[Request] | Failure]],
    ) -> list[Response]:
        flat = [request for _, made in waiting if not isinstance(made, Failure) for request in made]
        given = self._through(handle, adapter.needs, inner, flat)
        groups: list[Sequence[Response]] = []
        position = 0
        for _, expansion in waiting:
            count = 1 if isinstance(expansion, Failure) else len(expansion)
            groups.append([expansion] if isinstance(expansion, Failure) else given[position : position + count])
            position += 0 if isinstance(expansion, Failure) else count
        answers: list[Response] = [_first_failure(group) for group in groups]
        whole = [i for i, answer in enumerate(answers) if answer is None]
        reduced = _reduced(adapter, [waiting[i][0] for i in whole], [groups[i] for i in whole])
        for i, response in zip(whole, reduced, strict=True):
            answers[i] = _adapted(self._capabilities.get(adapter.gives), waiting[i][0], response)
        return answers

    def _answer(self, handle: ModelHandle, capability: Capability, requests: Sequence[Request]) -> Sequence[Response]:
        handle = handle.ready
        model = handle.model
        self.counts.requests += len(requests)
        filed_as = partial(capability.keys, listwise=model.listwise, by_origin=not model.reads_text)
        keys = [filed_as(request) for request in requests]
        number = self._store.model_id(handle.fingerprint, json.dumps(handle.description(), default=str))
        known = Responses(self._store, number, capability)
        known.find(list(dict.fromkeys(key for group in keys for key in group)))
        for key, answer in self._follow(handle, model, number, capability, requests, keys, known).items():
            known.add(key, answer)
        self.counts.count(known, ())
        damaged = self._store.take_damaged()
        if damaged:
            what = f"{len(damaged)} answers on file" if len(damaged) > 1 else "an answer on file"
            self.remarks.append(f"{what} of {handle.label} could not be read, so it is asked again: {damaged[0]}")
        todo = _missing(capability, requests, keys, known, whole=model.listwise or not model.reads_text)
        if todo:
            self._give_parts(handle, model)
            self.asked[id(model)] = model
        ran = self._executor.run(model, capability.name, [request for request, _ in todo])
        left = len(todo)
        for responses, seconds in ran:
            answers: list[tuple[bytes, Response]] = []
            for index, response in responses:
                request, wanted = todo[index]
                answers += zip(wanted, checked(capability, request, response, len(wanted)), strict=True)
            for key, answer in self._store.file(number, capability, answers).items():
                known.add(key, answer)
            self.counts.count((), (key for key, _ in answers))
            self.counts.seconds += seconds
            self._batch_stored(handle.label, capability.name, len(responses), seconds)
            left -= len(responses)
            self._progress(1 - left / len(requests))
        join = partial(_joined, capability)
        return [join(known.get(group)) for group in keys] if known.whole else LazyResponses(known, keys, join)

    def _follow(
        self,
        handle: ModelHandle,
        model: Model,
        number: int,
        capability: Capability,
        requests: Sequence[Request],
        keys: Sequence[Sequence[bytes]],
        known: Container[bytes],
    ) -> dict[bytes, Response]:
        """What follows from answers on file to another capability of the model; filed like any answer."""
        following = capability.follows_from
        if following is None or following.base not in handle.offers or model.listwise or not model.reads_text:
            return {}
        base = self._capabilities.get(following.base)
        if base is None or base.pointwise or capability.pointwise:
            return {}
        open_ = {group[0]: request for request, group in zip(requests, keys, strict=True) if group[0] not in known}
        found: dict[bytes, Response] = {}
        waiting = list(open_.items())
        for start in range(0, len(waiting), _FOLLOWED_AT_ONCE):
            asked = [
                (key, request, base.keys(following.request(request))[0])
                for key, request in waiting[start:][:_FOLLOWED_AT_ONCE]
            ]
            given = self._store.find(number, base, list(dict.fromkeys(place for _, _, place in asked)))
            answers: list[tuple[bytes, Response]] = []
            for key, request, place in asked:
                if place not in given:
                    continue
                (answer,) = checked(capability, request, following.response(request, given[place]), 1)
                if not isinstance(answer, Failure):  # what cannot be had that way is asked of the model
                    answers.append((key, answer))
            found.update(self._store.file(number, capability, answers))
        return found

    def _give_parts(self, handle: ModelHandle, model: Model) -> None:
        if handle.parts and not hasattr(model, "parts"):
            model.parts = {name: part.as_part(partial(self.ask, part)) for name, part in handle.ready.parts.items()}


def _missing(
    capability: Capability,
    requests: Sequence[Request],
    keys: Sequence[Sequence[bytes]],
    known: Container[bytes],
    *,
    whole: bool,
) -> list[tuple[Request, list[bytes]]]:
    """What is to be asked, each once: requests cut down to the responses not on file, with their keys."""
    todo: list[tuple[Request, list[bytes]]] = []
    scheduled: set[bytes] = set()
    for request, group in zip(requests, keys, strict=True):
        indices = []
        for i, key in enumerate(group):
            if key not in known and key not in scheduled:
                scheduled.add(key)
                indices.append(i)
        if not indices:
            continue
        if whole:  # the model has to see all of the request's responses
            indices = list(range(len(group)))
        part = request if len(indices) == len(group) else capability.part(request, indices)
        todo.append((part, [group[i] for i in indices]))
    return todo


def checked(capability: Capability, request: Request, response: Response, count: int) -> Sequence[Response]:
    """A response checked against its capability, taken apart into as many as it is filed under."""
    if isinstance(response, Failure):
        return [response] * count
    try:
        if capability.pointwise:
            response = np.asarray(response, dtype=np.float64)
        elif capability.form == "array":
            response = np.asarray(response, dtype=capability.dtype)
        elif capability.form == "number":
            response = float(response)
        problem = capability.check(request, response)
    except (
        Exception,
        SystemExit,
    ) as error:  # whatever a plugin's response or check raises: one answer must not end its batch
        problem = f"not a response of {capability.name!r}: {error}"
    if problem:
        return [Failure(problem)] * count
    if not capability.pointwise:
        return [response]
    return [v if math.isfinite(v) else Failure(f"the model gave the score {v}") for v in response.tolist()]


def _adapted(capability: Capability | None, request: Request, response: Response) -> Response:
    """An adapter's response as it made it; a failure in place of one that is none, as with a model's."""
    if capability is None or isinstance(response, Failure):
        return response
    count = len(request.responses) if isinstance(request, Candidates) else 1
    return _first_failure(checked(capability, request, response, count)) or response


def _joined(capability: Capability, values: Sequence[Response]) -> Response:
    failure = _first_failure(values)
    if failure is not None:
        return failure
    return np.array(values, dtype=np.float64) if capability.pointwise else values[0]


def _first_failure(values: Sequence[Response]) -> Failure | None:
    return next(iter(failures_of(values)), None)


def _reduced(
    adapter: Adapter, requests: Sequence[Request], responses: Sequence[Sequence[Response]]
) -> Sequence[Response]:
    """What an adapter makes of the answers; where it raises for some, those requests fail and the others do not."""
    try:
        reduced = list(adapter.reduce_all(requests, responses))
        if len(reduced) == len(requests):
            return reduced
    except (Exception, SystemExit) as error:  # a plugin's code
        logging.getLogger(__name__).debug("%s: reduce_all() failed: %s", adapter.name, describe(error))
    return [_reduced_alone(adapter, *one) for one in zip(requests, responses, strict=True)]


def _reduced_alone(adapter: Adapter, request: Request, responses: Sequence[Response]) -> Response:
    try:
        (response,) = adapter.reduce_all([request], [responses])
    except (Exception, SystemExit) as error:  # a plugin's code
        return Failure(f"adapter {adapter.name}: {describe(error)}")
    return response
