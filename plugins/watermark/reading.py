"""A reader of rows that attacks the marked texts it reads."""

from __future__ import annotations

from harness import BadValue
from harness.tasks import ColumnReader, DataRow, ReadRow

from .attacks import MarkAttack


class AttackedReader(ColumnReader):
    """Reads another reader's rows and attacks their texts; all else stays as it is.

    Args:
        reader: The reader of the rows as they are.
        attack: The attack; a row's ``host`` is the text that copy-paste puts pieces into.
        everyone: Attack texts without a mark, too: a detector may err on what is edited where it does not on the rest.
    """

    def __init__(self, reader: ColumnReader, attack: MarkAttack, *, everyone: bool) -> None:
        self._reader, self._attack, self._everyone = reader, attack, everyone

    def read(self, row: DataRow) -> ReadRow:
        """Read a row, and attack its text if it is marked, or all are.

        Raises:
            BadValue: the other reader cannot read the row.
        """
        read = self._reader.read(row)
        if not (self._everyone or read.fields.get("label")):
            return read
        text = self._attack(read.fields["text"], read.fields.get("host") or "")
        return read._replace(fields={**read.fields, "text": text})

    def explained(self, error: BadValue, read: ReadRow) -> BadValue:
        """Explain an error as the other reader does."""
        return self._reader.explained(error, read)

    def naming_columns(self) -> list[str]:
        """Return the columns that the other reader takes names from."""
        return self._reader.naming_columns()
