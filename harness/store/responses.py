"""Responses as readers of a store see them: the answer, why the model gave none, or why the answer cannot be read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.capabilities import Capability
from harness.encoding import encodable
from harness.errors import StoreError
from harness.requests import Response
from harness.store.codec import Codec
from harness.store.reading import StoreReader


@dataclass(frozen=True, slots=True)
class FiledResponse:
    """The response that a store holds under one key."""

    value: Response | None = None
    """The answer; a single figure if the capability gives one for each candidate; None without an answer."""
    failure: str | None = None
    """Why the model gave no answer; None if the model gave one."""
    damage: str | None = None
    """Why the answer on file cannot be read; None if it can."""

    @property
    def problem(self) -> str | None:
        """Why there is no value, in words for a reader; None if there is a value."""
        return self.failure if self.damage is None else f"cannot be read: {self.damage}"


def read_responses(
    store: StoreReader, fingerprint: str, capability: Capability, keys: Sequence[bytes]
) -> dict[bytes, FiledResponse]:
    """Read the responses of a model that are on file under some keys; keys without a response are left out.

    A damaged response does not hide the others: its `FiledResponse` says what is damaged.

    Args:
        store: The store.
        fingerprint: Fingerprint of the model.
        capability: The capability that the model itself was asked for.
        keys: The keys that `harness.Capability.keys` gives for a request.

    Raises:
        StoreError: the database cannot be read.
    """
    codec = Codec(capability, store.arrays)
    return {key: _response(codec, row) for key, row in store.filed(fingerprint, capability.name, keys).items()}


def _response(codec: Codec, row: Any) -> FiledResponse:
    if row.error is not None:
        return FiledResponse(failure=str(row.error))
    try:
        return FiledResponse(codec.decode(row.number, row.record))
    except StoreError as error:  # a missing file of arrays, or a record of a plugin's earlier version
        return FiledResponse(damage=str(error))


def read_response_texts(
    store: StoreReader, fingerprint: str, capability: str, keys: Sequence[bytes]
) -> dict[bytes, list[str]]:
    """Read all texts in the responses of a model under some keys, for a search, whatever form the responses have.

    The reason of a failure is a text too. A damaged response has no texts.

    Args:
        store: The store.
        fingerprint: Fingerprint of the model.
        capability: Name of the capability that the model itself was asked for.
        keys: The keys that `harness.Capability.keys` gives for a request.

    Raises:
        StoreError: the database cannot be read.
    """
    return {key: texts_of_row(row) for key, row in store.filed(fingerprint, capability, keys).items()}


def texts_of_row(row: Any) -> list[str]:
    """Return all texts in a row of the table ``responses``."""
    texts = [] if row.error is None else [str(row.error)]
    if row.record is not None:
        with contextlib.suppress(TypeError, ValueError, RecursionError):  # damaged: the page of the item says so
            texts += _strings(json.loads(row.record))
    return texts


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield encodable(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
