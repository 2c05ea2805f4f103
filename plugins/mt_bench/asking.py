"""What both kinds share: the fields of a question, its temperature, and answers of two turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from harness import COUNT, SEED, Answers, Conversation, Failure, FieldSpec, Generation, Item, Message, Range, Sampling
from harness.errors import BadValue

TEMPERATURES: Mapping[str, float] = {
    **dict.fromkeys(("writing", "roleplay"), 0.7),
    **dict.fromkeys(("extraction", "math", "coding", "reasoning"), 0.0),
    **dict.fromkeys(("stem", "humanities"), 0.1),
}
"""Of the candidate, by category; that of any other category is `OTHER`."""
OTHER = 0.7
WITH_REFERENCE = ("math", "coding", "reasoning")
"""Categories whose answers are held against a reference."""
FIELDS: Mapping[str, FieldSpec] = {
    "turns": FieldSpec("texts", description="the two questions of the user"),
    "turn": FieldSpec("number", description="which answer is judged: 1 or 2"),
    "category": FieldSpec("text", description="decides on the temperature and on whether a reference is shown"),
    "references": FieldSpec("texts", required=False, description="reference answers of both turns"),
}
OPTIONS: Mapping[str, Any] = {
    "max_tokens": 1024,
    "temperature": None,
    "seed": 0,
    "judge_max_tokens": 2048,
    "judge_temperature": 0.0,
}
OPTION_FORMS: Mapping[str, Any] = {
    "max_tokens": Annotated[int, COUNT],
    "temperature": Annotated[float | None, Range(least=0)],
    "seed": Annotated[int, SEED],
    "judge_max_tokens": Annotated[int, COUNT],
    "judge_temperature": Annotated[float, Range(least=0)],
}


class TwoTurns:
    """Asks for the first answer, and then for the second with the first in the conversation; mixed into kinds."""

    settings: dict[str, Any]
    name: str
    texts_of_row: ClassVar[tuple[str, ...]] = ()
    """Further fields with a text for each turn."""

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check that there are two turns, a turn to judge, and a reference where the category needs one.

        Raises:
            BadValue: they do not fit together.
        """
        turns, turn = fields["turns"], int(fields["turn"])
        if len(turns) != 2:
            raise BadValue(f"expected two turns, got {len(turns)}")
        if turn not in (1, 2) or turn != fields["turn"]:
            raise BadValue(f"'turn' has to be 1 or 2, got {fields['turn']:g}")
        references = fields.get("references") or ()
        if fields["category"] in WITH_REFERENCE and len([text for text in references if text.strip()]) != 2:
            raise BadValue(
                f"a question of {fields['category']} is judged by a reference: expected one of each of two turns, got "
                f"{len(references)}"
            )
        for name in self.texts_of_row:
            if len(fields[name]) != 2:
                raise BadValue(f"expected two texts in {name!r}, one a turn, got {len(fields[name])}")
        return {**fields, "turn": turn, "references": tuple(references)}

    def asked(self, item: Item, first: str | None) -> Generation:
        """Return the request for the first answer, or, given it, for the second."""
        turns, s = item.fields["turns"], self.settings
        given, category = s["temperature"], item.fields["category"]
        temperature = TEMPERATURES.get(category, OTHER) if given is None else float(given)
        messages = [Message("user", turns[0])]
        if first is not None:
            messages += [Message("assistant", first), Message("user", turns[1])]
        sampling = Sampling(temperature, 1.0, int(s["max_tokens"]), (), int(s["seed"]))
        return Generation(Conversation(tuple(messages)), 1, sampling, origin=item.origin(self.name))

    def to_judge(self, conversation: Conversation, item: Item, *positions: int) -> Generation:
        """Return the request to the judge."""
        s = self.settings
        sampling = Sampling(float(s["judge_temperature"]), 1.0, int(s["judge_max_tokens"]), (), int(s["seed"]))
        return Generation(conversation, 1, sampling, origin=item.origin(self.name, *positions))

    def shown(self, item: Item) -> dict[str, str]:
        """Return questions and, where the category needs them, references, by the names of their places."""
        fields = item.fields
        values = {f"question_{i}": text for i, text in enumerate(fields["turns"], 1)}
        if fields["category"] in WITH_REFERENCE:
            values |= {f"reference_{i}": text for i, text in enumerate(fields["references"], 1)}
        return values


def written(answers: Answers) -> str | None:
    """Return the only text of a stage; None where it failed or nothing was asked."""
    if not answers.responses or isinstance(answers.responses[0], Failure):
        return None
    return str(answers.responses[0][0].text)


def candidates_answers(item: Item, answers: Sequence[Answers]) -> list[str] | None:
    """Return the answers up to the turn that is judged; None where one failed."""
    texts = [written(stage) for stage in answers[: item.fields["turn"]]]
    found = [text for text in texts if text is not None]
    return found if len(found) == item.fields["turn"] else None
