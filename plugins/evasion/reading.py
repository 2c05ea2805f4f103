"""A reader of rows that disguises the texts it reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from harness import BadValue, Conversation, FieldSpec
from harness.tasks import ColumnReader, DataRow, ReadRow

from .disguises import Disguise


class DisguisedReader(ColumnReader):
    """Another reader's rows: ids, slices and clusters are those of the undisguised row.

    Args:
        reader: What reads the rows.
        fields: Those of the kind; texts and conversations among them are disguised.
        disguise: What is done to a text.
        everyone: Also to the texts of the negative class, whose writers have nothing to hide.
    """

    def __init__(
        self, reader: ColumnReader, fields: Mapping[str, FieldSpec], disguise: Disguise, *, everyone: bool
    ) -> None:
        self._reader, self._disguise, self._everyone = reader, disguise, everyone
        self._texts = [name for name, field in fields.items() if field.type in ("text", "conversation")]

    def read(self, row: DataRow) -> ReadRow:
        """The row, disguised.

        Raises:
            BadValue: as the other reader.
        """
        read = self._reader.read(row)
        if not self._everyone and not read.fields.get("label"):
            return read
        changed = {name: self._apply(read.fields[name]) for name in self._texts if name in read.fields}
        return read._replace(fields={**read.fields, **changed})

    def explained(self, error: BadValue, read: ReadRow) -> BadValue:
        """As the other reader."""
        return self._reader.explained(error, read)

    def naming_columns(self) -> list[str]:
        """Those of the other reader."""
        return self._reader.naming_columns()

    def _apply(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._disguise(value)
        assert isinstance(value, Conversation)
        messages = (
            message
            if message.role == "system"
            else dataclasses.replace(message, content=self._disguise(message.content))
            for message in value.messages
        )
        return dataclasses.replace(value, messages=tuple(messages))
