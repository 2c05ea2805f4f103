"""The matrix that is learned from: the outcomes of a train split, and the vectors of its questions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from harness import Ask, Conversation, Failure, FloatArray, Item, Text


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Questions by models."""

    models: tuple[str, ...]
    prompts: list[Conversation]
    categories: list[str | None]
    groups: list[Hashable | None]
    """(n,); questions of one group are near-duplicates. None: a group of its own."""
    values: FloatArray
    """(n, m), in [0, 1]; NaN where unknown, which is never a zero."""


def outcomes_of(items: Iterable[Item], task: str) -> Outcomes:
    """Collect the outcomes of a train split.

    Raises:
        ValueError: there are none, there is one model only, or a model has no known outcome.
    """
    read = list(items)
    if not read:
        raise ValueError(f"{task}: the train split is empty")
    models = tuple(read[0].fields["models"])
    other = next((item for item in read if tuple(item.fields["models"]) != models), None)
    if other is not None:
        raise ValueError(f"{task}: {other.where} has other models than the questions before it")
    if len(models) < 2:
        raise ValueError(f"{task}: {models[0]!r} is the only model: there is nothing to choose")
    values = np.array([item.fields["outcomes"] for item in read], dtype=np.float64)
    unknown = [models[i] for i in np.flatnonzero(~np.isfinite(values).any(axis=0))]
    if unknown:
        raise ValueError(f"{task}: no outcome of {', '.join(unknown)} is known in the train split; leave it out")
    return Outcomes(
        models,
        [item.fields["prompt"] for item in read],
        [item.fields["category"] for item in read],
        [item.cluster for item in read],
        values,
    )


def vectors_of(ask: Ask, prompts: Iterable[Conversation]) -> FloatArray:
    """Ask the embedder for the questions' vectors, (n, d).

    Raises:
        ValueError: one could not be embedded: a router fitted to the others would be another one.
    """
    vectors = ask("embed", [Text(prompt.text) for prompt in prompts])
    failed = [vector.reason for vector in vectors if isinstance(vector, Failure)]
    if failed:
        raise ValueError(f"{len(failed)} of {len(vectors)} questions could not be embedded, the first: {failed[0]}")
    return np.array(vectors, dtype=np.float64)
