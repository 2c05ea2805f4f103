"""Answers on file, as a page shows them: figures, texts, or why there is none."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness import Capability, Completion, Failure, Likelihood, Request, Response, Verdict
from harness.encodable import encodable
from harness.errors import StoreError
from harness.store.codec import Codec
from harness.store.reading import StoreReader

from .documents import Asking, Question

_FEW = 8
"""Entries of an array that are shown."""


@dataclass(slots=True)
class Shown:
    """One answer."""

    figures: dict[str, str] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)
    """(what it is, text)."""
    error: str = ""
    missing: bool = False
    """Nothing is on file."""


def shown_answers(store: StoreReader, asking: Asking, questions: Sequence[Question]) -> list[list[Shown]]:
    """For each question, the answers under its keys."""
    codec = Codec(asking.base, store.arrays)
    keys = list(dict.fromkeys(key for question in questions for key in question.keys))
    rows = store.filed(asking.record.fingerprint, asking.base.name, keys)
    found = {key: _shown(asking.base, codec, row) for key, row in rows.items()}
    return [[found.get(key) or Shown(missing=True) for key in question.keys] for question in questions]


def _shown(capability: Capability, codec: Codec, row: Any) -> Shown:
    if row.error is not None:
        return Shown(error=row.error)
    try:
        value = codec.decode(row.number, row.record)
    except StoreError as error:  # a missing file of arrays, or a record of a plugin's earlier version
        return Shown(error=f"cannot be read: {error}")
    return Shown({capability.name: number(value)}) if codec.form == "number" else _of_value(value)


def _of_value(value: Any) -> Shown:
    if isinstance(value, Verdict):
        p = "no verdict could be read" if value.p_first is None else number(value.p_first)
        return Shown({"P(first is better)": p}, [("verdict", encodable(value.text))] if value.text else [])
    if isinstance(value, tuple) and value and all(isinstance(v, Completion) for v in value):
        return Shown({}, [(_heading(i, c, len(value)), encodable(c.text)) for i, c in enumerate(value)])
    if isinstance(value, Likelihood):
        greedy = "yes" if value.is_greedy else "no"
        return Shown({"nats": number(value.nats), "tokens": str(value.tokens), "greedy": greedy})
    if isinstance(value, np.ndarray):
        return Shown({"shape": " × ".join(map(str, value.shape)), "values": _few(value)})
    return Shown({}, [("record", encodable(json.dumps(value, default=str, ensure_ascii=False, indent=1)))])


def _heading(i: int, completion: Completion, count: int) -> str:
    name = f"completion {i + 1}" if count > 1 else "completion"
    tokens = f", {completion.completion_tokens} tokens" if completion.completion_tokens is not None else ""
    return f"{name} ({completion.finish_reason}{tokens})"


def _few(array: Any) -> str:
    flat = array.ravel()
    return ", ".join(number(float(v)) for v in flat[:_FEW]) + (", …" if flat.size > _FEW else "")


def number(value: float | None) -> str:
    """A figure of one item, in as many digits as tell two apart."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.6g}"


def answers_of(store: StoreReader, asking: Asking, requests: Sequence[Request]) -> list[Response]:
    """The responses to requests as the model gave them; a failure for each that is not on file."""
    codec, keys = Codec(asking.base, store.arrays), [asking.keys(request) for request in requests]
    rows = store.filed(asking.record.fingerprint, asking.base.name, [key for group in keys for key in group])
    return [_joined(asking.base, codec, [rows.get(key) for key in group]) for group in keys]


def _joined(capability: Capability, codec: Codec, rows: Sequence[Any]) -> Response:
    for row in rows:
        if row is None or row.error is not None:
            return Failure("not on file" if row is None else row.error)
    try:
        values = [codec.decode(row.number, row.record) for row in rows]
    except StoreError as error:  # a file of arrays that is missing or damaged hides one answer, not the page
        return Failure(f"cannot be read: {error}")
    return np.array(values, dtype=np.float64) if capability.pointwise else values[0]


def written_texts(row: Any) -> Iterator[str]:
    """All texts in a row of the responses, of whatever capability."""
    if row.error is not None:
        yield row.error
    if row.record is not None:
        yield from _strings(json.loads(row.record))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield encodable(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
