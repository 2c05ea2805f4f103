"""The one door through which anything reaches a model.

Whoever asks here is cached, resumable and counted without knowing: a request that is on file is not asked again, what
is new runs in batches and is filed in one transaction a batch, and a request that fails is filed as failed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from harness.adapters import Adapter, Route
from harness.capabilities import Candidates, Capability, Failure, Request, Response
from harness.executors import LocalExecutor
from harness.model import Model
from harness.resolve import ModelHandle
from harness.store import Store

_MARKS = 1 << 24
"""Bits that say which keys were computed: 2 MiB, whatever the number of requests."""
_EXPANDED_AT_ONCE = 4096
"""Requests that adapters may make before they are asked; bounds memory for round robins."""

BatchHook = Callable[[str, str, int, float], None]


@dataclass(slots=True)
class Tally:
    """What the door did so far."""

    requests: int = 0
    computed: int = 0
    reused: int = 0
    """Responses that were on file already when this tally began; one in a few hundred thousand may be missed."""
    seconds: float = 0.0
    """Spent inside models."""
    _computed: bytearray = field(default_factory=lambda: bytearray(_MARKS // 8), repr=False)

    def count(self, on_file: Iterable[bytes], computed: Iterable[bytes]) -> None:
        """Count responses by their keys; those on file that were computed under this tally are not reused."""
        self.reused += sum(not self._is_marked(key) for key in on_file)
        for key in computed:
            self.computed += 1
            mark = int.from_bytes(key[:4], "little") % _MARKS
            self._computed[mark >> 3] |= 1 << (mark & 7)

    def _is_marked(self, key: bytes) -> bool:
        mark = int.from_bytes(key[:4], "little") % _MARKS
        return bool(self._computed[mark >> 3] >> (mark & 7) & 1)


class Door:
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
        self.tally = Tally()
        self.asked: dict[int, Model] = {}
        """The models that had to compute something, parts of others included."""

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
        adapters = route.adapters if route is not None else ()
        return self._through(handle, capability, adapters, requests)

    def _through(
        self, handle: ModelHandle, capability: str, adapters: Sequence[Adapter], requests: Sequence[Request]
    ) -> list[Response]:
        if not adapters:
            return self._answer(handle, self._capabilities[capability], requests)
        adapter, inner = adapters[0], adapters[1:]
        answers: list[Response] = []
        waiting: list[tuple[Request, Sequence[Request]]] = []
        count = 0
        for request in requests:
            expansion = adapter.expand(request)
            waiting.append((request, expansion))
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
        waiting: Sequence[tuple[Request, Sequence[Request]]],
    ) -> list[Response]:
        flat = [request for _, expansion in waiting for request in expansion]
        given = self._through(handle, adapter.needs, inner, flat)
        groups: list[Sequence[Response]] = []
        position = 0
        for _, expansion in waiting:
            groups.append(given[position : position + len(expansion)])
            position += len(expansion)
        answers: list[Response] = [_first_failure(group) for group in groups]
        whole = [i for i, answer in enumerate(answers) if answer is None]
        reduced = adapter.reduce_all([waiting[i][0] for i in whole], [groups[i] for i in whole])
        for i, response in zip(whole, reduced, strict=True):
            answers[i] = _adapted(self._capabilities.get(adapter.gives), waiting[i][0], response)
        return answers

    def _answer(self, handle: ModelHandle, capability: Capability, requests: Sequence[Request]) -> list[Response]:
        model = handle.ready
        self.tally.requests += len(requests)
        filed_as = partial(capability.keys, listwise=model.listwise, by_origin=not model.reads_text)
        keys = [filed_as(request) for request in requests]
        number = self._store.model_id(handle.fingerprint, json.dumps(handle.description(), default=str))
        known = self._store.find(number, capability, list(dict.fromkeys(key for group in keys for key in group)))
        self.tally.count(known, ())
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
            known.update(self._store.file(number, capability, answers))
            self.tally.count((), (key for key, _ in answers))
            self.tally.seconds += seconds
            self._batch_stored(handle.label, capability.name, len(responses), seconds)
            left -= len(responses)
            self._progress(1 - left / len(requests))
        return [_joined(capability, [known[key] for key in group]) for group in keys]

    def _give_parts(self, handle: ModelHandle, model: Model) -> None:
        if handle.parts and not hasattr(model, "parts"):
            model.parts = {name: part.as_part(partial(self.ask, part)) for name, part in handle.parts.items()}


def _missing(
    capability: Capability,
    requests: Sequence[Request],
    keys: Sequence[Sequence[bytes]],
    known: Mapping[bytes, Any],
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
    except Exception as error:  # whatever a plugin's response or check raises: one answer must not end its batch
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
    return next((value for value in values if isinstance(value, Failure)), None)
