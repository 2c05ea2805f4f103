"""How the page of an item is laid out: each prompt once, each response once, whoever was asked about it how often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import ResponseMark, Told

from .answers import ShownAnswer, number
from .documents import Document, RequestField

_SINGLE = ("first", "second", "text", "continuation")
"""Fields of one text that are responses, or what is asked about as they are; other texts are what comes before."""


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """A request to the model, with the answers on file."""

    parts: Any
    """Fields of the request; None if it is the very request that the task made."""
    answers: Sequence[ShownAnswer]


@dataclass(frozen=True, slots=True)
class AnsweredExchange:
    """A request of the task, with the requests to the model that stand for it and their answers."""

    stage: int
    role: str
    capability: str
    through: Sequence[str]
    parts: Sequence[RequestField]
    asked: Sequence[AnsweredRequest]
    left_out: int
    positions: Sequence[int] = ()


@dataclass(slots=True)
class ShownResponse:
    """One response, or another text that was asked about, with the answers that belong to it alone."""

    place: int
    """Index among the item's responses."""
    name: str
    text: str
    answers: list[ShownAnswer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AskedAbout:
    """One request, among those that share a prompt, whose answer is about several texts or about none."""

    title: str
    exchange: AnsweredExchange
    first: int = 0
    """Index of its first completion among those of the item."""


@dataclass(slots=True)
class Group:
    """Requests of one stage that share a prompt."""

    stage: int
    role: str
    prompt: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    """Fields by name, each with its turns: role and text."""
    settings: list[str] = field(default_factory=list)
    responses: dict[int, ShownResponse] = field(default_factory=dict)
    """By place."""
    asked: list[AskedAbout] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of an item from one model."""

    label: str
    told: Told
    groups: Sequence[Group]
    document: Document
    columns: Mapping[str, Sequence[float]]
    """The columns of several figures an item."""


def laid_out(said: Iterable[AnsweredExchange], texts: Sequence[str]) -> list[Group]:
    """Group requests by their prompt, in order; a group has each response once.

    Args:
        said: The requests of the task about an item, with the answers.
        texts: The texts of the item's document, by number.
    """
    groups: list[Group] = []
    completions = 0
    for exchange in said:
        prompt = [
            (part.name, [(role, texts[i]) for role, i in part.messages])
            for part in exchange.parts
            if part.messages and not _is_response(part)
        ]
        there = (g for g in groups if (g.stage, g.role, g.prompt) == (exchange.stage, exchange.role, prompt))
        group = next(there, None)
        if group is None:
            group = Group(exchange.stage, exchange.role, prompt)
            groups.append(group)
        settings = [f"{part.name}: {part.setting}" for part in exchange.parts if part.setting]
        group.settings += [setting for setting in settings if setting not in group.settings]
        named = [(part.name, texts[i]) for part in exchange.parts if _is_response(part) for _, i in part.messages]
        shown = [_placed(group, exchange.positions, i, *both, len(named)) for i, both in enumerate(named)]
        answers = _beside(exchange, len(named))
        for response, answer in zip(shown, answers, strict=False):
            response.answers.append(answer)
        if not answers:
            group.asked.append(AskedAbout(_title(shown), exchange, completions))
        completions += sum(len(answer.texts) for request in exchange.asked for answer in request.answers)
    return groups


def _is_response(part: RequestField) -> bool:
    if not part.messages or part.messages[0][0]:
        return False
    return len(part.messages) > 1 or part.name in _SINGLE or part.name.endswith("s")


def _placed(group: Group, positions: Sequence[int], i: int, name: str, text: str, count: int) -> ShownResponse:
    """Return the response of a text: the one that the group has, or a new one."""
    named = len(positions) == count or (count == 1 and bool(positions))
    place = positions[i] if named else i
    there = group.responses.get(place)
    if there is None or there.text != text:
        # Without places of its own a request may hold them in any order, such as the other of two.
        there = next((response for response in group.responses.values() if response.text == text), None)
    if there is not None:
        return there
    if place in group.responses:  # the places do not tell texts apart, so they are not the item's
        place = max(group.responses) + 1
    word = "response" if name in ("first", "second") else name.removesuffix("s")
    made = group.responses[place] = ShownResponse(place, word, text)
    return made


def _beside(exchange: AnsweredExchange, texts: int) -> Sequence[ShownAnswer]:
    """Return the answers, if each belongs to one of the texts of the request; else none."""
    if len(exchange.asked) != 1 or exchange.asked[0].parts or not texts:
        return ()
    answers = exchange.asked[0].answers
    return answers if len(answers) == texts else ()


def _title(shown: Sequence[ShownResponse]) -> str:
    names = [f"{response.name} {response.place + 1}" for response in shown]
    return " against ".join(names) if len(names) <= 2 else f"{len(names)} {shown[0].name}s"


# what the page shows


@dataclass(frozen=True, slots=True)
class BesideResponse:
    """What stands beside a response, of one model."""

    label: str
    mark: ResponseMark
    answers: Sequence[ShownAnswer]
    figures: Mapping[str, str]
    """Figures of it from the columns, where nothing else says them."""

    @property
    def score(self) -> str:
        """The score, where no answer beside the response says it; else empty."""
        said = any(answer.figures for answer in self.answers)
        return "" if said or self.mark.score is None else number(self.mark.score)


@dataclass(frozen=True, slots=True)
class Card:
    """A response on the page."""

    name: str
    place: int
    text: str
    label: str
    good: bool | None
    beside: Sequence[BesideResponse]

    @property
    def is_wrongly_picked(self) -> bool:
        """Whether a model prefers it and the data say that another one is better."""
        return self.good is False and any(one.mark.picked for one in self.beside)


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Requests that share a prompt, as the page shows them, of one model or of two."""

    stage: int
    role: str
    prompt: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    as_before: bool
    """Whether the prompt is the one that the page shows above."""
    settings: Sequence[str]
    cards: Sequence[Card]
    sortable: bool
    asked: Sequence[Sequence[AskedAbout]]
    """By side."""


def shown_groups(sides: Sequence[Side], *, by_score: bool = True) -> list[ShownGroup] | None:
    """Lay out the groups of one model, or those of two that were asked about the same texts; None if they were not."""
    if len({len(side.groups) for side in sides}) != 1:
        return None
    shown: list[ShownGroup] = []
    for groups in zip(*(side.groups for side in sides), strict=True):
        first = groups[0]
        if any([turns for _, turns in group.prompt] != [turns for _, turns in first.prompt] for group in groups):
            return None
        places = sorted({place for group in groups for place in group.responses})
        found = [[group.responses[place] for group in groups if place in group.responses] for place in places]
        if any(len({response.text for response in responses}) > 1 for responses in found):
            return None
        cards = [_card(place, responses[0], groups, sides) for place, responses in zip(places, found, strict=True)]
        sortable = len(cards) > 2 and all(_score(card) is not None for card in cards)
        if sortable and by_score:
            cards.sort(key=lambda card: -(_score(card) or 0.0))
        settings = list(dict.fromkeys(setting for group in groups for setting in group.settings))
        as_before = bool(shown) and bool(first.prompt) and shown[0].prompt == first.prompt
        asked = [group.asked for group in groups]
        shown.append(ShownGroup(first.stage, first.role, first.prompt, as_before, settings, cards, sortable, asked))
    return shown


def _score(card: Card) -> float | None:
    return next((one.mark.score for one in card.beside if one.mark.score is not None), None)


def _card(place: int, response: ShownResponse, groups: Sequence[Group], sides: Sequence[Side]) -> Card:
    beside = []
    for group, side in zip(groups, sides, strict=True):
        # Marks are of the item's responses, which the first stage holds.
        mark = side.told.marks.get(place) if group.stage == 0 else None
        own = group.responses.get(place)
        width = len(group.responses)
        figures = {name: number(v[place]) for name, v in side.columns.items() if len(v) == width and place < width}
        answers = own.answers if own is not None else []
        beside.append(BesideResponse(side.label, mark or ResponseMark(), answers, {} if mark else figures))
    marks = [one.mark for one in beside]
    label = next((mark.label for mark in marks if mark.label), "")
    good = next((mark.good for mark in marks if mark.good is not None), None)
    return Card(response.name, place, response.text, label, good, beside)
