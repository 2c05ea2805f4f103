"""Between a response and its row; exact in both directions, so that a resumed run gives the same estimates."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np

from harness.capabilities import Capability
from harness.requests import Failure
from harness.store.arrays import ArrayFiles
from harness.store.places import DamagedRecord

MAX_REASON = 2000


class Codec:
    """Encodes and decodes the responses of one capability."""

    def __init__(self, capability: Capability, arrays: ArrayFiles) -> None:
        self.form = capability.form
        self._arrays = arrays
        self._decode_record = msgspec.json.Decoder(capability.record if self.form == "record" else Any).decode
        self._record_type = capability.record if self.form == "record" else Any
        self._encode = msgspec.json.Encoder(enc_hook=_plain_number).encode

    def encode(self, value: Any) -> tuple[float | None, str | None, str | None]:
        """(number, record, error) of a response."""
        if isinstance(value, Failure):
            return None, None, value.reason[:MAX_REASON]
        if self.form == "number":
            return float(value), None, None
        if self.form == "array":
            return None, self._encode(self._arrays.append(np.asarray(value))).decode(), None
        return None, self._written(value), None

    def decode(self, number: float | None, record: str | None) -> Any:
        """The response that was encoded.

        Raises:
            DamagedRecord: the row says nothing of that form, or its array is not the one that was written.
            StoreError: its file of arrays cannot be read.
        """
        if self.form == "number":
            if not isinstance(number, float):
                raise DamagedRecord(f"damaged: {number!r} is no number")
            return number
        try:
            value = self._read_record(record or "")
        except (ValueError, RecursionError) as error:  # cut off, overwritten, or of an earlier version of a plugin
            raise DamagedRecord(f"damaged: the record of a response is unreadable: {error}") from error
        return self._arrays.read(value) if self.form == "array" else value

    def _read_record(self, record: str) -> Any:
        """The value that a JSON record holds.

        Raises:
            ValueError: it is no JSON, or holds no such value.
        """
        try:
            return self._decode_record(record)
        except msgspec.DecodeError:
            # msgspec knows no half characters; what is no JSON either raises again here.
            return msgspec.convert(json.loads(record), self._record_type, str_keys=True)

    def _written(self, value: Any) -> str:
        """Give the JSON of a record; one with half characters, such as a cut-off emoji, escapes them and loses none."""
        try:
            return self._encode(value).decode()
        except UnicodeEncodeError:
            return json.dumps(msgspec.to_builtins(value, str_keys=True, enc_hook=_plain_number), ensure_ascii=True)


def _plain_number(value: Any) -> Any:
    """Give a number of numpy, which models do answer with, as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"a response cannot hold a {type(value).__name__}")
