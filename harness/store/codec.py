"""Between a response and its row; exact in both directions, so that a resumed run gives the same estimates."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import msgspec
import numpy as np

from harness.array_values import NUMBER, NamedArrays
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
        self._declared = dict(capability.arrays)
        self._encode = msgspec.json.Encoder(enc_hook=_plain_number).encode

    def encode(self, value: Any) -> tuple[float | None, str | None, str | None]:
        """(number, record, error) of a response."""
        if isinstance(value, Failure):
            return None, None, value.reason[:MAX_REASON]
        if self.form == "number":
            return float(value), None, None
        if self.form == "array":
            return None, self._encode(self._arrays.append(np.asarray(value))).decode(), None
        if self.form == "arrays":
            return None, self._encode(self._filed(value)).decode(), None
        return None, self._written(value), None

    def _filed(self, value: Any) -> dict[str, dict[str, Any]]:
        """Write the arrays of a response, and return where they lie and what its numbers are."""
        filed: dict[str, dict[str, Any]] = {"arrays": {}, "numbers": {}}
        for name, stored in self._declared.items():
            if stored == NUMBER:
                filed["numbers"][name] = float(value[name])
            else:
                filed["arrays"][name] = self._arrays.append(np.asarray(value[name], dtype=stored))
        return filed

    def _named(self, record: Any) -> NamedArrays:
        """Return a response of several arrays, none of which is in memory; each was looked over for damage.

        Raises:
            DamagedRecord: the row says no such thing, or an array is not the one that was written.
            StoreError: a file of arrays cannot be read.
        """
        try:
            places, numbers = dict(record["arrays"]), dict(record["numbers"])
        except (TypeError, ValueError, LookupError) as error:
            raise DamagedRecord("damaged: the record of a response names no arrays") from error
        if {**places, **numbers}.keys() != self._declared.keys() or any(
            (self._declared[name] == NUMBER) != (name in numbers) for name in self._declared
        ):
            raise DamagedRecord(
                "damaged, or of another version of its plugin: the record of a response has other arrays"
            )
        if not all(isinstance(number, float) for number in numbers.values()):
            raise DamagedRecord("damaged: the record of a response holds no number")
        values: dict[str, Any] = {}
        for name in self._declared:
            if name in numbers:
                values[name] = numbers[name]
                continue
            self._arrays.verify(places[name])
            values[name] = partial(self._arrays.read, places[name])
        return NamedArrays(values)

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
        if self.form == "arrays":
            return self._named(value)
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
    if isinstance(value, np.ndarray):
        raise NotImplementedError("a record cannot hold an array; the capability is to declare form='arrays' for it")
    raise NotImplementedError(f"a response cannot hold a {type(value).__name__}")
