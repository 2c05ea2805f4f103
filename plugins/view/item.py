"""The content of the page of one item: figures, requests, and the model's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from harness import Answers, Response, Told
from harness.store import CellRecord, StoreReader

from .answers import shown_answers
from .differences import MOST_WORDS, marked_differences
from .documents import Document
from .figures import CellFigures, Credit
from .filters import SampleFilter
from .layout import AnsweredExchange, AnsweredRequest, Card, Side, laid_out, shown_groups
from .outcome import told_of
from .samples import CellTexts
from .texts import shown
from .words import Passage, passage, pattern_of

MAX_QUESTIONS = 24
"""Most requests of an item that are shown; a round robin makes a thousand."""


def rows_of(
    figures: CellFigures, texts: CellTexts, rows: Sequence[int] | Any, *, typed: str = ""
) -> list[dict[str, Any]]:
    """Make the rows of a list of items.

    Args:
        figures: The figures of the cell.
        texts: The texts of the cell.
        rows: The row numbers of the items.
        typed: The words that a reader searched for; each row then shows a passage with one of the words.
    """
    ids = [figures.id(int(row)) for row in rows]
    excerpts = texts.documents.excerpts(ids) if texts.documents is not None else {}
    return [
        {
            "row": int(row),
            "id": id_,
            "excerpt": excerpts.get(id_, ""),
            "passage": _passage(texts, id_, typed) if typed else None,
            "domains": figures.names_of(int(row)),
            "mark": figures.mark(int(row)),
            "told": told_of(figures, int(row)),
            "values": figures.values(int(row)),
            "reason": figures.reasons.get(id_, ""),
            "rank": "" if figures.ranks is None else figures.ranks.words(int(row)),
        }
        for row, id_ in zip(rows, ids, strict=True)
    ]


def _passage(texts: CellTexts, id_: str, typed: str) -> Passage | None:
    document = texts.document(id_)
    return None if document is None else passage([*document.texts, *document.fields.values()], typed)


@dataclass(frozen=True, slots=True)
class Sample:
    """One item as one model answered it."""

    cell: CellRecord
    row: int
    texts: CellTexts
    item: Mapping[str, Any]
    credit: Credit | None
    document: Document | None
    side: Side | None
    """None while there are no texts."""
    told: Told

    @property
    def waiting(self) -> bool:
        """Whether the texts are still being read."""
        return self.document is None and not self.texts.problem and not self.texts.complete

    @property
    def scalars(self) -> Mapping[str, float]:
        """The columns of one figure an item."""
        return {name: value for name, value in self.item["values"].items() if not isinstance(value, list)}

    @property
    def says_state(self) -> bool:
        """Whether the sentence says the state of the item by the headline metric, so that no mark repeats it."""
        return self.told.judged == self.item["mark"].state or not self.item["mark"].state


def one_sample(store: StoreReader, cell: CellRecord, figures: CellFigures, texts: CellTexts, row: int) -> Sample:
    """Return everything that the page of one item shows of one model.

    Args:
        store: The store.
        cell: The cell.
        figures: The figures of the cell.
        texts: The texts of the cell.
        row: The row number of the item.
    """
    id_ = figures.id(row)
    document, values = texts.document(id_), figures.values(row)
    item = rows_of(figures, CellTexts(), [row])[0]
    if document is None:
        return Sample(cell, row, texts, item, figures.credit, None, None, told_of(figures, row))
    said, answers = said_about(store, document, texts)
    told = told_of(
        figures,
        row,
        expected=document.expected,
        answers=answers,
        positions=[exchange.positions for exchange in document.exchanges if exchange.stage == 0],
    )
    listed = {name: value for name, value in values.items() if isinstance(value, list)}
    side = Side(cell.label, told, laid_out(said, document.texts), document, listed)
    return Sample(cell, row, texts, item, figures.credit, document, side, told)


def said_about(
    store: StoreReader, document: Document, texts: CellTexts
) -> tuple[list[AnsweredExchange], list[Answers]]:
    """Return every request about an item, with its answers as a page shows them; and the answers themselves, by stage.

    Args:
        store: The store.
        document: The document of the item.
        texts: The texts of the cell, whose stages know how the model was asked.
    """
    answered = []
    responses: list[list[Response | None]] = [[] for _ in texts.stages]
    for exchange in document.exchanges:
        asking = texts.stages[exchange.stage]
        questions = exchange.questions[:MAX_QUESTIONS]
        answers, response = shown_answers(store, asking, questions)
        responses[exchange.stage].append(response)
        answered.append(
            AnsweredExchange(
                exchange.stage,
                asking.record.role,
                asking.base.name,
                asking.record.adapters,
                exchange.parts,
                [AnsweredRequest(q.parts or None, group) for q, group in zip(questions, answers, strict=True)],
                len(exchange.questions) - len(questions),
                exchange.positions,
            )
        )
    by_stage = [
        Answers(stage.record.capability, [], found, stage.record.model)
        for stage, found in zip(texts.stages, map(_known, responses), strict=True)
    ]
    return answered, by_stage


def _known(responses: Sequence[Response | None]) -> list[Response]:
    """Return the responses of a stage if all are known: which answers which request is told by their places."""
    return [] if any(response is None for response in responses) else list(responses)


def shown_texts(samples: Sequence[Sample], wanted: SampleFilter, diff: str) -> dict[str, Any]:
    """Return what a template shows of the texts of an item, of one model or of two that were asked about the same.

    Args:
        samples: The item, as each model answered it.
        wanted: The filter, which says what was searched for and in which order responses stand.
        diff: The two responses whose differences are to be shown: their numbers, from 1; empty: none.
    """
    sides = [sample.side for sample in samples if sample.side is not None]
    groups = shown_groups(sides, by_score=wanted.responses != "data") if len(sides) == len(samples) else None
    hits = pattern_of(wanted.q) if wanted.q else None
    found = [differences_of(group.cards, diff if group.stage == 0 else "") for group in groups or ()]
    return {"groups": groups, "sides": sides, "hits": hits, "differences": found, "diff": diff}


def differences_of(cards: Sequence[Card], wanted: str) -> tuple[dict[int, Markup], str]:
    """Mark the words in which two responses differ.

    Args:
        cards: The responses.
        wanted: The numbers of two responses, from 1, with a comma between them.

    Returns:
        Both texts by place, with their differences marked; and what is to be said of them, in words.
    """
    numbers = [int(part) - 1 for part in wanted.split(",") if part.isascii() and part.isdecimal() and len(part) < 7]
    texts = {card.place: card.text for card in cards}
    if len(numbers) != 2 or numbers[0] == numbers[1] or not set(numbers) <= texts.keys():
        return {}, ""
    first, second, whole = marked_differences(*(shown(texts[place]) for place in numbers))
    note = "" if whole else f"Only the first {MOST_WORDS:,} words of each are compared."
    return {numbers[0]: first, numbers[1]: second}, note
