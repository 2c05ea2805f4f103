"""The content of the page of one item: figures, requests, and the model's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.store import CellRecord, StoreReader

from .answers import ShownAnswer, number, shown_answers
from .documents import Document
from .figures import CellFigures
from .samples import CellTexts
from .words import Passage, passage

MAX_QUESTIONS = 24
"""Most requests of an item that are shown; a round robin makes a thousand."""


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
    parts: Any
    asked: Sequence[AnsweredRequest]
    left_out: int
    columns: Mapping[str, Sequence[float]]
    """Columns of figures with one figure for each response of the request."""

    @property
    def beside(self) -> Sequence[ShownAnswer]:
        """The answers, if each belongs to one text of a list in the request; else none."""
        if len(self.asked) != 1 or self.asked[0].parts:
            return ()
        answers = self.asked[0].answers
        fits = any(_is_list(part) and len(part.messages) == len(answers) for part in self.parts)
        return answers if fits and (len(answers) > 1 or self.capability == "score") else ()


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
            "values": figures.values(int(row)),
            "reason": figures.reasons.get(id_, ""),
            "rank": "" if figures.ranks is None else figures.ranks.words(int(row)),
        }
        for row, id_ in zip(rows, ids, strict=True)
    ]


def _passage(texts: CellTexts, id_: str, typed: str) -> Passage | None:
    document = texts.document(id_)
    return None if document is None else passage([*document.texts, *document.fields.values()], typed)


def one_sample(
    store: StoreReader, cell: CellRecord, figures: CellFigures, texts: CellTexts, row: int
) -> dict[str, Any]:
    """Return everything that the page of one item shows, by the names that its template uses.

    Args:
        store: The store.
        cell: The cell.
        figures: The figures of the cell.
        texts: The texts of the cell.
        row: The row number of the item.
    """
    id_ = figures.id(row)
    document, values = texts.document(id_), figures.values(row)
    return {
        "cell": cell,
        "row": row,
        "texts": texts,
        "item": rows_of(figures, CellTexts(), [row])[0],
        "credit": figures.credit,
        "document": document,
        "said": said_about(store, document, texts, values) if document is not None else [],
        "waiting": document is None and not texts.problem and not texts.complete,
    }


def said_about(
    store: StoreReader, document: Document, texts: CellTexts, values: Mapping[str, Any]
) -> list[AnsweredExchange]:
    """Return every request about an item, with its answers.

    Args:
        store: The store.
        document: The document of the item.
        texts: The texts of the cell, whose stages know how the model was asked.
        values: The item's figures by column.
    """
    answered = []
    for exchange in document.exchanges:
        asking = texts.stages[exchange.stage]
        questions = exchange.questions[:MAX_QUESTIONS]
        answers = shown_answers(store, asking, questions)
        width = max((len(part.messages) for part in exchange.parts if _is_list(part)), default=0)
        answer_figures = [a.figures.get(asking.base.name, "") for group in answers for a in group]
        columns = {
            name: v
            for name, v in values.items()
            if isinstance(v, list) and width and len(v) == width and [number(x) for x in v] != answer_figures
        }
        answered.append(
            AnsweredExchange(
                exchange.stage,
                asking.record.role,
                asking.base.name,
                asking.record.adapters,
                exchange.parts,
                [AnsweredRequest(q.parts or None, group) for q, group in zip(questions, answers, strict=True)],
                len(exchange.questions) - len(questions),
                columns,
            )
        )
    return answered


def _is_list(part: Any) -> bool:
    return bool(part.messages) and not part.messages[0][0]
