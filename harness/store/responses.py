"""Responses as whoever looks at a store reads them: the answer, why the model gave none, or why it cannot be read."""

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
    """What a store holds under one key."""

    value: Response | None = None
    """A single figure where the capability gives one for each candidate; None where there is no answer."""
    failure: str | None = None
    """Why the model gave no answer; None where it gave one."""
    damage: str | None = None
    """Why the answer on file cannot be read; None where it can."""

    @property
    def problem(self) -> str | None:
        """Why there is no value, for a reader; None where there is one."""
        return self.failure if self.damage is None else f"cannot be read: {self.damage}"


def read_responses(
    store: StoreReader, fingerprint: str, capability: Capability, keys: Sequence[bytes]
) -> dict[bytes, FiledResponse]:
    """Read what is on file of a model under some keys; a key under which there is nothing is absent.

    One that is damaged does not hide the others: it says so.

    Args:
        store: The store.
        fingerprint: Of the model.
        capability: What the model itself was asked for.
        keys: As `harness.Capability.keys` gives them for a request.

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
    """Read all texts in the answers of a model under some keys, whatever form the answers have; for a search.

    The reason of a failure is a text too. Of an answer that is damaged there is none.

    Args:
        store: The store.
        fingerprint: Of the model.
        capability: Name of what the model itself was asked for.
        keys: As `harness.Capability.keys` gives them for a request.

    Raises:
        StoreError: the database cannot be read.
    """
    return {key: texts_of_row(row) for key, row in store.filed(fingerprint, capability, keys).items()}


def texts_of_row(row: Any) -> list[str]:
    """All texts in a row of the table ``responses``."""
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
