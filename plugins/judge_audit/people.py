"""Pairs of responses that people compared, ties among their labels: what a judge is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from harness import Answers, BadValue, Conversation, FieldSpec, Item, ItemFigures, Told
from harness.kinds import told
from harness.kinds.preference import Preference
from harness.tasks import find_same, shorten


class LabelledPairs(Preference):
    """Rows hold ``first``, ``second`` and a ``label``: which one people call better, or that they see a tie.

    In place of the label a row may hold ``votes``. Columns beside those of `Preference`: ``people``, 1 where the first
    response is the better, 0 where the second is, and 0.5 for a tie. Where people saw a tie, ``better`` is 0 by
    convention, and says nothing.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "first": FieldSpec("text"),
        "second": FieldSpec("text"),
        "label": FieldSpec(
            "any", required=False, description="one of the options first_label, second_label, tie_label"
        ),
        "votes": FieldSpec("any", required=False, description="several such labels, of which the majority counts"),
        "context": FieldSpec("text", required=False, description="put below the prompt, where it is not empty"),
        "first_model": FieldSpec("text", required=False, description="which model wrote the first response"),
        "second_model": FieldSpec("text", required=False, description="which model wrote the second response"),
    }
    columns: ClassVar[tuple[str, ...]] = (*Preference.columns, "people")
    default_metrics: ClassVar[tuple[str, ...]] = ("people_agreement",)
    options: ClassVar[Mapping[str, Any]] = {**Preference.options, "tie_label": "tie"}

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check the label, and derive ``better`` and ``people``.

        Raises:
            BadValue: the label is none of the three, or more votes than half agree on none.
        """
        settings = self.settings
        if "votes" in fields:
            fields = {**fields, "label": _majority(fields["votes"])}
        if "label" not in fields:
            raise BadValue("'label' is missing (give it, or votes)", fields=("label", "votes"))
        if fields.get("context"):
            fields = {**fields, "prompt": Conversation.user(f"{fields['prompt'].text}\n\n{fields['context']}")}
        credit = {settings["first_label"]: 1.0, settings["second_label"]: 0.0, settings["tie_label"]: 0.5}
        label = find_same(fields["label"], credit)
        if label is None:
            known = ", ".join(map(repr, credit))
            raise BadValue(
                f"'label' is {shorten(fields['label'])}; expected one of {known} "
                "(options first_label, second_label, tie_label)"
            )
        people = credit[label]
        side = settings["second_label"] if people == 0 else settings["first_label"]
        return {**super().prepare({**fields, "label": side}), "people": people}

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the preference in both orders, and what people say."""
        return {**super().row(item, answers), "people": item.fields["people"]}

    def tell(self, item: ItemFigures) -> Told | None:
        """Say which response the model prefers, and which one people do."""
        return told.pair(item, orders=self.settings["orders"], judged=item.number("people") != 0.5)


def _majority(votes: Any) -> Any:
    """Return the label that more than half of several votes are for.

    Raises:
        BadValue: there is none.
    """
    if not isinstance(votes, (list, tuple)):
        raise BadValue(f"'votes' is {shorten(votes)}; expected a list of labels")
    most = max(votes, key=votes.count, default=None)
    if 2 * list(votes).count(most) <= len(votes):
        raise BadValue(f"'votes' are {shorten(votes)}: no label has more than half of them")
    return most
