"""Readers and sources of rows that attack what they read."""

from __future__ import annotations

import dataclasses
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
_TWIN = "\0twin"
"""Column of a row that says whether it is to be the twin of an attack, where both stand among the rows."""


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
                if row.problem:
                    yield row
                    continue
                values = {**row.values, _VARIANT: variant}
                yield DataRow(row.number, row.where, values)
                if self._reader.has_twin(row):
                    yield DataRow(row.number, row.where, {**values, _TWIN: True})


class AttackedReader(ColumnReader):
    """Reads another reader's rows, and puts an attack in the place of what is asked.

    Args:
        reader: The reader of the plain rows.
        attack: The attack.
        field: The field that is attacked, a text or a conversation.
        twin: Make the benign twin.
        detection: Rows have labels: those of the label 0 are attacked in the twin only, and nothing else changes there.
        pairs: Rows are attacks and their twins, which say whether they are harmful.
    """

    def __init__(
        self, reader: ColumnReader, attack: Attack, field: str, *, twin: bool, detection: bool, pairs: bool = False
    ) -> None:
        self._reader, self._attack, self._field = reader, attack, field
        self._twin, self._detection, self._pairs = twin, detection, pairs

    def read(self, row: DataRow) -> ReadRow:
        """Read a row, and attack it.

        Raises:
            BadValue: the other reader cannot read the row.
        """
        index = int(row.values.get(_VARIANT, 0))
        plain = {name: value for name, value in row.values.items() if name not in (_VARIANT, _TWIN)}
        read = self._reader.read(DataRow(row.number, row.where, plain, row.problem))
        given = read.fields[self._field]
        text = given if isinstance(given, str) else asked_for(given)
        if self._detection and not read.fields.get("label") and not self._twin:
            return read
        if not self._pairs:
            return self._attacked(read, given, text, index, self._twin)
        twin = _TWIN in row.values
        goal = read.fields.get("goal") or text
        together = goal if self._attack.per_goal > 1 else read.id
        read = read._replace(
            fields={"harmful": 1, **read.fields}, cluster=together if read.cluster is None else read.cluster
        )
        made = self._attacked(read, given, text, index, twin)
        if not twin:
            return made
        return made._replace(id=f"{made.id}-twin", fields={**made.fields, "harmful": 0})

    def _attacked(self, read: ReadRow, given: Any, text: str, index: int, twin: bool) -> ReadRow:
        goal = read.fields.get("goal") or text
        fields, attack = dict(read.fields), self._attack
        # A row of its own stays independent, so that its interval is exact; prompts of one goal are not.
        cluster = goal if read.cluster is None and attack.per_goal > 1 else read.cluster
        domains = read.domains
        asked = text
        if twin and not self._detection and attack.about_goal:
            text = request_for(text, attack.settings.seed)
            fields |= {"goal": text}
            fields.pop("question", None)  # it asks whether the attack worked, and there is none
            if "harmful" in fields:  # of the goal that is gone: else no rate of harmless prompts would count the twin
                fields["harmful"] = 0
        if twin and not self._detection and not attack.about_goal:
            messages: Messages | None = attack.without_goal(text, index)
        elif attack.file.kind != "cache":
            messages = attack.messages(text, index)
        else:
            messages = self._cached(goal, asked, index)
            if twin and not self._detection:  # what was found for the goal, with the harmless one in its place
                messages = _exchanged(messages, (asked, goal), text)
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

    def has_twin(self, row: DataRow) -> bool:
        """Tell whether a row gets a twin of its own: one that says it is harmless is one already."""
        if not self._pairs:
            return False
        try:
            return self._reader.read(row).fields.get("harmful") != 0
        except BadValue:  # it is said where it is read
            return False

    def explained(self, error: BadValue, read: ReadRow) -> BadValue:
        """Explain an error as the other reader does."""
        return self._reader.explained(error, read)

    def naming_columns(self) -> list[str]:
        """Return the columns that the other reader takes names from."""
        return self._reader.naming_columns()


def _exchanged(messages: Messages | None, goals: tuple[str, ...], other: str) -> Messages | None:
    """Return an attack's messages with another goal in place of its own; None where they do not hold it as it is.

    An attack that was rewritten around its goal has no twin: as it is, it would be a harmful prompt called harmless.
    """
    for goal in goals:
        if messages is not None and any(goal in message.content for message in messages):
            return tuple(
                dataclasses.replace(message, content=message.content.replace(goal, other)) for message in messages
            )
    return None


def _in_place(given: Any, messages: Messages) -> Any:
    if isinstance(given, Conversation):
        return with_messages(given, messages)
    if len(messages) > 1:
        raise BadValue("the attack is a conversation, and the task's texts are plain")
    return messages[0].content


def _id(name: str, index: int) -> str:
    return f"{name}/{index + 1}"
