"""From requests to answers: windows of requests, tokenised while the window before is computed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Failure, Request, Response

from .forward import Engine, Head
from .tree import SequenceJob

WINDOW_TOKENS = 65_536
"""Tokens of the requests that are planned together: what prefixes are shared over."""


@dataclass(slots=True)
class EngineRequest:
    """A request as the engine sees it."""

    jobs: list[SequenceJob]
    """Their slots are given by the scheduler: the reads of all jobs, counted through."""
    answer: Callable[[NDArray[Any]], Response]
    """From the values of all reads, in order, to the response."""


Ask = Callable[[Any], EngineRequest | Failure]


@dataclass(slots=True)
class _Window:
    questions: list[tuple[int, EngineRequest]]
    failed: list[tuple[int, Failure]]


def stream(
    engine: Engine,
    requests: Sequence[Request],
    ask: Ask,
    head_for: Callable[[NDArray[np.int64]], Head],
    *,
    window_tokens: int = WINDOW_TOKENS,
) -> Iterator[tuple[int, Response]]:
    """Answers as they are computed, in no particular order.

    Args:
        engine: What runs the model.
        requests: All there are.
        ask: From a request to its question; what it raises fails that request.
        head_for: From the targets of all reads of a window (-1 where there is none) to the head.
        window_tokens: Tokens to plan together; fewer where the head gives much for each read.

    Yields:
        (index into ``requests``, response).
    """
    for window in _ahead(_windows(requests, ask, window_tokens)):
        yield from window.failed
        yield from _answered(engine, window.questions, head_for)


def _windows(requests: Sequence[Request], ask: Ask, window_tokens: int) -> Iterator[_Window]:
    window, filled = _Window([], []), 0
    for index, request in enumerate(requests):
        question = ask(request)
        if isinstance(question, Failure):
            window.failed.append((index, question))
        else:
            window.questions.append((index, question))
            filled += sum(len(job.tokens) for job in question.jobs)
        if filled >= window_tokens or len(window.failed) >= 1000:
            yield window
            window, filled = _Window([], []), 0
    yield window


def _ahead(windows: Iterator[_Window]) -> Iterator[_Window]:
    """The same windows, the next one being made in a thread while one is used."""
    # A second window in waiting would only cost memory; errors of the thread are raised here, in their place.
    stop = threading.Event()

    def following() -> _Window | None:
        return None if stop.is_set() else next(windows, None)

    with ThreadPoolExecutor(1, thread_name_prefix="tokenise") as thread:
        try:
            coming = thread.submit(following)
            while (window := coming.result()) is not None:
                coming = thread.submit(following)
                yield window
        finally:
            stop.set()


def _answered(
    engine: Engine, questions: Sequence[tuple[int, EngineRequest]], head_for: Callable[[NDArray[np.int64]], Head]
) -> Iterator[tuple[int, Response]]:
    jobs: list[SequenceJob] = []
    targets: list[NDArray[np.int64]] = []
    firsts = [0]
    for _, question in questions:
        first = firsts[-1]
        for job in question.jobs:
            job.slots = np.arange(first, first + len(job.positions))
            targets.append(np.full(len(job.positions), -1) if job.targets is None else job.targets)
            first += len(job.positions)
        jobs += question.jobs
        firsts.append(first)
    bounds = np.asarray(firsts)
    owners = np.repeat(np.arange(len(questions)), np.diff(bounds))
    left = np.diff(bounds)
    known = np.zeros(firsts[-1], dtype=bool)
    values: NDArray[Any] | None = None
    for number in np.flatnonzero(left == 0).tolist():  # nothing had to be read
        index, question = questions[number]
        yield index, question.answer(np.empty(0))
    if not jobs:
        return
    for slots, found in engine.run(jobs, head_for(np.concatenate(targets))):
        found = np.asarray(found)
        if values is None:
            values = np.empty((firsts[-1], *found.shape[1:]), dtype=found.dtype)
        values[slots] = found
        fresh = np.unique(slots[~known[slots]])
        known[fresh] = True
        numbers, counts = np.unique(owners[fresh], return_counts=True)
        left[numbers] -= counts
        for number in numbers[left[numbers] == 0]:
            index, question = questions[number]
            yield index, question.answer(values[bounds[number] : bounds[number + 1]])
