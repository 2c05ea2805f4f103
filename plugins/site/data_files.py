"""The data that scripts of a page read: columns shown on demand, and the comparisons of two models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.leaderboard import rank_text
from harness.results import a_bound

from .content import Content, ModelRow
from .items import ItemScores, deflated, pack_ranks, pack_scores
from .measured import Measured
from .pages import cell_text
from .pairs import PairedColumn, pairs_text


def hidden_columns(content: Content) -> dict[str, Any]:
    """Return the columns that the page leaves out at first, to open fast; cells are texts, in the rows' order."""
    hidden = [column for column in content.columns if column.key in content.hidden]
    return {
        "order": [column.key for column in content.columns],
        "hidden": [
            {
                "key": column.key,
                "title": column.title,
                "group": column.group,
                "about": column.about,
                "kind": column.kind,
                "unit": column.unit,
                "lower": not column.higher_is_better,
                "ends": column.shown_ends if column.most > column.least else "",
                "items": column.items,
                "chance": column.shown_chance,
                "texts": [
                    cell_text(row.figures.get(column.key), column.unit, content.board.confidence)
                    for row in content.rows
                ],
            }
            for column in hidden
        ],
        **({"against": content.against} if content.against else {}),
    }


def comparison_files(content: Content, measured: Measured) -> Iterator[tuple[str, Any]]:
    """Yield (name, data) of the file that all comparisons share, of the items of each task, and of each model."""
    rows = content.evaluated
    yield (
        "models",
        {
            "benchmark": content.board.benchmark,
            "models": [_model(row) for row in rows],
            "compared": measured.compared,
            "columns": [_column(content, pair) for pair in measured.pairs],
            "items": [_items(number, items) for number, items in enumerate(measured.items)],
        },
    )
    for number, items in enumerate(measured.items):
        texts = measured.texts.get(items.task, {})
        positive = "" if items.ranked is None else "".join("01"[int(one)] for one in items.ranked.positive)
        classes = {} if items.ranked is None else {"positive": positive, "negatives": items.ranked.negatives}
        yield f"items-{number}", {"ids": items.ids, "domains": items.domains, "texts": texts, **classes}
    for i, row in enumerate(rows):
        scores = [
            pack_scores(items.scores[i], items.levels) if items.ranked is None else pack_ranks(items, items.ranked, i)
            for items in measured.items
        ]
        pairs = deflated(pairs_text(measured.pairs, i).encode()) if i < measured.compared else ""
        notes = _notes(row, measured) if i < measured.compared else {}
        yield f"m-{row.slug}", {"pairs": pairs, "scores": scores, **({"notes": notes} if notes else {})}


def _model(row: ModelRow) -> dict[str, Any]:
    bound = {"bound": a_bound(row.entry.bound)} if row.entry.bound else {}
    return {"slug": row.slug, "label": row.entry.model, "rank": rank_text(row.entry), **bound}


def _notes(row: ModelRow, measured: Measured) -> dict[str, list[int]]:
    """Return what metrics say that a reader of the model's figures must know, each with the numbers of its columns."""
    notes: dict[str, list[int]] = {}
    for number, pair in enumerate(measured.pairs):
        estimate = row.figures.get(pair.key)
        if estimate is not None and (note := estimate.detail.get("note")):
            notes.setdefault(str(note), []).append(number)
    return notes


def _column(content: Content, pair: PairedColumn) -> dict[str, Any]:
    column = next(column for column in content.columns if column.key == pair.key)
    return {
        "key": column.key,
        "title": column.title,
        "task": column.task,
        "metric": column.metric,
        "domain": column.domain,
        "unit": column.unit,
        "higher_is_better": column.higher_is_better,
        "unresolvable": next((c.unresolvable for c in pair.comparisons.values() if c.unresolvable), ""),
    }


def _items(number: int, items: ItemScores) -> dict[str, Any]:
    return {
        "task": items.task,
        "metric": items.metric,
        "unit": items.unit,
        "higher_is_better": items.higher_is_better,
        "own": items.own,
        "left_out": items.left_out,
        "ranked": items.ranked is not None,
        "levels": None
        if items.levels is None or items.ranked is not None
        else [float(level) for level in items.levels],
        "file": f"items-{number}",
    }
