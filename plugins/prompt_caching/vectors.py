"""Vectors of prompts: of an embedder that a name stands for, or of one under a trainer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness import Ask, Failure, Text, UsageError

if TYPE_CHECKING:
    from harness import Registry

_KEPT: dict[tuple[str, int], NDArray[np.float32]] = {}
"""Vectors of this process by fingerprint and texts: the splits of a task, and tasks in several ways, share them."""


def ask_for_vectors(ask: Ask, texts: Sequence[str]) -> NDArray[np.float32]:
    """Ask an embedder under a trainer for vectors, (n, d), each text once.

    Raises:
        ValueError: one could not be embedded.
    """
    different = list(dict.fromkeys(texts))
    vectors = ask("embed", [Text(text) for text in different])
    failed = [vector.reason for vector in vectors if isinstance(vector, Failure)]
    if failed:
        raise ValueError(f"{len(failed)} of {len(different)} prompts could not be embedded, the first: {failed[0]}")
    place = {text: i for i, text in enumerate(different)}
    return np.array(vectors, dtype=np.float32)[[place[text] for text in texts]]


def resolve_embedder(registry: Registry, specification: str, who: str) -> Any:
    """Return the handle of an embedder, ready to be asked.

    Raises:
        UsageError: it is unknown, does not embed, or has to be trained first.
    """
    from harness.names import resolve_model
    from harness.results import models_folder, store_path

    handle = resolve_model(registry, specification, models_folder=models_folder(store_path(registry)))
    if "embed" not in handle.offers:
        raise UsageError(f"{who}: {specification} does not embed; it offers: {', '.join(handle.offers)}")
    if not handle.is_trained:
        raise UsageError(f"{who}: {specification} is not trained yet; evaluate or train it first")
    return handle


def embed_texts(registry: Registry, specification: str, texts: Sequence[str], who: str) -> NDArray[np.float32]:
    """Return the vectors of texts, (n, d), by the model of a specification.

    They are asked for without the user's store, which an evaluation may have open, and kept in memory.

    Raises:
        UsageError: the model does not embed, or a text cannot be embedded.
    """
    from harness.running import Runner
    from harness.store import Store

    handle = resolve_embedder(registry, specification, who)
    key = (handle.fingerprint, hash(tuple(texts)))
    if key not in _KEPT:
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
            client = Runner(registry, store).client()
            try:
                _KEPT[key] = ask_for_vectors(handle.ready.as_part(partial(client.ask, handle.ready)), texts)
            except ValueError as error:
                raise UsageError(f"{who}: {error}") from error
            finally:
                client.release(handle)
    return _KEPT[key]
