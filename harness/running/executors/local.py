"""Runs batches in this process, one after the other; a request that breaks its batch fails alone.

A model that streams gets all requests at once and chooses the order itself; its answers are passed on every few
seconds, to be filed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from harness.array_values import arrays_inside
from harness.errors import CellError, HarnessError, StoreError
from harness.model import Model
from harness.names.plugins import describe
from harness.requests import Failure, Request, Response

Answered = tuple[list[tuple[int, Response]], float]
"""Answers by the index of their requests, and the seconds that the model took for them."""

_FILED_EVERY = 5.0
"""Most seconds of a stream that a killed run may lose."""

CALL_BYTES = 128 << 20
"""Bytes of arrays in the answers to one call, beyond which fewer requests are asked together."""

_HOPELESS = 3
"""Number of wholly lost batches in a row after which a failed batch is no longer taken apart."""


class LocalExecutor:
    """Loads a model on its first batch and keeps it until the next model needs the room.

    Args:
        warn: Called with a warning where something goes wrong and no answer is lost.
    """

    def __init__(self, *, warn: Callable[[str], None] | None = None) -> None:
        self._warn = warn or logging.getLogger(__name__).warning
        self._loaded: dict[int, Model] = {}
        self._hopeless: dict[int, int] = {}

    def run(self, model: Model, capability: str, requests: Sequence[Request], *, form: str = "") -> Iterator[Answered]:
        """Yield the answers to all requests as they come, in portions to be filed.

        A call gets ``batch_size`` requests; fewer, where the arrays in the answers so far take more than `CALL_BYTES`
        a call.

        Args:
            model: The model.
            capability: What to ask for.
            requests: Requests of that capability.
            form: That of the capability. Where it is ``"arrays"``, one request is asked alone first, to see how large
                the answers are.

        Raises:
            CellError: the model cannot be loaded, or says that going on is useless.
        """
        if not requests:
            return
        self._load(model)
        if capability in model.streamed:
            yield from self._stream(model, capability, requests)
            return
        size = max(1, int(model.batch_size))
        now, first = 1 if form == "arrays" else size, 0
        while first < len(requests):
            start = time.perf_counter()
            responses = self._answer(model, capability, requests[first : first + now])
            first += len(responses)
            if form in ("array", "arrays"):
                each = sum(array.nbytes for array in arrays_inside(responses)) // len(responses)
                size = min(size, max(1, CALL_BYTES // each)) if each else size
            now = size
            answered = list(enumerate(responses, first - len(responses)))
            del responses  # else it would be in memory while the next are computed
            yield answered, time.perf_counter() - start
            del answered

    def _stream(self, model: Model, capability: str, requests: Sequence[Request]) -> Iterator[Answered]:
        open_ = set(range(len(requests)))
        ready: list[tuple[int, Response]] = []
        start = time.perf_counter()
        stream = model.stream(capability, requests)
        ending: BaseException | None = None
        while True:
            try:
                index, response = next(stream)
            except StopIteration:
                break
            except (HarnessError, KeyboardInterrupt) as error:
                ending = error  # raised below, once the answers so far are filed
                break
            except (Exception, SystemExit) as error:  # a plugin's code: the requests it left open are asked once more
                logging.getLogger(__name__).debug("%s: the stream broke off: %s", capability, describe(error))
                break
            if index in open_:
                open_.discard(index)
                ready.append((index, response))
            if len(ready) >= model.batch_size or time.perf_counter() - start > _FILED_EVERY:
                yield ready, time.perf_counter() - start
                ready, start = [], time.perf_counter()
        if ready:
            yield ready, time.perf_counter() - start
        if ending is not None:
            raise ending
        left = sorted(open_)
        size = max(1, int(model.batch_size))
        for first in range(0, len(left), size):
            start = time.perf_counter()
            indices = left[first : first + size]
            responses = self._answer(model, capability, [requests[i] for i in indices])
            yield list(zip(indices, responses, strict=True)), time.perf_counter() - start

    def _load(self, model: Model) -> None:
        if id(model) in self._loaded:
            return
        try:
            model.load()
        except HarnessError:
            raise
        except (Exception, SystemExit) as error:  # a plugin's code: whatever it raises ends this cell only
            raise CellError(f"the model cannot be loaded: {describe(error)}") from error
        self._loaded[id(model)] = model

    def _answer(self, model: Model, capability: str, batch: Sequence[Request]) -> list[Response]:
        responses, error = self._call(model, capability, batch)
        if not error:
            self._hopeless[id(model)] = 0
            return responses
        if len(batch) == 1 or self._hopeless.get(id(model), 0) >= _HOPELESS:
            return [Failure(error)] * len(batch)
        saved = self._take_apart(model, capability, batch)
        lost = all(isinstance(response, Failure) for response in saved)
        self._hopeless[id(model)] = self._hopeless.get(id(model), 0) + 1 if lost else 0
        return saved

    def _take_apart(self, model: Model, capability: str, batch: Sequence[Request]) -> list[Response]:
        """Halve a failed batch until only the unanswerable requests fail."""
        middle = len(batch) // 2
        answers: list[Response] = []
        for half in (batch[:middle], batch[middle:]):
            responses, error = self._call(model, capability, half)
            if not error:
                answers += responses
            elif len(half) == 1:
                answers.append(Failure(error))
            else:
                answers += self._take_apart(model, capability, half)
        return answers

    def _call(self, model: Model, capability: str, batch: Sequence[Request]) -> tuple[list[Response], str]:
        try:
            responses = list(getattr(model, capability)(list(batch)))
        except (CellError, StoreError):  # a part's answers that cannot be filed are no failure of this model
            raise
        except (Exception, SystemExit) as error:  # a plugin's code: one bad request must not end the run
            return [], describe(error)
        if len(responses) != len(batch):
            return [], f"the model gave {len(responses)} responses to {len(batch)} requests"
        return responses, ""

    def release(self, model: Model) -> None:
        """Close a model that is no longer needed."""
        if self._loaded.pop(id(model), None) is None:
            return
        try:
            model.close()
        except (Exception, SystemExit) as error:  # a plugin's code: what it computed is filed, and the run goes on
            self._warn(f"close() of {type(model).__name__} failed: {describe(error)}")

    def close(self) -> None:
        """Close all models that are still loaded."""
        for model in list(self._loaded.values()):
            self.release(model)
