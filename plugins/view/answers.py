"""Answers on file, as a page shows them: figures, texts, or the reason why there is no answer."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness import (
    Capability,
    Completion,
    Failure,
    Likelihood,
    NamedArrays,
    Request,
    Response,
    Verdict,
    encodable,
    is_array,
    shown_array,
)
from harness.store import FiledResponse, StoreReader, read_responses

from .documents import ModelRequest, ReplayedStage

_FEW = 8
"""Most entries of an array that are shown."""


@dataclass(slots=True)
class ShownAnswer:
    """One answer as figures and texts, or the reason why it is missing."""

    figures: dict[str, str] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of a heading and a text."""
    error: str = ""
    missing: bool = False
    """Whether no answer is on file."""


def shown_answers(
    store: StoreReader, asking: ReplayedStage, questions: Sequence[ModelRequest]
) -> tuple[list[list[ShownAnswer]], Response | None]:
    """Return, for each request to the model, the answers under the request's keys.

    Also returns the response to the task's own request; None where the model was asked through adapters, whose part in
    it cannot be told from the answers alone.
    """
    keys = list(dict.fromkeys(key for question in questions for key in question.keys))
    filed = read_responses(store, asking.record.fingerprint, asking.base, keys)
    shown = {key: _shown(asking.base, response) for key, response in filed.items()}
    own = questions[0].keys if len(questions) == 1 and not questions[0].parts else None
    response = None if own is None else _joined(asking.base, [filed.get(key) for key in own])
    answers = [[shown.get(key) or ShownAnswer(missing=True) for key in question.keys] for question in questions]
    return answers, response


def _shown(capability: Capability, response: FiledResponse) -> ShownAnswer:
    if response.problem is not None:
        return ShownAnswer(error=response.problem)
    if capability.form == "number":
        return ShownAnswer({capability.name: number(response.value)})
    return _of_value(response.value)


def _of_value(value: Any) -> ShownAnswer:
    if isinstance(value, Verdict):
        p = "no verdict could be read" if value.p_first is None else number(value.p_first)
        figures = {"P(first is better)": p} | ({"label": value.label} if value.label else {})
        return ShownAnswer(figures, [("verdict", encodable(value.text))] if value.text else [])
    if isinstance(value, tuple) and value and all(isinstance(v, Completion) for v in value):
        return ShownAnswer({}, [(_heading(i, c, len(value)), encodable(c.text)) for i, c in enumerate(value)])
    if isinstance(value, Likelihood):
        greedy = "yes" if value.is_greedy else "no"
        return ShownAnswer({"nats": number(value.nats), "tokens": str(value.tokens), "greedy": greedy})
    if isinstance(value, np.ndarray):
        return ShownAnswer({"shape": " × ".join(map(str, value.shape)), "values": _few(value)})
    if isinstance(value, NamedArrays):
        return ShownAnswer({name: shown_array(v) if is_array(v) else number(v) for name, v in value.items()})
    return ShownAnswer({}, [("record", encodable(json.dumps(value, default=str, ensure_ascii=False, indent=1)))])


def _heading(i: int, completion: Completion, count: int) -> str:
    name = f"completion {i + 1}" if count > 1 else "completion"
    tokens = f", {completion.completion_tokens} tokens" if completion.completion_tokens is not None else ""
    return f"{name} ({completion.finish_reason}{tokens})"


def _few(array: Any) -> str:
    flat = array.ravel()
    return ", ".join(f"{v:.6g}" if np.iscomplexobj(v) else number(float(v)) for v in flat[:_FEW]) + (
        ", …" if flat.size > _FEW else ""
    )


def number(value: float | None) -> str:
    """Write a figure of one item with as many digits as tell two figures apart."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.6g}"


def answers_of(store: StoreReader, asking: ReplayedStage, requests: Sequence[Request]) -> list[Response]:
    """Return the model's responses to requests; a failure for each request without a response on file."""
    keys = [asking.keys(request) for request in requests]
    all_keys = [key for group in keys for key in group]
    filed = read_responses(store, asking.record.fingerprint, asking.base, all_keys)
    return [_joined(asking.base, [filed.get(key) for key in group]) for group in keys]


def _joined(capability: Capability, filed: Sequence[FiledResponse | None]) -> Response:
    values = []
    for response in filed:
        if response is None:
            return Failure("not on file")
        if response.problem is not None:
            return Failure(response.problem)
        values.append(response.value)
    return np.array(values, dtype=np.float64) if capability.pointwise else values[0]
