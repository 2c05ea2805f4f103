"""Answers requests in windows; a window is tokenised while the previous one is computed."""

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
"""Tokens of the requests that are planned together: prefixes are shared within such a window."""


@dataclass(slots=True)
class EngineRequest:
    """A request as the engine sees it: sequences to run, and the way from their reads to the response."""

    jobs: list[SequenceJob]
    """The sequences to run. The scheduler sets their slots: it numbers the reads of all jobs."""
    answer: Callable[[NDArray[Any]], Response]
    """Turns the values of all reads, in order, into the response."""


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
    """Yield answers as they are computed, in no particular order.

    Args:
        engine: The engine that runs the model.
        requests: All requests.
        ask: Turns a request into its question, or into the `Failure` of that request alone.
        head_for: Turns the targets of all reads of a window (-1 for a read without one) into the head.
        window_tokens: Tokens to plan together; fewer if the head gives much for each read.

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
    """Yield the same windows, while a thread makes the next one."""
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
    is_read = np.zeros(firsts[-1], dtype=bool)
    values: NDArray[Any] | None = None
    for number in np.flatnonzero(left == 0).tolist():  # nothing had to be read
        index, question = questions[number]
        yield index, question.answer(np.empty(0))
    if not jobs:
        return
    for slots, some in engine.run(jobs, head_for(np.concatenate(targets))):
        read = np.asarray(some)
        if values is None:
            values = np.empty((firsts[-1], *read.shape[1:]), dtype=read.dtype)
        values[slots] = read
        # A read comes twice where a pass is repeated after memory ran out: it counts once.
        fresh = np.unique(slots[~is_read[slots]])
        is_read[fresh] = True
        numbers, counts = np.unique(owners[fresh], return_counts=True)
        left[numbers] -= counts
        for number in numbers[left[numbers] == 0]:
            index, question = questions[number]
            yield index, question.answer(values[bounds[number] : bounds[number + 1]])
