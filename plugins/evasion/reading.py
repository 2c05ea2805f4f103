"""A reader of rows that disguises the texts it reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from harness import BadValue, Conversation, FieldSpec
from harness.tasks import ColumnReader, DataRow, ReadRow

from .disguises import Disguise


class DisguisedReader(ColumnReader):
    """Reads another reader's rows and disguises their texts; ids, slices and clusters stay those of the plain row.

    Args:
        reader: The reader of the undisguised rows.
        fields: The fields of the task's kind; those of type text or conversation are disguised.
        disguise: The disguise to apply to a text.
        everyone: Also disguise the texts of the negative class, whose writers have nothing to hide.
    """

    def __init__(
        self, reader: ColumnReader, fields: Mapping[str, FieldSpec], disguise: Disguise, *, everyone: bool
    ) -> None:
        self._reader, self._disguise, self._everyone = reader, disguise, everyone
        self._texts = [name for name, field in fields.items() if field.type in ("text", "conversation")]

    def read(self, row: DataRow) -> ReadRow:
        """Read a row, and disguise its texts.

        Raises:
            BadValue: the other reader cannot read the row.
        """
        read = self._reader.read(row)
        if not self._everyone and not read.fields.get("label"):
            return read
        changed = {name: self._apply(read.fields[name]) for name in self._texts if name in read.fields}
        return read._replace(fields={**read.fields, **changed})

    def explained(self, error: BadValue, read: ReadRow) -> BadValue:
        """Explain an error as the other reader does."""
        return self._reader.explained(error, read)

    def naming_columns(self) -> list[str]:
        """Return the columns that the other reader takes names from."""
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
