"""Readers and sources of rows that attack what they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from harness import BadValue, Conversation
from harness.tasks import ColumnReader, DataRow, ReadRow

from .conversations import asked_for, with_messages
from .harmless import request_for

if TYPE_CHECKING:
    from .attacks import Attack, Messages

SUBMITTED = "submitted"
"""The domain of the goals that an attack of certain goals holds anything for."""
MISSING = "attack is missing"
"""A field of items for whose goal the attack holds nothing."""
_VARIANT = "\0variant"
"""Column of a row that says in which variant it is to be attacked."""


class Rows(Protocol):
    """A source of rows."""

    @property
    def description(self) -> str:
        """Name the data."""
        ...

    def rows(self) -> Iterator[DataRow]:
        """Stream all rows."""
        ...


class AttackedRows:
    """Another source's rows, each as often as its goal is attacked.

    Args:
        source: The rows.
        attack: The attack, whose own files are read first.
        reader: Tells which rows are attacked.
    """

    def __init__(self, source: Rows, attack: Attack, reader: AttackedReader) -> None:
        self.source, self.attack, self._reader = source, attack, reader

    @property
    def description(self) -> str:
        """Return the description of the other source."""
        return f"{self.source.description}, attacked by {self.attack.name}"

    def rows(self) -> Iterator[DataRow]:
        """Stream the rows, with the number of the variant beside their columns.

        Raises:
            DataError: the data, or a file of the attack, is not there.
            ConfigurationError: a file of the attack holds no attack.
        """
        self.attack.load()
        times = self.attack.per_goal
        for row in self.source.rows():
            for variant in range(times if times == 1 or self._reader.attacks(row) else 1):
                yield row if row.problem else DataRow(row.number, row.where, {**row.values, _VARIANT: variant})


class AttackedReader(ColumnReader):
    """Reads another reader's rows, and puts an attack in the place of what is asked.

    Args:
        reader: The reader of the plain rows.
        attack: The attack.
        field: The field that is attacked, a text or a conversation.
        twin: Make the benign twin.
        detection: Rows have labels: those of the label 0 are attacked in the twin only, and nothing else changes there.
    """

    def __init__(self, reader: ColumnReader, attack: Attack, field: str, *, twin: bool, detection: bool) -> None:
        self._reader, self._attack, self._field = reader, attack, field
        self._twin, self._detection = twin, detection

    def read(self, row: DataRow) -> ReadRow:
        """Read a row, and attack it.

        Raises:
            BadValue: the other reader cannot read the row.
        """
        index = int(row.values.get(_VARIANT, 0))
        plain = {name: value for name, value in row.values.items() if name != _VARIANT}
        read = self._reader.read(DataRow(row.number, row.where, plain, row.problem))
        given = read.fields[self._field]
        text = given if isinstance(given, str) else asked_for(given)
        if self._detection and not read.fields.get("label") and not self._twin:
            return read
        return self._attacked(read, given, text, index)

    def _attacked(self, read: ReadRow, given: Any, text: str, index: int) -> ReadRow:
        goal = read.fields.get("goal") or text
        fields, attack = dict(read.fields), self._attack
        # A row of its own stays independent, so that its interval is exact; prompts of one goal are not.
        cluster = goal if read.cluster is None and attack.per_goal > 1 else read.cluster
        domains = read.domains
        if self._twin and not self._detection and attack.about_goal:
            text = request_for(goal, attack.settings.seed)
            fields |= {"goal": text}
            fields.pop("question", None)  # it asks whether the attack worked, and there is none
            if "harmful" in fields:  # of the goal that is gone: else no rate of harmless prompts would count the twin
                fields["harmful"] = 0
        if self._twin and not self._detection and not attack.about_goal:
            messages: Messages | None = attack.without_goal(text, index)
        else:
            messages = attack.messages(text, index) if attack.file.kind != "cache" else self._cached(goal, text, index)
        if messages is None:
            fields[MISSING] = True
        else:
            fields[self._field] = _in_place(given, messages)
            domains = (*domains, SUBMITTED) if attack.file.kind in ("cache", "function") else domains
        variant = attack.variant(text, index)
        if variant:
            domains = (*domains, variant)
        ident = _id(read.id, index) if attack.per_goal > 1 else read.id
        return read._replace(id=ident, fields=fields, cluster=cluster, domains=domains)

    def _cached(self, goal: str, text: str, index: int) -> Messages | None:
        """Look a cache up by the goal, else by what is asked."""
        found = self._attack.messages(goal, index)
        return self._attack.messages(text, index) if found is None and text != goal else found

    def attacks(self, row: DataRow) -> bool:
        """Tell whether a row is attacked: of the others there is one each, however many variants there are."""
        if row.problem:
            return False
        try:
            return not self._detection or self._twin or bool(self._reader.read(row).fields.get("label"))
        except BadValue:  # it is said where it is read
            return False

    def explained(self, error: BadValue, read: ReadRow) -> BadValue:
        """Explain an error as the other reader does."""
        return self._reader.explained(error, read)

    def naming_columns(self) -> list[str]:
        """Return the columns that the other reader takes names from."""
        return self._reader.naming_columns()


def _in_place(given: Any, messages: Messages) -> Any:
    if isinstance(given, Conversation):
        return with_messages(given, messages)
    if len(messages) > 1:
        raise BadValue("the attack is a conversation, and the task's texts are plain")
    return messages[0].content


def _id(name: str, index: int) -> str:
    return f"{name}/{index + 1}"
