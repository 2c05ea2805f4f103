"""From a row of a stream to numbers, and from the columns of all rows to a `Stream`."""

from __future__ import annotations

import hashlib
import json
import re
import string
from collections.abc import Mapping
from typing import Any

import numpy as np

from harness import BadValue, Columns, DataError, FloatArray, encodable

from .stream import Stream, unit

SCOPE = ("tenant", "system", "model", "sampling", "conversation", "scope")
"""What a response belongs to: two prompts that differ in one of these never share a response."""
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def code_of(value: object) -> float:
    """Return a number that stands for a value, equal for equal values: 52 bits of a hash, which a float can hold."""
    text = encodable(json.dumps(value, sort_keys=True, default=str))
    return float(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 12)


def answers_of(value: Any, *, normalised: bool) -> list[float]:
    """Return the codes of a row's answers; none for a row that no other's response answers.

    Args:
        value: A text, a number, a list of these, or None.
        normalised: Short answers count as equal that differ in case, punctuation, articles or spaces.

    Raises:
        BadValue: the value is something else.
    """
    if value is None:
        return []
    values = list(value) if isinstance(value, list | tuple) else [value]
    for one in values:
        if not isinstance(one, str | int | float) or one != one:
            raise BadValue(f"expected an answer's text or number, or a list of them, got {one!r}", fields=("answer",))
    texts = [normal(str(one)) if normalised else str(one) for one in values]
    return sorted({code_of(text) for text in texts})


def normal(text: str) -> str:
    """Return a short answer without case, punctuation, articles and needless spaces, as exact match counts it.

    >>> normal("The  Beatles!"), normal("A")
    ('beatles', 'a')
    """
    plain = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", plain).split()) or " ".join(plain.split()) or text


def scope_of(fields: Mapping[str, Any]) -> float:
    """Return the code of what a response belongs to."""
    return code_of([fields.get(name) for name in SCOPE])


def stream_of(columns: Columns, name: str) -> Stream:
    """Make the stream of the columns that rows give.

    Args:
        columns: ``vector`` (n, d), ``answers`` (n, k), ``in_scope``, ``time``, ``lifetime``, ``cost`` and ``latency``,
            (n,), of all rows.
        name: The task's, for messages.

    Raises:
        DataError: some rows have a time and others do not.
    """
    values = columns.values
    n = len(columns)
    vectors = values["vector"]
    if vectors.ndim == 1:  # no row has one
        vectors = np.full((n, 1), np.nan)
    there = np.asarray(np.isfinite(vectors).all(axis=1))
    answers = values["answers"] if values["answers"].ndim == 2 else np.full((n, 1), np.nan)
    known = np.asarray(np.isfinite(answers))
    codes = np.full((n, max(1, answers.shape[1])), -1, dtype=np.int64)
    codes[:, : answers.shape[1]][known] = answers[known].astype(np.int64)
    scopes = np.unique(np.nan_to_num(values["in_scope"]), return_inverse=True)[1].astype(np.int64)
    return Stream(
        unit(np.where(there[:, None], vectors, 0)),
        codes,
        scopes,
        _times(values["time"], name),
        np.where(np.isfinite(values["lifetime"]), values["lifetime"], np.inf),
        np.asarray(values["cost"], dtype=np.float64),
        np.asarray(values["latency"], dtype=np.float64),
        there,
    )


def _times(times: FloatArray, name: str) -> FloatArray:
    """Return the times of all rows; without any, the numbers of the rows."""
    known = np.isfinite(times)
    if known.all():
        return np.asarray(times, dtype=np.float64)
    if known.any():
        raise DataError(
            f"{name}: row {int(np.flatnonzero(~known)[0]) + 1} has no 'time', and others have; "
            "give it to all or to none"
        )
    return np.arange(len(times), dtype=np.float64)
