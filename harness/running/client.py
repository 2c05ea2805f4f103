"""The one client through which anything reaches a model.

Whoever asks here is cached, resumable and counted without knowing: a request that is on file is not asked again, what
is new runs in batches and is filed in one transaction a batch, and a request that fails is filed as failed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from harness.adapters import Adapter, Route
from harness.capabilities import Capability
from harness.encoding import encodable
from harness.errors import CellError
from harness.model import Model
from harness.names.handles import ModelHandle
from harness.names.plugins import describe
from harness.requests import Failure, Request, Response
from harness.running.adapting import adapted, reduced
from harness.running.executors import LocalExecutor
from harness.running.filing import checked, first_failure, holds_arrays_alone, joined, missing
from harness.running.request_counts import RequestCounts
from harness.running.responses import LazyResponses, Responses
from harness.store.store import Store

_EXPANDED_AT_ONCE = 4096
"""Requests that adapters may make before they are asked; bounds memory for round robins."""

_FOLLOWED_AT_ONCE = 64
"""Answers of another capability that are read at once; whole distributions are half a megabyte each."""

BatchHook = Callable[[str, str, int, float], None]
Expanded = tuple[Request, Sequence[Request] | Failure]
"""A request, and the requests that an adapter made of it, or why it made none."""


def no_report(share: float) -> None:
    """Report to nobody which share of the requests is answered."""


class ModelClient:
    """Answers requests from the store, or from the model.

    Args:
        store: Where responses are kept.
        capabilities: All that are known, by name.
        executor: Where batches run.
        batch_stored: Told of every batch: model label, capability, requests, seconds.
        progress: Told which share of the requests asked together is answered, also of those that models inside models
            are asked.
    """

    def __init__(
        self,
        store: Store,
        capabilities: Mapping[str, Capability],
        executor: LocalExecutor,
        *,
        batch_stored: BatchHook = lambda model, capability, count, seconds: None,
        progress: Callable[[float], None] = no_report,
    ) -> None:
        self._store, self._capabilities, self._executor = store, capabilities, executor
        self._batch_stored, self._progress = batch_stored, progress
        self.counts = RequestCounts()
        self.asked: dict[int, Model] = {}
        """The models that had to compute something, parts of others included."""
        self._labels: dict[int, str] = {}
        self._noted: list[tuple[str, str]] = []
        self.remarks: list[str] = []
        """Sentences that a reader of the figures should know, on how the answers were found."""

    def ask(
        self, handle: ModelHandle, capability: str, requests: Sequence[Request], *, route: Route | None = None
    ) -> list[Response]:
        """Return the responses to requests, in order; a `Failure` in place of each that could not be answered.

        Args:
            handle: The model.
            capability: What to ask for.
            requests: Requests of that capability.
            route: The adapters to go through, as a task chose them; None for those of the handle, if any.
        """
        return list(self.ask_lazily(handle, capability, requests, route=route))

    def fresh(self, progress: Callable[[float], None]) -> ModelClient:
        """Open a client on the same store and the same loaded models, with counts of its own."""
        return ModelClient(
            self._store, self._capabilities, self._executor, batch_stored=self._batch_stored, progress=progress
        )

    def release(self, handle: ModelHandle) -> None:
        """Let go of a model and of those inside it; asked something new, they are loaded again."""
        for model in handle.constructed_models():
            self._note_remarks(model)  # before `close` takes what they are about
            self._executor.release(model)

    def take_remarks(self) -> list[tuple[str, str]]:
        """Return what the models that computed something have to say of how, by label, each sentence once."""
        for model in list(self.asked.values()):
            self._note_remarks(model)
        noted = [*(("", remark) for remark in self.remarks), *self._noted]
        self.remarks, self._noted = [], []
        return list(dict.fromkeys(noted))

    def _note_remarks(self, model: Model) -> None:
        """Keep what a model says of the answers since it was asked for that the last time."""
        if id(model) not in self.asked:
            return
        try:
            said = [encodable(str(remark)) for remark in model.remarks()]
        except (Exception, SystemExit) as error:  # a plugin's code
            said = [f"remarks() of {type(model).__name__} failed: {describe(error)}"]
        self._noted += [(self._labels[id(model)], remark) for remark in said]

    def ask_lazily(
        self, handle: ModelHandle, capability: str, requests: Sequence[Request], *, route: Route | None = None
    ) -> Sequence[Response]:
        """Return the responses as `ask` does, but read large ones from the store when somebody looks at them."""
        route = route or handle.routes.get(capability)
        adapters = route.adapters if route is not None else ()
        return self._through(handle, capability, adapters, requests)

    def _through(
        self, handle: ModelHandle, capability: str, adapters: Sequence[Adapter], requests: Sequence[Request]
    ) -> Sequence[Response]:
        """Ask through adapters, the one nearest to the task first; in portions, as a round robin makes many of few."""
        if not adapters:
            return self._answer(handle, self._capabilities[capability], requests)
        adapter, inner = adapters[0], adapters[1:]
        answers: list[Response] = []
        waiting: list[Expanded] = []
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
        self, handle: ModelHandle, adapter: Adapter, inner: Sequence[Adapter], waiting: Sequence[Expanded]
    ) -> list[Response]:
        """Ask what an adapter made of requests, and let it make their responses of the answers.

        Args:
            handle: The model.
            adapter: The adapter.
            inner: The adapters between it and the model.
            waiting: Requests, each with what the adapter made of it; one that it could not expand fails alone.
        """
        flat = [request for _, made in waiting if not isinstance(made, Failure) for request in made]
        given = self._through(handle, adapter.needs, inner, flat)
        groups: list[Sequence[Response]] = []
        position = 0
        for _, expansion in waiting:
            if isinstance(expansion, Failure):
                groups.append([expansion])
                continue
            groups.append(given[position : position + len(expansion)])
            position += len(expansion)
        answers: list[Response] = [first_failure(group) for group in groups]
        whole = [i for i, failure in enumerate(answers) if failure is None]
        responses = reduced(adapter, [waiting[i][0] for i in whole], [groups[i] for i in whole])
        for i, response in zip(whole, responses, strict=True):
            answers[i] = adapted(self._capabilities.get(adapter.gives), waiting[i][0], response)
        return answers

    def _answer(self, handle: ModelHandle, capability: Capability, requests: Sequence[Request]) -> Sequence[Response]:
        """Return the responses to requests of a capability that the model offers itself, in order."""
        handle = handle.ready
        model = handle.model
        self.counts.requests += len(requests)
        filed_as = partial(capability.keys, listwise=model.listwise, by_origin=not handle.reads_text)
        keys = [filed_as(request) for request in requests]
        number = self._store.model_id(handle.own_fingerprint, json.dumps(handle.description(), default=str))
        responses = Responses(self._store, number, capability)
        responses.find(list(dict.fromkeys(key for group in keys for key in group)))
        self._follow(handle, capability, requests, keys, responses)
        self.counts.count(responses, ())
        self._note_damaged(handle)
        todo = missing(capability, requests, keys, responses, whole=model.listwise or not handle.reads_text)
        if todo:
            self._compute(handle, capability, todo, responses, len(requests))
        join = partial(joined, capability)
        if responses.whole:
            return [join(responses.get(group)) for group in keys]
        return LazyResponses(responses, keys, join)

    def _note_damaged(self, handle: ModelHandle) -> None:
        """Say that answers on file could not be read: asking them again may cost what the user does not expect."""
        damaged = self._store.take_damaged()
        if damaged:
            what = f"{len(damaged)} answers on file" if len(damaged) > 1 else "an answer on file"
            self.remarks.append(f"{what} of {handle.label} could not be read, so it is asked again: {damaged[0]}")

    def _compute(
        self,
        handle: ModelHandle,
        capability: Capability,
        todo: Sequence[tuple[Request, list[bytes]]],
        responses: Responses,
        together: int,
    ) -> None:
        """Have the model answer what is not on file, and file it, one transaction a batch.

        Args:
            handle: The model.
            capability: What to ask for.
            todo: Requests with the keys that their responses are filed under.
            responses: Where the answers are taken in.
            together: How many requests were asked together, those on file included.

        Raises:
            CellError: the model cannot be loaded, or says that there is no use in going on; or every answer of a batch
                is of a form that cannot be filed, so that all further work would be lost, too.
        """
        model = handle.ready.model
        self._give_parts(handle, model)
        self.asked[id(model)] = model
        self._labels[id(model)] = handle.label
        left = len(todo)
        asked = [request for request, _ in todo]
        for batch, seconds in self._executor.run(model, capability.name, asked, form=capability.form):
            answers: list[tuple[bytes, Response]] = []
            for index, response in batch:
                request, keys = todo[index]
                answers += zip(keys, checked(capability, request, response, len(keys)), strict=True)
            responses.file(answers)
            if holds_arrays_alone(capability, answers):
                raise CellError(
                    f"{handle.label}: every answer to {capability.name!r} holds an array, which a record cannot keep; "
                    "its capability is to declare form='arrays'"
                )
            self.counts.count((), (key for key, _ in answers))
            self.counts.seconds += seconds
            self._batch_stored(handle.label, capability.name, len(batch), seconds)
            left -= len(batch)
            self._progress(1 - left / together)
            del batch, answers  # large answers would be in memory while the next are computed

    def _follow(
        self,
        handle: ModelHandle,
        capability: Capability,
        requests: Sequence[Request],
        keys: Sequence[Sequence[bytes]],
        responses: Responses,
    ) -> None:
        """File what follows from answers on file to another capability of the model, so that it is not asked.

        Args:
            handle: The model.
            capability: What is asked for.
            requests: The requests.
            keys: Of each request, the keys of its response.
            responses: Those on file, where the others are taken in.
        """
        following, handle = capability.follows_from, handle.ready
        if following is None or following.base not in handle.offers or handle.model.listwise or not handle.reads_text:
            return
        base = self._capabilities.get(following.base)
        if base is None or base.pointwise or capability.pointwise:
            return
        open_ = {group[0]: request for request, group in zip(requests, keys, strict=True) if group[0] not in responses}
        waiting = list(open_.items())
        for start in range(0, len(waiting), _FOLLOWED_AT_ONCE):
            asked = [
                (key, request, base.keys(following.request(request))[0])
                for key, request in waiting[start:][:_FOLLOWED_AT_ONCE]
            ]
            given = self._store.find(responses.model, base, list(dict.fromkeys(place for _, _, place in asked)))
            answers: list[tuple[bytes, Response]] = []
            for key, request, place in asked:
                if place not in given:
                    continue
                (answer,) = checked(capability, request, following.response(request, given[place]), 1)
                if not isinstance(answer, Failure):  # what cannot be had that way is asked of the model
                    answers.append((key, answer))
            responses.file(answers)

    def _give_parts(self, handle: ModelHandle, model: Model) -> None:
        """Let a model ask its parts through this client, so that what they are asked is counted here.

        The client of an earlier cell may have given it its parts before: that one counts for a cell that is filed.
        """
        if handle.parts or model.part_lists:
            model.parts = handle.ready.given_parts(
                lambda part: part.as_part(partial(self.ask, part), partial(self.release, part))
            )
